/* SPDX-License-Identifier: BSD-3-Clause */
/* Channels that are made for one program each. */
#include "program_rig.h"

#include <sys/resource.h>

static void channel_is(struct programs *p, size_t i, const char *suffix)
{
	struct mcr_consumer_info info = {.size = sizeof(info)};
	char name[64];

	snprintf(name, sizeof(name), "sockets/%d%s", (int)getpid(), suffix);
	assert_int_equal(mcr_attach_server_info(p->server, i, p->now_ns, &info), 0);
	assert_string_equal(info.channel, name);
	assert_string_equal(info.label, "program");
}

static void the_welcome_comes_when_the_channel_is_ready(void **state)
{
	struct mcr_attachment a, b;
	struct programs p;
	struct mcr_error err;

	create(&p);
	a = ask_for(&p, "sockets");
	assert_int_equal(p.n_made, 1);
	assert_int_equal(p.made[0].config.bytes, 65536);
	assert_int_equal(p.made[0].config.per_program, 0);
	p.now_ns += 10 * SECOND_NS;
	poll_server(&p);
	assert_int_equal(take(&a, &err), -EAGAIN);
	assert_int_equal(mcr_attach_server_count(p.server, NULL), 0);
	b = ask_for(&p, "sockets");
	assert_int_equal(finish(&p, 1), 0);
	assert_int_equal(finish(&p, 0), 0);
	assert_int_equal(take(&a, &err), 0);
	assert_int_equal(take(&b, &err), 0);
	channel_is(&p, 0, "");
	channel_is(&p, 1, ".2");
	assert_int_equal(mcr_attach_server_count(p.server, "sockets"), 2);
	assert_int_equal(a.n_rings, 1);
	mcr_attachment_close(&a);
	mcr_attachment_close(&b);
	poll_server(&p);
	assert_int_equal(p.n_ended, 2);
	assert_int_equal(mcr_attach_server_count(p.server, "sockets"), 0);
	destroy(&p);
}

static void nobody_else_finds_the_channel(void **state)
{
	struct mcr_attachment a, other;
	struct programs p;
	struct mcr_error err;

	create(&p);
	a = attach(&p);
	other = ask_for(&p, p.made[0].config.name);
	assert_int_equal(take(&other, &err), -ENOENT);
	assert_non_null(strstr(err.text, "this engine has: sockets"));
	assert_null(strstr(err.text, "sockets,"));
	mcr_attachment_close(&other);
	assert_int_equal(
	    mcr_attach_server_open(p.server, p.made[0].config.name, "own", p.now_ns, &err),
	    -ENOENT);
	assert_int_equal(mcr_attach_server_open(p.server, "sockets", "own", p.now_ns, &err),
			 -EOPNOTSUPP);
	mcr_attachment_close(&a);
	destroy(&p);
}

static void what_cannot_be_made_is_refused_in_words(void **state)
{
	struct mcr_attachment a;
	struct programs p;

	create(&p);
	p.refusal = -ENOSPC;
	a = ask_for(&p, "sockets");
	assert_refused(&a, -ENOSPC, "no more than 64 channels");
	a = ask_for(&p, "sockets");
	mcr_attach_server_answer(p.server, p.made[0].id, -ENOMEM, "rings need 1 MiB", p.now_ns);
	assert_refused(&a, -ENOMEM, "rings need 1 MiB");
	assert_int_equal(p.n_ended, 0);
	a = attach(&p);
	channel_is(&p, 0, "");
	mcr_attachment_close(&a);
	destroy(&p);
}

static void a_client_that_hangs_up_meanwhile_gets_nothing_made(void **state)
{
	struct mcr_attachment a;
	struct programs p;

	create_with(&p, 1, 0);
	a = ask_for(&p, "sockets");
	mcr_attachment_close(&a);
	poll_server(&p);
	assert_int_equal(p.made[0].is_cancelled, 1);
	/* It counts until the device thread has given up. */
	a = ask_for(&p, "sockets");
	assert_refused(&a, -EBUSY, "`programs`");
	assert_int_equal(finish(&p, 0), -ESRCH);
	a = attach(&p);
	mcr_attachment_close(&a);
	poll_server(&p);
	assert_int_equal(p.n_ended, 1);

	/* Its end was not seen yet when the channel was ready. */
	a = ask_for(&p, "sockets");
	mcr_attachment_close(&a);
	assert_int_equal(finish(&p, 2), 0);
	assert_int_equal(mcr_attach_server_count(p.server, NULL), 0);
	poll_server(&p);
	assert_int_equal(p.n_ended, 2);
	destroy(&p);
}

