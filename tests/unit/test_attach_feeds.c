/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed's declaration over the attach socket: who is handed it, and what becomes of it. */
#include "small_engine.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "core/attach_wire.h"
#include "core/feed/feed_config.h"

#define ALICE 12001
#define BOB   12002

#define ITCH                                                                                \
	"feed itch\ndeclaration moldudp64\nline A channel=md\njoin 239.1.1.1:5000\nline B " \
	"channel=md\njoin 239.1.1.2:5000\n"
#define ITCH_LATER ITCH "gap_timeout 2ms\n"
#define OPEN       "feed open\ndeclaration moldudp64\nline A channel=open\njoin 239.1.1.3:5000\n"
#define OTHER                                                                             \
	"feed other\ndeclaration moldudp64\nline A channel=md engine=x\njoin 239.1.1.1\n" \
	"line B channel=open engine=y\njoin 239.1.1.2\n"

static const struct mcr_attach_config TO_ALL = {.mode = 0666, .gid = UINT32_MAX};
static const struct mcr_channel_config MD = {
    .name = "md", .bytes = 65536, .readers = {.uids = {0, ALICE}, .n_uids = 2}};

/* An engine with the channels md, for root and alice, and open, for all. */
static void engine_create(struct small_engine *e, const struct mcr_attach_config *config)
{
	const struct mcr_channel_config open = {.name = "open"};
	const void *mem;

	small_engine_create_as(e, config, &MD, 1);
	mem = e->regions[0].mem;
	pthread_mutex_lock(&e->lock);
	assert_int_equal(
	    mcr_attach_server_add_channel(e->server, &open, &e->regions[0].fd, &mem, 1, 4711), 0);
	pthread_mutex_unlock(&e->lock);
}

static void put(struct small_engine *e, const char *engine, const char *const *texts, size_t n)
{
	struct mcr_feeds *feeds;
	struct mcr_error err = {""};

	if (mcr_feeds_create(&feeds, texts, n, &err) != 0)
		fail_msg("%s", err.text);
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_put_feeds(e->server, feeds, engine);
	pthread_mutex_unlock(&e->lock);
}

static struct mcr_feed_info info_of(struct small_engine *e, size_t i)
{
	struct mcr_feed_info info;

	pthread_mutex_lock(&e->lock);
	assert_int_equal(mcr_attach_server_feed_info(e->server, i, &info), 0);
	pthread_mutex_unlock(&e->lock);
	return info;
}

/* Says hello with a request for a feed. Returns the socket. */
static int ask(const struct small_engine *e, const char *name, uint8_t what)
{
	struct mcr_hello hello = {.magic = MCR_HELLO_MAGIC,
				  .version = MCR_ATTACH_VERSION,
				  .oldest = MCR_ATTACH_OLDEST,
				  .label = "me",
				  .what = what};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, e->path);
	strcpy(hello.channel, name);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, &hello, sizeof(hello), 0), sizeof(hello));
	return fd;
}

