/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may attach, how many, and what becomes of those who do not behave. */
#include "small_engine.h"

#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "core/attach_wire.h"

#define ALICE  12001
#define BOB    12002
#define FEEDS  12100
#define OTHERS 12200

static int raw_connect(const struct small_engine *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, e->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* 1 when the engine hung up within that time, whatever it had to say before. */
static int cut_off(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;

	while (poll(&p, 1, timeout_ms) == 1)
		if (recv(fd, &byte, 1, 0) <= 0)
			return 1;
	return 0;
}

/* Waits for the engine's refusal: its status, and its words in *welcome. */
static int refusal(int fd, struct mcr_welcome *welcome)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct mcr_welcome raw;

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(recv(fd, &raw, sizeof(raw), 0), sizeof(raw));
	assert_int_equal(mcr_welcome_parse(welcome, &raw, sizeof(raw), 0), 0);
	return welcome->status;
}

static const struct mcr_attach_config OPEN_TO_ALL = {.mode = 0666, .gid = UINT32_MAX};

/* What an attach gives a process of that user, group and supplementary group (0 = none). The words
 * of a refusal come back in *err. */
static int attach_as(const struct small_engine *e, const char *channel, uint32_t uid, uint32_t gid,
		     gid_t extra, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = opts_for(e, channel);
	struct {
		int ret;
		struct mcr_error err;
	} answer = {.ret = 1};
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		struct mcr_consumer *c;

		if (setgroups(extra != 0, &extra) == 0 && setresgid(gid, gid, gid) == 0 &&
		    setresuid(uid, uid, uid) == 0)
			answer.ret = mcr_consumer_open(&c, &opts, &answer.err);
		if (answer.ret == 0)
			mcr_consumer_close(c);
		_exit(write(fds[1], &answer, sizeof(answer)) != sizeof(answer));
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &answer, sizeof(answer)), sizeof(answer));
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*err = answer.err;
	return answer.ret;
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip(); /* only root becomes somebody else */
}

