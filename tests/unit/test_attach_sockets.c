/* SPDX-License-Identifier: BSD-3-Clause */
/* What programs report of their sockets: kept cut and cleaned until they end. */
#include "small_engine.h"

#include <sys/socket.h>

#include "client/state.h"

static struct mcr_consumer *consumer(struct small_engine *e)
{
	const struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	return small_engine_consumer(e, opts);
}

static struct mcr_consumer_sockets report_of(struct small_engine *e, size_t i)
{
	struct mcr_consumer_sockets out;

	pthread_mutex_lock(&e->lock);
	assert_int_equal(mcr_attach_server_sockets(e->server, i, monotonic_ns(), &out), 0);
	pthread_mutex_unlock(&e->lock);
	return out;
}

/* The engine has taken all that was sent before: it answers requests in their order. */
static void settle(struct mcr_consumer *c)
{
	struct mcr_consumer_interface it = {.size = sizeof(it)};

	assert_int_equal(mcr_consumer_interface_info(c, 0, &it, NULL), -ENOENT);
}

static void report(struct mcr_consumer *c, const char *text)
{
	assert_int_equal(mcr_client_report_sockets(c, text, strlen(text)), 0);
	settle(c);
}

static void the_last_report_counts(void **state)
{
	struct mcr_consumer_sockets out;
	struct small_engine e;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *a = consumer(&e), *b = consumer(&e);

	out = report_of(&e, 0);
	assert_string_equal(out.text, "");
	assert_true(out.age_ns == UINT64_MAX);
	report(a, "fd=5 received=1\nfd=6\n");
	report(b, "fd=9");
	out = report_of(&e, 0);
	assert_string_equal(out.text, "fd=5 received=1\nfd=6\n");
	assert_true(out.age_ns < UINT64_MAX);
	report(a, "fd=5 received=2\n");
	assert_string_equal(report_of(&e, 0).text, "fd=5 received=2\n");
	assert_string_equal(report_of(&e, 1).text, "fd=9");
	assert_int_equal(report_of(&e, 1).id, 2);
	report(a, "");
	assert_string_equal(report_of(&e, 0).text, "");
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_sockets(e.server, 2, 0, &out), -ENOENT);
	pthread_mutex_unlock(&e.lock);
	mcr_consumer_close(a);
	small_engine_await(&e, 1);
	mcr_consumer_close(b);
	small_engine_await(&e, 0);
	a = consumer(&e); /* in the place of one that had reported */
	assert_string_equal(report_of(&e, 0).text, "");
	mcr_consumer_close(a);
	small_engine_destroy(&e);
}

static void what_is_too_much_or_not_printable_is_cut_off(void **state)
{
	char text[sizeof(((struct mcr_request *)NULL)->text)], expected[sizeof(text)];
	struct small_engine e;
	size_t n = 0;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = consumer(&e);

	for (unsigned i = 0; i < 100; i++)
		n += (size_t)sprintf(text + n, "fd=%u\n%s", i, i % 3 ? "" : "\n\n");
	report(c, text);
	n = 0;
	for (unsigned i = 0; i < 32; i++)
		n += (size_t)sprintf(expected + n, "fd=%u\n", i);
	assert_string_equal(report_of(&e, 0).text, expected);

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[300] = '\n';
	report(c, text);
	memset(expected, 'x', 240);
	expected[240] = '\n';
	memset(expected + 241, 'x', 240);
	expected[481] = '\0';
	assert_string_equal(report_of(&e, 0).text, expected);
	assert_int_equal(mcr_client_report_sockets(c, text, sizeof(text)), -EINVAL);

	report(c, "fd=5\x1b[2J\xc3\xa4\tx\r\n\x7f\n");
	assert_string_equal(report_of(&e, 0).text, "fd=5?[2J???x?\n?\n");
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void a_report_without_an_end_ends_the_attachment(void **state)
{
	struct mcr_request request = {.kind = MCR_REQUEST_SOCKETS};
	struct small_engine e;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = consumer(&e);

	memset(request.text, 'x', sizeof(request.text));
	assert_int_equal(send(c->attachment.socket, &request, sizeof(request), 0), sizeof(request));
	small_engine_await(&e, 0);
	assert_int_equal(mcr_client_report_sockets(c, "fd=1", 4), -EPIPE);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_report_waits_for_nobody(void **state)
{
	struct small_engine e;
	int ret = 0;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = consumer(&e);

	pthread_mutex_lock(&e.lock); /* the engine takes nothing */
	for (unsigned i = 0; i < 100000 && ret == 0; i++)
		ret = mcr_client_report_sockets(c, "fd=1", 4);
	assert_int_equal(ret, -EAGAIN);
	pthread_mutex_unlock(&e.lock);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_report_counts),
	    cmocka_unit_test(what_is_too_much_or_not_printable_is_cut_off),
	    cmocka_unit_test(a_report_without_an_end_ends_the_attachment),
	    cmocka_unit_test(a_report_waits_for_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