static void a_client_that_waits_may_say_nothing(void **state)
{
	struct mcr_attachment a;
	struct programs p;
	struct mcr_error err;

	create(&p);
	a = ask_for(&p, "sockets");
	assert_int_equal(send(a.socket, "x", 1, 0), 1);
	poll_server(&p);
	assert_int_equal(p.made[0].is_cancelled, 1);
	assert_int_equal(take(&a, &err), -ECONNREFUSED);
	mcr_attachment_close(&a);
	assert_int_equal(finish(&p, 0), -ESRCH);
	destroy(&p);
}

static void a_client_does_not_wait_for_ever(void **state)
{
	struct mcr_attachment a;
	struct programs p;

	create(&p);
	a = ask_for(&p, "sockets");
	p.now_ns += 30 * SECOND_NS;
	poll_server(&p);
	assert_int_equal(p.made[0].is_cancelled, 1);
	assert_refused(&a, -ETIMEDOUT, "not ready");
	assert_int_equal(finish(&p, 0), -ESRCH);
	destroy(&p);
}

static void those_that_wait_count_for_each_limit(void **state)
{
	struct mcr_attachment a[3];
	struct programs p;

	create_with(&p, 2, 0);
	assert_int_equal(mcr_attach_server_descriptors(p.server),
			 MCR_CONSUMERS_MAX + MCR_ATTACH_HALF_OPEN_MAX + 2);
	for (unsigned i = 0; i < 3; i++)
		a[i] = ask_for(&p, "sockets");
	assert_refused(&a[2], -EBUSY, "has 2 programs");
	assert_int_equal(finish(&p, 0), 0);
	a[2] = ask_for(&p, "sockets");
	assert_refused(&a[2], -EBUSY, "has 2 programs");
	mcr_attachment_close(&a[0]);
	mcr_attachment_close(&a[1]);
	poll_server(&p);
	mcr_attach_server_answer(p.server, p.made[1].id, -ECANCELED, "", p.now_ns);
	a[0] = attach(&p);
	mcr_attachment_close(&a[0]);
	destroy(&p);

	create_with(&p, 0, 1);
	a[0] = ask_for(&p, "sockets");
	a[1] = ask_for(&p, "sockets");
	assert_refused(&a[1], -EBUSY, "has 1 consumers");
	mcr_attachment_close(&a[0]);
	destroy(&p);
}

