/* SPDX-License-Identifier: BSD-3-Clause */
/* Behind the rings: whether somebody reads, and keeps up. */
#include <inttypes.h>
#include <string.h>

#include "engine/why/why_limits.h"
#include "engine/why/why_rules.h"
#include "engine/why/why_text.h"

/* What can be wrong with a reader. */
enum trouble {
	LAPPED,  /* it loses messages */
	SLIPPED, /* it has lost some, a while ago */
	STALLED,
	FILTERED,
	TROUBLES
};

/* The readers of a channel, and those in trouble. */
struct readers {
	unsigned n, in[TROUBLES];
	const struct mcr_consumer_info *first[TROUBLES];
};

static struct mcr_why_finding *find(struct mcr_why_verdict *v, enum mcr_why_code code,
				    enum mcr_why_severity severity,
				    const struct mcr_channel_info *channel)
{
	struct mcr_why_finding *f = mcr_why_find(v, code, severity);

	mcr_why_say(f->channel, sizeof(f->channel), "%s", channel->name);
	f->flows = 1;
	return f;
}

/* "reader 7 (md-feed, pid 1234)". */
static struct mcr_why_text name_of(const struct mcr_consumer_info *c)
{
	struct mcr_why_text out;

	mcr_why_say(out.text, sizeof(out.text), "reader %" PRIu64 " (%s%spid %d)", c->id, c->label,
		    c->label[0] ? ", " : "", c->pid);
	return out;
}

static int is_stalled(const struct mcr_consumer_info *c)
{
	return c->heartbeat_age_ns > MCR_WHY_STALLED_NS && c->cursor < c->published;
}

/* It polls, but of what was published it takes nothing. */
static int is_filtered(const struct mcr_why_evidence *e, const struct mcr_consumer_info *c)
{
	if (c->skipped == 0 || is_stalled(c))
		return 0;
	return c->received == 0 ||
	       (c->received_last_ns != 0 && e->now_ns > c->received_last_ns + MCR_WHY_FLOWS_NS);
}

static int has(const struct mcr_why_evidence *e, const struct mcr_consumer_info *c,
	       enum trouble trouble)
{
	const int is_now = mcr_why_is_now(c->lost_last_ns, e->now_ns);

	switch (trouble) {
	case LAPPED:
		return c->lost > 0 && is_now;
	case SLIPPED:
		return c->lost > 0 && !is_now;
	case STALLED:
		return is_stalled(c);
	default:
		return is_filtered(e, c);
	}
}

static struct readers count(const struct mcr_why_evidence *e,
			    const struct mcr_channel_info *channel)
{
	struct readers r = {0};

	for (size_t i = 0; i < e->n_consumers; i++) {
		const struct mcr_consumer_info *c = &e->consumers[i];

		if (strcmp(c->channel, channel->name) != 0)
			continue;
		r.n++;
		for (unsigned t = 0; t < TROUBLES; t++)
			if (has(e, c, t) && r.in[t]++ == 0)
				r.first[t] = c;
	}
	return r;
}

static void list_readers(const struct mcr_why_evidence *e, const struct mcr_channel_info *channel,
			 enum trouble trouble, struct mcr_why_finding *f)
{
	unsigned n = 0;

	for (size_t i = 0; i < e->n_consumers && n < MCR_WHY_EXAMPLES; i++) {
		const struct mcr_consumer_info *c = &e->consumers[i];

		if (strcmp(c->channel, channel->name) != 0 || !has(e, c, trouble))
			continue;
		mcr_why_line(&f->evidence,
			     "%s: %" PRIu64 " received, %" PRIu64 " lost, %" PRIu64
			     " left out, room for %" PRIu64 " more, polled %s ago",
			     name_of(c).text, c->received, c->lost, c->skipped, c->headroom,
			     mcr_why_duration(c->heartbeat_age_ns).text);
		n++;
	}
}

static void explain_lapped(const struct mcr_why_evidence *e, const struct mcr_channel_info *channel,
			   const struct mcr_consumer_info *c, struct mcr_why_finding *f)
{
	mcr_why_say(
	    f->text, sizeof(f->text),
	    "%s of channel %s has lost %" PRIu64 " messages, because the ring lapped it%s%s",
	    name_of(c).text, channel->name, c->lost, c->lost_last_ns ? ", the last time at " : "",
	    c->lost_last_ns ? mcr_why_time(c->lost_last_ns, e->now_ns).text : "");
	mcr_why_line(&f->todo,
		     "give the reader a core of its own, or let it do less for each message");
	mcr_why_line(&f->todo,
		     "or give channel %s a larger ring, for its pauses: bytes (%" PRIu64 " now)",
		     channel->name, channel->bytes);
}

static void explain_stalled(const struct mcr_channel_info *channel,
			    const struct mcr_consumer_info *c, struct mcr_why_finding *f)
{
	mcr_why_say(f->text, sizeof(f->text),
		    "%s of channel %s has not polled for %s, and %" PRIu64 " messages wait for it",
		    name_of(c).text, channel->name, mcr_why_duration(c->heartbeat_age_ns).text,
		    c->published - c->cursor);
	mcr_why_line(&f->todo,
		     "see what process %d does: it may be stopped, or wait for something else",
		     c->pid);
}