static void only_its_readers_attach_to_a_channel(void **state)
{
	const struct mcr_channel_config md = {
	    .name = "md",
	    .bytes = 65536,
	    .readers = {.uids = {1, ALICE}, .n_uids = 2, .gids = {2, FEEDS}, .n_gids = 2},
	};
	const struct mcr_channel_config open = {.name = "open"};
	struct mcr_error err;
	struct small_engine e;
	const void *mem;

	need_root();
	small_engine_create_as(&e, &OPEN_TO_ALL, &md, 1);
	mem = e.regions[0].mem;
	pthread_mutex_lock(&e.lock);
	assert_int_equal(
	    mcr_attach_server_add_channel(e.server, &open, &e.regions[0].fd, &mem, 1, 4711), 0);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(attach_as(&e, "md", ALICE, OTHERS, 0, &err), 0);
	assert_int_equal(attach_as(&e, "md", BOB, FEEDS, 0, &err), 0);
	assert_int_equal(attach_as(&e, "md", BOB, OTHERS, FEEDS, &err), 0);
	assert_int_equal(attach_as(&e, "md", BOB, OTHERS, OTHERS, &err), -EACCES);
	assert_string_equal(err.text, "channel \"md\" is not for user 12002 (group 12200): its "
				      "readers are listed in the engine's configuration");
	assert_int_equal(attach_as(&e, "md", BOB, OTHERS, 0, &err), -EACCES);
	assert_int_equal(attach_as(&e, "md", 0, 0, 0, &err), -EACCES); /* root is no exception */
	assert_int_equal(attach_as(&e, "open", BOB, OTHERS, 0, &err), 0);
	/* Of a channel that is not his he is not told. */
	assert_int_equal(attach_as(&e, "nothing", BOB, OTHERS, 0, &err), -ENOENT);
	assert_string_equal(err.text, "unknown channel \"nothing\"; this engine has: open");
	assert_int_equal(attach_as(&e, "nothing", ALICE, OTHERS, 0, &err), -ENOENT);
	assert_string_equal(err.text, "unknown channel \"nothing\"; this engine has: md, open");
	assert_int_equal(attach_as(&e, "mdx", BOB, OTHERS, 0, &err), -ENOENT);
	assert_string_equal(err.text, "unknown channel \"mdx\"; this engine has: open");
	assert_int_equal(attach_as(&e, "mdx", ALICE, OTHERS, 0, &err), -ENOENT);
	assert_string_equal(err.text, "unknown channel \"mdx\" (did you mean md?); this engine "
				      "has: md, open");
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void the_engines_own_process_reads_every_channel(void **state)
{
	const struct mcr_channel_config md = {
	    .name = "md",
	    .bytes = 65536,
	    .readers = {.uids = {geteuid() + 1}, .n_uids = 1},
	};
	struct mcr_consumer_opts opts;
	struct mcr_consumer *c;
	struct small_engine e;
	struct mcr_error err;

	small_engine_create_as(&e, &OPEN_TO_ALL, &md, 1);
	opts = opts_for(&e, "md");
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -EACCES);
	pthread_mutex_lock(&e.lock);
	opts.fd = mcr_attach_server_open(e.server, "md", "own", monotonic_ns(), &err);
	pthread_mutex_unlock(&e.lock);
	assert_true(opts.fd >= 0);
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void the_sockets_mode_and_group_decide_who_connects(void **state)
{
	const struct mcr_attach_config of_feeds = {.mode = 0660, .gid = FEEDS};
	const struct mcr_channel_config md = {.name = "md", .bytes = 65536};
	struct small_engine e;
	struct mcr_error err;
	struct stat st;

	need_root();
	small_engine_create_as(&e, &of_feeds, &md, 1);
	assert_int_equal(stat(e.path, &st), 0);
	assert_int_equal(st.st_gid, FEEDS);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(attach_as(&e, "md", ALICE, FEEDS, 0, &err), 0);
	assert_int_equal(attach_as(&e, "md", ALICE, OTHERS, FEEDS, &err), 0);
	assert_int_equal(attach_as(&e, "md", ALICE, OTHERS, 0, &err), -EACCES);
	small_engine_destroy(&e);
}

static void a_socket_that_cannot_be_given_to_its_group_is_not_made(void **state)
{
	const struct mcr_attach_config of_feeds = {.mode = 0660, .gid = FEEDS};
	struct mcr_attach_server *s;
	char dir[] = "/tmp/mcring-test-XXXXXX", path[64];
	struct mcr_error err;
	int status;
	pid_t pid;

	need_root();
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chown(dir, BOB, OTHERS), 0);
	snprintf(path, sizeof(path), "%s/attach", dir);
	pid = fork();
	if (pid == 0) {
		int ok = setgroups(0, NULL) == 0 && setresgid(OTHERS, OTHERS, OTHERS) == 0 &&
			 setresuid(BOB, BOB, BOB) == 0 &&
			 mcr_attach_server_create(&s, path, &of_feeds, &err) == -EPERM &&
			 strstr(err.text, "group 12100");

		_exit(!ok);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(dir), 0); /* nothing is left in it */
}

static void a_socket_is_not_made_in_another_users_directory(void **state)
{
	struct mcr_attach_server *s = NULL;
	char dir[] = "/tmp/mcring-test-XXXXXX", path[64];
	struct mcr_error err;

	need_root();
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chown(dir, BOB, OTHERS), 0);
	snprintf(path, sizeof(path), "%s/attach", dir);
	assert_int_equal(mcr_attach_server_create(&s, path, &OPEN_TO_ALL, &err), -EPERM);
	assert_non_null(strstr(err.text, "belongs to user 12002"));
	assert_int_equal(rmdir(dir), 0);
}

static void bad_limits_and_modes_are_refused(void **state)
{
	const struct mcr_attach_config too_many = {.consumers_max = MCR_CONSUMERS_MAX + 1};
	const struct mcr_attach_config too_wide = {.mode = 01777};
	struct mcr_attach_server *s = NULL;
	struct mcr_error err;

	assert_int_equal(mcr_attach_server_create(&s, NULL, &too_many, &err), -EINVAL);
	assert_non_null(strstr(err.text, "1025"));
	assert_int_equal(mcr_attach_server_create(&s, NULL, &too_wide, &err), -EINVAL);
	assert_non_null(strstr(err.text, "01777"));
	assert_null(s);
}

