/* SPDX-License-Identifier: BSD-3-Clause */
/* Random scripts of poll, select and epoll on two sides: sockets of the kernel's that receive over
 * loopback, and ours, which receive from the rings. All answers must be the same. Arguments: the
 * first script's seed, and how many (1 is shown step by step); each has the seed before plus 1. */
#include "socket_rig.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "core/rng.h"
#include "socket/real.h"

enum {
	SOCKETS = 3, /* each with a port of its own */
	SLOTS = 6,   /* descriptors of them */
	SETS = 2,    /* the second may be in the first */
	STEPS = 80,
};

/* What can be in a set: the slots, a pipe, the second set. */
enum {
	PIPE = SLOTS,
	INNER,
	THINGS
};

struct side {
	const struct mcr_real *calls;
	int slot[SLOTS], pipe[2], set[SETS];
};

struct script {
	struct mcr_rng rng;
	struct side kernel, ours;
	int of_slot[SLOTS]; /* which socket a slot means; -1 = it is free */
	int sender;
	int has_unicast; /* the kernel's side of our sockets receives too; no EPOLLET then */
	int trace;
};

static struct mcr_real ours = {
#define CALL(result, name, parameters, arguments) .name = mcr_sock_##name,
    MCR_CALLS(CALL)
#undef CALL
};

static char payload[256];

static int pick(struct script *s, int n)
{
	return (int)(mcr_rng_next(&s->rng) % (uint64_t)n);
}

/* ---- both sides ---- */

static uint16_t port_of(int socket, int is_ours)
{
	return (uint16_t)(PORT + socket + (is_ours ? 100 : 0));
}

static void open_slot(struct script *s, int slot, int socket_number)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1;

	s->of_slot[slot] = socket_number;
	s->kernel.slot[slot] = fd;
	assert_int_equal(bind_to(fd, "127.0.0.1", port_of(socket_number, 0)), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	s->ours.slot[slot] = fd;
	mcr_sock_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	while (join_group(fd, GROUP) < 0) /* on a busy host the answer may take too long */
		if (s->trace)
			perror("join");
	assert_int_equal(bind_to(fd, "0.0.0.0", port_of(socket_number, 1)), 0);
}

static void open_side(struct side *side, const struct mcr_real *calls)
{
	side->calls = calls;
	assert_int_equal(pipe2(side->pipe, O_NONBLOCK), 0);
	for (int i = 0; i < SETS; i++)
		side->set[i] = epoll_create1(0);
}

static void close_side(struct side *side, const int *of_slot)
{
	for (int i = 0; i < SLOTS; i++)
		if (of_slot[i] >= 0)
			side->calls->close(side->slot[i]);
	for (int i = 0; i < SETS; i++)
		side->calls->close(side->set[i]);
	side->calls->close(side->pipe[0]);
	side->calls->close(side->pipe[1]);
}

static int thing(const struct side *side, int number)
{
	if (number == PIPE)
		return side->pipe[0];
	return number == INNER ? side->set[1] : side->slot[number];
}

/* A thing that is open. */
static int pick_thing(struct script *s)
{
	int number;

	do
		number = pick(s, THINGS);
	while (number < SLOTS && s->of_slot[number] < 0);
	return number;
}

static int pick_slot(struct script *s)
{
	int slot;

	do
		slot = pick(s, SLOTS);
	while (s->of_slot[slot] < 0);
	return slot;
}

static void same(struct script *s, const char *what, long kernels, int kernels_errno, long of_ours,
		 int ours_errno)
{
	if (s->trace)
		printf("%s: %ld %s, %ld %s\n", what, kernels,
		       kernels < 0 ? strerror(kernels_errno) : "", of_ours,
		       of_ours < 0 ? strerror(ours_errno) : "");
	assert_int_equal(kernels, of_ours);
	if (kernels < 0)
		assert_int_equal(kernels_errno, ours_errno);
}

/* ---- steps ---- */

static void send_one(struct script *s, uint16_t port, size_t len)
{
	struct sockaddr_in to = address_of("127.0.0.1", port);

	assert_int_equal(sendto(s->sender, payload, len, 0, (struct sockaddr *)&to, sizeof(to)),
			 len);
}

static void step_arrive(struct script *s)
{
	int socket_number = pick(s, SOCKETS);
	uint32_t len = (uint32_t)pick(s, 200);

	if (s->trace)
		printf("arrive %d\n", socket_number);
	send_one(s, port_of(socket_number, 0), len);
	if (s->has_unicast && pick(s, 2))
		send_one(s, port_of(socket_number, 1), len);
	else
		arrive_from(GROUP, port_of(socket_number, 1), "10.0.0.7", 6000, payload, len);
}

