/* SPDX-License-Identifier: BSD-3-Clause */
#include <mcring/consumer.h>

#include "small_engine.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "client/attach.h"

static const struct mcr_attach_config CONFIG = {.mode = 0600, .gid = UINT32_MAX};

static size_t map_count(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	size_t n = 0;
	int c;

	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static void an_unknown_channel_is_answered_with_the_list(void **state)
{
	struct small_engine e;
	struct mcr_consumer *c;
	struct mcr_error err;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer_opts opts = opts_for(&e, "quotes");

	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ENOENT);
	assert_non_null(strstr(err.text, "\"quotes\""));
	assert_non_null(strstr(err.text, "md"));
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_open(e.server, "quotes", "x", monotonic_ns(), &err),
			 -ENOENT);
	pthread_mutex_unlock(&e.lock);
	assert_non_null(strstr(err.text, "md"));
	small_engine_destroy(&e);
}

static void where_no_engine_is_the_error_says_so(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	char dir[] = "/tmp/mcring-test-XXXXXX", path[64], longer[200];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct mcr_consumer *c;
	struct mcr_error err;
	int fd;

	assert_non_null(mkdtemp(dir));
	opts.run_dir = dir;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ENOENT);
	assert_non_null(strstr(err.text, dir));
	snprintf(path, sizeof(path), "%s/attach", dir);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ECONNREFUSED);
	unlink(path);
	rmdir(dir);
	memset(longer, 'x', sizeof(longer));
	longer[199] = '\0';
	opts.run_dir = longer;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ENOENT);
}

