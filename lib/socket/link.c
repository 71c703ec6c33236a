/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "client/state.h"
#include "core/error.h"
#include "socket/join_counts.h"
#include "socket/link.h"
#include "socket/real.h"
#include "socket/settings.h"
#include "socket/sleeper.h"
#include "socket/table.h"

#define OPEN_NS  UINT64_C(2000000000) /* the engine may have to make a channel's rings */
#define JOIN_NS  UINT64_C(200000000)
#define RETRY_NS UINT64_C(1000000000) /* between two looks for an engine ... */
#define SOON_NS  UINT64_C(100000000)  /* ... that was there less than ... */
#define SOON_FOR UINT64_C(30000000000)
#define TEND_NS  UINT64_C(20000000) /* between two looks whether it is there still */
#define NAP_NS   UINT64_C(50000)

#define INTERFACES_MAX 64

static struct {
	pthread_mutex_t lock;
	enum mcr_link_state state;
	struct mcr_consumer *consumer;
	int own[MCR_CLIENT_DESCRIPTORS_MAX]; /* its descriptors */
	size_t n_own;
	struct mcr_consumer_interface interfaces[INTERFACES_MAX];
	uint32_t n_interfaces;
	struct mcr_join_counts joins;
	struct mcr_sleeper *sleepers;
	uint64_t try_ns, gone_ns; /* when to look for an engine again; when the last one went */
	int code;                 /* of the last try, ... */
	struct mcr_error error;   /* ... and its text */
} link_ = {.lock = PTHREAD_MUTEX_INITIALIZER};

uint32_t mcr_link_life_now = 1;
static uint64_t tend_due_ns;

uint64_t mcr_link_now_ns(void)
{
	return mcr_client_now_ns();
}

static void lock(void)
{
	mcr_signal_enter();
	pthread_mutex_lock(&link_.lock);
}

static void unlock(void)
{
	pthread_mutex_unlock(&link_.lock);
	mcr_signal_leave();
}

static void begin_life(void)
{
	__atomic_fetch_add(&mcr_link_life_now, 1, __ATOMIC_RELEASE);
}

/* ---- the attachment ---- */

static void unprotect(void)
{
	while (link_.n_own > 0)
		mcr_table_unprotect(link_.own[--link_.n_own]);
}

static void protect(void)
{
	unprotect();
	link_.n_own = mcr_client_descriptors(link_.consumer, link_.own);
	for (size_t i = 0; i < link_.n_own; i++)
		mcr_table_protect(link_.own[i]);
}

/* Ends the attachment, with what was joined there. */
static void release(uint64_t now_ns)
{
	unprotect();
	mcr_consumer_close(link_.consumer);
	link_.consumer = NULL;
	mcr_join_counts_clear(&link_.joins);
	link_.n_interfaces = 0;
	link_.state = MCR_LINK_ABSENT;
	link_.gone_ns = now_ns;
	link_.try_ns = now_ns + SOON_NS;
	link_.code = mcr_error_set(&link_.error, -EPIPE, "the engine is gone");
	begin_life();
	mcr_sleepers_wake(link_.sleepers, NULL);
}

static void detach(uint64_t now_ns)
{
	release(now_ns);
	mcr_log("the engine is gone");
}

static void learn_interfaces(void)
{
	uint32_t n = 0;

	while (n < INTERFACES_MAX) {
		struct mcr_consumer_interface *it = &link_.interfaces[n];

		it->size = sizeof(*it);
		if (mcr_consumer_interface_info(link_.consumer, n, it, NULL) < 0)
			break;
		n++;
	}
	link_.n_interfaces = n;
}

static int try_open(uint64_t now_ns)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	uint64_t soon_until = link_.gone_ns != 0 ? link_.gone_ns + SOON_FOR : 0;

	opts.channel = mcr_settings_get()->channel;
	opts.run_dir = mcr_settings_get()->run_dir;
	opts.answer_ns = OPEN_NS;
	link_.code = mcr_consumer_open(&link_.consumer, &opts, &link_.error);
	now_ns = mcr_client_now_ns();
	link_.try_ns = now_ns + (now_ns < soon_until ? SOON_NS : RETRY_NS);
	if (link_.code < 0) {
		if (link_.state != MCR_LINK_ABSENT)
			mcr_log("no engine: %s", link_.error.text);
		link_.state = MCR_LINK_ABSENT;
		return link_.code;
	}
	learn_interfaces();
	link_.consumer->opts.answer_ns = JOIN_NS;
	link_.state = MCR_LINK_ATTACHED;
	protect();
	begin_life();
	mcr_sleepers_wake(link_.sleepers, NULL);
	return 0;
}

