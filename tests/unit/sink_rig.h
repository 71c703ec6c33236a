/* SPDX-License-Identifier: BSD-3-Clause */
/* A sink of the channel "md" of the small engine, and a made-up broker, which lives on when a sink
 * is killed. As NATS it stores a unit once by its id; as Kafka it stores it when the checkpoint
 * behind it is stored, and forgets it otherwise. */
#ifndef SINK_RIG_H
#define SINK_RIG_H

#include "small_engine.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <mcring/sink.h>

#include "../../tools/mcring-sink/loss.h"
#include "../../tools/mcring-sink/pack.h"
#include "../../tools/mcring-sink/position.h"
#include "../../tools/mcring-sink/sink.h"
#include "../../tools/mcring-sink/source.h"
#include "core/rng.h"

#define STORE_MAX 65536
#define FIND_MAX  (2 * STORE_MAX)
#define SOON_NS   UINT64_C(20000000000) /* what a test waits for at most */

/* A message as it was stored. */
struct stored {
	char *subject, *flow, *id, *header;
	uint8_t *body;
	uint32_t len, messages;
};

/* The broker's servers: what outlives a sink. */
struct made {
	struct stored all[STORE_MAX];
	uint32_t n, committed;   /* Kafka: of n */
	uint32_t find[FIND_MAX]; /* NATS: by a hash of the id, its index + 1 */
	char *position;
	unsigned lives; /* sinks that have loaded */
	int is_kafka;
	uint32_t len_max;  /* of a body; more is refused. 0 = any */
	unsigned room;     /* units that are under way at a time */
	unsigned takes;    /* units of them that a poll settles */
	int is_away;       /* no server can be reached */
	int keeps_waiting; /* checkpoints are not stored */
	unsigned moody;    /* not 0: it takes each moody-th checkpoint that it is given */
	unsigned asked;    /* checkpoints */
	uint64_t once_ns;  /* of struct sink_broker_info */
	uint32_t again;    /* units that were stored before */
};

/* The sink's end of it. */
struct sink_broker {
	struct made *made;
	unsigned life;
	struct sink_unit *first, *last; /* under way */
	char *text;                     /* a checkpoint that waits ... */
	uint64_t before;                /* ... for so many units to be settled */
	uint64_t sent, settled, checkpoints;
	int fd;
};

static struct made *made_next; /* that the next sink is to be given */

static inline char *made_copy(const void *of, size_t len)
{
	char *copy = malloc(len + 1);

	assert_non_null(copy);
	memcpy(copy, of, len);
	copy[len] = '\0';
	return copy;
}

static inline int made_open(struct sink_broker **out, const struct sink_broker_config *config,
			    struct mcr_error *err)
{
	struct sink_broker *b = calloc(1, sizeof(*b));

	(void)config;
	(void)err;
	assert_non_null(b);
	b->made = made_next;
	b->fd = eventfd(0, EFD_CLOEXEC);
	*out = b;
	return 0;
}

static inline void stored_forget(struct stored *s)
{
	free(s->subject);
	free(s->flow);
	free(s->id);
	free(s->header);
	free(s->body);
}

static inline int made_load(struct sink_broker *b, char **text, struct mcr_error *err)
{
	(void)err;
	b->life = ++b->made->lives;
	while (b->made->is_kafka && b->made->n > b->made->committed)
		stored_forget(&b->made->all[--b->made->n]);
	*text = b->made->position ? strdup(b->made->position) : NULL;
	return 0;
}

static inline int made_send(struct sink_broker *b, struct sink_unit *u)
{
	if (b->sent - b->settled >= b->made->room)
		return -EAGAIN;
	u->next = NULL;
	if (b->first)
		b->last->next = u;
	else
		b->first = u;
	b->last = u;
	b->sent++;
	return 0;
}

static inline int made_checkpoint(struct sink_broker *b, const char *text)
{
	if (b->text || (b->made->moody > 0 && ++b->made->asked % b->made->moody != 0))
		return -EAGAIN;
	b->text = strdup(text);
	b->before = b->sent;
	return 0;
}