static void the_listening_path_must_be_free_and_fit(void **state)
{
	struct mcr_attach_server *s = NULL;
	struct small_engine e;
	struct mcr_error err;
	struct stat st;
	char longer[200];

	small_engine_create(&e, 1, 4096);
	assert_int_equal(stat(e.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(mcr_attach_server_create(&s, e.path, &CONFIG, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, e.path));
	assert_int_equal(stat(e.path, &st), 0); /* and it is still the first one's */
	memset(longer, 'x', sizeof(longer));
	longer[199] = '\0';
	assert_int_equal(mcr_attach_server_create(&s, longer, &CONFIG, &err), -ENAMETOOLONG);
	assert_int_equal(mcr_attach_server_create(&s, "/nowhere/at/all", &CONFIG, &err), -ENOENT);
	assert_null(s);
	small_engine_destroy(&e);
}

static void a_socket_that_another_engine_put_there_is_not_removed(void **state)
{
	struct mcr_attach_server *first, *second;
	char dir[] = "/tmp/mcring-test-XXXXXX", path[64];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/attach", dir);
	assert_int_equal(mcr_attach_server_create(&first, path, &CONFIG, NULL), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mcr_attach_server_create(&second, path, &CONFIG, NULL), 0);
	mcr_attach_server_destroy(first);
	assert_int_equal(access(path, F_OK), 0);
	mcr_attach_server_destroy(second);
	assert_int_equal(access(path, F_OK), -1);
	rmdir(dir);
}

static void a_killed_consumer_is_forgotten_and_the_other_loses_nothing(void **state)
{
	struct small_engine e;
	struct mcr_consumer *c;
	struct mcr_msg msgs[64];
	uint64_t received = 0;
	int status;

	small_engine_create(&e, 1, 65536);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	for (int round = 0; round < 20; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct mcr_consumer *mine;

			if (mcr_consumer_open(&mine, &opts, NULL) < 0)
				_exit(1);
			for (;;)
				mcr_consumer_poll(mine, msgs, 64);
		}
		small_engine_await(&e, 2);
		small_engine_publish_seqs(&e, 0, 500);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		small_engine_await(&e, 1);
		for (int n; (n = mcr_consumer_poll(c, msgs, 64)) > 0; received += (uint64_t)n)
			assert_int_equal(msgs[0].kind, MCR_DATA);
		mcr_consumer_release(c);
	}
	assert_int_equal(received, 20 * 500);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void a_thousand_attaches_and_detaches_leave_nothing_behind(void **state)
{
	struct small_engine e;
	struct mcr_consumer *c;
	size_t fds, maps;

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	fds = fd_count();
	maps = map_count();
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
		mcr_consumer_close(c);
	}
	opts.channel = "nothing";
	for (int i = 0; i < 100; i++)
		assert_int_equal(mcr_consumer_open(&c, &opts, NULL), -ENOENT);
	small_engine_await(&e, 0);
	assert_int_equal(fd_count(), fds);
	assert_true(map_count() <= maps + 2); /* the allocator's own */
	small_engine_destroy(&e);
}

static void channels_are_added_once_and_removed_with_their_consumers(void **state)
{
	struct small_engine e;
	struct mcr_consumer *c, *other;
	struct mcr_consumer_opts opts;
	struct mcr_msg msg;
	const void *mem, *zeroes;

	small_engine_create(&e, 1, 4096);
	mem = e.regions[0].mem;
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_add_channel(e.server,
						       &(struct mcr_channel_config){.name = "md"},
						       &e.regions[0].fd, &mem, 1, 1),
			 -EEXIST);
	assert_int_equal(mcr_attach_server_add_channel(e.server,
						       &(struct mcr_channel_config){.name = "b"},
						       &e.regions[0].fd, &mem, 1, 1),
			 0);
	assert_int_equal(mcr_attach_server_add_channel(e.server,
						       &(struct mcr_channel_config){.name = "c"},
						       &e.regions[0].fd, &mem, 0, 1),
			 -EINVAL);
	assert_int_equal(mcr_attach_server_add_channel(e.server,
						       &(struct mcr_channel_config){.name = "c"},
						       &e.regions[0].fd, &mem, 33, 1),
			 -EINVAL);
	zeroes = calloc(1, 1 << 20);
	assert_int_equal(mcr_attach_server_add_channel(e.server,
						       &(struct mcr_channel_config){.name = "c"},
						       &e.regions[0].fd, &zeroes, 1, 1),
			 -EINVAL);
	free((void *)(uintptr_t)zeroes);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(mcr_attach_server_had_any(e.server), 0);
	opts = opts_for(&e, "b");
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	opts = opts_for(&e, "md");
	assert_int_equal(mcr_consumer_open(&other, &opts, NULL), 0);
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_count(e.server, NULL), 2);
	assert_int_equal(mcr_attach_server_remove_channel(e.server, "b"), 0);
	assert_int_equal(mcr_attach_server_remove_channel(e.server, "b"), -ENOENT);
	assert_int_equal(mcr_attach_server_count(e.server, NULL), 1);
	assert_int_equal(mcr_attach_server_count(e.server, "b"), 0);
	pthread_mutex_unlock(&e.lock);
	small_engine_publish_seqs(&e, 0, 1); /* the map outlives the connection */
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	mcr_consumer_close(c);
	mcr_consumer_close(other);
	small_engine_await(&e, 0);
	assert_int_equal(mcr_attach_server_had_any(e.server), 1); /* it is remembered */
	small_engine_destroy(&e);
}

static void a_channel_of_32_rings_can_be_handed_over(void **state)
{
	struct small_engine e;
	struct mcr_consumer *c;
	struct mcr_msg msgs[64];

	small_engine_create(&e, 32, 4096);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	assert_int_equal(mcr_consumer_rings(c), 32);
	for (unsigned i = 0; i < 32; i++)
		small_engine_publish_seqs(&e, i, 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 64), 32);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