int mcr_link_open(struct mcr_error *err)
{
	uint64_t now_ns = mcr_client_now_ns();
	int ret;

	lock();
	if (link_.state != MCR_LINK_ATTACHED && now_ns >= link_.try_ns)
		try_open(now_ns);
	ret = link_.code;
	if (err)
		*err = link_.error;
	unlock();
	return ret;
}

/* Whether the attached engine still lives. */
static int is_alive(void)
{
	struct mcr_consumer *c = link_.consumer;
	unsigned ended = 0;

	mcr_client_look(c);
	if (mcr_client_is_stall_due(c)) {
		struct mcr_msg m;

		mcr_client_fill_stall(c, &m);
		mcr_log("the engine %s",
			m.flags & MCR_FLAG_STALL_OVER ? "runs again" : "shows no sign of life");
	}
	for (unsigned i = 0; i < c->n_rings; i++)
		ended += (unsigned)mcr_client_ended(c, &c->rings[i]);
	return ended < c->n_rings;
}

static void tend(uint64_t now_ns)
{
	__atomic_store_n(&tend_due_ns, now_ns + TEND_NS, __ATOMIC_RELAXED);
	if (link_.state == MCR_LINK_ATTACHED && !is_alive())
		detach(now_ns);
	if (link_.state == MCR_LINK_ABSENT && now_ns >= link_.try_ns)
		try_open(now_ns);
}

void mcr_link_tend(void)
{
	uint64_t now_ns = mcr_client_now_ns();

	if (now_ns < __atomic_load_n(&tend_due_ns, __ATOMIC_RELAXED))
		return;
	mcr_signal_enter();
	if (pthread_mutex_trylock(&link_.lock) == 0) {
		tend(now_ns);
		pthread_mutex_unlock(&link_.lock);
	}
	mcr_signal_leave();
}

enum mcr_link_state mcr_link_state(void)
{
	enum mcr_link_state state;

	lock();
	state = link_.state;
	unlock();
	return state;
}

/* ---- joins ---- */

static int join(const char *text, struct mcr_error *err)
{
	int ret;

	if (link_.state != MCR_LINK_ATTACHED)
		return mcr_error_set(err, -EPIPE, "no engine is attached");
	ret = mcr_join_counts_add(&link_.joins, text);
	if (ret < 0)
		return mcr_error_set(err, ret, "no memory");
	if (ret == 0)
		return 0;
	ret = mcr_consumer_join(link_.consumer, text, err);
	if (ret == 0)
		return 0;
	mcr_join_counts_remove(&link_.joins, text);
	if (ret == -EPIPE)
		detach(mcr_client_now_ns());
	else if (ret == -ETIMEDOUT) /* it may still take effect */
		mcr_consumer_leave(link_.consumer, text, NULL);
	return ret;
}

int mcr_link_join(const char *text, struct mcr_error *err)
{
	int ret;

	lock();
	ret = join(text, err);
	mcr_sleeper_prepare(&link_.sleepers);
	mcr_sleepers_wake(link_.sleepers, NULL); /* the request withdrew their announcement */
	unlock();
	return ret;
}

void mcr_link_leave(const char *text)
{
	lock();
	if (mcr_join_counts_remove(&link_.joins, text)) {
		mcr_consumer_leave(link_.consumer, text, NULL);
		mcr_sleepers_wake(link_.sleepers, NULL);
	}
	unlock();
}

int mcr_link_has_joins(void)
{
	int has;

	lock();
	has = link_.joins.tree != NULL;
	unlock();
	return has;
}

int mcr_link_interface(uint32_t i, struct mcr_consumer_interface *out)
{
	int ret = -ENOENT;

	lock();
	if (i < link_.n_interfaces) {
		*out = link_.interfaces[i];
		ret = 0;
	}
	unlock();
	return ret;
}

void mcr_link_report(const char *text, size_t len)
{
	lock();
	if (link_.state == MCR_LINK_ATTACHED)
		mcr_client_report_sockets(link_.consumer, text, len);
	unlock();
}

/* ---- cursors ---- */

int mcr_link_cursor(struct mcr_consumer **out, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	int ret = -EPIPE;

	lock();
	if (link_.state == MCR_LINK_ATTACHED)
		ret = mcr_consumer_cursor(out, link_.consumer, &opts, err);
	unlock();
	return ret;
}

