/* SPDX-License-Identifier: BSD-3-Clause */
/* What a feed does when an engine is silent, hostile or gone: it waits for none, and believes none.
 */
#include "feed_rig.h"
#include "joiner_rig.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/attach_wire.h"
#include "core/feed/feed_config.h"
#include "feed/ask.h"

/* ---- nobody is waited for ---- */

static int polls; /* inside of mcr_feed_poll, where no call may sleep */

int __real_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
	assert_true(!polls || ms == 0);
	return __real_poll(fds, n, ms);
}

int __real_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask)
{
	assert_false(polls);
	return __real_ppoll(fds, n, ts, mask);
}

int __real_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	assert_true(!polls || (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	return __real_connect(fd, address, len);
}

ssize_t __real_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	assert_true(!polls || (flags & MSG_DONTWAIT) != 0);
	return __real_recvmsg(fd, msg, flags);
}

static int send_error; /* of each send while it is set */

ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	errno = send_error;
	return send_error ? -1 : __real_send(fd, buf, len, flags);
}

static void poll_strictly(struct feed_rig *rig)
{
	polls = 1;
	rig_poll(rig);
	polls = 0;
}

static void restart_with(struct small_engine *e, uint64_t epoch, struct joined *joined)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	struct mcr_channel_config channel = {.name = "md", .bytes = 65536};

	channel.joiners.uids[0] = geteuid();
	channel.joiners.n_uids = 1;
	small_engine_start(e, &attach, &channel, 1, epoch);
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_joins(e->server, &joining, joined, 0);
	pthread_mutex_unlock(&e->lock);
	mcr_ring_set_started(&e->writers[0], rig_now_ns());
}

static void declare(struct small_engine *e, const char *text)
{
	struct mcr_feeds *feeds = NULL;
	struct mcr_error err = {""};

	if (mcr_feeds_create(&feeds, &text, 1, &err) != 0)
		fail_msg("%s", err.text);
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_put_feeds(e->server, feeds, strrchr(e->dir, '/') + 1);
	pthread_mutex_unlock(&e->lock);
}

/* Polls strictly, for at most 20 s, with numbers on line A and the last of them on line B too. */
static void put_until(struct feed_rig *rig, uint64_t *seq, enum mcr_feed_kind kind, size_t n)
{
	uint64_t start = monotonic_ns();

	while (rig_count(rig, kind) < n) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		rig_put(rig, 0, rig_now_ns(), ++*seq, 1);
		rig_put(rig, 1, rig_now_ns(), *seq, 1);
		poll_strictly(rig);
		sleep_ms(1);
	}
}

/* Kills line B's engine, polls until that is known, and starts another one that is silent. */
static void replace_by_a_silent_one(struct feed_rig *rig, uint64_t *seq, struct joined *joined)
{
	uint64_t start = monotonic_ns();

	small_engine_kill(&rig->e[1]);
	while (rig_count(rig, MCR_FEED_LINE_DOWN) == 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		poll_strictly(rig);
	}
	restart_with(&rig->e[1], 4712, joined);
	pthread_mutex_lock(&rig->e[1].lock);
	start = monotonic_ns();
	while (monotonic_ns() - start < UINT64_C(150000000)) {
		rig_put(rig, 0, rig_now_ns(), ++*seq, 1);
		poll_strictly(rig);
		sleep_ms(1);
	}
	rig_expect_data(rig, 1, *seq);
	pthread_mutex_unlock(&rig->e[1].lock);
}

static void an_engine_that_says_nothing_holds_up_nobody(void **state)
{
	struct feed_rig rig;
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_error err = {""};
	static struct joined joined;
	uint64_t seq = 0;

	rig_create(&rig, 65536);
	for (int i = 0; i < 2; i++)
		declare(&rig.e[i], rig.text);
	opts.run_dir = rig.e[0].dir;
	assert_int_equal(mcr_feed_open(&rig.f, &opts, &err), 0);
	put_until(&rig, &seq, MCR_FEED_DATA, 5);
	replace_by_a_silent_one(&rig, &seq, &joined);
	declare(&rig.e[1], rig.text);
	put_until(&rig, &seq, MCR_FEED_LINE_UP, 1);
	rig_expect_data(&rig, 1, seq);
	rig_destroy(&rig);
}