/* n attaches that are granted, then one that is not; a detach makes room again. */
static void check_limit(struct small_engine *e, unsigned n, const char *why)
{
	struct mcr_consumer_opts opts = opts_for(e, "md");
	struct mcr_consumer *consumers[8], *c;
	struct mcr_error err;

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(mcr_consumer_open(&consumers[i], &opts, &err), 0);
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -EBUSY);
	assert_string_equal(err.text, why);
	mcr_consumer_close(consumers[--n]);
	small_engine_await(e, n);
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
	mcr_consumer_close(c);
	while (n > 0)
		mcr_consumer_close(consumers[--n]);
	small_engine_await(e, 0);
}

static void a_channel_takes_as_many_as_it_is_told(void **state)
{
	const struct mcr_channel_config md = {.name = "md", .bytes = 65536, .consumers_max = 3};
	struct small_engine e;

	small_engine_create_as(&e, &OPEN_TO_ALL, &md, 1);
	check_limit(&e, 3, "channel \"md\" has 3 consumers, the most it takes");
	small_engine_destroy(&e);
}

static void the_engine_takes_as_many_as_it_is_told(void **state)
{
	const struct mcr_attach_config config = {
	    .mode = 0666, .gid = UINT32_MAX, .consumers_max = 2};
	const struct mcr_channel_config md = {.name = "md", .bytes = 65536};
	struct small_engine e;

	small_engine_create_as(&e, &config, &md, 1);
	check_limit(&e, 2, "the engine has 2 consumers, the most it takes");
	small_engine_destroy(&e);
}

static void one_user_cannot_take_the_place_of_the_others(void **state)
{
	const struct mcr_attach_config config = {
	    .mode = 0666, .gid = UINT32_MAX, .consumers_per_uid = 2};
	const struct mcr_channel_config md = {.name = "md", .bytes = 65536};
	struct mcr_consumer *c[2];
	struct small_engine e;
	struct mcr_error err;
	int own[4];

	need_root();
	small_engine_create_as(&e, &config, &md, 1);
	check_limit(&e, 2, "user 0 has 2 consumers, the most that this engine takes from one user");
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	for (int i = 0; i < 2; i++)
		assert_int_equal(mcr_consumer_open(&c[i], &opts, &err), 0);
	assert_int_equal(attach_as(&e, "md", ALICE, OTHERS, 0, &err), 0);
	/* Nor does the engine's own process count as its user. */
	pthread_mutex_lock(&e.lock);
	for (int i = 0; i < 4; i++) {
		own[i] = mcr_attach_server_open(e.server, "md", "own", monotonic_ns(), &err);
		assert_true(own[i] >= 0);
	}
	pthread_mutex_unlock(&e.lock);
	for (int i = 0; i < 4; i++)
		close(own[i]);
	for (int i = 0; i < 2; i++)
		mcr_consumer_close(c[i]);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void garbage_cuts_off_only_who_sends_it(void **state)
{
	struct mcr_hello hello = {
	    .magic = MCR_HELLO_MAGIC, .version = MCR_ATTACH_VERSION, .channel = "md"};
	struct small_engine e;
	struct mcr_consumer *c;
	char garbage[8192];
	int fd, fds[2];

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	memset(garbage, 0xa5, sizeof(garbage));
	for (size_t len = 1; len <= sizeof(garbage); len *= 2) {
		struct mcr_welcome welcome;

		fd = raw_connect(&e);
		assert_int_equal(send(fd, garbage, len, 0), len);
		assert_int_equal(refusal(fd, &welcome), -EBADMSG);
		assert_non_null(strstr(welcome.text, "not a hello"));
		assert_true(cut_off(fd, 5000));
		close(fd);
	}
	/* A good hello that is too short. */
	fd = raw_connect(&e);
	assert_int_equal(send(fd, &hello, sizeof(hello) - 1, 0), sizeof(hello) - 1);
	assert_true(cut_off(fd, 5000));
	close(fd);
	/* Who talks after the attach. */
	fd = raw_connect(&e);
	assert_int_equal(send(fd, &hello, sizeof(hello), 0), sizeof(hello));
	small_engine_await(&e, 2);
	assert_int_equal(send(fd, &hello, sizeof(hello), 0), sizeof(hello));
	small_engine_await(&e, 1);
	close(fd);
	/* Who sends descriptors that nobody asked for. */
	assert_int_equal(pipe(fds), 0);
	fd = raw_connect(&e);
	{
		char control[CMSG_SPACE(sizeof(int))] = {0};
		struct iovec iov = {garbage, 7};
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control,
				     .msg_controllen = sizeof(control)};
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fds[1], sizeof(int));
		assert_int_equal(sendmsg(fd, &msg, 0), 7);
	}
	assert_true(cut_off(fd, 5000));
	close(fd);
	close(fds[1]);
	assert_true(cut_off(fds[0], 0) || read(fds[0], garbage, 1) == 0); /* no copy is kept */
	close(fds[0]);
	assert_int_equal(small_engine_count(&e), 1);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void who_says_nothing_is_told_so_and_cut_off(void **state)
{
	struct mcr_welcome welcome;
	struct small_engine e;
	int fd;

	small_engine_create(&e, 1, 4096);
	fd = raw_connect(&e);
	assert_int_equal(refusal(fd, &welcome), -ETIMEDOUT);
	assert_non_null(strstr(welcome.text, "said nothing"));
	assert_true(cut_off(fd, 5000));
	close(fd);
	small_engine_destroy(&e);
}

