/* SPDX-License-Identifier: BSD-3-Clause */
#include "recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/error.h"

#include "utc.h"
#include "writer.h"

#define SECOND         UINT64_C(1000000000)
#define GRACE_NS       (2 * SECOND) /* by the host's clock, when the time of arrivals stands still */
#define REMARKS_SECOND 16u
#define ANY            RECORDER_INTERFACES_MAX
#define MIB            ((uint64_t)1 << 20)

/* What was missed and has no record in the store yet. */
struct missed {
	uint64_t from_ns, to_ns, messages;
	int is_there;
};

struct recorder {
	struct recorder_config config;
	struct store store;
	struct recorder_interface interfaces[RECORDER_INTERFACES_MAX];
	uint32_t n_interfaces; /* release, so that the writer finds them */

	uint64_t time_ns;    /* of arrivals, up to which all was put */
	uint64_t elapsed_ns; /* the same, but that it never goes back */
	int is_marked;       /* the store says so */

	/* The file. */
	int is_active;  /* there is one, as far as this side knows */
	int is_ending;  /* its end is named */
	int is_waiting; /* another one is wanted after it, for `next` */
	int is_cut;     /* is_continuous: an operator wants its end */
	int is_void;    /* what he wanted could not be written */
	struct output_cause next;
	uint64_t end_ns, holdoff_ns; /* by elapsed_ns: when it ends, and when the next may begin */
	uint64_t host_end_ns;        /* by the host's clock: when it ends at the latest */

	struct missed missed[ANY + 1]; /* the last: of any interface */
	int is_missing;
	uint64_t remarks_ns; /* the second in which there were so many */
	unsigned remarks;
	uint64_t remarks_left_out;

	struct recorder_stats stats;
	struct writer_stats of_writer;
	struct writer writer;
};

/* ---- life ---- */

static int check_name(const struct recorder_config *c, struct mcr_error *err)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (c->name[0] != '\0' && c->name[0] != '.' && c->name[0] != '-' &&
	    c->name[strspn(c->name, letters)] == '\0')
		return 0;
	return mcr_error_set(err, -EINVAL,
			     "recording %s: its name begins files' names: letters, digits, _ . - "
			     "only, and no . or - in front",
			     c->name);
}

static int check(const struct recorder_config *c, struct mcr_error *err)
{
	const int ret = check_name(c, err);

	if (ret < 0)
		return ret;
	if (c->octets < RECORDER_OCTETS_MIN)
		return mcr_error_set(err, -EINVAL,
				     "recording %s: %" PRIu64 " MiB of memory are the least",
				     c->name, RECORDER_OCTETS_MIN / MIB);
	if ((c->file_octets_max > 0 && c->file_octets_max < OUTPUT_SIZE_MIN) ||
	    (c->all_octets_max > 0 && c->all_octets_max < OUTPUT_SIZE_MIN))
		return mcr_error_set(err, -EINVAL,
				     "recording %s: files of at least %" PRIu64 " octets", c->name,
				     OUTPUT_SIZE_MIN);
	if (c->is_continuous && c->file_octets_max == 0)
		return mcr_error_set(
		    err, -EINVAL,
		    "recording %s: what is written all the time needs a size of files", c->name);
	return 0;
}

uint64_t recorder_memory(const struct recorder_config *config)
{
	return sizeof(struct recorder) + store_size(config->octets - sizeof(struct recorder));
}

int recorder_create(struct recorder **out, const struct recorder_config *config,
		    struct mcr_error *err)
{
	struct recorder *r;
	int ret = check(config, err);

	if (ret < 0)
		return ret;
	r = calloc(1, sizeof(*r));
	ret = r ? store_create(&r->store, config->octets - sizeof(*r)) : -ENOMEM;
	if (ret < 0) {
		free(r);
		return mcr_error_set(err, ret, "recording %s: no memory for %" PRIu64 " MiB",
				     config->name, config->octets / MIB);
	}
	r->config = *config;
	r->writer.config = &r->config;
	r->writer.store = &r->store;
	r->writer.interfaces = r->interfaces;
	r->writer.n_interfaces = &r->n_interfaces;
	ret = writer_create(&r->writer, err);
	if (ret < 0) {
		store_destroy(&r->store);
		free(r);
		return ret;
	}
	*out = r;
	return 0;
}