static void step_receive(struct script *s)
{
	int slot = pick_slot(s), kernels_errno;
	char buf[256];
	long kernels, of_ours;

	if (s->trace)
		printf("slot %d ", slot);
	kernels = s->kernel.calls->recv(s->kernel.slot[slot], buf, sizeof(buf), 0);
	kernels_errno = errno;
	of_ours = s->ours.calls->recv(s->ours.slot[slot], buf, sizeof(buf), 0);
	if (s->has_unicast && kernels >= 0 && of_ours >= 0)
		kernels = of_ours = 0; /* two queues, so another order */
	same(s, "recv", kernels, kernels_errno, of_ours, errno);
}

static void step_pipe(struct script *s)
{
	char c = 'x';
	int writes = pick(s, 2);
	struct side *const sides[] = {&s->kernel, &s->ours};

	if (s->trace)
		printf("pipe %s\n", writes ? "write" : "read");
	for (int i = 0; i < 2; i++)
		(void)!(writes ? write(sides[i]->pipe[1], &c, 1)
			       : sides[i]->calls->read(sides[i]->pipe[0], &c, 1));
}

static uint32_t pick_events(struct script *s)
{
	static const uint32_t sets[] = {EPOLLIN,
					EPOLLIN | EPOLLOUT,
					EPOLLIN | EPOLLRDNORM,
					EPOLLOUT,
					EPOLLIN | EPOLLPRI | EPOLLRDHUP,
					0};
	uint32_t events = sets[pick(s, 6)];

	if (!s->has_unicast && pick(s, 2))
		events |= EPOLLET;
	if (pick(s, 3) == 0)
		events |= EPOLLONESHOT;
	return events;
}

static void step_ctl(struct script *s)
{
	int ops[] = {EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL}, op = ops[pick(s, 3)];
	int set = pick(s, SETS), number = pick_thing(s), kernels, kernels_errno, of_ours;
	struct epoll_event event = {.events = pick_events(s), .data.u64 = (uint64_t)number << 32};

	/* When a set becomes readable again, seen from a set around it, depends on the kernel's
	 * lists. */
	if (number == INNER)
		event.events &= ~(uint32_t)EPOLLET;

	if (s->trace)
		printf("set %d op %d thing %d events %x ", set, op, number, event.events);
	kernels =
	    s->kernel.calls->epoll_ctl(s->kernel.set[set], op, thing(&s->kernel, number), &event);
	kernels_errno = errno;
	of_ours = s->ours.calls->epoll_ctl(s->ours.set[set], op, thing(&s->ours, number), &event);
	same(s, "epoll_ctl", kernels, kernels_errno, of_ours, errno);
}

static int by_data(const void *a, const void *b)
{
	const struct epoll_event *x = a, *y = b;

	if (x->data.u64 == y->data.u64) /* of a slot that was closed while a dup of it lives */
		return (x->events > y->events) - (x->events < y->events);
	return x->data.u64 > y->data.u64 ? 1 : -1;
}

static void print_events(const char *of, const struct epoll_event *events, int n)
{
	printf("  %s:", of);
	for (int i = 0; i < n; i++)
		printf(" %d=%x", (int)(events[i].data.u64 >> 32), events[i].events);
	printf("\n");
}

static void step_wait(struct script *s)
{
	struct epoll_event a[16], b[16];
	int set = pick(s, SETS), ms = pick(s, 20) == 0 ? 2 : 0, kernels, kernels_errno, of_ours;

	kernels = s->kernel.calls->epoll_wait(s->kernel.set[set], a, 16, ms);
	kernels_errno = errno;
	of_ours = s->ours.calls->epoll_wait(s->ours.set[set], b, 16, ms);
	if (s->trace) {
		print_events("kernel", a, kernels);
		print_events("ours", b, of_ours);
	}
	same(s, set ? "wait inner" : "wait", kernels, kernels_errno, of_ours, errno);
	qsort(a, (size_t)kernels, sizeof(a[0]), by_data);
	qsort(b, (size_t)kernels, sizeof(b[0]), by_data);
	for (int i = 0; i < kernels; i++) {
		assert_int_equal(a[i].data.u64, b[i].data.u64);
		assert_int_equal(a[i].events, b[i].events);
	}
}

static void step_poll(struct script *s)
{
	static const short sets[] = {POLLIN, POLLIN | POLLOUT, POLLRDNORM, POLLOUT, 0, POLLPRI};
	struct pollfd a[4], b[4];
	int n = 1 + pick(s, 4), ms = pick(s, 20) == 0 ? 2 : 0, kernels, kernels_errno, of_ours;

	for (int i = 0; i < n; i++) {
		int number = pick_thing(s);

		a[i] = (struct pollfd){.fd = thing(&s->kernel, number), .events = sets[pick(s, 6)]};
		b[i] = (struct pollfd){.fd = thing(&s->ours, number), .events = a[i].events};
		if (pick(s, 10) == 0)
			a[i].fd = b[i].fd = -1;
		if (s->trace)
			printf("%d for %x, ", a[i].fd < 0 ? -1 : number, a[i].events);
	}
	kernels = s->kernel.calls->poll(a, (nfds_t)n, ms);
	kernels_errno = errno;
	of_ours = s->ours.calls->poll(b, (nfds_t)n, ms);
	same(s, "poll", kernels, kernels_errno, of_ours, errno);
	for (int i = 0; i < n; i++)
		assert_int_equal(a[i].revents, b[i].revents);
}