/* Plays an engine that hands over these descriptors. */
static int attach_to_hostile(uint32_t n_rings, const int *fds, size_t n_fds, struct mcr_error *err)
{
	struct mcr_welcome welcome = {
	    .magic = MCR_WELCOME_MAGIC, .version = MCR_ATTACH_VERSION, .n_rings = n_rings};
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	char control[CMSG_SPACE(sizeof(int) * 64)] = {0};
	struct iovec iov = {&welcome, sizeof(welcome)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct mcr_consumer *c = NULL;
	int pair[2], ret;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	if (n_fds > 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * n_fds);
	}
	assert_true(sendmsg(pair[0], &msg, 0) > 0);
	opts.fd = pair[1];
	ret = mcr_consumer_open(&c, &opts, err);
	close(pair[0]);
	if (ret == 0)
		mcr_consumer_close(c);
	return ret;
}

static void a_client_takes_nothing_that_could_fault_or_is_no_ring(void **state)
{
	size_t before = fd_count();
	struct mcr_error err;
	int fds[40], file, shrinkable, page;
	void *mem;

	file = open("/proc/self/exe", O_RDONLY);
	shrinkable = memfd_create("x", MFD_ALLOW_SEALING);
	page = memfd_create("x", MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(shrinkable, 1 << 20), 0);
	mem = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, shrinkable, 0);
	mcr_ring_format(mem, 65536, 1, 0, 1); /* a good ring, but for its file */
	assert_int_equal(ftruncate(page, 4096), 0);
	assert_int_equal(fcntl(page, F_ADD_SEALS, F_SEAL_SHRINK), 0);

	assert_int_equal(attach_to_hostile(1, NULL, 0, &err), -EPROTO);
	fds[0] = file;
	fds[1] = page;
	assert_int_equal(attach_to_hostile(1, fds, 2, &err), -EPROTO);
	fds[0] = shrinkable;
	assert_int_equal(attach_to_hostile(1, fds, 2, &err), -EPROTO);
	assert_int_equal(attach_to_hostile(2, fds, 2, &err), -EPROTO);
	assert_int_equal(attach_to_hostile(0, fds, 1, &err), -EPROTO);
	assert_int_equal(attach_to_hostile(1, fds, 1, &err), -EPROTO);
	fds[0] = page; /* sealed, but holds no ring */
	assert_int_equal(attach_to_hostile(1, fds, 2, &err), -EPROTO);
	fds[0] = shrinkable;
	assert_int_equal(fcntl(shrinkable, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(attach_to_hostile(1, fds, 2, &err), 0); /* nothing else was wrong */
	((struct mcr_ring_header *)mem)->abi = 7;
	assert_int_equal(attach_to_hostile(1, fds, 2, &err), -EPROTO);
	assert_non_null(strstr(err.text, "ring 0 has ABI 7, and this client library reads 2 to 2"));
	munmap(mem, 1 << 20);
	for (int i = 0; i < 40; i++)
		fds[i] = page;
	assert_true(attach_to_hostile(39, fds, 40, &err) < 0);
	close(file);
	close(shrinkable);
	close(page);
	assert_int_equal(fd_count(), before);
}

/* ---- versions ---- */

/* What the engine answers to a first message. */
static struct mcr_welcome answer_to(const struct small_engine *e, const void *hello, size_t len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct mcr_welcome welcome;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	strcpy(address.sun_path, e->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, hello, len, 0), len);
	assert_int_equal(recv(fd, &welcome, sizeof(welcome), 0), sizeof(welcome));
	close(fd);
	assert_int_equal(welcome.magic, MCR_WELCOME_MAGIC);
	assert_int_equal(welcome.version, MCR_ATTACH_VERSION);
	return welcome;
}

