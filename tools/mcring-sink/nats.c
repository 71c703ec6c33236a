/* SPDX-License-Identifier: BSD-3-Clause */
/* NATS JetStream as a broker. A thread of its own makes all calls of the library, since some of
 * them wait: for a connection, or with TLS for the other side. The sink's thread and it hand units
 * over in queues without locks, and wake each other once for a batch. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/core/error.h"
#include "../common/clock.h"
#include "broker.h"
#include "nats_admin.h"
#include "nats_store.h"

#define MS           1000000ull
#define UNITS_MAX    (NATS_QUEUE_SIZE - 1) /* with the sink or with us; one place is a mark's */
#define OCTETS_MAX   (8ull << 20) /* likewise: what a cache may still have when it is sent */
#define ROUND_UNITS  256
#define BUSY         64           /* done in a round: the next one begins at once */
#define PACE_NS      (150 * 1000) /* else it waits, so that one write carries several units */
#define IDLE_MS      500
#define STUCK_NS     (5000 * MS) /* within one call of the library */
#define PAUSE_MIN_MS 20          /* between attempts to connect */
#define PAUSE_MAX_MS 1000
#define ENSURE_NS    (2000 * MS) /* nobody takes messages: then look for the stream ... */
#define ENSURE_EVERY (5000 * MS)
#define CLOSE_MS     200

enum {
	IN_UNIT,
	IN_MARK,
};

/* Who frees it: the thread when the sink could not wait for its end. */
enum life {
	LIFE_RUNS,
	LIFE_ENDED,
	LIFE_ABANDONED,
};

struct sink_broker {
	struct nats_queue in, settled;
	struct nats_config config;
	struct nats_link link;   /* the thread's ... */
	struct nats_store store; /* ... likewise */
	uint64_t ensured_ns;
	int pause_ms;
	pthread_t thread;
	int has_thread, wake_fd, out_fd;
	int is_asleep;   /* the thread, or about to be */
	int is_told;     /* out_fd was written since poll has read it */
	int is_stopping; /* the sink's thread says so */
	int has_mark;    /* a checkpoint that is not stored */
	int life;        /* enum life */
	/* The sink's: */
	uint64_t given;        /* units that were sent and not given back ... */
	uint64_t given_octets; /* ... and of their bodies */
	pthread_mutex_t mu;
	struct sink_broker_info info; /* the store's, as it was last; under mu */
};

static void ring(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0) {
		/* It is readable already. */
	}
}

static void hush(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0) {
		/* It was not readable. */
	}
}

/* tell wakes the sink, once until it polls. */
static void tell(struct sink_broker *b)
{
	/* After what was put; pairs with broker_poll's, which comes before it looks. Whichever of
	 * the two exchanges is second sees what was before the first. */
	if (!__atomic_exchange_n(&b->is_told, 1, __ATOMIC_ACQ_REL))
		ring(b->out_fd);
}

static void show(struct sink_broker *b)
{
	pthread_mutex_lock(&b->mu);
	b->info = b->store.info;
	pthread_mutex_unlock(&b->mu);
}

static int is_stopping(const struct sink_broker *b)
{
	return __atomic_load_n(&b->is_stopping, __ATOMIC_RELAXED);
}

/* doze sleeps until something comes, for ms at most. */
static void doze(struct sink_broker *b, int ms, int for_units)
{
	struct epoll_event ev[2];
	int n = 0;

	__atomic_exchange_n(&b->is_asleep, 1, __ATOMIC_ACQ_REL); /* pairs with wake's, as in tell */
	if ((!for_units || !nats_queue_has(&b->in)) && !is_stopping(b))
		n = epoll_wait(b->link.epoll_fd, ev, 2, ms);
	__atomic_store_n(&b->is_asleep, 0, __ATOMIC_RELAXED);
	for (int i = 0; i < n; i++)
		if (ev[i].data.ptr == b)
			hush(b->wake_fd);
}

