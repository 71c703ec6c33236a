/* SPDX-License-Identifier: BSD-3-Clause */
/* A consumer that is polled, armed, moved and reattached in one thread, while others make what they
 * like of its cursors, and release what it holds: no message may come twice, out of its order or
 * with another's payload, none may be missing without being told, and ThreadSanitizer may find no
 * race.
 *
 *     stress_cursor [LIVES]      lives of the engine; 40 by default */
#include <pthread.h>
#include <sched.h>

#include <mcring/consumer.h>

#include "tiny_engine.h"

#define READERS 3

struct shared {
	struct tiny_engine engine;
	uint64_t seen[READERS];              /* epoch in which a cursor read something last */
	struct mcr_consumer *given[READERS]; /* a cursor for that thread; NULL: it wants one */
	struct mcr_hold *hold;               /* the consumer's, for whoever takes it */
	int is_closed;                       /* the consumer is */
	int is_done;                         /* no engine comes any more */
};

/* What one consumer or cursor must see next. */
struct view {
	struct mcr_consumer *c;
	int is_exact;                     /* it selects nothing */
	int is_taken;                     /* payloads are copies */
	uint64_t epoch, next[TINY_RINGS]; /* 0: any */
	int is_moved; /* since the last message: an event that was due comes first */
	uint64_t received, restarts;
	unsigned seed;
};

static void fail(const char *what, const struct mcr_msg *m)
{
	fprintf(stderr, "%s: kind %u epoch %llu ring %u seq %llu\n", what, m->kind,
		(unsigned long long)m->pos.epoch, m->pos.ring, (unsigned long long)m->pos.seq);
	abort();
}

static void check(struct view *v, const struct mcr_msg *m)
{
	uint64_t *next = &v->next[m->pos.ring], payload;
	int64_t len;

	if (m->kind == MCR_RESTART) {
		if (m->pos.epoch <= v->epoch)
			fail("an epoch came again", m);
		v->epoch = m->pos.epoch;
		for (unsigned i = 0; i < TINY_RINGS; i++)
			v->next[i] = v->is_moved ? 0 : 1;
		v->restarts++;
		return;
	}
	if (m->kind != MCR_DATA && m->kind != MCR_LOST)
		return;
	if (v->epoch != 0 && m->pos.epoch != v->epoch)
		fail("another epoch without a restart", m);
	v->epoch = m->pos.epoch;
	if (*next != 0 && (v->is_exact ? m->pos.seq != *next : m->pos.seq < *next))
		fail("not the next one", m);
	*next = m->pos.seq + (m->kind == MCR_LOST ? m->lost : 1);
	if (m->kind == MCR_LOST)
		return;
	v->received++;
	len = m->len;
	if (v->is_taken)
		memcpy(&payload, m->data, sizeof(payload));
	else
		len = mcr_consumer_read(v->c, m, &payload, sizeof(payload));
	if (len != -ESTALE && (len != sizeof(payload) || payload != m->pos.seq))
		fail("another's payload", m);
	if (!v->is_exact && m->id != 1)
		fail("not selected", m);
}

/* Returns what poll does. */
static int poll_some(struct view *v)
{
	static _Thread_local uint64_t buf[MCR_TAKE_ROOM * 2 / 8];
	struct mcr_msg msgs[32];
	int n = 1 + rand_r(&v->seed) % 32;

	v->is_taken = rand_r(&v->seed) % 2 == 0;
	n = v->is_taken ? mcr_consumer_take(v->c, msgs, n, buf, sizeof(buf))
			: mcr_consumer_poll(v->c, msgs, n);

	for (int i = 0; i < n; i++)
		check(v, &msgs[i]);
	if (n < 0 && n != -EPIPE)
		abort();
	if (n > 0)
		v->is_moved = 0;
	if (rand_r(&v->seed) % 4 != 0)
		mcr_consumer_release(v->c);
	return n;
}

static void move(struct view *v)
{
	if (mcr_consumer_seek(v->c, MCR_START_NEWEST) != 0)
		abort();
	memset(v->next, 0, sizeof(v->next));
	v->is_moved = 1;
}

/* The memory of a hold may go in any thread. */
static void pass_hold(struct shared *s, struct mcr_hold *next)
{
	mcr_hold_release(__atomic_exchange_n(&s->hold, next, __ATOMIC_ACQ_REL));
}