void recorder_destroy(struct recorder *r)
{
	if (!r)
		return;
	writer_destroy(&r->writer);
	store_destroy(&r->store);
	free(r);
}

const char *recorder_name(const struct recorder *r)
{
	return r->config.name;
}

int recorder_interface(struct recorder *r, const struct recorder_interface *interface)
{
	const uint32_t n = r->n_interfaces;

	for (uint32_t i = 0; i < n; i++)
		if (strcmp(r->interfaces[i].name, interface->name) == 0)
			return (int)i;
	if (n == RECORDER_INTERFACES_MAX)
		return -ENOSPC;
	r->interfaces[n] = *interface;
	__atomic_store_n(&r->n_interfaces, n + 1,
			 __ATOMIC_RELEASE); /* pairs with the writer's load */
	return (int)n;
}

/* ---- records ---- */

/* Gives the place of a record, whose head it fills in, or NULL. */
static void *reserve(struct recorder *r, enum store_kind kind, unsigned interface, uint64_t ns,
		     uint64_t size)
{
	const uint64_t seq = r->store.seq, padded = (size + 7) / 8 * 8;
	struct store_record *record =
	    store_reserve(&r->store, padded, r->time_ns ? r->time_ns : ns);

	if (r->store.seq != seq && writer_state(&r->writer) != WRITER_IDLE)
		writer_wake(&r->writer);
	if (record)
		*record = (struct store_record){(uint32_t)padded, (uint16_t)kind,
						(uint16_t)interface, ns};
	return record;
}

static void miss(struct recorder *r, unsigned interface, uint64_t from_ns, uint64_t to_ns,
		 uint64_t messages)
{
	struct missed *m = &r->missed[interface];

	if (!m->is_there)
		*m = (struct missed){from_ns, to_ns, 0, 1};
	m->from_ns = from_ns < m->from_ns ? from_ns : m->from_ns;
	m->to_ns = to_ns > m->to_ns ? to_ns : m->to_ns;
	m->messages += messages;
	r->is_missing = 1;
}

/* Puts what was missed into the store, in front of all that follows. Returns 0 if there is still no
 * room. */
static int put_missed(struct recorder *r)
{
	struct store_blind *blind;

	if (!r->is_missing)
		return 1;
	for (unsigned i = 0; i <= ANY; i++) {
		struct missed *m = &r->missed[i];

		if (!m->is_there)
			continue;
		blind = reserve(r, STORE_BLIND, i, m->from_ns, sizeof(*blind));
		if (!blind)
			return 0;
		blind->to_ns = m->to_ns;
		blind->messages = m->messages;
		store_commit(&r->store, &blind->head);
		m->is_there = 0;
		r->is_marked = 0;
	}
	r->is_missing = 0;
	return 1;
}

void recorder_put(struct recorder *r, const struct mcr_msg *m, const uint8_t *payload,
		  unsigned interface, uint64_t id)
{
	const uint32_t most = r->config.snaplen > 0 && r->config.snaplen < PCAPNG_KEPT_MAX
				  ? r->config.snaplen
				  : PCAPNG_KEPT_MAX;
	const uint32_t kept = m->len < most ? m->len : most;
	struct store_packet *p = NULL;

	if (interface >= r->n_interfaces)
		return;
	r->stats.put++;
	r->stats.put_octets += m->len;
	if (m->rx_ns > r->stats.newest_ns)
		r->stats.newest_ns = m->rx_ns;
	if (put_missed(r))
		p = reserve(r, STORE_PACKET, interface, m->rx_ns, sizeof(*p) + kept);
	if (!p) {
		r->stats.no_room++;
		r->stats.blind_messages++;
		r->stats.blind += !r->missed[interface].is_there;
		miss(r, interface, m->rx_ns, m->rx_ns, 1);
		return;
	}
	p->id = id;
	p->group = m->group;
	p->source = m->source;
	p->len = m->len;
	p->kept = kept;
	p->dst_port = m->dst_port;
	p->src_port = m->src_port;
	p->vlan = m->vlan;
	p->ttl = m->ttl;
	p->traffic_class = m->traffic_class;
	memcpy(p->payload, payload, kept);
	store_commit(&r->store, &p->head);
	r->is_marked = 0;
}