static void the_joins_of_a_feed_of_ones_own_are_made_again_without_waiting(void **state)
{
	struct feed_rig rig;
	static struct joined joined;
	uint64_t seq = 0;

	rig_create(&rig, 65536);
	snprintf(rig.text, sizeof(rig.text),
		 "feed test\ndeclaration moldudp64,heartbeat_interval=0\n"
		 "line A engine=%s channel=md\njoin 239.1.1.1:5000\njoin 239.2.1.1:5000\n"
		 "join 239.2.1.2:5000\nline B engine=%s channel=md\njoin 239.1.1.2:5000\n"
		 "join 239.1.1.3:5000@10.0.0.1,interface=x\njoin 239.1.1.4:5000\n",
		 strrchr(rig.e[0].dir, '/') + 1, strrchr(rig.e[1].dir, '/') + 1);
	memset(&joined, 0, sizeof(joined));
	rig_open(&rig);
	put_until(&rig, &seq, MCR_FEED_DATA, 5);
	replace_by_a_silent_one(&rig, &seq, &joined);
	put_until(&rig, &seq, MCR_FEED_LINE_UP, 1);
	pthread_mutex_lock(&rig.e[1].lock);
	assert_int_equal(joined.n, 3);
	assert_int_equal(joined.joins[0].port, 5000);
	assert_int_equal(joined.joins[1].n_sources, 1);
	assert_string_equal(joined.joins[1].interface, "x");
	pthread_mutex_unlock(&rig.e[1].lock);
	rig_destroy(&rig);
	memset(&joined, 0, sizeof(joined));
}

/* ---- what an engine may send ---- */

/* A socket where an engine's would be. */
struct liar {
	char dir[64];
	struct sockaddr_un address;
	int fd;
};

static void liar_create(struct liar *liar)
{
	liar->address.sun_family = AF_UNIX;
	strcpy(liar->dir, "/tmp/mcring-test-XXXXXX");
	assert_non_null(mkdtemp(liar->dir));
	snprintf(liar->address.sun_path, sizeof(liar->address.sun_path), "%s/attach", liar->dir);
	liar->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(liar->fd, (struct sockaddr *)&liar->address, sizeof(liar->address)),
			 0);
	assert_int_equal(listen(liar->fd, 4), 0);
}

static void liar_destroy(struct liar *liar)
{
	close(liar->fd);
	unlink(liar->address.sun_path);
	rmdir(liar->dir);
}

static int take_hello(const struct liar *liar)
{
	int fd = accept(liar->fd, NULL, NULL);
	struct mcr_hello hello;

	assert_int_equal(recv(fd, &hello, sizeof(hello), 0), sizeof(hello));
	assert_int_equal(hello.what, MCR_HELLO_FEED);
	return fd;
}

static void send_with(int fd, const void *data, size_t len, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec iov = {(void *)(uintptr_t)data, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n_fds > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, n_fds * sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &msg, 0), (ssize_t)len);
}

enum lie {
	NONE,
	NO_SEAL,
	SEAL_OF_LENGTH_ONLY,
	NOT_A_MEMFD,
	NO_DESCRIPTOR,
	TWO_DESCRIPTORS,
	FOUR_DESCRIPTORS,
	EMPTY,
	TOO_LONG,
	WITH_A_NUL,
	SHORT_WELCOME,
	LONG_WELCOME,
	OTHER_MAGIC,
	OTHER_VERSION,
	NO_FEED_FLAG,
	WITH_RINGS,
	POSITIVE_STATUS,
	REFUSAL_WITH_DESCRIPTOR,
	REFUSAL,
	HANGS_UP,
	LIES
};

static int text_of(enum lie lie)
{
	static const char text[] =
	    "feed test\ndeclaration moldudp64\nline A\njoin 239.1.1.1:5000\n";
	const size_t len = lie == EMPTY ? 0 : sizeof(text) - (lie == WITH_A_NUL ? 0 : 1);
	int fd = lie == NOT_A_MEMFD ? open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
				    : memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (lie == NOT_A_MEMFD)
		return fd;
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	if (lie == TOO_LONG)
		assert_int_equal(ftruncate(fd, (off_t)MCR_FEED_TEXT_MAX + 1), 0);
	if (lie == SEAL_OF_LENGTH_ONLY)
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
	else if (lie != NO_SEAL)
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	return fd;
}

