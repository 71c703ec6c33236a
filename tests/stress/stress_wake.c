/* SPDX-License-Identifier: BSD-3-Clause */
/* One message at a time, at random moments, to a consumer that sleeps: through a port, an rx lcore
 * and the rounds of a real control thread. The next message is sent when the one before was seen,
 * so nothing makes up for a word that was lost: then the sleeper waits for ten seconds, and the
 * program fails. A wait that is only long says how long each thread was kept off its core
 * meanwhile.
 *
 *     stress_wake [SECONDS]      60 by default */
#include "../engine/frames.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>

#define LOST_MS    10000
#define LONGEST    8
#define PAUSE_BITS 26 /* up to 67 ms: longer than control goes on looking often */

enum who {
	CONTROL,
	RX_LCORE,
	SENDER,
	SLEEPER,
	THREADS
};

static const char *const NAMES[] = {"control", "rx lcore", "sender", "sleeper"};

struct wait {
	uint64_t ns, at_ns, off_core_ns[THREADS];
};

struct run {
	struct mcr_consumer *consumer;
	uint64_t end_ns;
	uint64_t sent, seen, sent_ns; /* sent_ns: of the last one */
	int is_over;
	int schedstat[THREADS];
	struct wait longest[LONGEST];
	uint64_t sleeps, sum_ns;
	int is_lost;
};

/* ---- time off the core ---- */