void recorder_blind(struct recorder *r, unsigned interface, uint64_t from_ns, uint64_t to_ns,
		    uint64_t messages)
{
	r->stats.blind++;
	r->stats.blind_messages += messages;
	miss(r, interface < r->n_interfaces ? interface : ANY, from_ns, to_ns, messages);
	put_missed(r);
}

/* A flood of triggers does not fill the memory. */
static void put_remark(struct recorder *r, const struct output_cause *cause)
{
	char text[OUTPUT_TEXT], utc[UTC_TEXT], more[48] = "";
	struct store_remark *remark;

	if (r->elapsed_ns - r->remarks_ns >= SECOND) {
		r->remarks_ns = r->elapsed_ns;
		r->remarks = 0;
	}
	if (r->remarks_left_out > 0)
		snprintf(more, sizeof(more), " (and %" PRIu64 " others before)",
			 r->remarks_left_out);
	snprintf(text, sizeof(text), "%.200s (at %s)%s", cause->text, utc_text(utc, cause->ns),
		 more);
	remark = r->remarks < REMARKS_SECOND && put_missed(r)
		     ? reserve(r, STORE_REMARK, 0, cause->ns, sizeof(*remark) + strlen(text) + 1)
		     : NULL;
	if (!remark) {
		r->remarks_left_out++;
		return;
	}
	strcpy(remark->text, text);
	store_commit(&r->store, &remark->head);
	r->remarks++;
	r->remarks_left_out = 0;
	r->is_marked = 0;
}

/* ---- files ---- */

static uint64_t host_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static int is_stopped(const struct recorder *r)
{
	return __atomic_load_n(&r->writer.is_stopped,
			       __ATOMIC_ACQUIRE); /* pairs with the writer's */
}

static void set_end(struct recorder *r)
{
	r->end_ns = r->elapsed_ns + r->config.after_ns;
	r->host_end_ns = host_ns() + r->config.after_ns + GRACE_NS;
}

/* The most of what is in memory that a file may begin with. */
static uint64_t history(const struct recorder_config *c)
{
	uint64_t most = c->file_octets_max > 0 ? c->file_octets_max : UINT64_MAX;

	if (c->all_octets_max > 0 && c->all_octets_max < most)
		most = c->all_octets_max;
	return most / 4 * 3;
}

static void begin(struct recorder *r)
{
	r->writer.cause = r->next;
	r->writer.from = store_oldest(&r->store, history(&r->config));
	r->is_active = 1;
	r->is_waiting = 0;
	set_end(r);
	writer_begin(&r->writer);
}

/* What is written all the time goes on where it stopped, if that is still in memory. */
static void go_on(struct recorder *r)
{
	const uint64_t oldest = store_oldest(&r->store, UINT64_MAX);
	struct writer *w = &r->writer;
	uint64_t unwritten = 0;

	w->from = w->position > oldest ? w->position : oldest;
	if (w->from == oldest)
		unwritten = store_segment(&r->store, oldest)->before - w->packets;
	r->stats.unwritten += unwritten;
	w->cause = (struct output_cause){.word = "continuous"};
	snprintf(w->cause.text, sizeof(w->cause.text), "all that comes");
	if (unwritten > 0)
		snprintf(w->cause.text, sizeof(w->cause.text),
			 "all that comes; blind before: %" PRIu64 " messages were not written",
			 unwritten);
	writer_begin(w);
}

/* By the time of arrivals, or long after by the host's clock. */
static int is_due(const struct recorder *r)
{
	return r->elapsed_ns >= r->end_ns || host_ns() >= r->host_end_ns;
}

static void settle_continuous(struct recorder *r)
{
	if (writer_state(&r->writer) == WRITER_IDLE && !is_stopped(r))
		go_on(r);
	else if (writer_state(&r->writer) == WRITER_IDLE && r->is_cut) {
		r->is_cut = 0;
		r->is_void = 1;
		r->stats.answered++;
	}
	if (r->is_cut && is_due(r) && writer_end(&r->writer, store_head(&r->store)))
		r->is_cut = r->is_void = 0;
}