static inline enum sink_result made_store(struct made *made, const struct sink_unit *u)
{
	struct stored *s = &made->all[made->n];

	uint32_t hash = 5381;

	for (const char *c = u->id; *c; c++)
		hash = hash * 33 + (unsigned char)*c;
	for (hash %= FIND_MAX; made->find[hash] != 0; hash = (hash + 1) % FIND_MAX) {
		const struct stored *there = &made->all[made->find[hash] - 1];

		if (made->is_kafka || strcmp(there->id, u->id) != 0)
			continue;
		assert_int_equal(there->len, u->len); /* the same id, the same content */
		assert_memory_equal(there->body, u->body, u->len);
		made->again++;
		return SINK_STORED_BEFORE;
	}
	if (!made->is_kafka)
		made->find[hash] = made->n + 1;
	assert_true(made->n < STORE_MAX);
	assert_true(strlen(u->id) < 256);
	*s = (struct stored){strdup(u->subject),
			     strdup(u->flow),
			     strdup(u->id),
			     strdup(u->header),
			     (uint8_t *)made_copy(u->body, u->len),
			     u->len,
			     u->messages};
	made->n++;
	return SINK_STORED;
}

static inline void made_commit(struct sink_broker *b)
{
	if (!b->text || b->settled < b->before || b->made->keeps_waiting ||
	    b->life != b->made->lives)
		return;
	if (b->made->is_kafka && b->settled > b->before)
		fail_msg("units behind a checkpoint were stored before it was");
	free(b->made->position);
	b->made->position = b->text;
	b->made->committed = b->made->n;
	b->text = NULL;
	b->checkpoints++;
}

static inline unsigned made_poll(struct sink_broker *b, struct sink_done *done, unsigned n)
{
	unsigned i = 0;

	while (b->first && i < n && i < b->made->takes) {
		struct sink_unit *u = b->first;

		made_commit(b);
		if (b->made->is_kafka && b->text && b->settled == b->before)
			break; /* the transaction is to be ended first */
		if (b->life != b->made->lives)
			break;
		b->first = u->next;
		b->settled++;
		done[i].unit = u;
		done[i].result = b->made->len_max != 0 && u->len > b->made->len_max
				     ? SINK_REFUSED
				     : made_store(b->made, u);
		strcpy(done[i++].why, "too large");
	}
	made_commit(b);
	return i;
}

static inline int made_fd(const struct sink_broker *b)
{
	return b->fd;
}

static inline void made_info(const struct sink_broker *b, struct sink_broker_info *out)
{
	*out = (struct sink_broker_info){.is_connected = !b->made->is_away,
					 .checkpoints = b->checkpoints,
					 .once_ns = b->made->once_ns,
					 .in_flight = b->sent - b->settled};
	out->is_taken_over = b->life != b->made->lives;
	if (out->is_taken_over)
		strcpy(out->fatal, "another sink of this name has begun");
}

static inline void made_close(struct sink_broker *b)
{
	close(b->fd);
	free(b->text);
	free(b);
}

static const struct sink_broker_calls made_calls = {
    made_open, made_load, made_send, made_checkpoint, made_poll, made_fd, made_info, made_close,
};

/* ---- the sink ---- */

struct sink_rig {
	struct small_engine e;
	struct made made;
	struct sink_options options;
	struct sink s;
	int log_fd;      /* -1 = nothing is logged */
	uint64_t now_ns; /* of the sink: each round is later than what any round waits for */
};

static inline void rig_begin(struct sink_rig *r, unsigned n_rings, uint64_t bytes)
{
	small_engine_create(&r->e, n_rings, bytes);
	r->made.room = r->made.takes = UINT32_MAX;
	r->log_fd = -1;
	r->options = (struct sink_options){.name = "test",
					   .run_dir = r->e.dir,
					   .channels = {"md"},
					   .n_channels = 1,
					   .calls = &made_calls,
					   .prefix = "mcring",
					   .pack = 1,
					   .linger_ns = 1000000,
					   .commit_ns = 0,
					   .memory = 8u << 20,
					   .start = MCR_START_OLDEST};
}

static inline int rig_try_start(struct sink_rig *r, struct mcr_error *err)
{
	made_next = &r->made;
	r->s = (struct sink){
	    .options = &r->options, .epoll_fd = -1, .log = {.program = "sink", .fd = r->log_fd}};
	return sink_open(&r->s, err);
}

static inline void rig_start(struct sink_rig *r)
{
	struct mcr_error err = {""};

	if (rig_try_start(r, &err) != 0)
		fail_msg("%s", err.text);
}

/* As SIGKILL does: nothing is told to the broker. */
static inline void rig_kill(struct sink_rig *r)
{
	sink_close(&r->s);
}

static inline void rig_round(struct sink_rig *r)
{
	r->now_ns += 1000000;
	sink_round(&r->s, r->now_ns);
	assert_true(r->s.pool.used <= r->s.pool.max);
}