static int open_schedstat(long tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%ld/schedstat", tid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The thread that DPDK made. */
static long find_worker(void)
{
	DIR *dir = opendir("/proc/self/task");
	char path[300], name[32] = "";
	long found = 0;
	struct dirent *d;

	while (dir && found == 0 && (d = readdir(dir))) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", d->d_name);
		f = fopen(path, "r");
		if (f && fgets(name, sizeof(name), f) && strstr(name, "worker") &&
		    strchr(name, '1'))
			found = atol(d->d_name);
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* How long the thread was ready to run and did not, since it began; 0 where nobody counts that. */
static uint64_t off_core_ns(const struct run *r, enum who who)
{
	unsigned long long ran, waited = 0;
	char text[64] = "";

	if (pread(__atomic_load_n(&r->schedstat[who], __ATOMIC_RELAXED), text, sizeof(text) - 1,
		  0) > 0 &&
	    sscanf(text, "%llu %llu", &ran, &waited) != 2)
		waited = 0;
	return waited;
}

static void begin_thread(struct run *r, enum who who)
{
	cpu_set_t all;

	/* DPDK has bound the thread that started us to one core. */
	CPU_ZERO(&all);
	for (int i = 0; i < CPU_SETSIZE; i++)
		CPU_SET(i, &all);
	pthread_setaffinity_np(pthread_self(), sizeof(all), &all);
	__atomic_store_n(&r->schedstat[who], open_schedstat(syscall(SYS_gettid)), __ATOMIC_RELAXED);
}

/* ---- the sender ---- */

static uint64_t random_below(uint64_t *state, uint64_t n)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % n;
}

static void *send_singly(void *arg)
{
	const struct frame frame = {.to = NULL};
	struct run *r = arg;
	uint64_t random = 4;

	begin_thread(r, SENDER);
	while (monotonic_ns() < r->end_ns) {
		uint64_t pause =
		    random_below(&random, UINT64_C(1) << random_below(&random, PAUSE_BITS + 1));
		const struct timespec ts = {.tv_nsec = (long)pause};
		struct rte_mbuf *m = make(&frame);

		if (random_below(&random, 8) != 0) /* else while it is about to sleep */
			nanosleep(&ts, NULL);
		__atomic_store_n(&r->sent_ns, monotonic_ns(), __ATOMIC_RELAXED);
		__atomic_store_n(&r->sent, r->sent + 1, __ATOMIC_RELEASE);
		if (rte_eth_tx_burst(port, 0, &m, 1) != 1)
			abort();
		while (__atomic_load_n(&r->seen, __ATOMIC_ACQUIRE) < r->sent)
			sched_yield();
	}
	__atomic_store_n(&r->is_over, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* ---- the sleeper ---- */

static void note(struct run *r, const struct wait *w)
{
	unsigned i = LONGEST;

	r->sleeps++;
	r->sum_ns += w->ns;
	while (i > 0 && r->longest[i - 1].ns < w->ns) {
		if (i < LONGEST)
			r->longest[i] = r->longest[i - 1];
		i--;
	}
	if (i < LONGEST)
		r->longest[i] = *w;
}

/* Sleeps until the word comes. Returns 0 when none does. */
static int sleep_once(struct run *r)
{
	struct pollfd p = {.fd = mcr_consumer_fd(r->consumer), .events = POLLIN};
	uint64_t before[THREADS], sent = __atomic_load_n(&r->sent, __ATOMIC_ACQUIRE);
	struct wait w;
	int ready;

	for (int i = 0; i < THREADS; i++)
		before[i] = off_core_ns(r, (enum who)i);
	while ((ready = poll(&p, 1, LOST_MS)) < 0 && errno == EINTR)
		;
	w.at_ns = monotonic_ns();
	w.ns = w.at_ns - __atomic_load_n(&r->sent_ns, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++)
		w.off_core_ns[i] = off_core_ns(r, (enum who)i) - before[i];
	if (__atomic_load_n(&r->sent, __ATOMIC_ACQUIRE) > sent || sent > r->seen)
		note(r, &w);
	return ready > 0 || __atomic_load_n(&r->is_over, __ATOMIC_ACQUIRE);
}

static void *sleep_and_see(void *arg)
{
	struct run *r = arg;
	struct mcr_msg msgs[8];
	int n;

	begin_thread(r, SLEEPER);
	while (!r->is_lost && (n = mcr_consumer_poll(r->consumer, msgs, 8)) >= 0) {
		mcr_consumer_release(r->consumer);
		__atomic_store_n(&r->seen, r->seen + (uint64_t)n, __ATOMIC_RELEASE);
		if (n == 0 && mcr_consumer_arm(r->consumer) == 0)
			r->is_lost = !sleep_once(r);
	}
	__atomic_store_n(&r->seen, UINT64_MAX, __ATOMIC_RELEASE); /* nobody waits for it */
	return NULL;
}

/* ---- all ---- */

static void print(const struct run *r)
{
	printf(
	    "%llu sleeps, %llu us in the mean; the longest, and how long each thread was kept off "
	    "its core meanwhile, in us:\n",
	    (unsigned long long)r->sleeps,
	    (unsigned long long)(r->sleeps > 0 ? r->sum_ns / r->sleeps / 1000 : 0));
	for (unsigned i = 0; i < LONGEST; i++) {
		printf("%10llu  ", (unsigned long long)r->longest[i].ns / 1000);
		for (unsigned k = 0; k < THREADS; k++)
			printf("  %s %llu", NAMES[k],
			       (unsigned long long)r->longest[i].off_core_ns[k] / 1000);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	struct mcr_interface_config interface;
	struct mcr_control_info control = {.size = sizeof(control)};
	struct mcr_join join;
	pthread_t sender, sleeper;
	struct mcr_engine *e;
	static struct run r;

	if (set_up(NULL) != 0)
		return 2;
	interface = probe();
	e = rig_engine(&interface, 1);
	join = rig_join(GROUP, 5000);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	r.consumer = rig_consumer(e);
	r.schedstat[CONTROL] = open_schedstat(syscall(SYS_gettid));
	r.schedstat[RX_LCORE] = open_schedstat(find_worker());
	r.schedstat[SENDER] = r.schedstat[SLEEPER] = -1;
	r.end_ns = monotonic_ns() + (uint64_t)((argc > 1 ? atof(argv[1]) : 60) * 1e9);
	assert_int_equal(pthread_create(&sleeper, NULL, sleep_and_see, &r), 0);
	assert_int_equal(pthread_create(&sender, NULL, send_singly, &r), 0);
	while (!__atomic_load_n(&r.is_over, __ATOMIC_ACQUIRE))
		mcr_engine_poll(e, 100000000);
	pthread_join(sender, NULL);
	mcr_engine_stop(e); /* wakes the sleeper */
	pthread_join(sleeper, NULL);
	mcr_engine_control_info(e, &control);
	print(&r);
	printf("longest round of control: %llu us\n",
	       (unsigned long long)control.longest_round_ns / 1000);
	if (r.is_lost)
		printf("A WORD WAS LOST, of message %llu\n", (unsigned long long)r.sent);
	mcr_consumer_close(r.consumer);
	mcr_engine_destroy(e);
	tear_down(NULL);
	return r.is_lost || r.sleeps == 0;
}
