/* SPDX-License-Identifier: BSD-3-Clause */
/* What the sink makes of JetStream's answers, of --to and of --stream: no server is needed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/mcring-sink/nats_ack.h"
#include "../../tools/mcring-sink/nats_config.h"

static struct nats_ack read_answer(const char *text)
{
	struct nats_ack a = {0};
	char prefix[64];

	nats_ack_prefix("MD", prefix, sizeof(prefix));
	nats_ack_read(&a, prefix, "MD", text, strlen(text));
	return a;
}

static void an_answer_of_the_stream_stores_a_unit_in_whatever_form(void **state)
{
	static const char *const stored[] = {
	    "{\"stream\":\"MD\", \"seq\":12}", "{\"stream\":\"MD\",\"seq\":12}",
	    "{ \"seq\": 12, \"domain\": \"hub\", \"stream\": \"MD\" }",
	    "{\"stream\":\"MD\", \"seq\":12,\"duplicate\":false}"};
	static const char *const before[] = {"{\"stream\":\"MD\", \"seq\":12,\"duplicate\": true}",
					     "{\"stream\":\"MD\",\"seq\":12,\"duplicate\":true}"};

	(void)state;
	for (unsigned i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
		assert_int_equal(read_answer(stored[i]).kind, NATS_ACK_STORED);
		assert_int_equal(read_answer(stored[i]).seq, 12);
	}
	for (unsigned i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		assert_int_equal(read_answer(before[i]).kind, NATS_ACK_STORED_BEFORE);
}

static void an_answer_that_stores_nothing_is_an_error(void **state)
{
	static const char *const texts[] = {"",
					    "{",
					    "[]",
					    "+OK",
					    "{\"stream\":\"MD\", \"seq\":}",
					    "{\"stream\":\"MD\", \"seq\":0}",
					    "{\"stream\":\"MD\", \"seq\":-3}",
					    "{\"stream\":\"MD\", \"seq\":12",
					    "{\"stream\":\"MD\", \"seq\":12,\"duplicate\": true",
					    "{\"stream\":\"MD2\", \"seq\":12}",
					    "{\"seq\":12}"};

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct nats_ack a = read_answer(texts[i]);

		assert_int_equal(a.kind, NATS_ACK_ERROR);
		assert_int_equal(a.code, 0);
		assert_true(a.text[0]);
	}
}

static void an_error_has_its_code_and_its_text(void **state)
{
	struct nats_ack a =
	    read_answer("{\"error\":{\"code\":400,\"err_code\":10054,\"description\":"
			"\"message size exceeds maximum allowed\"},\"stream\":"
			"\"MD\",\"seq\":0}");

	(void)state;
	assert_int_equal(a.kind, NATS_ACK_ERROR);
	assert_int_equal(a.code, NATS_ERR_TOO_LARGE);
	assert_string_equal(a.text, "message size exceeds maximum allowed");
	a = read_answer("{\"error\":{\"code\":503}}");
	assert_int_equal(a.code, 503);
	assert_true(a.text[0]);
}

static struct nats_ack read_message(const char *body, const char *text)
{
	struct nats_ack a = {0};

	nats_ack_message(&a, body, strlen(body), text, strlen(text));
	return a;
}

static void a_stored_message_is_known_by_its_octets(void **state)
{
	/* RFC 4648, section 10. */
	static const char *const vectors[][2] = {{"", ""},
						 {"f", "Zg=="},
						 {"fo", "Zm8="},
						 {"foo", "Zm9v"},
						 {"foob", "Zm9vYg=="},
						 {"fooba", "Zm9vYmE="},
						 {"foobar", "Zm9vYmFy"}};
	char text[128];

	(void)state;
	for (unsigned i = 0; i < 7; i++)
		for (unsigned k = 0; k < 7; k++) {
			snprintf(text, sizeof(text), "{\"message\":{\"seq\":5,\"data\":\"%s\"}}",
				 vectors[k][1]);
			const struct nats_ack a = read_message(vectors[i][0], text);

			assert_int_equal(a.kind, i == k ? NATS_ACK_STORED : NATS_ACK_ERROR);
			assert_int_equal(a.code, 0);
			if (i == k)
				assert_int_equal(a.seq, 5);
		}
	assert_int_equal(read_message("f", "{\"error\":{\"code\":404,\"err_code\":10037}}").code,
			 NATS_ERR_NO_MESSAGE);
}

static void a_token_is_read_as_it_was_written_and_no_other_is(void **state)
{
	static const char *const none[] = {"",           "u",         "uAAAAAAA",
					   "uAAAAAAAAA", "uAAAA.AAA", "uAAA AAAA"};
	struct nats_token t;
	char text[10];

	(void)state;
	for (uint32_t place = 1; place < 1u << 18; place = place * 3 + 1)
		for (uint32_t use = 1; use < 1u << 30; use = use * 5 + 2) {
			nats_token_write(&(struct nats_token){'u', place, use}, text);
			assert_int_equal(nats_token_read(&t, text), 0);
			assert_true(t.kind == 'u' && t.place == place && t.use == use);
		}
	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(nats_token_read(&t, none[i]), -EINVAL);
}