static void explain_filtered(const struct mcr_channel_info *channel,
			     const struct mcr_consumer_info *c, struct mcr_why_finding *f)
{
	mcr_why_say(
	    f->text, sizeof(f->text),
	    "%s of channel %s has left out %" PRIu64 " messages that it does not select, and "
	    "takes %s",
	    name_of(c).text, channel->name, c->skipped, c->received ? "nothing now" : "none");
	mcr_why_line(&f->todo,
		     "look at its selection: mcr_consumer_select, --group and --id of mcring-cat");
}

static void find_trouble(const struct mcr_why_evidence *e, const struct mcr_channel_info *channel,
			 const struct readers *r, enum trouble trouble, int is_asked,
			 struct mcr_why_verdict *v)
{
	static const enum mcr_why_code codes[TROUBLES] = {
	    [LAPPED] = MCR_WHY_READER_LAPPED,
	    [SLIPPED] = MCR_WHY_READER_LAPPED,
	    [STALLED] = MCR_WHY_READER_STALLED,
	    [FILTERED] = MCR_WHY_READER_FILTERED,
	};
	/* of the host: a reader may choose, and may sleep */
	static const enum mcr_why_severity of_host[TROUBLES] = {
	    [LAPPED] = MCR_WHY_FAULT,
	    [SLIPPED] = MCR_WHY_NOTE,
	    [STALLED] = MCR_WHY_WARNING,
	    [FILTERED] = MCR_WHY_NOTE,
	};
	enum mcr_why_severity severity = of_host[trouble];
	const struct mcr_consumer_info *c = r->first[trouble];
	struct mcr_why_finding *f;

	if (!c)
		return;
	/* of a channel: when all that read it are so, nothing of it arrives anywhere */
	if (is_asked && (trouble == STALLED || trouble == FILTERED))
		severity = r->in[trouble] == r->n ? MCR_WHY_FAULT : MCR_WHY_WARNING;
	f = find(v, codes[trouble], severity, channel);
	if (trouble == STALLED)
		explain_stalled(channel, c, f);
	else if (trouble == FILTERED)
		explain_filtered(channel, c, f);
	else
		explain_lapped(e, channel, c, f);
	if (r->in[trouble] > 1)
		mcr_why_line(&f->evidence, "so are %u of %u readers of channel %s", r->in[trouble],
			     r->n, channel->name);
	list_readers(e, channel, trouble, f);
}

/* Whoever reads another channel may mean this one; most of all one that did not choose it. */
static const struct mcr_consumer_info *elsewhere(const struct mcr_why_evidence *e,
						 const struct mcr_channel_info *channel)
{
	const struct mcr_consumer_info *other = NULL;

	for (size_t i = 0; i < e->n_consumers; i++) {
		const struct mcr_consumer_info *c = &e->consumers[i];

		if (!mcr_why_channel_is(c->channel, channel->name) &&
		    (!other || strcmp(c->channel, "default") == 0))
			other = c;
	}
	return other;
}

static void find_nobody(const struct mcr_why_evidence *e, const struct mcr_channel_info *channel,
			int is_asked, struct mcr_why_verdict *v)
{
	const struct mcr_consumer_info *other =
	    is_asked && !channel->programs_max ? elsewhere(e, channel) : NULL;
	struct mcr_why_finding *f = find(v, other ? MCR_WHY_READER_ELSEWHERE : MCR_WHY_NO_READERS,
					 is_asked ? MCR_WHY_FAULT : MCR_WHY_NOTE, channel);

	if (channel->programs_max)
		mcr_why_say(f->text, sizeof(f->text), "no program is attached to channel %s",
			    channel->name);
	else if (other)
		mcr_why_say(f->text, sizeof(f->text),
			    "it goes into channel %s, which nobody reads: %s reads channel %s",
			    channel->name, name_of(other).text, other->channel);
	else
		mcr_why_say(f->text, sizeof(f->text), "nobody reads channel %s", channel->name);
	if (channel->programs_max)
		return;
	mcr_why_line(&f->evidence, "%" PRIu64 " messages were published in it", channel->published);
	if (other)
		mcr_why_line(&f->todo,
			     "join it for channel=%s, or have the program read channel %s",
			     other->channel, channel->name);
	else
		mcr_why_line(&f->todo, "mcring-cat --channel %s reads it", channel->name);
}

static void find_slow(const struct mcr_channel_info *channel, struct mcr_why_verdict *v)
{
	struct mcr_why_finding *f = find(v, MCR_WHY_HANDLER_SLOW, MCR_WHY_NOTE, channel);

	mcr_why_say(f->text, sizeof(f->text),
		    "the handler of channel %s took too long in %" PRIu64 " of %" PRIu64
		    " calls, at most %" PRIu64 " us",
		    channel->name, channel->handler_slow, channel->handler_calls,
		    channel->handler_longest_ns / 1000);
	mcr_why_line(&f->todo,
		     "do less in it: it runs on the rx lcore, whose queues wait meanwhile");
}

unsigned mcr_why_readers_find(const struct mcr_why_evidence *e,
			      const struct mcr_channel_info *channel, int is_asked,
			      struct mcr_why_verdict *v)
{
	const struct readers r = count(e, channel);
	const unsigned before = v->n_findings;

	if (channel->handler_slow > 0)
		find_slow(channel, v);
	if (r.n == 0 && !channel->has_handler && (is_asked || channel->published > 0))
		find_nobody(e, channel, is_asked, v);
	for (unsigned t = 0; t < TROUBLES; t++)
		find_trouble(e, channel, &r, t, is_asked, v);
	return v->n_findings - before;
}