/* 21 of them are half of what one user gets of 84. */
static void what_they_wait_for_counts_as_descriptors_in_flight(void **state)
{
	const struct mcr_channel_config many = {.name = "many", .bytes = 65536, .per_program = 1};
	struct rlimit limit, low = {.rlim_cur = 84};
	struct mcr_attachment a, b, c;
	struct programs p;
	struct mcr_error err;

	create(&p);
	assert_int_equal(mcr_attach_server_add_channel(p.server, &many, NULL, NULL, 20, 1), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	a = ask_for(&p, "many");
	b = ask_for(&p, "many");
	p.now_ns += SECOND_NS; /* it looks what was received */
	c = ask_for(&p, "many");
	assert_refused(&c, -EBUSY, "has not received 42 descriptors");
	assert_int_equal(take(&b, &err), -EAGAIN);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	mcr_attachment_close(&a);
	mcr_attachment_close(&b);
	destroy(&p);
}

static void a_channel_that_cannot_be_removed_now_is_removed_later(void **state)
{
	struct mcr_attachment a;
	struct programs p;

	create(&p);
	a = attach(&p);
	mcr_attachment_close(&a);
	p.refusal = -ENOMEM;
	poll_server(&p);
	poll_server(&p);
	poll_server(&p);
	assert_int_equal(p.n_ended, 2);
	assert_string_equal(p.ended[0], p.ended[1]);
	destroy(&p);
}

/* Asks for a join, as mcr_consumer_join does. Returns the status of the reply. */
static int join(struct programs *p, const struct mcr_attachment *a, const char *text)
{
	struct mcr_request request = {.kind = MCR_REQUEST_JOIN, .serial = 1};
	struct mcr_reply reply;

	strcpy(request.text, text);
	assert_int_equal(send(a->socket, &request, sizeof(request), 0), sizeof(request));
	poll_server(p);
	assert_int_equal(recv(a->socket, &reply, sizeof(reply), 0), sizeof(reply));
	return reply.status;
}

static void let_join(struct programs *p, uint32_t joins_max)
{
	struct mcr_channel_config config = {.name = "sockets", .joins_max = joins_max};

	config.joiners.uids[config.joiners.n_uids++] = geteuid();
	assert_int_equal(mcr_attach_server_set_access(p->server, &config), 0);
}

static void a_change_of_the_template_reaches_its_programs(void **state)
{
	struct mcr_attachment a, b;
	struct programs p;
	struct mcr_error err;

	create(&p);
	a = attach(&p);
	b = ask_for(&p, "sockets");
	assert_int_equal(join(&p, &a, "239.1.1.1"), -EACCES);
	let_join(&p, 1);
	assert_int_equal(finish(&p, 1), 0);
	assert_int_equal(join(&p, &a, "239.1.1.1,channel=sockets"), 0);
	assert_int_equal(join(&p, &a, "239.1.1.2"), -ENOSPC);
	assert_int_equal(join(&p, &a, "239.1.1.2,channel=socket"), -EACCES);
	assert_int_equal(take(&b, &err), 0);
	assert_int_equal(join(&p, &b, "239.1.1.1"), 0);
	mcr_attachment_close(&a);
	poll_server(&p);
	assert_int_equal(p.joins, 0);
	mcr_attachment_close(&b);
	destroy(&p);
}

static void programs_outlive_their_template(void **state)
{
	struct mcr_attachment a, b, c;
	struct programs p;
	struct mcr_error err;

	create(&p);
	let_join(&p, 1);
	a = attach(&p);
	b = ask_for(&p, "sockets");
	assert_int_equal(mcr_attach_server_remove_channel(p.server, "sockets"), 0);
	assert_int_equal(p.made[1].is_cancelled, 1);
	assert_refused(&b, -ENOENT, "removed");
	c = ask_for(&p, "sockets");
	assert_int_equal(take(&c, &err), -ENOENT);
	mcr_attachment_close(&c);
	assert_int_equal(finish(&p, 1), -ESRCH);
	assert_int_equal(join(&p, &a, "239.1.1.1"), 0);
	mcr_attachment_close(&a);
	poll_server(&p);
	assert_int_equal(p.n_ended, 1);
	destroy(&p);
}

static void an_engine_that_ends_meanwhile_leaves_nothing_behind(void **state)
{
	struct mcr_attachment a;
	struct programs p;
	struct mcr_error err;
	size_t fds = fd_count();

	create(&p);
	a = ask_for(&p, "sockets");
	destroy(&p);
	assert_int_equal(take(&a, &err), -ECONNREFUSED);
	mcr_attachment_close(&a);
	assert_int_equal(fd_count(), fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_welcome_comes_when_the_channel_is_ready),
	    cmocka_unit_test(nobody_else_finds_the_channel),
	    cmocka_unit_test(what_cannot_be_made_is_refused_in_words),
	    cmocka_unit_test(a_client_that_hangs_up_meanwhile_gets_nothing_made),
	    cmocka_unit_test(a_client_that_waits_may_say_nothing),
	    cmocka_unit_test(a_client_does_not_wait_for_ever),
	    cmocka_unit_test(those_that_wait_count_for_each_limit),
	    cmocka_unit_test(what_they_wait_for_counts_as_descriptors_in_flight),
	    cmocka_unit_test(a_channel_that_cannot_be_removed_now_is_removed_later),
	    cmocka_unit_test(a_change_of_the_template_reaches_its_programs),
	    cmocka_unit_test(programs_outlive_their_template),
	    cmocka_unit_test(an_engine_that_ends_meanwhile_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