static int configure(struct nats_config *c, const char *url, const char *stream,
		     struct mcr_error *err)
{
	return nats_config_init(
	    c,
	    &(struct sink_broker_config){.url = url, .name = "a", .prefix = "m", .stream = stream},
	    err);
}

static void servers_have_the_login_of_the_first_unless_they_name_one(void **state)
{
	struct nats_config c;
	struct mcr_error err;
	char *other, shown[64];

	(void)state;
	assert_int_equal(
	    configure(&c, "nats://me:p%40s@a,nats://b:4333,you:q@[fd00::1]:1", "MD", &err), 0);
	assert_int_equal(c.n_servers, 3);
	assert_false(c.is_tls);
	assert_string_equal(c.servers[0], "nats://me:p%40s@a");
	assert_string_equal(c.servers[1], "nats://me:p%40s@b:4333");
	assert_string_equal(c.servers[2], "nats://you:q@[fd00::1]:1");
	assert_string_equal(nats_config_server(c.servers[2], shown, sizeof(shown)),
			    "nats://[fd00::1]:1");
	other = nats_config_add_login(&c, "nats://10.0.0.3:4222");
	assert_string_equal(other, "nats://me:p%40s@10.0.0.3:4222");
	free(other);
	nats_config_free(&c);
	assert_int_equal(configure(&c, "tls://a", "MD", &err), 0);
	assert_true(c.is_tls);
	assert_string_equal(c.servers[0], "nats://a");
	nats_config_free(&c);
}

static void a_url_that_names_no_server_is_refused_without_its_password(void **state)
{
	static const char *const urls[] = {"nats://", "nats://me:secret@", "nats://me:secret@a,",
					   "nats://me:secret@a/b", "http://me:secret@a"};
	struct nats_config c;
	struct mcr_error err;

	(void)state;
	for (unsigned i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		assert_int_equal(configure(&c, urls[i], "MD", &err), -EINVAL);
		assert_null(strstr(err.text, "secret"));
		nats_config_free(&c);
	}
}

static void a_stream_has_what_its_text_says(void **state)
{
	struct nats_config c;
	struct mcr_error err;

	(void)state;
	assert_int_equal(configure(&c, "nats://a",
				   "MD,create,replicas=3,storage=memory,window=90s,max_age=7d,"
				   "max_bytes=1000",
				   &err),
			 0);
	assert_string_equal(c.stream.name, "MD");
	assert_true(c.stream.is_made);
	assert_int_equal(c.stream.replicas, 3);
	assert_int_equal(c.stream.storage, 'm');
	assert_true(c.stream.window_ns == 90000000000 && c.stream.max_bytes == 1000);
	assert_true(c.stream.max_age_ns == 7 * INT64_C(86400000000000));
	nats_config_free(&c);
}

static void what_a_stream_cannot_have_is_refused_by_name(void **state)
{
	static const char *const texts[][2] = {
	    {"MD,replicas=6", "replicas=6"},
	    {"MD,replicas=0", "replicas=0"},
	    {"MD,replicas=", "replicas="},
	    {"MD,storage=disk", "storage=disk"},
	    {"MD,window=0s", "window=0s"},
	    {"MD,window=1", "window=1"},
	    {"MD,window=1w", "window=1w"},
	    {"MD,window=99999999999d", "window=99999999999d"},
	    {"MD,max_age=-1s", "max_age=-1s"},
	    {"MD,max_bytes=9999999999999999999", "max_bytes"},
	    {"MD,size=3", "size"},
	    {"MD,", "create"},
	    {"", "name of a JetStream stream"},
	    {"A.B", "A.B"},
	    {"A>,create", "A>,create"},
	};
	struct nats_config c;
	struct mcr_error err;

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(configure(&c, "nats://a", texts[i][0], &err), -EINVAL);
		assert_non_null(strstr(err.text, texts[i][1]));
		nats_config_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_of_the_stream_stores_a_unit_in_whatever_form),
	    cmocka_unit_test(an_answer_that_stores_nothing_is_an_error),
	    cmocka_unit_test(an_error_has_its_code_and_its_text),
	    cmocka_unit_test(a_stored_message_is_known_by_its_octets),
	    cmocka_unit_test(a_token_is_read_as_it_was_written_and_no_other_is),
	    cmocka_unit_test(servers_have_the_login_of_the_first_unless_they_name_one),
	    cmocka_unit_test(a_url_that_names_no_server_is_refused_without_its_password),
	    cmocka_unit_test(a_stream_has_what_its_text_says),
	    cmocka_unit_test(what_a_stream_cannot_have_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
