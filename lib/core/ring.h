/* SPDX-License-Identifier: BSD-3-Clause */
/* The broadcast ring: one writer, any number of readers that it does not know of. docs/ring.md has
 * the protocol and the memory-ordering argument.
 *
 * Writer, per chunk of a burst:   add... -> reserve -> put... -> publish
 * Reader:                         poll -> copy -> intact */
#ifndef MCR_CORE_RING_H
#define MCR_CORE_RING_H

#include <stddef.h>
#include <stdint.h>

/* A message's descriptor, 64 bytes; part of the shared layout (see ring_layout.h). */
struct mcr_desc {
	uint64_t seq;    /* from 1 */
	uint64_t offset; /* monotonic byte offset of the payload; position = offset & (bytes - 1) */
	uint64_t rx_ns, hw_ns;
	uint32_t len; /* octets of payload (behind the addresses where family is AF_INET6) */
	uint32_t group_be, source_be;
	uint32_t id;
	uint16_t port, source_port, vlan, flags;
	uint8_t kind, family, ttl, pad[5];
};

/* The writer's own view of a ring: private to its lcore, nothing of it is shared. */
struct mcr_ring_writer;

/* mcr_ring_footprint: octets that a ring's region takes: header, descriptors, payload bytes. depth
 * and bytes are powers of two. */
size_t mcr_ring_footprint(uint32_t depth, uint64_t bytes);

/* mcr_ring_format writes header and descriptors into mem (zeroed, page aligned, of the footprint's
 * size) and the magic last. epoch: random, not 0. index of n_rings in its channel. */
void mcr_ring_format(void *mem, uint32_t depth, uint64_t bytes, uint64_t epoch, uint32_t index,
		     uint32_t n_rings);

/* mcr_ring_writer_attach: w writes the ring in mem from now on; it is the only one. */
void mcr_ring_writer_attach(struct mcr_ring_writer *w, void *mem);

/* mcr_ring_max_payload: the longest payload the ring takes: a quarter of its bytes. */
static inline uint32_t mcr_ring_max_payload(const struct mcr_ring_writer *w);

/* add: the chunk will have one more message, of len payload octets. reserve: tells the readers what
 * is about to be overwritten. put: writes the next message's descriptor (seq and offset are filled
 * in) and returns where its payload goes; the caller stores len octets there with mcr_ring_copy.
 * publish: shows the chunk to the readers. Thread: the rx lcore that owns the ring. None of them
 * fails or waits. */
static inline void mcr_ring_add(struct mcr_ring_writer *w, uint32_t len);
static inline void mcr_ring_reserve(struct mcr_ring_writer *w);
static inline uint8_t *mcr_ring_put(struct mcr_ring_writer *w, const struct mcr_desc *desc);
static inline void mcr_ring_copy(uint8_t *dst, const void *src, uint32_t len);
static inline void mcr_ring_publish(struct mcr_ring_writer *w);

/* Header fields with one writer each. state and heartbeat: control. polled: the rx lcore. */
enum mcr_ring_state {
	MCR_RING_RUNNING = 1,
	MCR_RING_STOPPED = 2, /* orderly end; what was published stays readable */
};
static inline void mcr_ring_set_state(void *mem, enum mcr_ring_state state);
static inline void mcr_ring_set_heartbeat(void *mem, uint64_t monotonic_ns);
static inline void mcr_ring_set_polled(struct mcr_ring_writer *w, uint64_t realtime_ns);

/* What the ring published so far (control thread's statistics). */
static inline uint64_t mcr_ring_published(const void *mem);
static inline uint64_t mcr_ring_published_bytes(const void *mem);

#endif