/* Answers one hello. */
static void lie_to(struct liar *liar, enum lie lie)
{
	struct {
		struct mcr_welcome welcome;
		char more[8];
	} answer = {.welcome = {.magic = lie == OTHER_MAGIC ? 1 : MCR_WELCOME_MAGIC,
				.version = lie == OTHER_VERSION ? 99 : MCR_ATTACH_VERSION,
				.flags = lie == NO_FEED_FLAG ? 0 : MCR_WELCOME_FEED,
				.n_rings = lie == WITH_RINGS,
				.text = "no \x1b[31m such feed"}};
	const size_t len =
	    sizeof(answer.welcome) + (lie == LONG_WELCOME ? 8 : 0) - (lie == SHORT_WELCOME ? 8 : 0);
	int fd = take_hello(liar), text = text_of(lie), fds[] = {text, text, text, text};
	size_t n = lie == NO_DESCRIPTOR || lie == REFUSAL ? 0
		   : lie == TWO_DESCRIPTORS               ? 2
		   : lie == FOUR_DESCRIPTORS              ? 4
							  : 1;

	if (lie == POSITIVE_STATUS)
		answer.welcome.status = 5;
	if (lie == REFUSAL || lie == REFUSAL_WITH_DESCRIPTOR)
		answer.welcome.status = -ENOENT;
	if (lie != HANGS_UP)
		send_with(fd, &answer, len, fds, n);
	close(text);
	close(fd);
}

static void no_answer_of_an_engine_is_believed_unseen(void **state)
{
	struct liar liar;
	struct mcr_error err;
	const size_t before = fd_count() + 1;

	liar_create(&liar);
	for (enum lie lie = NONE; lie < LIES; lie++) {
		struct mcr_feed_ask ask;
		int ret;

		assert_int_equal(mcr_feed_ask_begin(&ask, liar.dir, "test", "label", 0, &err), 0);
		assert_int_equal(mcr_feed_ask_take(&ask, &err), -EAGAIN);
		lie_to(&liar, lie);
		err.text[0] = '\0';
		ret = mcr_feed_ask_await(&ask, UINT64_C(5000000000), &err);
		if (ret != (lie == NONE           ? 0
			    : lie == REFUSAL      ? -ENOENT
			    : lie == HANGS_UP     ? -ECONNREFUSED
			    : lie == NO_FEED_FLAG ? -EOPNOTSUPP
			    : ret == -EMFILE ? -EMFILE /* descriptors that there is no room for */
					     : -EPROTO))
			fail_msg("lie %d: %d, %s", (int)lie, ret, err.text);
		assert_true(ret == 0 || strlen(err.text) > 0);
		assert_null(strchr(err.text, '\x1b'));
		assert_int_equal(ask.is_answered, lie == REFUSAL);
		mcr_feed_ask_close(&ask);
		assert_int_equal(fd_count(), before);
	}
	liar_destroy(&liar);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 33;
}

/* Answers that are nearly right, with some octets, the length or the descriptors changed. */
static void whatever_is_answered_nothing_is_left_of_it(void **state)
{
	struct liar liar;
	uint64_t random = 1;
	unsigned believed = 0;
	const int text = text_of(NONE), other = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	const size_t before = (liar_create(&liar), fd_count());

	for (unsigned i = 0; i < 300; i++) {
		union {
			struct mcr_welcome welcome;
			uint8_t octets[600];
		} answer = {.welcome = {.magic = MCR_WELCOME_MAGIC,
					.version = MCR_ATTACH_VERSION,
					.flags = MCR_WELCOME_FEED,
					.epoch = next_random(&random)}};
		const int fds[] = {next_random(&random) % 4 ? text : other, other, text};
		size_t len = sizeof(answer.welcome);
		struct mcr_feed_ask ask;
		struct mcr_error err = {""};
		int fd, ret;

		for (unsigned n = (unsigned)next_random(&random) % 4; n > 0; n--)
			answer.octets[next_random(&random) % 40] = (uint8_t)next_random(&random);
		if (next_random(&random) % 8 == 0)
			len = 1 + next_random(&random) % sizeof(answer);
		assert_int_equal(mcr_feed_ask_begin(&ask, liar.dir, "test", "label", 0, &err), 0);
		fd = take_hello(&liar);
		send_with(fd, &answer, len, fds, next_random(&random) % 8 ? 1 : i % 4);
		ret = mcr_feed_ask_take(&ask, &err);
		assert_true(ret <= 0 && (ret == 0) == (err.text[0] == '\0'));
		believed += ret == 0;
		if (ret == 0)
			assert_int_equal(strlen(ask.text), ask.len);
		close(fd);
		mcr_feed_ask_close(&ask);
		assert_int_equal(fd_count(), before);
	}
	assert_in_range(believed, 15, 285);
	close(text);
	close(other);
	liar_destroy(&liar);
}

