/* SPDX-License-Identifier: BSD-3-Clause */
#include "small_engine.h"

#include <poll.h>
#include <signal.h>
#include <sys/time.h>

#include "client/state.h" /* the page, to write into it what no consumer of ours would */

static struct mcr_consumer *consumer(struct small_engine *e, uint32_t order)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.order = order;
	return small_engine_consumer(e, opts);
}

static int wake(struct small_engine *e)
{
	int ret;

	pthread_mutex_lock(&e->lock);
	ret = mcr_attach_server_wake(e->server);
	pthread_mutex_unlock(&e->lock);
	return ret;
}

static int readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms);
}

static void wait_ends_at_its_time_when_nothing_comes(void **state)
{
	struct small_engine e;
	uint64_t start;

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = consumer(&e, MCR_ORDER_RINGS);

	assert_int_equal(mcr_consumer_wait(c, 0), 0);
	start = monotonic_ns();
	assert_int_equal(mcr_consumer_wait(c, 30000000), 0);
	assert_true(monotonic_ns() - start >= 30000000);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void nobody_sleeps_while_there_is_something(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[4];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = consumer(&e, MCR_ORDER_RINGS);

	small_engine_publish_seqs(&e, 1, 2);
	assert_int_equal(mcr_consumer_arm(c), 1);
	assert_int_equal(mcr_consumer_wait(c, UINT64_MAX), 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 1), 1);
	assert_int_equal(mcr_consumer_wait(c, UINT64_MAX), 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 1), 1);
	assert_int_equal(mcr_consumer_wait(c, 0), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void the_descriptor_is_readable_from_the_message_to_the_poll(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[4];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = consumer(&e, MCR_ORDER_RINGS);
	int fd = mcr_consumer_fd(c);

	for (int round = 0; round < 3; round++) {
		assert_int_equal(mcr_consumer_arm(c), 0);
		assert_int_equal(wake(&e), 1); /* it sleeps */
		assert_int_equal(readable(fd, 0), 0);
		small_engine_publish_seqs(&e, 1, 1);
		assert_int_equal(readable(fd, 30000), 1);
		assert_int_equal(wake(&e), 0);
		assert_int_equal(readable(fd, 0), 1);
		assert_int_equal(mcr_consumer_poll(c, msgs, 4), 1);
		assert_int_equal(readable(fd, 0), 0);
		small_engine_publish_seqs(&e, 0, 1); /* nobody asked */
		sleep_ms(5);
		assert_int_equal(readable(fd, 0), 0);
		assert_int_equal(mcr_consumer_poll(c, msgs, 4), 1);
	}
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void on_alarm(int signal)
{
}

static void a_signal_ends_the_wait(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval timer = {{0, 20000}, {0, 20000}}, off = {{0, 0}, {0, 0}};
	struct small_engine e;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL); /* in the engine's thread */
	small_engine_create(&e, 1, 4096);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	struct mcr_consumer *c = consumer(&e, MCR_ORDER_RINGS);

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	assert_int_equal(mcr_consumer_wait(c, UINT64_MAX), -EINTR);
	setitimer(ITIMER_REAL, &off, NULL);
	assert_int_equal(wake(&e), 0); /* it is awake, and says so */
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* ---- no wake-up is ever lost ---- */

struct race {
	struct small_engine e;
	unsigned rings, bursts;
	uint64_t published, seen; /* messages */
};

static void pause_for(unsigned us)
{
	uint64_t end = monotonic_ns() + us * 1000u;

	while (monotonic_ns() < end)
		;
}

/* Publishes only when everything was seen: nothing that comes later makes up for a lost wake-up. */
static void *publish_bursts(void *arg)
{
	struct race *r = arg;
	unsigned seed = 7;

	for (unsigned burst = 0; burst < r->bursts; burst++) {
		while (__atomic_load_n(&r->seen, __ATOMIC_ACQUIRE) < r->published)
			wake(&r->e); /* at any moment, not only with the tick of control */
		if (rand_r(&seed) % 4 != 0)
			pause_for((unsigned)rand_r(&seed) % 20);
		for (unsigned n = 1 + (unsigned)rand_r(&seed) % 5; n > 0; n--) {
			unsigned ring = (unsigned)rand_r(&seed) % r->rings;
			struct mcr_record desc = {.rx_ns = monotonic_ns()};

			small_engine_put(&r->e, ring, desc, NULL, 0);
			r->published++;
		}
		for (unsigned ring = 0; ring < r->rings; ring++)
			mcr_ring_set_polled(&r->e.writers[ring], monotonic_ns());
	}
	for (unsigned ring = 0; ring < r->rings; ring++)
		mcr_ring_set_state(r->e.regions[ring].mem, MCR_RING_STOPPED);
	return NULL;
}

static void lost(int signal)
{
	static const char text[] = "a wake-up was lost: the consumer sleeps on\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		abort();
	abort();
}

static void run_race(unsigned rings, uint32_t order, unsigned bursts)
{
	struct race r = {.rings = rings, .bursts = bursts};
	struct pollfd p = {.events = POLLIN};
	struct mcr_msg msgs[8];
	uint64_t received = 0, sleeps = 0;
	pthread_t writer;
	int n;

	small_engine_create(&r.e, rings, 65536);
	struct mcr_consumer *c = consumer(&r.e, order);

	p.fd = mcr_consumer_fd(c);
	assert_int_equal(pthread_create(&writer, NULL, publish_bursts, &r), 0);
	while ((n = mcr_consumer_poll(c, msgs, 8)) >= 0) {
		for (int i = 0; i < n; i++)
			received += msgs[i].kind == MCR_DATA;
		mcr_consumer_release(c);
		__atomic_store_n(&r.seen, received, __ATOMIC_RELEASE);
		if (n > 0 || mcr_consumer_arm(c))
			continue;
		sleeps++;
		alarm(60); /* no message takes so long */
		while (poll(&p, 1, -1) < 0)
			assert_int_equal(errno, EINTR);
		alarm(0);
	}
	assert_int_equal(n, -EPIPE);
	pthread_join(writer, NULL);
	assert_int_equal(received, r.published);
	print_message("slept %llu times\n", (unsigned long long)sleeps);
	assert_true(sleeps > bursts / 20);
	mcr_consumer_close(c);
	small_engine_destroy(&r.e);
}

static void no_wake_up_is_ever_lost(void **state)
{
	struct sigaction action = {.sa_handler = lost};

	sigaction(SIGALRM, &action, NULL);
	run_race(1, MCR_ORDER_RINGS, 20000);
	run_race(3, MCR_ORDER_RINGS, 20000);
	run_race(3, MCR_ORDER_MERGED, 20000);
}

/* ---- the end ---- */

struct ending {
	struct small_engine *e;
	int how;
};

enum {
	STOPPED,
	REMOVED,
	DEAD
};

static void *end_soon(void *arg)
{
	const struct ending *ending = arg;
	struct small_engine *e = ending->e;

	sleep_ms(50);
	small_engine_publish_seqs(e, 0, 1);
	pthread_mutex_lock(&e->lock);
	if (ending->how == STOPPED)
		for (unsigned i = 0; i < e->n_rings; i++)
			mcr_ring_set_state(e->regions[i].mem, MCR_RING_STOPPED);
	else /* the sockets go first; of a dead engine nothing else is ever heard */
		mcr_attach_server_remove_channel(e->server, "md");
	if (ending->how == DEAD)
		__atomic_store_n(&e->beating, 0, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&e->lock);
	if (ending->how == REMOVED) {
		sleep_ms(5);
		for (unsigned i = 0; i < e->n_rings; i++)
			mcr_ring_set_state(e->regions[i].mem, MCR_RING_STOPPED);
	}
	return NULL;
}

static void the_end_of_the_engine_wakes_who_sleeps(void **state)
{
	for (int how = STOPPED; how <= DEAD; how++) {
		struct small_engine e;
		struct ending ending = {&e, how};
		struct mcr_msg msgs[4];
		uint64_t received = 0;
		pthread_t thread;
		int n;

		small_engine_create(&e, 2, 4096);
		struct mcr_consumer *c = consumer(&e, MCR_ORDER_RINGS);

		assert_int_equal(pthread_create(&thread, NULL, end_soon, &ending), 0);
		while ((n = mcr_consumer_poll(c, msgs, 4)) >= 0) {
			received += (uint64_t)n;
			if (n == 0)
				assert_int_equal(mcr_consumer_wait(c, UINT64_MAX), 1);
		}
		assert_int_equal(n, -EPIPE);
		assert_int_equal(received, 1);
		pthread_join(thread, NULL);
		mcr_consumer_close(c);
		small_engine_destroy(&e);
	}
}

/* Its socket stays open: only the heartbeat tells. */
static void an_engine_that_hangs_wakes_who_sleeps(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct small_engine e;
	struct mcr_msg msg;
	int n;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = consumer(&e, MCR_ORDER_RINGS);
	opts.stall_ns = 1;
	struct mcr_consumer *hasty = small_engine_consumer(&e, opts);

	sleep_ms(20);
	__atomic_store_n(&e.beating, 0, __ATOMIC_RELEASE);
	while ((n = mcr_consumer_poll(c, &msg, 1)) == 0)
		assert_int_equal(mcr_consumer_wait(c, UINT64_MAX), 1);
	assert_int_equal(msg.kind, MCR_ENGINE_STALL);
	/* It is told once, and waited for. */
	assert_int_equal(mcr_consumer_wait(c, 100000000), 0);
	while ((n = mcr_consumer_poll(hasty, &msg, 1)) == 0)
		assert_int_equal(mcr_consumer_wait(hasty, UINT64_MAX), 1);
	assert_int_equal(n, -EPIPE);
	__atomic_store_n(&e.beating, 1, __ATOMIC_RELEASE);
	while ((n = mcr_consumer_poll(c, &msg, 1)) == 0)
		assert_int_equal(mcr_consumer_wait(c, UINT64_MAX), 1);
	assert_int_equal(msg.kind, MCR_ENGINE_STALL);
	assert_int_equal(msg.flags, MCR_FLAG_STALL_OVER);
	mcr_consumer_close(hasty);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* ---- the page is not trusted ---- */

static void a_consumer_that_lies_about_its_sleep_harms_itself_alone(void **state)
{
	struct small_engine e;
	struct mcr_msg msg;
	unsigned seed = 3;

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *liar = consumer(&e, MCR_ORDER_RINGS);
	struct mcr_consumer *good = consumer(&e, MCR_ORDER_RINGS);
	struct mcr_consumer_page *page = liar->attachment.page;

	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(mcr_consumer_poll(good, &msg, 1), 1);
	/* It never reads a word, and always wants another. */
	for (uint64_t number = 1; number < 20000; number++) {
		page->rings[0].armed = number % 3 == 0 ? (uint64_t)rand_r(&seed) : 1;
		page->rings[1].armed = number % 5 == 0 ? UINT64_MAX : 0;
		__atomic_store_n(&page->armed, number % 7 == 0 ? UINT64_MAX - number : number,
				 __ATOMIC_RELEASE);
		wake(&e);
	}
	for (int i = 0; i < 100; i++) {
		assert_int_equal(mcr_consumer_arm(good), 0);
		small_engine_publish_seqs(&e, 1, 1);
		assert_int_equal(readable(mcr_consumer_fd(good), 30000), 1);
		assert_int_equal(mcr_consumer_poll(good, &msg, 1), 1);
	}
	assert_int_equal(small_engine_count(&e), 2);
	mcr_consumer_close(liar);
	mcr_consumer_close(good);
	small_engine_destroy(&e);
}

/* ---- the kernel has no memory for a word ---- */

static int words_without_memory;

ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	if (len == sizeof(struct mcr_notice) &&
	    __atomic_load_n(&words_without_memory, __ATOMIC_RELAXED) > 0) {
		errno = __atomic_sub_fetch(&words_without_memory, 1, __ATOMIC_RELAXED) % 2 == 0
			    ? ENOBUFS
			    : ENOMEM;
		return -1;
	}
	return __real_send(fd, buf, len, flags);
}

static void a_word_that_could_not_be_sent_is_sent_later(void **state)
{
	struct small_engine e;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = consumer(&e, MCR_ORDER_RINGS);

	assert_int_equal(mcr_consumer_arm(c), 0);
	__atomic_store_n(&words_without_memory, 2, __ATOMIC_RELAXED);
	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(readable(mcr_consumer_fd(c), 30000), 1);
	assert_int_equal(__atomic_load_n(&words_without_memory, __ATOMIC_RELAXED), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void many_sleepers_are_all_woken(void **state)
{
	struct mcr_consumer *c[200];
	struct small_engine e;

	small_engine_create(&e, 1, 4096);
	for (unsigned i = 0; i < 200; i++) {
		c[i] = consumer(&e, MCR_ORDER_RINGS);
		assert_int_equal(mcr_consumer_arm(c[i]), 0);
	}
	small_engine_publish_seqs(&e, 0, 1);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(readable(mcr_consumer_fd(c[i]), 30000), 1);
	for (unsigned i = 0; i < 200; i++)
		mcr_consumer_close(c[i]);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wait_ends_at_its_time_when_nothing_comes),
	    cmocka_unit_test(nobody_sleeps_while_there_is_something),
	    cmocka_unit_test(the_descriptor_is_readable_from_the_message_to_the_poll),
	    cmocka_unit_test(a_signal_ends_the_wait),
	    cmocka_unit_test(no_wake_up_is_ever_lost),
	    cmocka_unit_test(the_end_of_the_engine_wakes_who_sleeps),
	    cmocka_unit_test(an_engine_that_hangs_wakes_who_sleeps),
	    cmocka_unit_test(a_consumer_that_lies_about_its_sleep_harms_itself_alone),
	    cmocka_unit_test(many_sleepers_are_all_woken),
	    cmocka_unit_test(a_word_that_could_not_be_sent_is_sent_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
