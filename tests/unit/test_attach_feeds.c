/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed's declaration over the attach socket: who is handed it, and what becomes of it. */
#include "feeds_rig.h"

#include <grp.h>
#include <sys/wait.h>

#define BOB 12002

#define OTHER                                                                             \
	"feed other\ndeclaration moldudp64\nline A channel=md engine=x\njoin 239.1.1.1\n" \
	"line B channel=open engine=y\njoin 239.1.1.2\n"

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
