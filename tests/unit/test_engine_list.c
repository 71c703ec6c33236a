/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client may read, as the engine lists it and mcring-watch asks for it. */
#include "feeds_rig.h"

#include <grp.h>
#include <sys/wait.h>

#include "../../tools/mcring-watch/engine_list.h"

#define BOB 12002

static int take_list(struct engine_list *l, struct mcr_error *err)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};
	int ret;

	do
		assert_int_equal(poll(&p, 1, 10000), 1);
	while ((ret = engine_list_take(l, err)) == -EAGAIN);
	return ret;
}

static void get_list(const struct small_engine *e, struct engine_list *l)
{
	struct mcr_error err = {""};

	assert_int_equal(engine_list_ask(l, e->dir, &err), 0);
	if (take_list(l, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(l->fd, -1);
}

static void add(struct small_engine *e, const struct mcr_channel_config *config)
{
	const void *mem = e->regions[0].mem;
	const int is_template = config->per_program;

	pthread_mutex_lock(&e->lock);
	assert_int_equal(mcr_attach_server_add_channel(e->server, config,
						       is_template ? NULL : &e->regions[0].fd,
						       is_template ? NULL : &mem, 1, 4712),
			 0);
	pthread_mutex_unlock(&e->lock);
}

static const char *readers_of(const struct engine_list *l, const char *channel)
{
	static char text[ENGINE_READERS_MAX];
	const struct mcr_listed *item = engine_list_find(l, MCR_LISTED_CHANNEL, channel);

	assert_non_null(item);
	return engine_readers(text, item);
}

static void channels_and_feeds_are_listed_with_readers_and_epochs(void **state)
{
	const char *const texts[] = {ITCH, OPEN};
	const struct mcr_channel_config groups = {
	    .name = "groups",
	    .readers = {.gids = {7, 0, 7}, .n_gids = 3, .uids = {9}, .n_uids = 1}};
	struct engine_list l;
	struct small_engine e;

	engine_create(&e, &TO_ALL);
	add(&e, &groups);
	get_list(&e, &l);
	assert_int_equal(l.n, 2 + (getegid() == 0));
	engine_list_close(&l);
	put(&e, "md", texts, 2);
	get_list(&e, &l);
	assert_string_equal(readers_of(&l, "md"), "users 0, 12001");
	assert_string_equal(readers_of(&l, "open"), "");
	if (getegid() == 0)
		assert_string_equal(readers_of(&l, "groups"), "user 9; groups 0, 7");
	assert_int_equal(engine_list_find(&l, MCR_LISTED_CHANNEL, "open")->epoch, 4711);
	assert_int_equal(engine_list_find(&l, MCR_LISTED_FEED, "itch")->epoch,
			 info_of(&e, 0).digest);
	assert_int_equal(engine_list_find(&l, MCR_LISTED_FEED, "open")->epoch,
			 info_of(&e, 1).digest);
	assert_null(engine_list_find(&l, MCR_LISTED_FEED, "md"));
	assert_null(engine_list_find(&l, MCR_LISTED_CHANNEL, "itch"));
	engine_list_close(&l);
	small_engine_destroy(&e);
}

/* What is listed for a user who has no groups but his own: one letter an item. */
static void list_as(const struct small_engine *e, uint32_t uid, char *out, size_t cap)
{
	int fds[2];
	pid_t pid;
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		struct engine_list l;
		char text[256] = "";

		if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 ||
		    setresuid(uid, uid, uid) < 0)
			_exit(1);
		get_list(e, &l);
		for (unsigned i = 0; i < l.n; i++)
			sprintf(text + strlen(text), "%s%s", i > 0 ? " " : "", l.items[i].name);
		_exit(write(fds[1], text, strlen(text)) < 0);
	}
	close(fds[1]);
	n = read(fds[0], out, cap - 1);
	out[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void nothing_is_said_of_what_is_for_others(void **state)
{
	static const char far[] =
	    "feed far\ndeclaration pitch\nline A channel=open engine=x\njoin 239.1.1.1\n";
	const char *const texts[] = {ITCH, OPEN, far};
	struct small_engine e;
	char text[256];

	if (geteuid() != 0)
		skip(); /* only root becomes somebody else */
	engine_create(&e, &TO_ALL);
	put(&e, "md", texts, 3);
	list_as(&e, ALICE, text, sizeof(text));
	assert_string_equal(text, "md open itch open");
	list_as(&e, BOB, text, sizeof(text));
	assert_string_equal(text, "open open");
	small_engine_destroy(&e);
}

/* Who attaches to a template gets rings of his own, on which nothing comes that is not joined. */
static void templates_and_channels_of_programs_are_left_out(void **state)
{
	const struct mcr_channel_config each = {
	    .name = "sockets", .per_program = 1, .programs_max = 3};
	struct small_engine e;
	struct engine_list l;

	engine_create(&e, &TO_ALL);
	add(&e, &each);
	get_list(&e, &l);
	assert_int_equal(l.n, 2);
	engine_list_close(&l);
	small_engine_destroy(&e);
}

static void a_feed_whose_channel_is_gone_is_left_out(void **state)
{
	const char *const texts[] = {ITCH};
	struct small_engine e;
	struct engine_list l;

	engine_create(&e, &TO_ALL);
	put(&e, "md", texts, 1);
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_remove_channel(e.server, "md"), 0);
	pthread_mutex_unlock(&e.lock);
	get_list(&e, &l);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.items[0].name, "open");
	engine_list_close(&l);
	small_engine_destroy(&e);
}