static void those_who_say_nothing_keep_nobody_out(void **state)
{
	int idle[MCR_ATTACH_HALF_OPEN_MAX + 40];
	unsigned waiting = 0;
	struct small_engine e;
	struct mcr_consumer *c;
	uint64_t start;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	start = monotonic_ns();
	for (size_t i = 0; i < sizeof(idle) / sizeof(*idle); i++)
		idle[i] = raw_connect(&e);
	/* Behind more idle ones than the engine takes at a time: it does not wait for their end. */
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	for (size_t i = 0; i < sizeof(idle) / sizeof(*idle); i++)
		waiting += !cut_off(idle[i], 0);
	if (monotonic_ns() - start < MCR_ATTACH_HELLO_NS)
		assert_in_range(waiting, 1, MCR_ATTACH_HALF_OPEN_MAX);
	assert_int_equal(small_engine_count(&e), 1);
	for (size_t i = 0; i < sizeof(idle) / sizeof(*idle); i++) {
		assert_true(cut_off(idle[i], 5000));
		close(idle[i]);
	}
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void more_consumers_than_the_limit_are_told_so(void **state)
{
	static int fds[MCR_CONSUMERS_MAX];
	struct mcr_consumer *c;
	struct small_engine e;
	struct mcr_error err;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	pthread_mutex_lock(&e.lock);
	for (int i = 0; i < MCR_CONSUMERS_MAX; i++) {
		fds[i] =
		    mcr_attach_server_open(e.server, "md", "one of many", monotonic_ns(), &err);
		if (fds[i] < 0) {
			print_message("%d: %s\n", i, err.text);
			fail();
		}
	}
	assert_int_equal(mcr_attach_server_open(e.server, "md", "one more", monotonic_ns(), &err),
			 -EBUSY);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -EBUSY);
	close(fds[500]);
	small_engine_await(&e, MCR_CONSUMERS_MAX - 1);
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
	mcr_consumer_close(c);
	for (int i = 0; i < MCR_CONSUMERS_MAX; i++)
		if (i != 500)
			close(fds[i]);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_its_readers_attach_to_a_channel),
	    cmocka_unit_test(the_engines_own_process_reads_every_channel),
	    cmocka_unit_test(the_sockets_mode_and_group_decide_who_connects),
	    cmocka_unit_test(a_socket_that_cannot_be_given_to_its_group_is_not_made),
	    cmocka_unit_test(a_socket_is_not_made_in_another_users_directory),
	    cmocka_unit_test(bad_limits_and_modes_are_refused),
	    cmocka_unit_test(a_channel_takes_as_many_as_it_is_told),
	    cmocka_unit_test(the_engine_takes_as_many_as_it_is_told),
	    cmocka_unit_test(one_user_cannot_take_the_place_of_the_others),
	    cmocka_unit_test(garbage_cuts_off_only_who_sends_it),
	    cmocka_unit_test(who_says_nothing_is_told_so_and_cut_off),
	    cmocka_unit_test(those_who_say_nothing_keep_nobody_out),
	    cmocka_unit_test(more_consumers_than_the_limit_are_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