static int is_set(const int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

/* ---- cursors ---- */

struct reader {
	struct shared *s;
	unsigned index;
	pthread_t thread;
	uint64_t received, restarts, cursors;
};

/* Reads with one cursor for a while. */
static void use(struct reader *r, struct mcr_consumer *cursor)
{
	struct view v = {.c = cursor, .seed = r->index + (unsigned)r->cursors * 17};
	struct mcr_consumer_ring info = {.size = sizeof(info)};
	const uint32_t id = 1;
	int n, ret;

	v.is_exact = r->index != 0;
	if (!v.is_exact && mcr_consumer_select(cursor, NULL, 0, &id, 1, NULL) != 0)
		abort();
	while (rand_r(&v.seed) % 2000 != 0) {
		uint64_t before = v.received;

		n = poll_some(&v);
		if (v.received > before)
			__atomic_store_n(&r->s->seen[r->index], v.epoch, __ATOMIC_RELAXED);
		if (n == -EPIPE) {
			ret = mcr_consumer_reattach(cursor, NULL);
			if (ret == -EPIPE)
				break;
			if (ret != 0 && ret != -EAGAIN)
				abort();
		}
		if (n <= 0)
			sched_yield();
		if (rand_r(&v.seed) % 64 == 0)
			move(&v);
		if (rand_r(&v.seed) % 64 == 0)
			pass_hold(r->s, NULL);
		mcr_consumer_headroom(cursor);
		if (mcr_consumer_ring_info(cursor, 0, &info, NULL) != 0 || info.head < info.next)
			abort();
	}
	r->received += v.received;
	r->restarts += v.restarts;
}

static void *read_on(void *arg)
{
	struct reader *r = arg;
	struct mcr_consumer **given = &r->s->given[r->index];

	for (;;) {
		struct mcr_consumer *cursor = __atomic_load_n(given, __ATOMIC_ACQUIRE);

		if (!cursor && is_set(&r->s->is_closed))
			return NULL;
		if (!cursor) {
			sched_yield();
			continue;
		}
		use(r, cursor);
		r->cursors++;
		mcr_consumer_close(cursor);
		__atomic_store_n(given, NULL, __ATOMIC_RELEASE);
	}
}

/* ---- the consumer ---- */

static void give_cursors(struct shared *s, struct view *v)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *cursor;

	for (unsigned i = 0; i < READERS; i++) {
		if (__atomic_load_n(&s->given[i], __ATOMIC_ACQUIRE))
			continue;
		opts.order = rand_r(&v->seed) % 2 == 0 ? MCR_ORDER_RINGS : MCR_ORDER_MERGED;
		opts.start = rand_r(&v->seed) % 2 == 0 ? MCR_START_NEWEST : MCR_START_OLDEST;
		if (mcr_consumer_cursor(&cursor, v->c, &opts, NULL) != 0)
			abort();
		__atomic_store_n(&s->given[i], cursor, __ATOMIC_RELEASE);
	}
}

static void *consume(void *arg)
{
	struct shared *s = arg;
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct view v = {.is_exact = 1, .seed = 7};
	struct mcr_hold *hold;

	opts.run_dir = s->engine.dir;
	if (mcr_consumer_open(&v.c, &opts, NULL) != 0)
		abort();
	while (!is_set(&s->is_done)) {
		int n = poll_some(&v);

		give_cursors(s, &v);
		if (mcr_consumer_hold(&hold, v.c) != 0)
			abort();
		pass_hold(s, hold);
		/* Also while the engine is well: then it goes on in another map of the same rings.
		 */
		if (n == -EPIPE || rand_r(&v.seed) % 500 == 0)
			while (!is_set(&s->is_done) && mcr_consumer_reattach(v.c, NULL) < 0)
				mcr_consumer_wait(v.c, 1000000);
		else if (n == 0)
			mcr_consumer_wait(v.c, 100000);
		if (rand_r(&v.seed) % 16 == 0)
			move(&v);
	}
	mcr_consumer_close(v.c); /* while its cursors read */
	__atomic_store_n(&s->is_closed, 1, __ATOMIC_RELEASE);
	printf("the consumer: received %llu restarts %llu\n", (unsigned long long)v.received,
	       (unsigned long long)v.restarts);
	return NULL;
}

/* ---- the engine ---- */

/* Two of the cursors have read something of this life. */
static int is_seen(const struct shared *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < READERS; i++)
		n += __atomic_load_n(&s->seen[i], __ATOMIC_RELAXED) == s->engine.epoch;
	return n >= 2;
}

static void live(struct shared *s, uint64_t epoch)
{
	tiny_engine_begin(&s->engine, epoch);
	do {
		for (unsigned i = 0; i < 20; i++)
			tiny_engine_put(&s->engine, i % 3 == 0);
		tiny_engine_round(&s->engine);
		sched_yield();
	} while (!is_seen(s));
}

int main(int argc, char **argv)
{
	uint64_t lives = argc > 1 ? strtoull(argv[1], NULL, 0) : 40, received = 0, restarts = 0;
	struct reader readers[READERS] = {0};
	static struct shared s;
	pthread_t consumer;

	tiny_engine_listen(&s.engine);
	must(pthread_create(&consumer, NULL, consume, &s) == 0);
	for (unsigned i = 0; i < READERS; i++) {
		readers[i] = (struct reader){.s = &s, .index = i};
		must(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]) == 0);
	}
	for (uint64_t epoch = 1; epoch <= lives; epoch++) {
		live(&s, epoch);
		if (epoch == lives)
			__atomic_store_n(&s.is_done, 1, __ATOMIC_RELEASE);
		tiny_engine_end(&s.engine);
	}
	pthread_join(consumer, NULL);
	pass_hold(&s, NULL);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		printf("reader %u: cursors %llu received %llu restarts %llu\n", i,
		       (unsigned long long)readers[i].cursors,
		       (unsigned long long)readers[i].received,
		       (unsigned long long)readers[i].restarts);
		received += readers[i].received;
		restarts += readers[i].restarts;
	}
	tiny_engine_close(&s.engine);
	return received == 0 || restarts == 0;
}