static void a_request_that_cannot_be_made_leaves_nothing(void **state)
{
	struct liar liar;
	struct mcr_feed_ask ask;
	struct mcr_error err;
	size_t before;

	liar_create(&liar);
	before = fd_count();
	send_error = ENOBUFS;
	assert_int_equal(mcr_feed_ask_begin(&ask, liar.dir, NULL, "label", 0, &err), -ENOBUFS);
	send_error = EAGAIN;
	assert_int_equal(mcr_feed_ask_begin(&ask, liar.dir, NULL, "label", 0, &err), -ETIMEDOUT);
	send_error = 0;
	assert_int_equal(mcr_feed_ask_begin(&ask, "/nowhere", NULL, "label", 0, &err), -ENOENT);
	assert_int_equal(ask.fd, -1);
	assert_int_equal(fd_count(), before);
	liar_destroy(&liar);
}

static void what_an_engine_says_without_end_is_taken_in_pieces(void **state)
{
	struct liar liar;
	struct mcr_feed_ask ask;
	struct mcr_error err;
	const struct mcr_notice wake = {.kind = MCR_NOTICE_WAKE}, feed = {.kind = MCR_NOTICE_FEED};
	int fd;

	liar_create(&liar);
	assert_int_equal(mcr_feed_ask_begin(&ask, liar.dir, NULL, "label", 0, &err), 0);
	fd = take_hello(&liar);
	for (int i = 0; i < 30; i++)
		send_with(fd, &wake, sizeof(wake), NULL, 0);
	send_with(fd, &feed, sizeof(feed) - 1, NULL, 0);
	send_with(fd, &feed, sizeof(feed), NULL, 0);
	close(fd);
	assert_int_equal(mcr_feed_ask_changed(&ask), 0);
	assert_int_equal(mcr_feed_ask_changed(&ask), 1);
	assert_int_equal(mcr_feed_ask_changed(&ask), -EPIPE);
	mcr_feed_ask_close(&ask);
	liar_destroy(&liar);
}

/* ---- where engines are ---- */

/* The other engine's directory is found beside, however the one that is asked is named. */
static void engines_are_side_by_side(void **state)
{
	struct feed_rig rig;
	char paths[4][96], cwd[256];
	const char *name;

	rig_create(&rig, 65536);
	name = strrchr(rig.e[0].dir, '/') + 1;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(paths[0], sizeof(paths[0]), "%s//", rig.e[0].dir);
	snprintf(paths[1], sizeof(paths[1]), "%s", name);
	snprintf(paths[2], sizeof(paths[2]), "../%s/.", name);
	snprintf(paths[3], sizeof(paths[3]), ".");
	for (int i = 0; i < 8; i++) {
		struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
		struct mcr_feed_line line = {.size = sizeof(line)};
		struct mcr_error err = {""};

		assert_int_equal(chdir(i % 4 == 0 ? "/" : i % 4 == 1 ? "/tmp" : rig.e[0].dir), 0);
		setenv("MCRING_RUN_DIR", i < 4 ? "/nowhere" : paths[i % 4], 1);
		opts.config = rig.text;
		opts.run_dir = i < 4 ? paths[i % 4] : NULL;
		if (mcr_feed_open(&rig.f, &opts, &err) != 0)
			fail_msg("%s", err.text);
		rig_put(&rig, 1, rig_now_ns(), (uint64_t)i + 1, 1);
		rig.n = 0;
		rig_poll(&rig);
		assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 0);
		assert_int_equal(rig_count(&rig, MCR_FEED_DATA), 1);
		mcr_feed_close(rig.f);
	}
	rig.f = NULL;
	unsetenv("MCRING_RUN_DIR");
	assert_int_equal(chdir(cwd), 0);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_engine_that_says_nothing_holds_up_nobody),
	    cmocka_unit_test(the_joins_of_a_feed_of_ones_own_are_made_again_without_waiting),
	    cmocka_unit_test(no_answer_of_an_engine_is_believed_unseen),
	    cmocka_unit_test(whatever_is_answered_nothing_is_left_of_it),
	    cmocka_unit_test(a_request_that_cannot_be_made_leaves_nothing),
	    cmocka_unit_test(what_an_engine_says_without_end_is_taken_in_pieces),
	    cmocka_unit_test(engines_are_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