/* Takes the answer, and a descriptor if one came; else *file is -1. */
static void take(int fd, struct mcr_welcome *welcome, int *file)
{
	struct mcr_welcome raw;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {&raw, sizeof(raw)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(recvmsg(fd, &msg, MSG_CMSG_CLOEXEC), sizeof(raw));
	*file = -1;
	if (CMSG_FIRSTHDR(&msg))
		memcpy(file, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	assert_int_equal(mcr_feed_welcome_parse(welcome, &raw, sizeof(raw), *file >= 0), 0);
}

/* What a request gives: 0 with the feed, or the refusal's status. The connection stays open in
 * *fd; -1 = it is not wanted. */
static int open_feed(const struct small_engine *e, const char *name, struct mcr_feed_config *c,
		     struct mcr_welcome *welcome, int *fd)
{
	int file, s = ask(e, name, MCR_HELLO_FEED), seals;
	struct stat st;
	char *text;

	take(s, welcome, &file);
	if (fd && welcome->status == 0)
		*fd = s;
	else
		close(s);
	if (welcome->status < 0)
		return welcome->status;
	assert_int_equal(fstat(file, &st), 0);
	seals = fcntl(file, F_GET_SEALS);
	assert_int_equal(seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(pread(file, text, (size_t)st.st_size, 0), st.st_size);
	assert_int_equal(mcr_feed_config_digest(text), welcome->epoch);
	assert_int_equal(mcr_feed_config_parse(c, text, strlen(text), NULL, NULL), 0);
	free(text);
	close(file);
	return 0;
}

static int has_notice(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct mcr_notice notice;

	if (poll(&p, 1, timeout_ms) != 1)
		return 0;
	assert_int_equal(recv(fd, &notice, sizeof(notice), 0), sizeof(notice));
	return notice.kind == MCR_NOTICE_FEED;
}

static void await_readers(struct small_engine *e, size_t i, uint32_t n)
{
	for (int k = 0; k < 1000 && info_of(e, i).readers != n; k++)
		sleep_ms(2);
	assert_int_equal(info_of(e, i).readers, n);
}

static void a_feed_is_handed_out_with_its_digest(void **state)
{
	const char *const texts[] = {ITCH, OPEN};
	struct mcr_feed_config c;
	struct mcr_welcome welcome;
	struct mcr_feed_info info;
	struct small_engine e;
	int fd;

	engine_create(&e, &TO_ALL);
	put(&e, "md", texts, 2);
	assert_int_equal(open_feed(&e, "itch", &c, &welcome, &fd), 0);
	assert_string_equal(c.name, "itch");
	assert_int_equal(c.n_lines, 2);
	mcr_feed_config_clear(&c);
	await_readers(&e, 0, 1);
	info = info_of(&e, 0);
	assert_string_equal(info.name, "itch");
	assert_int_equal(info.digest, welcome.epoch);
	assert_int_equal(info.n_lines, 2);
	assert_string_equal(info.lines[1].name, "B");
	assert_string_equal(info.lines[1].channel, "md");
	assert_int_equal(info.lines[1].joins, 1);
	assert_int_equal(info.lines[1].is_own, 1);
	assert_int_equal(info_of(&e, 1).readers, 0);
	close(fd);
	await_readers(&e, 0, 0);
	small_engine_destroy(&e);
}

static void an_unknown_feed_is_answered_with_the_list(void **state)
{
	const char *const texts[] = {ITCH, OPEN};
	struct mcr_feed_config c;
	struct mcr_welcome welcome;
	struct small_engine e;

	engine_create(&e, &TO_ALL);
	assert_int_equal(open_feed(&e, "", &c, &welcome, NULL), -ENOENT);
	assert_string_equal(welcome.text, "this engine declares no feed");
	assert_int_equal(open_feed(&e, "x", &c, &welcome, NULL), -ENOENT);
	assert_string_equal(welcome.text, "unknown feed \"x\"; this engine declares: none");
	put(&e, "md", texts, 2);
	assert_int_equal(open_feed(&e, "itsh", &c, &welcome, NULL), -ENOENT);
	assert_string_equal(welcome.text, "unknown feed \"itsh\" (did you mean itch?); this engine "
					  "declares: itch, open");
	assert_int_equal(open_feed(&e, "", &c, &welcome, NULL), -ENOENT);
	assert_string_equal(welcome.text, "name the feed, one of: itch, open");
	put(&e, "md", texts, 1);
	assert_int_equal(open_feed(&e, "", &c, &welcome, NULL), 0); /* the only one */
	assert_string_equal(c.name, "itch");
	mcr_feed_config_clear(&c);
	small_engine_destroy(&e);
}

/* Only lines of this engine count: of the others, their engines see to it. */
static void lines_of_other_engines_are_not_this_ones_affair(void **state)
{
	const char *const other[] = {OTHER};
	struct mcr_feed_config c;
	struct mcr_welcome welcome;
	struct small_engine e;

	engine_create(&e, &TO_ALL);
	put(&e, "md", other, 1);
	assert_int_equal(open_feed(&e, "other", &c, &welcome, NULL), -ENOENT);
	assert_non_null(strstr(welcome.text, "no line of feed \"other\" is of this engine, "
					     "\"md\""));
	put(&e, "x", other, 1);
	assert_int_equal(open_feed(&e, "other", &c, &welcome, NULL), 0);
	mcr_feed_config_clear(&c);
	assert_int_equal(info_of(&e, 0).lines[0].is_own, 1);
	assert_int_equal(info_of(&e, 0).lines[1].is_own, 0);
	small_engine_destroy(&e);
}

/* The statuses that a user gets for itch, open and the only feed, and the words for itch. */
struct tries {
	int itch, open, only;
	char text[480];
};

static struct tries try_as(const struct small_engine *e, uint32_t uid)
{
	struct tries t = {0};
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		struct mcr_welcome welcome;
		struct mcr_feed_config c;

		if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 ||
		    setresuid(uid, uid, uid) < 0)
			_exit(1);
		t.itch = open_feed(e, "itch", &c, &welcome, NULL);
		strcpy(t.text, welcome.text);
		t.open = open_feed(e, "open", &c, &welcome, NULL);
		t.only = open_feed(e, "", &c, &welcome, NULL);
		_exit(write(fds[1], &t, sizeof(t)) != sizeof(t));
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &t, sizeof(t)), sizeof(t));
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return t;
}