/* Rounds until the sink has read all and the broker stored it, with the position. */
static inline void rig_settle(struct sink_rig *r)
{
	const uint64_t end_ns = monotonic_ns() + SOON_NS;
	const struct sink_source *src = r->s.sources[0];

	for (;;) {
		rig_round(r);
		if (src->is_attached && sink_behind(src) == 0 && !src->oldest && !r->s.is_moved &&
		    r->s.broker->checkpoints == r->s.checkpoints)
			return;
		if (monotonic_ns() > end_ns)
			fail_msg("not settled: behind %lu, under way %lu", sink_behind(src),
				 (unsigned long)r->s.in_flight);
	}
}

static inline void rig_attach(struct sink_rig *r)
{
	const uint64_t end_ns = monotonic_ns() + SOON_NS;

	while (!r->s.sources[0]->is_attached && monotonic_ns() < end_ns)
		rig_round(r);
	assert_true(r->s.sources[0]->is_attached);
}

static inline void rig_end(struct sink_rig *r)
{
	sink_close(&r->s);
	small_engine_destroy(&r->e);
	for (uint32_t i = 0; i < r->made.n; i++)
		stored_forget(&r->made.all[i]);
	free(r->made.position);
}

/* ---- what readers find ---- */

/* Of the numbers 1 to n of a ring in an epoch, by number: how often each was delivered, and told to
 * be lost. */
struct account {
	uint64_t n;
	uint32_t *came, *lost;
	uint64_t n_came, n_lost, restarts;
};

static inline struct mcr_sink_header header_of(const struct stored *s)
{
	struct mcr_sink_header h;

	if (mcr_sink_header_parse(&h, s->header, strlen(s->header)) != 0)
		fail_msg("header '%s'", s->header);
	return h;
}

/* Payloads are their number, as small_engine_publish_seqs writes them, and may go on. */
static inline void account_data(struct account *a, const struct mcr_sink_header *h,
				const struct stored *s)
{
	struct mcr_sink_body body;
	struct mcr_sink_record record;
	uint64_t payload;
	uint32_t n = 0;
	int ret;

	mcr_sink_body_open(&body, h, s->body, s->len);
	while ((ret = mcr_sink_body_next(&body, &record)) == 1) {
		assert_true(record.number >= 1 && record.number <= a->n);
		assert_true(record.len >= sizeof(payload));
		memcpy(&payload, record.data, sizeof(payload));
		assert_int_equal(payload, record.number);
		a->came[record.number]++;
		a->n_came++;
		n++;
	}
	assert_int_equal(ret, 0);
	assert_int_equal(n, s->messages);
}

static inline struct account account_of(const struct made *made, uint64_t epoch, uint32_t ring,
					uint64_t n)
{
	struct account a = {.n = n};
	char text[17];

	snprintf(text, sizeof(text), "%lx", (unsigned long)epoch);
	a.came = calloc(2 * (n + 1), sizeof(*a.came));
	assert_non_null(a.came);
	a.lost = a.came + n + 1;
	for (uint32_t i = 0; i < made->n; i++) {
		const struct mcr_sink_header h = header_of(&made->all[i]);

		if (strcmp(h.epoch, text) != 0 || h.ring != ring)
			continue;
		a.restarts += h.kind == MCR_SINK_RESTART;
		if (h.kind == MCR_SINK_DATA)
			account_data(&a, &h, &made->all[i]);
		for (uint64_t k = 0; h.kind == MCR_SINK_LOST && k < h.count; k++) {
			assert_true(h.number + k <= n);
			a.lost[h.number + k]++;
			a.n_lost++;
		}
	}
	return a;
}

/* Each number of a ring came once or was told to be lost once. Returns how many were lost. */
static inline uint64_t account_is_whole(const struct made *made, uint64_t epoch, uint32_t ring,
					uint64_t n)
{
	struct account a = account_of(made, epoch, ring, n);
	const uint64_t lost = a.n_lost;

	for (uint64_t i = 1; i <= n; i++)
		if (a.came[i] + a.lost[i] != 1)
			fail_msg("message %lu came %u times, was lost %u times", (unsigned long)i,
				 a.came[i], a.lost[i]);
	free(a.came);
	return lost;
}

/* A message of len octets, of which the first 8 are its number. */
static inline void put_at(struct sink_rig *r, uint64_t rx_ns, uint16_t port, uint32_t len)
{
	struct mcr_record record = small_engine_record(&r->e.writers[0]);
	uint8_t payload[2048] = {0};
	const uint64_t seq = r->e.writers[0].next + 1;

	memcpy(payload, &seq, sizeof(seq));
	record.rx_ns = rx_ns;
	record.hw_delta = 0;
	record.flags = 0;
	record.port = port;
	small_engine_put(&r->e, 0, record, payload, len);
}

#endif