/* Looks at what became of the file, and does what is due. */
static void settle(struct recorder *r)
{
	if (r->config.is_continuous) {
		settle_continuous(r);
		return;
	}
	if (r->is_active && !r->is_ending && is_due(r) &&
	    writer_end(&r->writer, store_head(&r->store))) {
		r->is_ending = 1;
		r->holdoff_ns = r->elapsed_ns + r->config.holdoff_ns;
	}
	if (r->is_active && writer_state(&r->writer) == WRITER_IDLE) {
		if (!r->is_ending) /* it ended by itself */
			r->holdoff_ns = r->elapsed_ns + r->config.holdoff_ns;
		r->is_active = r->is_ending = 0;
	}
	if (!r->is_active && r->is_waiting)
		begin(r);
}

void recorder_time(struct recorder *r, uint64_t ns)
{
	struct store_record *until;

	if (ns == 0) {
		settle(r);
		return;
	}
	if (r->time_ns > 0 && ns > r->time_ns)
		r->elapsed_ns += ns - r->time_ns;
	r->time_ns = ns;
	if (ns > r->stats.newest_ns)
		r->stats.newest_ns = ns;
	if (!r->is_marked && put_missed(r)) {
		until = reserve(r, STORE_UNTIL, 0, ns, sizeof(*until));
		if (until)
			store_commit(&r->store, until);
		r->is_marked = until != NULL;
	}
	settle(r);
}

/* ---- triggers ---- */

static enum recorder_answer want_continuous(struct recorder *r, int is_operator)
{
	r->stats.joined++;
	if (is_operator && !r->is_cut) {
		r->is_cut = 1;
		r->stats.asked++;
		set_end(r);
	}
	return RECORDER_JOINED;
}

static enum recorder_answer want(struct recorder *r, const struct output_cause *cause,
				 int is_operator)
{
	const int can_join = r->is_active && !r->is_ending;

	if (can_join)
		set_end(r);
	if (can_join || r->is_waiting) {
		r->stats.joined++;
		return RECORDER_JOINED;
	}
	if (!is_operator && r->elapsed_ns < r->holdoff_ns) {
		r->stats.held_off++;
		return RECORDER_HELD_OFF;
	}
	r->stats.files++;
	r->stats.asked++;
	r->next = *cause;
	r->is_waiting = r->is_active;
	if (!r->is_active)
		begin(r);
	return RECORDER_BEGUN;
}

enum recorder_answer recorder_trigger(struct recorder *r, const struct recorder_cause *wanted)
{
	const int is_operator = wanted->bit == 0;
	struct output_cause cause = {.ns = wanted->ns > 0 ? wanted->ns : r->time_ns};

	if (!is_operator && !(r->config.on & wanted->bit))
		return RECORDER_NOT_WANTED;
	snprintf(cause.word, sizeof(cause.word), "%s", wanted->word);
	snprintf(cause.text, sizeof(cause.text), "%.20s: %.280s", wanted->word, wanted->text);
	r->stats.triggers++;
	settle(r);
	put_remark(r, &cause);
	if (is_stopped(r)) {
		r->stats.failed++;
		return RECORDER_FAILED;
	}
	return r->config.is_continuous ? want_continuous(r, is_operator)
				       : want(r, &cause, is_operator);
}

void recorder_stats(struct recorder *r, struct recorder_stats *out)
{
	const struct store *s = &r->store;
	const uint64_t first = s->seq >= s->n ? s->seq - s->n + 1 : 1;
	const struct writer_stats *w = &r->of_writer;

	if (pthread_mutex_trylock(&r->writer.lock) == 0) {
		r->of_writer = r->writer.stats;
		pthread_mutex_unlock(&r->writer.lock);
	}
	*out = r->stats;
	out->oldest_ns = store_segment(s, first << s->shift)->since_ns;
	out->is_writing = writer_state(&r->writer) != WRITER_IDLE;
	out->is_stopped = is_stopped(r);
	out->whole = w->whole;
	out->given_up = w->given_up;
	out->answered += w->answered;
	out->unwritten += w->unwritten;
	out->written = w->written;
	out->written_octets = w->written_octets;
	out->dir_files = w->dir_files;
	out->dir_octets = w->dir_octets;
	out->leftovers = w->leftovers;
	memcpy(out->file, w->file, sizeof(out->file));
	memcpy(out->answer, w->answer, sizeof(out->answer));
	memcpy(out->error, w->error, sizeof(out->error));
	if (r->is_void)
		out->answer[0] = '\0';
}