static void an_engine_answers_whoever_reads_its_version_and_tells_others_what_to_do(void **state)
{
	const uint32_t this = MCR_ATTACH_VERSION;
	const struct {
		uint32_t version, oldest;
		int status;
		const char *words;
	} cases[] = {
	    {this, this, 0, ""},
	    {this + 1, this, 0, ""},
	    {1, 0, -EPROTO, "the engine speaks attach version 2, the client library 1: build"},
	    {this + 2, this + 1, -EPROTO, "version 2, the client library 3 to 4: upgrade"},
	    {0, 0, -EPROTO, "version 2, the client library 0"},
	};
	struct {
		struct mcr_hello hello;
		char more[100]; /* of a later version */
	} longer = {.hello = {.magic = MCR_HELLO_MAGIC, .channel = "md"}};
	struct small_engine e;

	small_engine_create(&e, 1, 4096);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcr_welcome welcome;

		longer.hello.version = cases[i].version;
		longer.hello.oldest = cases[i].oldest;
		for (int is_long = 0; is_long <= 1; is_long++) {
			welcome =
			    answer_to(&e, &longer, is_long ? sizeof(longer) : sizeof(longer.hello));
			assert_int_equal(welcome.status, cases[i].status);
			assert_non_null(strstr(welcome.text, cases[i].words));
		}
	}
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void a_client_names_both_versions_when_it_does_not_read_the_engines(void **state)
{
	const struct {
		uint32_t version;
		int status;
		const char *words;
	} cases[] = {
	    {1, -EPROTO, "the engine speaks attach version 1, the client library 2: upgrade the"},
	    {3, -EPROTO, "the engine speaks attach version 3, the client library 2: build the"},
	    {3, 0, "version 3"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcr_welcome welcome = {.magic = MCR_WELCOME_MAGIC,
					      .version = cases[i].version,
					      .status = cases[i].status,
					      .text = "of the engine"};
		struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
		struct mcr_consumer *c;
		struct mcr_error err;
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
		assert_true(send(pair[0], &welcome, sizeof(welcome), 0) > 0);
		opts.fd = pair[1];
		assert_int_equal(mcr_consumer_open(&c, &opts, &err), -EPROTO);
		assert_non_null(strstr(err.text, cases[i].words));
		close(pair[0]);
	}
}

/* ---- the run directory ---- */

static void the_environment_names_the_run_directory_unless_an_option_does(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct small_engine e;
	struct mcr_consumer *c;
	struct mcr_error err;

	small_engine_create(&e, 1, 4096);
	opts.channel = "md";
	setenv("MCRING_RUN_DIR", e.dir, 1);
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
	mcr_consumer_close(c);
	opts.name = "no-such-engine";
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/run/mcring/no-such-engine/attach:"));
	setenv("MCRING_RUN_DIR", "/nowhere", 1);
	opts.run_dir = e.dir;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
	mcr_consumer_close(c);
	opts.run_dir = opts.name = NULL;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no engine at /nowhere/attach (from MCRING_RUN_DIR)"));
	setenv("MCRING_RUN_DIR", "", 1); /* as if it were not there */
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/run/mcring/mcring/attach:"));
	unsetenv("MCRING_RUN_DIR");
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_unknown_channel_is_answered_with_the_list),
	    cmocka_unit_test(where_no_engine_is_the_error_says_so),
	    cmocka_unit_test(the_listening_path_must_be_free_and_fit),
	    cmocka_unit_test(a_socket_that_another_engine_put_there_is_not_removed),
	    cmocka_unit_test(a_killed_consumer_is_forgotten_and_the_other_loses_nothing),
	    cmocka_unit_test(a_thousand_attaches_and_detaches_leave_nothing_behind),
	    cmocka_unit_test(channels_are_added_once_and_removed_with_their_consumers),
	    cmocka_unit_test(a_channel_of_32_rings_can_be_handed_over),
	    cmocka_unit_test(a_client_takes_nothing_that_could_fault_or_is_no_ring),
	    cmocka_unit_test(
		an_engine_answers_whoever_reads_its_version_and_tells_others_what_to_do),
	    cmocka_unit_test(a_client_names_both_versions_when_it_does_not_read_the_engines),
	    cmocka_unit_test(the_environment_names_the_run_directory_unless_an_option_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
