/* SPDX-License-Identifier: BSD-3-Clause */
/* What one user can take from the others: not more than his share. */
#include "small_engine.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "core/attach_wire.h"

#define ALICE 12001

static const struct mcr_channel_config MD = {.name = "md", .bytes = 65536};

struct lines {
	unsigned n, unopened; /* lines; those during which no file could be opened */
	char last[512];
};

/* Called with the engine's lock held. */
static void note_line(void *ctx, const char *line)
{
	struct lines *lines = ctx;
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC); /* as a log does that rotates */

	lines->unopened += fd < 0;
	if (fd >= 0)
		close(fd);
	lines->n++;
	snprintf(lines->last, sizeof(lines->last), "%s", line);
}

static void create(struct small_engine *e, uint32_t of_one_user, struct lines *lines)
{
	const struct mcr_attach_config config = {
	    .mode = 0666, .gid = UINT32_MAX, .consumers_per_uid = of_one_user};

	small_engine_create_as(e, &config, &MD, 1);
	memset(lines, 0, sizeof(*lines));
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_log(e->server, note_line, lines);
	pthread_mutex_unlock(&e->lock);
}

static void assert_logged(struct small_engine *e, const struct lines *lines, const char *text)
{
	pthread_mutex_lock(&e->lock);
	if (!strstr(lines->last, text))
		print_message("logged: %s\n", lines->last);
	assert_non_null(strstr(lines->last, text));
	assert_in_range(lines->n, 1, 3); /* however often it happens */
	pthread_mutex_unlock(&e->lock);
}

static int raw_connect(const struct small_engine *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, e->path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return fd;
}

static int say_hello(int fd)
{
	const struct mcr_hello hello = {
	    .magic = MCR_HELLO_MAGIC, .version = MCR_ATTACH_VERSION, .channel = "md"};

	return send(fd, &hello, sizeof(hello), 0) == sizeof(hello) ? 0 : -1;
}

/* Says hello and leaves the answer where it is. */
static int greet(const struct small_engine *e)
{
	int fd = raw_connect(e);

	return fd >= 0 && say_hello(fd) < 0 ? -1 : fd;
}

/* The status of the answer that waits there; -ETIMEDOUT: none came. */
static int peek_status(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct mcr_welcome welcome;

	if (poll(&p, 1, 10000) != 1)
		return -ETIMEDOUT;
	return recv(fd, &welcome, sizeof(welcome), MSG_PEEK) == sizeof(welcome) ? welcome.status
										: -EPROTO;
}

/* Runs attack as another user, which then waits with all that it holds until hold is closed.
 * Returns what the attack returned. */
static int attack_as(uint32_t uid, int (*attack)(const struct small_engine *),
		     const struct small_engine *e, int *hold, pid_t *pid)
{
	int said[2], held[2], ret = -1;
	char byte;

	assert_int_equal(pipe(said), 0);
	assert_int_equal(pipe(held), 0);
	*pid = fork();
	if (*pid == 0) {
		close(held[1]);
		if (setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
		    setresuid(uid, uid, uid) == 0)
			ret = attack(e);
		if (write(said[1], &ret, sizeof(ret)) != sizeof(ret))
			_exit(1);
		_exit(read(held[0], &byte, 1) != 0);
	}
	close(said[1]);
	close(held[0]);
	*hold = held[1];
	assert_int_equal(read(said[0], &ret, sizeof(ret)), sizeof(ret));
	close(said[0]);
	return ret;
}

static void end_attack(int hold, pid_t pid)
{
	int status;

	close(hold);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Each connection is given up in another way, and none has received its answer. */
static void who_does_not_receive_the_answer_is_held_to_account(void **state)
{
	struct mcr_consumer *c = NULL;
	struct small_engine e;
	struct lines lines;
	struct mcr_error err;
	struct mcr_welcome welcome;
	int fds[4];

	create(&e, 4, &lines);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	for (int i = 0; i < 4; i++) {
		fds[i] = greet(&e);
		assert_int_equal(peek_status(fds[i]), 0);
		if (i % 2 == 0)
			assert_int_equal(send(fds[i], "x", 1, 0), 1);
		else
			assert_int_equal(shutdown(fds[i], SHUT_WR), 0);
		small_engine_await(&e, 0);
	}
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -EBUSY);
	assert_non_null(
	    strstr(err.text, "and 4 closed connections with an answer that was not received"));
	assert_logged(&e, &lines, "was refused: user");
	/* Received, or thrown away: then there is room again. */
	assert_int_equal(recv(fds[0], &welcome, sizeof(welcome), 0), sizeof(welcome));
	close(fds[1]);
	sleep_ms(150);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
		mcr_consumer_close(c);
		small_engine_await(&e, 0);
	}
	close(fds[0]);
	close(fds[2]);
	close(fds[3]);
	small_engine_destroy(&e);
}