static void only_who_may_read_all_channels_gets_the_declaration(void **state)
{
	static const char md_first[] =
	    "feed first\ndeclaration pitch\nline A channel=md\njoin 239.1.1.1:5000\nline B "
	    "channel=open\njoin 239.1.1.2:5000\n";
	const char *const texts[] = {
	    "feed itch\ndeclaration moldudp64\nline A channel=open\njoin 239.1.1.1:5000\nline B "
	    "channel=md\njoin 239.1.1.2:5000\n",
	    OPEN};
	const struct mcr_channel_config all = {.name = "md"};
	struct small_engine e;
	struct tries t;

	if (geteuid() != 0)
		skip(); /* only root becomes somebody else */
	engine_create(&e, &TO_ALL);
	put(&e, "md", texts, 2);
	t = try_as(&e, ALICE);
	assert_int_equal(t.itch, 0);
	assert_int_equal(t.open, 0);
	assert_int_equal(t.only, -ENOENT); /* there are two for her */
	t = try_as(&e, BOB);
	assert_int_equal(t.itch, -EACCES);
	assert_string_equal(t.text,
			    "feed \"itch\" is not for user 12002 (group 12002): its channel "
			    "\"md\" has readers, which are listed in the engine's "
			    "configuration");
	assert_int_equal(t.open, 0);
	assert_int_equal(t.only, 0); /* the only one for him */
	put(&e, "md", (const char *const[]){md_first}, 1);
	assert_int_equal(try_as(&e, BOB).only, -ENOENT); /* whichever line it is of */
	put(&e, "md", texts, 2);
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_set_access(e.server, &all), 0);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(try_as(&e, BOB).itch, 0);
	small_engine_destroy(&e);
}

static void a_change_is_noticed_once_by_those_that_it_concerns(void **state)
{
	const char *const before[] = {ITCH, OPEN}, *const after[] = {OPEN, ITCH_LATER};
	struct mcr_feed_config c;
	struct mcr_welcome welcome;
	struct small_engine e;
	int itch, open, later;

	engine_create(&e, &TO_ALL);
	put(&e, "md", before, 2);
	assert_int_equal(open_feed(&e, "itch", &c, &welcome, &itch), 0);
	mcr_feed_config_clear(&c);
	assert_int_equal(open_feed(&e, "open", &c, &welcome, &open), 0);
	mcr_feed_config_clear(&c);
	put(&e, "md", before, 2); /* the same again */
	assert_int_equal(has_notice(itch, 20), 0);
	put(&e, "md", after, 2);
	assert_int_equal(has_notice(itch, 10000), 1);
	assert_int_equal(has_notice(open, 20), 0);
	assert_int_equal(open_feed(&e, "itch", &c, &welcome, &later), 0);
	assert_int_equal(c.gap_timeout_ns, 2000000);
	mcr_feed_config_clear(&c);
	await_readers(&e, 1, 1);
	assert_int_equal(info_of(&e, 1).old_readers, 1);
	put(&e, "md", NULL, 0); /* all are gone */
	assert_int_equal(has_notice(later, 10000), 1);
	assert_int_equal(has_notice(open, 10000), 1);
	assert_int_equal(has_notice(itch, 20), 0);
	put(&e, "md", before, 2); /* what was closed and opened again is in order */
	assert_int_equal(has_notice(itch, 20), 0);
	close(itch);
	close(open);
	close(later);
	small_engine_destroy(&e);
}

static void a_channel_that_is_gone_refuses_its_feed(void **state)
{
	const char *const texts[] = {ITCH};
	struct mcr_feed_config c;
	struct mcr_welcome welcome;
	struct small_engine e;

	engine_create(&e, &TO_ALL);
	put(&e, "md", texts, 1);
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_remove_channel(e.server, "md"), 0);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(open_feed(&e, "itch", &c, &welcome, NULL), -ENOENT);
	assert_string_equal(welcome.text, "channel \"md\" of feed \"itch\" is not there");
	small_engine_destroy(&e);
}