/* wake wakes the thread if it sleeps. */
static void wake(struct sink_broker *b)
{
	if (__atomic_exchange_n(&b->is_asleep, 0, __ATOMIC_ACQ_REL))
		ring(b->wake_fd);
}

/* lost: the connection is over, or given up. why: "" = it just ended. */
static void lost(struct sink_broker *b, const char *why)
{
	struct nats_store *s = &b->store;

	nats_store_error(s, "%s: the connection is lost%s%.300s", b->link.server, *why ? ": " : "",
			 why);
	nats_link_drop(&b->link);
	nats_store_lost(s, monotonic_ns());
	s->info.is_connected = 0;
	s->info.disconnects++;
	b->pause_ms = 0;
	show(b);
	tell(b);
}

static void connect_again(struct sink_broker *b)
{
	struct nats_store *s = &b->store;
	natsStatus st;

	if (b->pause_ms)
		doze(b, b->pause_ms, 0);
	if (is_stopping(b))
		return;
	st = nats_link_connect(&b->link);
	if (st == NATS_OK) {
		snprintf(s->info.server, sizeof(s->info.server), "%s", b->link.server);
		s->info.is_connected = 1;
		s->info.connects++;
		nats_store_begin(s, monotonic_ns());
		b->pause_ms = 0;
	} else {
		struct mcr_error err;

		nats_failure(&err, st, s->info.server);
		nats_store_error(s, "%.500s", err.text);
		b->pause_ms = b->pause_ms ? b->pause_ms * 2 : PAUSE_MIN_MS;
		if (b->pause_ms > PAUSE_MAX_MS)
			b->pause_ms = PAUSE_MAX_MS;
	}
	show(b);
	tell(b);
}

/* ensure_again: nobody takes messages. Looks for stream and bucket, makes them if it may. */
static void ensure_again(struct sink_broker *b, uint64_t now)
{
	struct nats_store *s = &b->store;
	struct mcr_error err;

	if (!s->unheard_ns || now - s->unheard_ns < ENSURE_NS || now - b->ensured_ns < ENSURE_EVERY)
		return;
	if (nats_admin_ensure(&b->config, now, &s->window_ns, &err))
		nats_store_error(s, "%.500s", err.text);
	s->info.once_ns = s->window_ns;
	b->ensured_ns = monotonic_ns();
}

/* send_new takes from the sink. Returns how many units were sent. */
static unsigned send_new(struct sink_broker *b, uint64_t now)
{
	unsigned n = 0;

	for (; n < ROUND_UNITS && nats_queue_has(&b->in); n++) {
		const struct nats_entry *e = &b->in.entries[b->in.taken % NATS_QUEUE_SIZE];

		if (e->kind == IN_UNIT && !nats_store_can_send(&b->store, now))
			break;
		const struct nats_entry taken = nats_queue_take(&b->in);

		if (taken.kind == IN_UNIT)
			nats_store_send(&b->store, taken.item, now);
		else
			nats_store_mark(&b->store, taken.text);
	}
	return n;
}

/* work does a round with a connection. Returns how much was done. */
static unsigned work(struct sink_broker *b)
{
	struct nats_store *s = &b->store;
	const uint64_t settled = b->settled.put, retried = s->info.retried;
	const int had_mark = s->mark.state != NATS_MARK_NONE, was_fatal = s->info.fatal[0];
	uint64_t now;
	unsigned n;
	int is_dead;

	nats_link_read(&b->link);
	now = monotonic_ns();
	n = nats_store_answers(s, now);
	is_dead = nats_store_tick(s, now) != 0;
	if (!is_dead) {
		ensure_again(b, now);
		nats_store_again(s, now);
		n += send_new(b, now);
		nats_link_write(&b->link);
	}
	show(b);
	if (had_mark && s->mark.state == NATS_MARK_NONE) {
		__atomic_store_n(&b->has_mark, 0, __ATOMIC_RELEASE);
		tell(b);
	}
	if (b->settled.put != settled || s->info.fatal[0] != was_fatal)
		tell(b);
	if (b->link.is_lost || is_dead)
		lost(b, is_dead ? "it gives no sign of life" : nats_link_why(&b->link));
	return n + (unsigned)(s->info.retried - retried);
}