/* As many as an engine can have, each with as many readers. */
static void the_longest_list_comes_whole(void **state)
{
	struct mcr_channel_config config = {
	    .readers = {.n_uids = MCR_ACCESS_IDS_MAX, .n_gids = MCR_ACCESS_IDS_MAX}};
	char texts[MCR_FEEDS_MAX][160];
	const char *feeds[MCR_FEEDS_MAX];
	struct small_engine e;
	struct engine_list l;

	for (uint32_t i = 0; i < MCR_ACCESS_IDS_MAX; i++) {
		config.readers.uids[i] = i == 7 ? geteuid() : UINT32_MAX - i - 1;
		config.readers.gids[i] = UINT32_MAX - 100 - i;
	}
	engine_create(&e, &TO_ALL);
	for (unsigned i = 2; i < MCR_CHANNELS_MAX; i++) {
		snprintf(config.name, sizeof(config.name), "%u-channel-of-a-long-name", i);
		add(&e, &config);
	}
	for (unsigned i = 0; i < MCR_FEEDS_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]),
			 "feed feed%u\ndeclaration pitch\nline A channel=open\njoin 239.1.1.1\n",
			 i);
		feeds[i] = texts[i];
	}
	put(&e, "md", feeds, MCR_FEEDS_MAX);
	get_list(&e, &l);
	assert_int_equal(l.n, MCR_LISTED_MAX);
	assert_int_equal(strlen(readers_of(&l, config.name)),
			 strlen("users ; groups ") + 31 * 10 + 32 * 10 + 62 * 2 +
			     (size_t)snprintf(NULL, 0, "%u", geteuid()));
	assert_non_null(engine_list_find(&l, MCR_LISTED_FEED, "feed63"));
	engine_list_close(&l);
	small_engine_destroy(&e);
}

/* It is over with the answer: it counts nowhere, and whoever does not read it has nothing else. */
static void a_question_leaves_nothing_behind(void **state)
{
	const struct mcr_attach_config one = {.mode = 0666, .gid = UINT32_MAX, .consumers_max = 1};
	struct engine_list lists[8], l;
	char answer[4096];
	struct mcr_error err;
	struct small_engine e;
	size_t before;

	engine_create(&e, &one);
	before = fd_count();
	for (int i = 0; i < 8; i++) {
		assert_int_equal(engine_list_ask(&lists[i], e.dir, &err), 0);
		assert_int_equal(
		    poll(&(struct pollfd){.fd = lists[i].fd, .events = POLLRDHUP}, 1, 10000), 1);
	}
	get_list(&e, &l);
	engine_list_close(&l);
	mcr_consumer_close(small_engine_open(&e, MCR_START_NEWEST));
	/* The end follows the answer, not a complaint about a client that says nothing more. */
	assert_true(recv(lists[0].fd, answer, sizeof(answer), 0) > 0);
	assert_int_equal(recv(lists[0].fd, answer, sizeof(answer), 0), 0);
	engine_list_close(&lists[0]);
	for (int i = 1; i < 8; i++) {
		assert_int_equal(engine_list_take(&lists[i], &err), 0);
		assert_int_equal(lists[i].n, 2);
		engine_list_close(&lists[i]);
	}
	small_engine_await(&e, 0);
	assert_int_equal(fd_count(), before);
	small_engine_destroy(&e);
}

/* ---- engines that say something else ---- */

struct liar {
	char dir[64];
	int listener;
};

static void liar_create(struct liar *liar)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(liar->dir, "/tmp/mcring-liar-XXXXXX");
	assert_non_null(mkdtemp(liar->dir));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/attach", liar->dir);
	liar->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(liar->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(liar->listener, 1), 0);
}

static void liar_destroy(struct liar *liar)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/attach", liar->dir);
	unlink(path);
	rmdir(liar->dir);
	close(liar->listener);
}

/* What the list becomes of an answer; len 0: it hangs up. */
static int lie(struct liar *liar, const void *answer, size_t len, struct mcr_error *err)
{
	struct mcr_hello hello;
	struct engine_list l;
	int fd, ret;

	assert_int_equal(engine_list_ask(&l, liar->dir, err), 0);
	assert_int_equal(engine_list_take(&l, err), -EAGAIN);
	fd = accept(liar->listener, NULL, NULL);
	assert_int_equal(recv(fd, &hello, sizeof(hello), 0), sizeof(hello));
	assert_int_equal(hello.what, MCR_HELLO_LIST);
	assert_string_equal(hello.channel, "");
	if (len > 0)
		assert_int_equal(send(fd, answer, len, 0), len);
	close(fd);
	ret = take_list(&l, err);
	engine_list_close(&l);
	return ret;
}

