/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#include "engine/attach/attach_channels.h"
#include "engine/attach/attach_limits.h"
#include "engine/attach/attach_log.h"
#include "engine/attach/attach_reply.h"
#include "engine/attach/attach_slots.h"

/* ---- what a user has ---- */

struct share {
	unsigned attached, lingering, half_open; /* attached: or about to be */
	unsigned in_flight, in_flight_of_others;
};

static struct share share_of(const struct mcr_attach_server *s, uint32_t uid)
{
	struct share share = {0};

	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		const struct mcr_attach_slot *slot = &s->slots[i];

		if (slot->own || slot->uid != uid) {
			share.in_flight_of_others += slot->in_flight;
			continue;
		}
		share.in_flight += slot->in_flight;
		share.attached += slot->state == MCR_SLOT_ATTACHED ||
				  slot->state == MCR_SLOT_FEED || slot->state == MCR_SLOT_WAITING ||
				  slot->state == MCR_SLOT_ABANDONED;
		share.lingering += slot->state == MCR_SLOT_LINGERING;
		share.half_open += slot->state == MCR_SLOT_HALF_OPEN;
	}
	return share;
}

/* A user gets half of what the others leave, so something is always left for one more user. */
static int has_flight(const struct share *share, unsigned n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return 1;
	return share->in_flight_of_others < limit.rlim_cur &&
	       share->in_flight + n <= (limit.rlim_cur - share->in_flight_of_others) / 2;
}

/* " and 3 closed connections ..." or nothing. */
static const char *lingering_text(char *text, size_t cap, unsigned n)
{
	text[0] = '\0';
	if (n > 0)
		snprintf(text, cap,
			 " and %u closed connections with an answer that was not received", n);
	return text;
}

static int of_engine(const struct mcr_attach_server *s, struct mcr_welcome *welcome)
{
	char lingering[128];

	const unsigned n = s->attached + s->with_feed + s->waiting;

	if (n + s->lingering < s->config.consumers_max)
		return 0;
	return mcr_attach_set_refusal(welcome, -EBUSY,
				      "the engine has %u consumers%s, the most it takes", n,
				      lingering_text(lingering, sizeof(lingering), s->lingering));
}

static int of_uid(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
		  unsigned n_fds, struct mcr_welcome *welcome)
{
	const struct share share = share_of(s, slot->uid);
	uint32_t most = s->config.consumers_per_uid;
	char lingering[128];

	if (most != 0 && share.attached + share.lingering >= most)
		return mcr_attach_set_refusal(
		    welcome, -EBUSY,
		    "user %u has %u consumers%s, the most that this engine takes from one user",
		    slot->uid, share.attached,
		    lingering_text(lingering, sizeof(lingering), share.lingering));
	if (!has_flight(&share, n_fds))
		return mcr_attach_set_refusal(
		    welcome, -EBUSY,
		    "user %u has not received %u descriptors that the engine sent: receive "
		    "them, or close those connections",
		    slot->uid, share.in_flight);
	return 0;
}

static int of_channel(const struct mcr_attach_server *s, const struct mcr_attach_channel *channel,
		      struct mcr_welcome *welcome)
{
	const struct mcr_channel_config *config = &channel->config;
	unsigned n;

	if (config->per_program) {
		n = mcr_attach_programs_of(s, channel);
		return n < mcr_attach_server_programs_max(s, config->name)
			   ? 0
			   : mcr_attach_set_refusal(
				 welcome, -EBUSY,
				 "channel \"%s\" has %u programs, the most it takes "
				 "(`programs`)",
				 config->name, n);
	}
	if (config->consumers_max == 0 || channel->consumers < config->consumers_max)
		return 0;
	return mcr_attach_set_refusal(welcome, -EBUSY,
				      "channel \"%s\" has %u consumers, the most it takes",
				      config->name, channel->consumers);
}

static int check_limits(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			const struct mcr_attach_channel *channel, struct mcr_welcome *welcome)
{
	int ret = of_engine(s, welcome);

	if (ret == 0 && channel)
		ret = of_channel(s, channel, welcome);
	if (ret == 0 && !slot->own)
		ret = of_uid(s, slot, channel ? channel->n_rings + 1 : 1, welcome);
	return ret;
}

int mcr_attach_check_limits(struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			    const struct mcr_attach_channel *channel, uint64_t now_ns,
			    struct mcr_welcome *welcome)
{
	int ret = check_limits(s, slot, channel, welcome);

	if (ret == 0)
		return 0;
	/* When many come at once, some may have received their welcome since the last look. */
	mcr_attach_slots_settle_now(s, now_ns);
	*welcome = (struct mcr_welcome)MCR_WELCOME_INIT;
	welcome->flags = channel ? 0 : MCR_WELCOME_FEED;
	ret = check_limits(s, slot, channel, welcome);
	if (ret < 0)
		mcr_attach_warn(s, now_ns, MCR_ATTACH_WARNING_LIMIT,
				"a consumer of user %u was refused: %s", slot->uid, welcome->text);
	return ret;
}

/* ---- silent connections ---- */

struct mcr_attach_slot *mcr_attach_find_excess(struct mcr_attach_server *s, uint32_t uid)
{
	struct mcr_attach_slot *oldest = NULL;

	if (share_of(s, uid).half_open <= MCR_ATTACH_HALF_OPEN_PER_UID)
		return NULL;
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		struct mcr_attach_slot *slot = &s->slots[i];

		if (slot->state == MCR_SLOT_HALF_OPEN && slot->uid == uid &&
		    (!oldest || slot->since_ns < oldest->since_ns))
			oldest = slot;
	}
	return oldest;
}

struct mcr_attach_slot *mcr_attach_find_silent(struct mcr_attach_server *s, uint64_t now_ns)
{
	struct mcr_attach_slot *open[MCR_ATTACH_HALF_OPEN_MAX], *found = NULL;
	unsigned n = 0, most = 0;

	for (size_t i = 0; i < MCR_ATTACH_SLOTS && n < MCR_ATTACH_HALF_OPEN_MAX; i++)
		if (s->slots[i].state == MCR_SLOT_HALF_OPEN)
			open[n++] = &s->slots[i];
	for (unsigned i = 0; i < n; i++) {
		unsigned same = 0;

		if (now_ns - open[i]->since_ns < MCR_ATTACH_PATIENCE_NS)
			continue;
		for (unsigned k = 0; k < n; k++)
			same += open[k]->uid == open[i]->uid;
		if (same > most || (same == most && open[i]->since_ns < found->since_ns)) {
			most = same;
			found = open[i];
		}
	}
	return found;
}
