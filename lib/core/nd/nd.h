/* SPDX-License-Identifier: BSD-3-Clause */
/* One interface as an IPv6 host, as far as a receiver of multicast has to be one: a pure state
 * machine. It sees bytes and times, never a port, an mbuf or a clock.
 *
 * Implements duplicate address detection (RFC 4862 §5.4, with the nonce of RFC 7527), answers to
 * neighbour solicitations (RFC 4861 §7.1 and §7.2.4) and to echo requests (RFC 4443 §4.2). Leaves
 * out the neighbour cache, as whoever asks is answered at the MAC address that the frame came from,
 * and routers: there is no autoconfiguration and no redirect. docs/igmp.md has the rules, and which
 * test shows which.
 *
 * Thread: control, for every call. Times are nanoseconds of one monotonic clock. */
#ifndef MCR_CORE_ND_H
#define MCR_CORE_ND_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>

#include "core/rng.h"

#define MCR_ND_NEVER UINT64_MAX
#define MCR_ND_NONCE 6 /* octets: RFC 3971 §5.3.2 asks for that many at least */

/* The addresses that an interface may have. */
enum mcr_nd_which {
	MCR_ND_LINK_LOCAL, /* what MLD speaks from */
	MCR_ND_ADDRESS6,   /* the configured one */
	MCR_ND_ADDRESSES,
};

enum mcr_nd_state {
	MCR_ND_OFF,       /* there is none, or IPv6 is not spoken */
	MCR_ND_KERNEL,    /* the kernel has it, and answers for it */
	MCR_ND_DELAYED,   /* waits for a random time before anything is said of it */
	MCR_ND_TENTATIVE, /* tested, by us or by the kernel */
	MCR_ND_VALID,     /* ours */
	MCR_ND_DUPLICATE, /* another host has it: nothing is sent from it */
};

/* mcr_nd_state_name: "off", "kernel", "tentative" (also while delayed), "valid", "duplicate". */
const char *mcr_nd_state_name(unsigned state);

struct mcr_nd_address {
	struct mcr_address address;
	uint8_t state;      /* enum mcr_nd_state */
	uint8_t is_kernels; /* the kernel tests it and answers for it, whatever its state */
	uint8_t probes;     /* still to be sent */
	uint8_t has_nonce;  /* a probe is out */
	uint8_t is_told;    /* mcr_nd_next_duplicate has given it */
	uint8_t nonce[MCR_ND_NONCE]; /* of the last probe */
	uint8_t other_mac[6];        /* MCR_ND_DUPLICATE: who has it; all 0: the kernel found out */
	uint64_t due_ns;
};

/* An address that the kernel has on the same interface. */
struct mcr_nd_kernel_address {
	struct mcr_address address;
	uint8_t is_tentative, is_duplicate;
};

/* What the interface is. All-zero: IPv6 is not spoken. */
struct mcr_nd_host {
	uint8_t is_on; /* IPv6 is spoken */
	uint8_t mac[6];
	uint16_t mtu;                               /* longest packet that may be sent */
	struct mcr_address address6;                /* none = no address but the link-local one */
	const struct mcr_nd_kernel_address *kernel; /* only read in the call */
	size_t n_kernel;
};

struct mcr_nd {
	struct mcr_nd_address addresses[MCR_ND_ADDRESSES]; /* to be read; changed by nd*.c only */
	uint8_t is_on, is_dad_off;
	uint8_t mac[6];
	uint16_t mtu;
	uint64_t quiet_until_ns; /* the interface begins: RFC 4862 §5.4.2 */
	struct mcr_rng rng;
};

/* Sends one IPv6 packet, from its header on, to a MAC address. Returns 0, or -EAGAIN: a probe is
 * tried again, an answer is not. */
typedef int (*mcr_nd_send)(void *ctx, const uint8_t mac[6], const uint8_t *packet, size_t len);

/* mcr_nd_init: IPv6 is not spoken yet. seed: of random delays and nonces. is_dad_off: addresses are
 * valid at once. */
void mcr_nd_init(struct mcr_nd *nd, uint64_t seed, int is_dad_off);

/* mcr_nd_set_host: this is the interface from now on. The link-local address is the kernel's if it
 * has one, else the MAC address makes it (RFC 4291 Appendix A). Addresses that are new, and those
 * that the kernel had, are tested; with a new MAC address all of ours are. */
void mcr_nd_set_host(struct mcr_nd *nd, const struct mcr_nd_host *host, uint64_t now_ns);

/* mcr_nd_restart: the link came up, so our addresses are tested again. */
void mcr_nd_restart(struct mcr_nd *nd, uint64_t now_ns);

/* mcr_nd_poll sends the probes that are due. Returns the next deadline, always after now_ns, or
 * MCR_ND_NEVER. Between the change of mcr_nd_groups and the probe, MLD has the time to report. */
uint64_t mcr_nd_poll(struct mcr_nd *nd, uint64_t now_ns, mcr_nd_send send, void *ctx);

/* A received frame with an ICMPv6 message. */
struct mcr_nd_frame {
	const uint8_t *mac_to, *mac_from;
	uint8_t *packet;    /* from the IPv6 header on; the answer to an echo is made in it */
	size_t len;         /* of packet; may include Ethernet padding */
	size_t icmp_offset; /* of the message in packet, at least 40 */
};

/* mcr_nd_input hears what others say of our addresses, and answers through send what is to be
 * answered. What is malformed changes nothing. */
void mcr_nd_input(struct mcr_nd *nd, const struct mcr_nd_frame *frame, mcr_nd_send send, void *ctx);

/* mcr_nd_source returns the link-local address that may be sent from, or none. */
struct mcr_address mcr_nd_source(const struct mcr_nd *nd);

/* mcr_nd_groups lists the solicited-node groups of our addresses (the kernel joins those of its
 * own), each once: those to be reported, or with is_early also those to be let in before. Returns
 * how many. */
size_t mcr_nd_groups(const struct mcr_nd *nd, struct mcr_address out[MCR_ND_ADDRESSES],
		     int is_early);

/* mcr_nd_next_duplicate returns an address that turned out to be another's, each time it does once,
 * or NULL. */
const struct mcr_nd_address *mcr_nd_next_duplicate(struct mcr_nd *nd);

#endif