/* A message of len octets that holds a descriptor. */
static void send_fd(int to, int fd, size_t len)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int))}};
	char text[4] = "abc";
	struct iovec iov = {text, len};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	assert_int_equal(sendmsg(to, &msg, 0), len);
}

/* The engine's own unread queue would keep it open, and with it what was not received. */
static void a_socket_that_was_sent_into_itself_ends_all_the_same(void **state)
{
	struct mcr_consumer *c = NULL;
	struct small_engine e;
	struct lines lines;
	int fds[2], ret = -EBUSY;

	create(&e, 2, &lines);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	for (size_t i = 0; i < 2; i++) {
		fds[i] = greet(&e);
		assert_int_equal(peek_status(fds[i]), 0);
		pthread_mutex_lock(&e.lock); /* it reads none of these before the end */
		for (size_t len = 0; len < 3; len++)
			send_fd(fds[i], fds[i], len);
		close(fds[i]);
		pthread_mutex_unlock(&e.lock);
		small_engine_await(&e, 0);
	}
	for (int i = 0; i < 500 && ret == -EBUSY; i++) {
		sleep_ms(10);
		ret = mcr_consumer_open(&c, &opts, NULL);
	}
	assert_int_equal(ret, 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* Says hello until it is refused, and receives nothing. Returns how many answers it left. */
static int leave_answers(const struct small_engine *e)
{
	for (int i = 0; i < 200; i++) {
		int fd = greet(e), status = fd < 0 ? -EIO : peek_status(fd);

		if (status == -EBUSY)
			return i;
		if (status != 0)
			return status;
		send(fd, "x", 1, 0);
	}
	return 200;
}

static void of_what_may_be_in_flight_something_is_left_for_the_next_user(void **state)
{
	struct rlimit limit, low;
	struct mcr_consumer *c;
	struct small_engine e;
	struct lines lines;
	struct mcr_error err;
	int hold, left;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	create(&e, 0, &lines);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = (struct rlimit){128, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	left = attack_as(ALICE, leave_answers, &e, &hold, &pid);
	assert_int_equal(left, 32); /* of two descriptors each */
	assert_logged(&e, &lines, "user 12001 has not received 64 descriptors");
	for (int i = 0; i < 20; i++) {
		assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
		mcr_consumer_close(c);
	}
	end_attack(hold, pid);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static int connect_and_say_nothing(const struct small_engine *e)
{
	for (int i = 0; i < 300; i++)
		if (raw_connect(e) < 0)
			return -errno;
	return 0;
}

static void who_says_nothing_crowds_out_only_himself(void **state)
{
	struct mcr_welcome welcome;
	struct mcr_consumer *c;
	struct small_engine e;
	struct lines lines;
	uint64_t start;
	int quiet, hold;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	create(&e, 0, &lines);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	start = monotonic_ns();
	quiet = raw_connect(&e);
	assert_int_equal(attack_as(ALICE, connect_and_say_nothing, &e, &hold, &pid), 0);
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	assert_logged(&e, &lines, "user 12001 has more than 16 silent connections");
	/* The slow one of another user still has its time. */
	if (monotonic_ns() - start < MCR_ATTACH_HELLO_NS / 2)
		assert_int_equal(recv(quiet, &welcome, sizeof(welcome), MSG_DONTWAIT), -1);
	close(quiet);
	mcr_consumer_close(c);
	end_attack(hold, pid);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

/* They are accepted before they speak, and the next ones come before they are heard. */
static void who_has_said_hello_is_not_silent_however_late_he_is_heard(void **state)
{
	enum {
		N = 40,
		AT_A_TIME = 10
	};
	struct mcr_welcome welcome;
	struct small_engine e;
	struct lines lines;
	int fds[N];

	create(&e, 0, &lines);
	for (int i = 0; i < N; i += AT_A_TIME) {
		pthread_mutex_lock(&e.lock);
		for (int k = i; k < i + AT_A_TIME; k++)
			fds[k] = raw_connect(&e);
		for (int k = i - AT_A_TIME; i > 0 && k < i; k++)
			assert_int_equal(say_hello(fds[k]), 0);
		pthread_mutex_unlock(&e.lock);
		sleep_ms(20);
	}
	for (int k = N - AT_A_TIME; k < N; k++)
		assert_int_equal(say_hello(fds[k]), 0);
	for (int i = 0; i < N; i++) {
		assert_int_equal(peek_status(fds[i]), 0);
		assert_int_equal(recv(fds[i], &welcome, sizeof(welcome), 0), sizeof(welcome));
		close(fds[i]);
	}
	small_engine_await(&e, 0);
	pthread_mutex_lock(&e.lock);
	assert_int_equal(lines.n, 0);
	pthread_mutex_unlock(&e.lock);
	small_engine_destroy(&e);
}

/* Takes every descriptor that there is. */
static unsigned exhaust(int *fds, unsigned cap)
{
	unsigned n = 0;

	while (n < cap && (fds[n] = dup(0)) >= 0)
		n++;
	assert_int_equal(errno, EMFILE);
	return n;
}

static void without_a_descriptor_left_who_connects_is_told(void **state)
{
	struct mcr_welcome welcome;
	struct rlimit limit, low;
	struct small_engine e;
	struct mcr_consumer *c;
	struct lines lines;
	int clients[8], taken[128];
	unsigned n;

	create(&e, 0, &lines);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = (struct rlimit){64, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	pthread_mutex_lock(&e.lock); /* nobody is accepted meanwhile */
	for (int i = 0; i < 8; i++)
		clients[i] = greet(&e);
	n = exhaust(taken, 128);
	pthread_mutex_unlock(&e.lock);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(peek_status(clients[i]), -EBUSY);
		assert_int_equal(recv(clients[i], &welcome, sizeof(welcome), 0), sizeof(welcome));
		assert_non_null(strstr(welcome.text, "no descriptor left"));
	}
	assert_logged(&e, &lines, "Too many open files");
	assert_int_equal(lines.unopened, 0);
	pthread_mutex_lock(&e.lock); /* so that none is taken by the engine in between */
	while (n > 0)
		close(taken[--n]);
	pthread_mutex_unlock(&e.lock);
	for (int i = 0; i < 8; i++)
		close(clients[i]);
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	mcr_consumer_close(c);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

/* Not even the spare one: the listener is left alone for a while. */
static void a_listener_that_cannot_be_served_does_not_keep_control_busy(void **state)
{
	struct mcr_attach_config config = {.mode = 0600, .gid = UINT32_MAX};
	char dir[] = "/tmp/mcring-test-XXXXXX";
	struct mcr_attach_server *s;
	struct rlimit limit, none;
	struct small_engine e;
	struct pollfd p;
	int client;

	assert_non_null(mkdtemp(dir));
	snprintf(e.path, sizeof(e.path), "%s/attach", dir);
	assert_int_equal(mcr_attach_server_create(&s, e.path, &config, NULL), 0);
	client = raw_connect(&e);
	p = (struct pollfd){.fd = mcr_attach_server_fd(s), .events = POLLIN};
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){0, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	mcr_attach_server_poll(s, 1000000000);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	mcr_attach_server_poll(s, 1200000000);
	assert_int_equal(poll(&p, 1, 0), 1);
	mcr_attach_server_poll(s, 1300000000);
	assert_int_equal(poll(&p, 1, 0), 0); /* accepted, and silent */
	close(client);
	mcr_attach_server_destroy(s);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_does_not_receive_the_answer_is_held_to_account),
	    cmocka_unit_test(a_socket_that_was_sent_into_itself_ends_all_the_same),
	    cmocka_unit_test(of_what_may_be_in_flight_something_is_left_for_the_next_user),
	    cmocka_unit_test(who_says_nothing_crowds_out_only_himself),
	    cmocka_unit_test(who_has_said_hello_is_not_silent_however_late_he_is_heard),
	    cmocka_unit_test(without_a_descriptor_left_who_connects_is_told),
	    cmocka_unit_test(a_listener_that_cannot_be_served_does_not_keep_control_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