static void step_select(struct script *s)
{
	fd_set a[3], b[3];
	struct timeval tv = {0};
	int numbers[4], kernels, kernels_errno, of_ours;

	for (int i = 0; i < 3; i++) {
		FD_ZERO(&a[i]);
		FD_ZERO(&b[i]);
	}
	for (int i = 0; i < 4; i++) {
		int set = pick(s, 3);

		numbers[i] = pick_thing(s);
		FD_SET(thing(&s->kernel, numbers[i]), &a[set]);
		FD_SET(thing(&s->ours, numbers[i]), &b[set]);
		if (s->trace)
			printf("%d in %d, ", numbers[i], set);
	}
	if (pick(s, 20) == 0)
		tv.tv_usec = 2000;
	kernels = s->kernel.calls->select(FD_SETSIZE, &a[0], &a[1], &a[2],
					  &(struct timeval){0, tv.tv_usec});
	kernels_errno = errno;
	of_ours = s->ours.calls->select(FD_SETSIZE, &b[0], &b[1], &b[2], &tv);
	same(s, "select", kernels, kernels_errno, of_ours, errno);
	for (int i = 0; i < 4; i++)
		for (int set = 0; set < 3; set++)
			assert_int_equal(!!FD_ISSET(thing(&s->kernel, numbers[i]), &a[set]),
					 !!FD_ISSET(thing(&s->ours, numbers[i]), &b[set]));
}

static void step_dup(struct script *s)
{
	int from = pick_slot(s);

	for (int to = 0; to < SLOTS; to++)
		if (s->of_slot[to] < 0) {
			if (s->trace)
				printf("dup %d to %d\n", from, to);
			s->of_slot[to] = s->of_slot[from];
			s->kernel.slot[to] = s->kernel.calls->dup(s->kernel.slot[from]);
			s->ours.slot[to] = s->ours.calls->dup(s->ours.slot[from]);
			return;
		}
}

/* A socket whose last descriptor is closed is made again. */
static void step_close(struct script *s)
{
	int slot = pick_slot(s), of = s->of_slot[slot], others = 0;

	for (int i = 0; i < SLOTS; i++)
		others += i != slot && s->of_slot[i] == of;
	if (s->trace)
		printf("close %d%s\n", slot, others ? "" : " and open");
	s->kernel.calls->close(s->kernel.slot[slot]);
	s->ours.calls->close(s->ours.slot[slot]);
	s->of_slot[slot] = -1;
	if (!others)
		open_slot(s, slot, of);
}

/* ---- scripts ---- */

static void run(uint64_t script_seed, int trace)
{
	static void (*const steps[])(struct script *) = {
	    step_arrive, step_arrive, step_receive, step_receive, step_pipe,
	    step_ctl,    step_ctl,    step_wait,    step_wait,    step_wait,
	    step_poll,   step_select, step_dup,     step_close};
	struct script s = {.trace = trace};

	mcr_rng_seed(&s.rng, script_seed);
	s.has_unicast = pick(&s, 3) == 0;
	s.sender = socket(AF_INET, SOCK_DGRAM, 0);
	open_side(&s.kernel, &mcr_real);
	open_side(&s.ours, &ours);
	for (int i = 0; i < SLOTS; i++)
		s.of_slot[i] = -1;
	for (int i = 0; i < SOCKETS; i++)
		open_slot(&s, i, i);
	for (int i = 0; i < STEPS; i++)
		steps[pick(&s, (int)(sizeof(steps) / sizeof(steps[0])))](&s);
	close_side(&s.kernel, s.of_slot);
	close_side(&s.ours, s.of_slot);
	close(s.sender);
}

static uint64_t seed = 1;
static int n_scripts = 200;

static void the_answers_are_those_of_the_kernel(void **state)
{
	int trace = n_scripts == 1;

	for (; n_scripts > 0; n_scripts--, seed++)
		run(seed, trace);
}

static int tell_seed(void **state)
{
	if (n_scripts > 0)
		print_message("the script that failed: %llu 1\n", (unsigned long long)seed);
	return 0;
}

/* A network of the test's own, where loopback is up. */
static int enter_network(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd, ret;

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ret = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return ret;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(the_answers_are_those_of_the_kernel, tell_seed),
	};

	if (enter_network() < 0)
		return 77;
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		n_scripts = atoi(argv[2]);
	return cmocka_run_group_tests(tests, engine_begin, engine_end);
}