/* next_ms: until the store has something to do by itself. */
static int next_ms(const struct nats_store *s, uint64_t now)
{
	if (s->trouble_ns && !s->wire.n && !s->info.fatal[0])
		return s->pause_until_ns > now ? (int)((s->pause_until_ns - now) / MS) + 1 : 1;
	return IDLE_MS;
}

static void release(struct sink_broker *b)
{
	nats_link_destroy(&b->link);
	nats_store_destroy(&b->store);
	nats_config_free(&b->config);
	for (; nats_queue_has(&b->in); b->in.taken++)
		free(b->in.entries[b->in.taken % NATS_QUEUE_SIZE].text);
	for (; nats_queue_has(&b->settled); b->settled.taken++)
		free(b->settled.entries[b->settled.taken % NATS_QUEUE_SIZE].text);
	if (b->wake_fd >= 0)
		close(b->wake_fd);
	if (b->out_fd >= 0)
		close(b->out_fd);
	free(b);
}

static void *run(void *user)
{
	static const struct timespec pace = {.tv_nsec = PACE_NS};
	struct sink_broker *b = user;

	while (!is_stopping(b)) {
		if (b->link.is_lost) {
			connect_again(b);
			continue;
		}
		const unsigned n = work(b);

		if (n >= BUSY || b->link.is_lost)
			continue;
		nats_link_rest(&b->link);
		if (n)
			nanosleep(&pace, NULL);
		else
			doze(b, next_ms(&b->store, monotonic_ns()),
			     nats_store_can_send(&b->store, monotonic_ns()));
	}
	if (__atomic_exchange_n(&b->life, LIFE_ENDED, __ATOMIC_ACQ_REL) == LIFE_ABANDONED)
		release(b);
	return NULL;
}

static int start(struct sink_broker *b, struct mcr_error *err)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = b};

	b->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	b->out_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (b->wake_fd < 0 || b->out_fd < 0 ||
	    epoll_ctl(b->link.epoll_fd, EPOLL_CTL_ADD, b->wake_fd, &ev) < 0)
		return mcr_error_set(err, -errno, "NATS: %s", strerror(errno));
	const int rc = pthread_create(&b->thread, NULL, run, b);

	if (rc)
		return mcr_error_set(err, -rc, "NATS: thread: %s", strerror(rc));
	b->has_thread = 1;
	return 0;
}

static int broker_open(struct sink_broker **out, const struct sink_broker_config *config,
		       struct mcr_error *err)
{
	struct sink_broker *b = aligned_alloc(64, (sizeof(*b) + 63) / 64 * 64);
	int rc;

	if (!b)
		return mcr_error_set(err, -ENOMEM, "NATS: no memory");
	memset(b, 0, sizeof(*b));
	b->wake_fd = b->out_fd = -1;
	b->link.epoll_fd = b->link.handle = -1;
	pthread_mutex_init(&b->mu, NULL);
	rc = nats_config_init(&b->config, config, err);
	if (!rc)
		rc = nats_link_init(&b->link, &b->config, err);
	b->link.is_lost = 1;
	if (!rc)
		rc = nats_store_init(&b->store, &b->link, &b->config, &b->settled);
	if (!rc)
		rc = nats_admin_ensure(&b->config, monotonic_ns() + config->give_up_ns,
				       &b->store.window_ns, err);
	b->store.info.once_ns = b->store.window_ns;
	if (!rc)
		nats_config_server(b->config.servers[0], b->store.info.server,
				   sizeof(b->store.info.server));
	b->info = b->store.info;
	if (!rc)
		rc = start(b, err);
	if (rc) {
		if (rc == -ENOMEM)
			mcr_error_set(err, rc, "NATS: no memory");
		release(b);
		return rc;
	}
	*out = b;
	return 0;
}