static void it_counts_as_a_consumer(void **state)
{
	const struct mcr_attach_config two = {.mode = 0666, .gid = UINT32_MAX, .consumers_max = 2};
	const char *const texts[] = {ITCH};
	struct mcr_feed_config c;
	struct mcr_welcome welcome;
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *consumer;
	struct mcr_error err;
	struct small_engine e;
	int fds[2];

	engine_create(&e, &two);
	put(&e, "md", texts, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(open_feed(&e, "itch", &c, &welcome, &fds[i]), 0);
		mcr_feed_config_clear(&c);
	}
	assert_int_equal(open_feed(&e, "itch", &c, &welcome, NULL), -EBUSY);
	assert_string_equal(welcome.text, "the engine has 2 consumers, the most it takes");
	opts.run_dir = e.dir;
	opts.channel = "open";
	assert_int_equal(mcr_consumer_open(&consumer, &opts, &err), -EBUSY);
	close(fds[0]);
	await_readers(&e, 0, 1);
	assert_int_equal(mcr_consumer_open(&consumer, &opts, &err), 0);
	mcr_consumer_close(consumer);
	close(fds[1]);
	small_engine_destroy(&e);
}

/* Whoever has a feed has nothing to say; nor is it a consumer that can be woken or looked at. */
static void a_client_that_speaks_on_is_cut_off(void **state)
{
	const char *const texts[] = {ITCH};
	struct mcr_feed_config c;
	struct mcr_welcome welcome;
	struct small_engine e;
	struct pollfd p = {.events = POLLIN};
	int fd;

	engine_create(&e, &TO_ALL);
	put(&e, "md", texts, 1);
	assert_int_equal(open_feed(&e, "itch", &c, &welcome, &fd), 0);
	mcr_feed_config_clear(&c);
	await_readers(&e, 0, 1);
	assert_int_equal(mcr_attach_server_count(e.server, NULL), 0);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	p.fd = fd;
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(recv(fd, &welcome, sizeof(welcome), 0), 0);
	await_readers(&e, 0, 0);
	close(fd);
	small_engine_destroy(&e);
}

/* An engine before feeds reads the hello as one for a channel. */
static void an_engine_without_feeds_is_told_apart(void **state)
{
	struct mcr_welcome welcome, raw;
	struct small_engine e;
	int fd;

	engine_create(&e, &TO_ALL);
	fd = ask(&e, "itch", MCR_HELLO_CHANNEL);
	assert_int_equal(recv(fd, &raw, sizeof(raw), 0), sizeof(raw));
	assert_int_equal(mcr_feed_welcome_parse(&welcome, &raw, sizeof(raw), 0), -EOPNOTSUPP);
	close(fd);
	small_engine_destroy(&e);
}

static void bad_texts_make_no_feeds(void **state)
{
	const char *const twice[] = {ITCH, ITCH_LATER}, *const bad[] = {OPEN, "feed x\nnonsense\n"},
			  *const two[] = {ITCH OPEN};
	struct mcr_feeds *feeds;
	struct mcr_error err;
	const size_t before = fd_count();

	assert_int_equal(mcr_feeds_create(&feeds, twice, 2, &err), -EEXIST);
	assert_string_equal(err.text, "there are two feeds itch");
	assert_int_equal(mcr_feeds_create(&feeds, bad, 2, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "line 2"));
	assert_int_equal(mcr_feeds_create(&feeds, two, 1, &err), -ENOENT);
	assert_int_equal(mcr_feeds_create(&feeds, twice, MCR_FEEDS_MAX + 1, &err), -ENOSPC);
	mcr_feeds_destroy(NULL);
	assert_int_equal(fd_count(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_feed_is_handed_out_with_its_digest),
	    cmocka_unit_test(an_unknown_feed_is_answered_with_the_list),
	    cmocka_unit_test(lines_of_other_engines_are_not_this_ones_affair),
	    cmocka_unit_test(only_who_may_read_all_channels_gets_the_declaration),
	    cmocka_unit_test(a_change_is_noticed_once_by_those_that_it_concerns),
	    cmocka_unit_test(a_channel_that_is_gone_refuses_its_feed),
	    cmocka_unit_test(it_counts_as_a_consumer),
	    cmocka_unit_test(a_client_that_speaks_on_is_cut_off),
	    cmocka_unit_test(an_engine_without_feeds_is_told_apart),
	    cmocka_unit_test(bad_texts_make_no_feeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
