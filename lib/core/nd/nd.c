/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/nd/nd.h"

#include <string.h>

#include "core/address.h"
#include "core/icmp6.h"
#include "core/nd/nd_wire.h"

#define SECOND_NS  UINT64_C(1000000000)
#define DELAY_NS   SECOND_NS /* MAX_RTR_SOLICITATION_DELAY: RFC 4861 §10 */
#define RETRANS_NS SECOND_NS /* RetransTimer, likewise */
#define PROBES     1         /* DupAddrDetectTransmits: RFC 4862 §5.1 */
#define LOOPED     3         /* MAX_MULTICAST_SOLICIT: RFC 7527 §4.2 */
/* From the group's join to the probe: MLD's report leaves first, and a switch that prunes has the
 * time to heed it. */
#define JOIN_NS  UINT64_C(10000000)
#define RETRY_NS UINT64_C(1000000)

const char *mcr_nd_state_name(unsigned state)
{
	static const char *const names[] = {
	    [MCR_ND_OFF] = "off",           [MCR_ND_KERNEL] = "kernel",
	    [MCR_ND_DELAYED] = "tentative", [MCR_ND_TENTATIVE] = "tentative",
	    [MCR_ND_VALID] = "valid",       [MCR_ND_DUPLICATE] = "duplicate",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "off";
}

void mcr_nd_init(struct mcr_nd *nd, uint64_t seed, int is_dad_off)
{
	*nd = (struct mcr_nd){.is_dad_off = (uint8_t)is_dad_off};
	for (unsigned i = 0; i < MCR_ND_ADDRESSES; i++)
		nd->addresses[i].due_ns = MCR_ND_NEVER;
	mcr_rng_seed(&nd->rng, seed);
}

/* ---- which addresses there are ---- */

/* The interface begins to speak. All of its addresses wait for the same time. */
static void begin(struct mcr_nd *nd, uint64_t now_ns)
{
	nd->quiet_until_ns = now_ns + mcr_rng_delay(&nd->rng, DELAY_NS);
}

static void start(struct mcr_nd *nd, struct mcr_nd_address *a, struct mcr_address address,
		  uint64_t now_ns)
{
	*a = (struct mcr_nd_address){.address = address, .due_ns = MCR_ND_NEVER};
	if (mcr_address_is_none(address))
		return;
	if (nd->is_dad_off) {
		a->state = MCR_ND_VALID;
		return;
	}
	a->state = MCR_ND_DELAYED;
	a->due_ns = nd->quiet_until_ns > now_ns ? nd->quiet_until_ns : now_ns;
}

static void take_kernels(struct mcr_nd_address *a, const struct mcr_nd_kernel_address *k)
{
	uint8_t state = k->is_duplicate   ? MCR_ND_DUPLICATE
			: k->is_tentative ? MCR_ND_TENTATIVE
					  : MCR_ND_KERNEL;

	if (a->is_kernels && a->state == state && mcr_address_is_equal(a->address, k->address))
		return;
	*a = (struct mcr_nd_address){
	    .address = k->address, .state = state, .is_kernels = 1, .due_ns = MCR_ND_NEVER};
}

/* How good one of the kernel's addresses is to be our link-local one: 0 = it is not link-local. */
static unsigned rank(const struct mcr_nd *nd, const struct mcr_nd_kernel_address *k)
{
	if (!mcr_address_is_link_local(k->address))
		return 0;
	if (k->is_duplicate)
		return 1;
	if (k->is_tentative)
		return 2;
	return mcr_address_is_equal(nd->addresses[MCR_ND_LINK_LOCAL].address, k->address) ? 4 : 3;
}

static const struct mcr_nd_kernel_address *find_link_local(const struct mcr_nd *nd,
							   const struct mcr_nd_host *host)
{
	const struct mcr_nd_kernel_address *best = NULL;

	for (size_t i = 0; i < host->n_kernel; i++)
		if (rank(nd, &host->kernel[i]) > (best ? rank(nd, best) : 0))
			best = &host->kernel[i];
	return best;
}

static const struct mcr_nd_kernel_address *find_kernels(const struct mcr_nd_host *host,
							struct mcr_address address)
{
	for (size_t i = 0; i < host->n_kernel; i++)
		if (mcr_address_is_equal(host->kernel[i].address, address))
			return &host->kernel[i];
	return NULL;
}

/* k: the kernel's; NULL = it does not have it. */
static void set_address(struct mcr_nd *nd, struct mcr_nd_address *a, struct mcr_address address,
			const struct mcr_nd_kernel_address *k, uint64_t now_ns)
{
	if (k)
		take_kernels(a, k);
	else if (a->is_kernels || !mcr_address_is_equal(a->address, address))
		start(nd, a, address, now_ns);
}

void mcr_nd_set_host(struct mcr_nd *nd, const struct mcr_nd_host *host, uint64_t now_ns)
{
	const struct mcr_nd_kernel_address *k = find_link_local(nd, host);
	int is_moved = memcmp(nd->mac, host->mac, sizeof(nd->mac)) != 0;

	nd->mtu = host->mtu;
	memcpy(nd->mac, host->mac, sizeof(nd->mac));
	if (!host->is_on)
		return;
	if (!nd->is_on)
		begin(nd, now_ns);
	else if (is_moved)
		mcr_nd_restart(nd, now_ns);
	nd->is_on = 1;
	set_address(nd, &nd->addresses[MCR_ND_LINK_LOCAL], mcr_address_link_local(nd->mac), k,
		    now_ns);
	set_address(nd, &nd->addresses[MCR_ND_ADDRESS6], host->address6,
		    find_kernels(host, host->address6), now_ns);
}

void mcr_nd_restart(struct mcr_nd *nd, uint64_t now_ns)
{
	begin(nd, now_ns);
	for (unsigned i = 0; i < MCR_ND_ADDRESSES; i++)
		if (!nd->addresses[i].is_kernels)
			start(nd, &nd->addresses[i], nd->addresses[i].address, now_ns);
}

/* ---- what is due ---- */

static int send_probe(struct mcr_nd *nd, struct mcr_nd_address *a, mcr_nd_send send, void *ctx)
{
	uint64_t random = mcr_rng_next(&nd->rng);
	uint8_t packet[MCR_ND_PACKET], mac[6];

	memcpy(a->nonce, &random, sizeof(a->nonce));
	mcr_nd_put_probe(packet, a->address, a->nonce);
	mcr_group_mac(mac, mcr_address_solicited_node(a->address));
	return send(ctx, mac, packet, sizeof(packet));
}

static void step(struct mcr_nd *nd, struct mcr_nd_address *a, uint64_t now_ns, mcr_nd_send send,
		 void *ctx)
{
	if (a->state == MCR_ND_DELAYED) {
		a->state = MCR_ND_TENTATIVE;
		a->probes = PROBES;
		a->due_ns = now_ns + JOIN_NS;
	} else if (a->probes == 0) {
		a->state = MCR_ND_VALID;
		a->due_ns = MCR_ND_NEVER;
	} else if (send_probe(nd, a, send, ctx) == 0) {
		a->has_nonce = 1;
		a->probes--;
		a->due_ns = now_ns + RETRANS_NS;
	} else {
		a->due_ns = now_ns + RETRY_NS;
	}
}

uint64_t mcr_nd_poll(struct mcr_nd *nd, uint64_t now_ns, mcr_nd_send send, void *ctx)
{
	uint64_t next_ns = MCR_ND_NEVER;

	for (unsigned i = 0; i < MCR_ND_ADDRESSES; i++) {
		struct mcr_nd_address *a = &nd->addresses[i];

		if (a->due_ns <= now_ns)
			step(nd, a, now_ns, send, ctx);
		if (a->due_ns < next_ns)
			next_ns = a->due_ns;
	}
	return next_ns;
}

/* ---- what comes in ---- */

static struct mcr_nd_address *find_own(struct mcr_nd *nd, struct mcr_address address)
{
	for (unsigned i = 0; i < MCR_ND_ADDRESSES; i++) {
		struct mcr_nd_address *a = &nd->addresses[i];

		if (a->state != MCR_ND_OFF && !a->is_kernels &&
		    mcr_address_is_equal(a->address, address))
			return a;
	}
	return NULL;
}

/* Another host has the address, or tests it at the same time: RFC 4862 §5.4.3, §5.4.4. */
static void lose(struct mcr_nd_address *a, const uint8_t *mac)
{
	a->state = MCR_ND_DUPLICATE;
	a->due_ns = MCR_ND_NEVER;
	memcpy(a->other_mac, mac, sizeof(a->other_mac));
}

static int is_own_probe(const struct mcr_nd_address *a, const struct mcr_nd_message *message)
{
	return message->nonce && a->has_nonce &&
	       memcmp(message->nonce, a->nonce, sizeof(a->nonce)) == 0;
}

static void hear_claim(struct mcr_nd_address *a, const struct mcr_nd_message *message,
		       const struct mcr_nd_frame *frame)
{
	if (message->type == MCR_ICMP6_SOLICITATION && !mcr_address_is_none(message->source))
		return; /* somebody looks for the neighbour */
	if (message->type == MCR_ICMP6_ADVERT || !is_own_probe(a, message))
		lose(a, frame->mac_from);
	else if (a->probes == 0) /* the network sends our probe back */
		a->probes = LOOPED;
}

/* mac: of the host that asks. */
static void answer_solicitation(const struct mcr_nd *nd, const struct mcr_nd_message *message,
				const uint8_t *mac, mcr_nd_send send, void *ctx)
{
	uint8_t packet[MCR_ND_PACKET], to_all[6];

	mcr_nd_put_advert(packet, message->target, message->source, nd->mac);
	if (mcr_address_is_none(message->source)) {
		mcr_group_mac(to_all, MCR_ADDRESS_ALL_NODES);
		mac = to_all;
	}
	send(ctx, mac, packet, sizeof(packet));
}

static void answer_echo(const struct mcr_nd *nd, const struct mcr_nd_message *message,
			const struct mcr_nd_frame *frame, mcr_nd_send send, void *ctx)
{
	size_t len = MCR_IPV6_HEADER + message->len;

	/* RFC 4443 §2.4 (e): no host has sent it, or many would answer it. */
	if (mcr_address_is_none(message->source) || len > nd->mtu ||
	    memcmp(frame->mac_to, nd->mac, sizeof(nd->mac)) != 0)
		return;
	send(ctx, frame->mac_from, mcr_nd_echo_reply(frame, message), len);
}

void mcr_nd_input(struct mcr_nd *nd, const struct mcr_nd_frame *frame, mcr_nd_send send, void *ctx)
{
	struct mcr_nd_message message;
	struct mcr_nd_address *a;

	if (!nd->is_on || (frame->mac_from[0] & 1) != 0 || !mcr_nd_parse(&message, frame))
		return;
	a = find_own(nd, message.target);
	if (!a)
		return;
	if (a->state == MCR_ND_VALID && message.type == MCR_ICMP6_ECHO_REQUEST)
		answer_echo(nd, &message, frame, send, ctx);
	else if (a->state == MCR_ND_VALID && message.type == MCR_ICMP6_SOLICITATION)
		answer_solicitation(nd, &message, frame->mac_from, send, ctx);
	else if (message.type != MCR_ICMP6_ECHO_REQUEST &&
		 (a->state == MCR_ND_DELAYED || a->state == MCR_ND_TENTATIVE))
		hear_claim(a, &message, frame);
}

/* ---- what others ask ---- */

struct mcr_address mcr_nd_source(const struct mcr_nd *nd)
{
	const struct mcr_nd_address *a = &nd->addresses[MCR_ND_LINK_LOCAL];

	return a->state == MCR_ND_VALID || a->state == MCR_ND_KERNEL ? a->address
								     : (struct mcr_address){{0}};
}

static int has_group(const struct mcr_nd_address *a, int is_early)
{
	return !a->is_kernels && (a->state == MCR_ND_TENTATIVE || a->state == MCR_ND_VALID ||
				  (is_early && a->state == MCR_ND_DELAYED));
}

size_t mcr_nd_groups(const struct mcr_nd *nd, struct mcr_address out[MCR_ND_ADDRESSES],
		     int is_early)
{
	size_t n = 0;

	for (unsigned i = 0; i < MCR_ND_ADDRESSES; i++) {
		const struct mcr_nd_address *a = &nd->addresses[i];
		struct mcr_address group = mcr_address_solicited_node(a->address);

		if (!has_group(a, is_early) || (n > 0 && mcr_address_is_equal(out[0], group)))
			continue;
		out[n++] = group;
	}
	return n;
}

const struct mcr_nd_address *mcr_nd_next_duplicate(struct mcr_nd *nd)
{
	for (unsigned i = 0; i < MCR_ND_ADDRESSES; i++) {
		struct mcr_nd_address *a = &nd->addresses[i];

		if (a->state == MCR_ND_DUPLICATE && !a->is_told) {
			a->is_told = 1;
			return a;
		}
	}
	return NULL;
}