static int broker_load(struct sink_broker *b, char **text, struct mcr_error *err)
{
	/* The thread reads it when it has taken a mark from the queue. */
	return nats_admin_load(&b->config, text, &b->store.revision, err);
}

static int broker_send(struct sink_broker *b, struct sink_unit *unit)
{
	if (b->given == UNITS_MAX || b->given_octets >= OCTETS_MAX)
		return -EAGAIN;
	b->given++;
	b->given_octets += unit->len;
	nats_queue_put(&b->in, (struct nats_entry){.item = unit, .kind = IN_UNIT});
	wake(b);
	return 0;
}

static int broker_checkpoint(struct sink_broker *b, const char *text)
{
	char *copy;

	if (__atomic_load_n(&b->has_mark, __ATOMIC_ACQUIRE))
		return -EAGAIN;
	copy = strdup(text);
	if (!copy)
		return -EAGAIN; /* later, perhaps */
	__atomic_store_n(&b->has_mark, 1, __ATOMIC_RELAXED);
	nats_queue_put(&b->in, (struct nats_entry){.text = copy, .kind = IN_MARK});
	wake(b);
	return 0;
}

static unsigned take_settled(struct sink_broker *b, struct sink_done *done, unsigned n)
{
	unsigned i = 0;

	for (; i < n && nats_queue_has(&b->settled); i++) {
		const struct nats_entry e = nats_queue_take(&b->settled);

		done[i].unit = e.item;
		b->given_octets -= done[i].unit->len;
		done[i].result = (enum sink_result)e.kind;
		snprintf(done[i].why, sizeof(done[i].why), "%s", e.text ? e.text : "");
		free(e.text);
	}
	b->given -= i;
	return i;
}

static unsigned broker_poll(struct sink_broker *b, struct sink_done *done, unsigned n)
{
	unsigned i = take_settled(b, done, n);

	if (b->config.is_tls)
		nats_link_cut(&b->link, monotonic_ns() - STUCK_NS);
	if (i < n && __atomic_load_n(&b->is_told, __ATOMIC_RELAXED)) {
		hush(b->out_fd);
		__atomic_exchange_n(&b->is_told, 0, __ATOMIC_ACQ_REL);
		i += take_settled(b, done + i, n - i);
	}
	return i;
}

static int broker_fd(const struct sink_broker *b)
{
	return b->out_fd;
}

static void broker_info(const struct sink_broker *b, struct sink_broker_info *out)
{
	pthread_mutex_lock((pthread_mutex_t *)&b->mu);
	*out = b->info;
	pthread_mutex_unlock((pthread_mutex_t *)&b->mu);
	out->in_flight = b->given;
}

static void broker_close(struct sink_broker *b)
{
	struct timespec until;

	__atomic_store_n(&b->is_stopping, 1, __ATOMIC_RELAXED);
	ring(b->wake_fd);
	nats_link_cut(&b->link, monotonic_ns());
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += CLOSE_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	if (pthread_timedjoin_np(b->thread, NULL, &until) == 0) {
		release(b);
		return;
	}
	/* It waits for a server that says nothing, and has no unit any more. */
	pthread_detach(b->thread);
	if (__atomic_exchange_n(&b->life, LIFE_ABANDONED, __ATOMIC_ACQ_REL) == LIFE_ENDED)
		release(b);
}

const struct sink_broker_calls sink_nats = {
    .open = broker_open,
    .load = broker_load,
    .send = broker_send,
    .checkpoint = broker_checkpoint,
    .poll = broker_poll,
    .fd = broker_fd,
    .info = broker_info,
    .close = broker_close,
};