/* ---- sleeping ---- */

static uint64_t messages_passed(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < link_.consumer->n_rings; i++)
		n += link_.consumer->rings[i].reader.at.position;
	return n;
}

/* Announces that somebody sleeps. Returns 1 when there is something for somebody already. This
 * takes the place of the last announcement, and reads away what was sent for it: if there was
 * something, those who wait for it look again. */
static int arm(const struct mcr_sleeper *self)
{
	uint64_t before;
	int soon;

	if (link_.state != MCR_LINK_ATTACHED)
		return 0;
	before = messages_passed();
	mcr_consumer_seek(link_.consumer, MCR_START_NEWEST);
	soon = mcr_consumer_arm(link_.consumer);
	if (soon || messages_passed() != before)
		mcr_sleepers_wake(link_.sleepers, self);
	return soon;
}

/* The rings may have something for others too, and what tells of it is read away. */
static void disarm(const struct mcr_sleeper *self)
{
	if (link_.state == MCR_LINK_ATTACHED)
		mcr_client_disarm(link_.consumer);
	mcr_sleepers_wake(link_.sleepers, self);
}

/* When to look after the engine, or for one, though nothing happens. */
static uint64_t slice_end(uint64_t now_ns)
{
	if (link_.state == MCR_LINK_ABSENT)
		return link_.try_ns;
	return link_.state == MCR_LINK_ATTACHED ? now_ns + 500000000 : UINT64_MAX;
}

static int sleep_until(struct pollfd *fds, nfds_t n, uint64_t end_ns, const sigset_t *mask)
{
	uint64_t now_ns = mcr_client_now_ns(), ns = end_ns > now_ns ? end_ns - now_ns : 0;
	const struct timespec ts = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
	int ret = mcr_real.ppoll(fds, n, end_ns == UINT64_MAX ? NULL : &ts, mask);

	return ret < 0 ? -errno : ret;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* All signals are blocked, but while it sleeps. */
static int sleep_blocked(struct pollfd *fds, nfds_t n, uint64_t deadline_ns, const sigset_t *mask,
			 int (*ready)(void *ctx), void *ctx)
{
	uint64_t now_ns = mcr_client_now_ns(), end_ns = deadline_ns;
	struct mcr_sleeper *self;
	int ret, soon;

	lock();
	tend(now_ns);
	self = mcr_sleeper_take(&link_.sleepers);
	soon = arm(self);
	end_ns = earlier(end_ns, self ? slice_end(now_ns) : now_ns + NAP_NS);
	fds[n] = (struct pollfd){.fd = self ? self->fd : -1, .events = POLLIN};
	fds[n + 1] = (struct pollfd){.fd = link_.consumer ? mcr_consumer_fd(link_.consumer) : -1,
				     .events = POLLIN};
	unlock();
	/* What came before the announcement is seen here; what comes after it wakes. */
	if (ready(ctx))
		ret = 1;
	else
		ret =
		    sleep_until(fds, n + 2, soon ? earlier(end_ns, now_ns + NAP_NS) : end_ns, mask);
	lock();
	if (ret > 0 && fds[n + 1].revents)
		disarm(self);
	if (self) {
		eventfd_t count;

		if (fds[n].revents)
			eventfd_read(self->fd, &count);
		self->sleeps = 0;
	}
	unlock();
	if (ret != 0)
		return ret;
	return mcr_client_now_ns() < deadline_ns;
}

int mcr_link_sleep(struct pollfd *fds, nfds_t n, uint64_t deadline_ns, const sigset_t *mask,
		   unsigned long ran, int (*ready)(void *ctx), void *ctx)
{
	sigset_t all, before;
	int ret = -EINTR;

	/* A handler that runs between the last look and the sleep would not end the sleep. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (mcr_signal_state.ran == ran)
		ret = sleep_blocked(fds, n, deadline_ns, mask ? mask : &before, ready, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ret < 0 ? ret : ret > 0;
}

/* ---- fork ---- */

void mcr_link_fork_begin(void)
{
	lock();
}

void mcr_link_fork_end(void)
{
	unlock();
}

void mcr_link_forget(void)
{
	lock();
	/* The words and answers on the parent's connection are the parent's. */
	if (link_.state == MCR_LINK_ATTACHED)
		release(mcr_client_now_ns());
	link_.state = MCR_LINK_UNUSED;
	mcr_sleepers_renew(link_.sleepers);
	link_.try_ns = 0;
	unlock();
}
