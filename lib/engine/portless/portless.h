/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine without ports: its caller hands it frames, and all that stands behind the ports is as
 * in any engine: interfaces and their VLANs, joins, channels, rings, the attach socket. It needs
 * neither DPDK nor privileges, and sends nothing.
 *
 * Two threads: a control thread of its own serves consumers and beats; the caller's thread, the
 * publisher, makes the engine, hands over frames and destroys it. */
#ifndef MCR_ENGINE_PORTLESS_H
#define MCR_ENGINE_PORTLESS_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/engine.h>

struct mcr_portless;

struct mcr_portless_config {
	const char *run_dir; /* its path */
	struct mcr_attach_config attach;
	uint32_t joins_per_uid; /* as of struct mcr_engine_config */
	/* Interfaces with the same `port` share it. Ports are counted from 0 as they are first
	 * named. Of an interface count name, port, vlan, addresses, udp_checksum, and hw_time if it
	 * is a switch's: the port's first interface decides. */
	const struct mcr_interface_config *interfaces;
	unsigned n_interfaces;
	const struct mcr_channel_config *channels; /* checked (mcr_channel_check), at least one */
	unsigned n_channels;
	/* 1: frames of any VLAN are those of the port's first interface, and the first channel gets
	 * all multicast UDP, whether joined or not. */
	uint8_t takes_all, takes_all_vlans;
	/* Takes a log line. Thread: control, or the caller's in a call. */
	void (*log)(void *ctx, enum mcr_log_level level, const char *line);
	void *ctx;
};

/* mcr_portless_create takes the run directory and makes the rings. Consumers that attach wait for
 * mcr_portless_start. All of config is borrowed for the call. The caller owns *out, which is set
 * on success only. Errors, with err filled: -EINVAL, -EBUSY (a live engine has the directory),
 * -EACCES, -ENOMEM, or what a system call gave. */
int mcr_portless_create(struct mcr_portless **out, const struct mcr_portless_config *config,
			struct mcr_error *err);

/* mcr_portless_start starts the control thread, which answers consumers. Call it once, when all is
 * joined and declared: who waits for the engine to come asks at once. Errors, with err filled:
 * -EAGAIN. */
int mcr_portless_start(struct mcr_portless *p, struct mcr_error *err);

/* mcr_portless_stop shows readers that nothing follows; they still read what was published. */
void mcr_portless_stop(struct mcr_portless *p);

/* mcr_portless_destroy stops, cuts off all consumers, who keep what they have mapped, and removes
 * what it made in the run directory. NULL is allowed. */
void mcr_portless_destroy(struct mcr_portless *p);

/* mcr_portless_join adds joins to those of the configuration, all or none. Errors: -EINVAL,
 * -ENOENT, -ENOSPC, -ENOMEM. */
int mcr_portless_join(struct mcr_portless *p, const struct mcr_join *joins, size_t n,
		      struct mcr_error *err);

/* mcr_portless_feeds has the engine declare these feeds, which it owns from then on. */
void mcr_portless_feeds(struct mcr_portless *p, struct mcr_feeds *feeds);

/* mcr_portless_port: the number of an interface's port, or -ENOENT. */
int mcr_portless_port(const struct mcr_portless *p, const char *interface);

/* ---- frames: begin, put..., publish. Between begin and publish the joins stay as they are. ----
 */

/* mcr_portless_begin: rx_ns of what follows is at least started_ns; 0 = it is not known yet. May
 * wait for a moment. */
void mcr_portless_begin(struct mcr_portless *p, uint64_t started_ns);

/* mcr_portless_put gives a frame to the channels that want it. frame: len octets, and 64 behind
 * them that may be read. captured_ns: about when a switch has received it (hw_time); 0 = unknown.
 */
void mcr_portless_put(struct mcr_portless *p, unsigned port, const uint8_t *frame, uint32_t len,
		      uint64_t rx_ns, uint64_t captured_ns);

/* mcr_portless_publish shows readers what was put. polled_ns: every packet with a lower rx_ns was
 * put, in this channel or any other. */
void mcr_portless_publish(struct mcr_portless *p, uint64_t polled_ns);

/* ---- readers ---- */

/* mcr_portless_readers: consumers that are attached to channels for which something is joined, or
 * which take all, when all of the channel have begun to read. *joined_ns: when one of them last
 * joined or left, CLOCK_MONOTONIC; 0 = none did.
 */
unsigned mcr_portless_readers(struct mcr_portless *p, uint64_t *joined_ns);

/* mcr_portless_had_readers: 1 when any was ever attached. */
int mcr_portless_had_readers(const struct mcr_portless *p);

/* mcr_portless_room: so many octets of records (mcr_ring_span) may be published without any reader
 * being overtaken, and, unless it is 0, one more of any length. A reader is where it last released.
 */
uint64_t mcr_portless_room(struct mcr_portless *p);

/* mcr_portless_is_read: 1 when every reader has released all that was published. */
int mcr_portless_is_read(struct mcr_portless *p);

/* ---- what became of the frames ---- */

void mcr_portless_account(const struct mcr_portless *p, struct mcr_account *out);

/* mcr_portless_trailers gives what became of the trailers of port i, with hw_time of a switch: of
 * packets that a channel took. Returns 0, or -ENOENT past the last port. */
struct mcr_portless_trailers_info {
	const char *name; /* as interfaces name the port */
	int has_trailers; /* 0: it has another hw_time, and the rest is 0 */
	uint64_t ok, none, bad;
};
int mcr_portless_trailers(const struct mcr_portless *p, size_t i,
			  struct mcr_portless_trailers_info *out);

/* mcr_portless_channel gives what was published in channel i, from 0, with those of programs.
 * Returns 0, or -ENOENT past the last. */
struct mcr_portless_channel_info {
	char name[MCR_NAME_MAX];
	uint64_t published, octets, too_large;
};
int mcr_portless_channel(struct mcr_portless *p, size_t i, struct mcr_portless_channel_info *out);

#endif