static void an_older_engine_is_told_apart(void **state)
{
	/* It looked for a channel called "". */
	struct mcr_welcome welcome = {.magic = MCR_WELCOME_MAGIC,
				      .version = MCR_ATTACH_VERSION,
				      .status = -ENOENT,
				      .text = "unknown channel \"\""};
	struct mcr_error err;
	struct liar liar;

	liar_create(&liar);
	assert_int_equal(lie(&liar, &welcome, sizeof(welcome), &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "the engine is older than lists of channels: upgrade it, or "
				      "name what to watch with --channel and --feed");
	welcome.version++;
	assert_int_equal(lie(&liar, &welcome, sizeof(welcome), &err), -EPROTO);
	assert_non_null(strstr(err.text, "the engine speaks attach version"));
	welcome.version--;
	welcome.flags = MCR_WELCOME_LIST;
	welcome.status = -ENOMEM;
	strcpy(welcome.text, "no\nmemory");
	assert_int_equal(lie(&liar, &welcome, sizeof(welcome), &err), -ENOMEM);
	assert_string_equal(err.text, "no?memory");
	liar_destroy(&liar);
}

static void a_list_that_makes_no_sense_is_refused(void **state)
{
	struct {
		struct mcr_welcome welcome;
		struct mcr_listed items[MCR_LISTED_MAX + 1];
	} *a = calloc(1, sizeof(*a));
	const size_t three = sizeof(a->welcome) + 3 * sizeof(a->items[0]);
	struct mcr_error err;
	struct liar liar;

	a->welcome = (struct mcr_welcome){
	    .magic = MCR_WELCOME_MAGIC, .version = MCR_ATTACH_VERSION, .flags = MCR_WELCOME_LIST};
	for (unsigned i = 0; i <= MCR_LISTED_MAX; i++) {
		a->items[i].kind = 1 + i % 3; /* 3 is news */
		strcpy(a->items[i].name, "md");
	}
	liar_create(&liar);
	assert_int_equal(lie(&liar, a, three, &err), 0);
	assert_int_equal(lie(&liar, a, sizeof(*a) - sizeof(a->items[0]), &err), 0);
	assert_int_equal(lie(&liar, a, sizeof(a->welcome), &err), 0);
	assert_int_equal(lie(&liar, a, sizeof(*a), &err), -EPROTO);
	assert_int_equal(lie(&liar, a, three - 1, &err), -EPROTO);
	assert_int_equal(lie(&liar, a, 3, &err), -EPROTO);
	assert_int_equal(lie(&liar, a, 0, &err), -ECONNREFUSED);
	a->items[0].n_gids = MCR_ACCESS_IDS_MAX + 1;
	assert_int_equal(lie(&liar, a, three, &err), -EPROTO);
	a->items[0].n_gids = 0;
	a->items[1].n_uids = MCR_ACCESS_IDS_MAX + 1;
	assert_int_equal(lie(&liar, a, three, &err), -EPROTO);
	a->items[1].n_uids = 0;
	a->items[1].name[0] = '\0';
	assert_int_equal(lie(&liar, a, three, &err), -EPROTO);
	memset(a->items[1].name, '\n', sizeof(a->items[1].name));
	assert_int_equal(lie(&liar, a, three, &err), 0);
	a->welcome.n_rings = 1;
	assert_int_equal(lie(&liar, a, three, &err), -EPROTO);
	a->welcome.n_rings = 0;
	a->welcome.status = -EACCES;
	assert_int_equal(lie(&liar, a, three, &err), -EPROTO);
	liar_destroy(&liar);
	free(a);
}

static void nobody_is_there(void **state)
{
	struct engine_list l;
	struct mcr_error err;
	struct liar liar;

	liar_create(&liar);
	close(liar.listener);
	assert_int_equal(engine_list_ask(&l, liar.dir, &err), -ECONNREFUSED);
	liar_destroy(&liar);
	assert_int_equal(engine_list_ask(&l, liar.dir, &err), -ENOENT);
	assert_non_null(strstr(err.text, "is it running under this name?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(channels_and_feeds_are_listed_with_readers_and_epochs),
	    cmocka_unit_test(nothing_is_said_of_what_is_for_others),
	    cmocka_unit_test(templates_and_channels_of_programs_are_left_out),
	    cmocka_unit_test(a_feed_whose_channel_is_gone_is_left_out),
	    cmocka_unit_test(the_longest_list_comes_whole),
	    cmocka_unit_test(a_question_leaves_nothing_behind),
	    cmocka_unit_test(an_older_engine_is_told_apart),
	    cmocka_unit_test(a_list_that_makes_no_sense_is_refused),
	    cmocka_unit_test(nobody_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
