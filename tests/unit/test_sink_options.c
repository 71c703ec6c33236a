/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-sink's command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <mcring/consumer.h>

#include "../../tools/common/usage.h"
#include "../../tools/mcring-sink/broker.h"
#include "../../tools/mcring-sink/options.h"

#define WORDS_MAX 400
#define NATS      "--to nats://h --stream MD --channel md "
#define KAFKA     "--to kafka://h --channel md "

/* Of the brokers the options need only the names. */
const struct sink_broker_calls sink_nats, sink_kafka;

static struct sink_options options;

static const struct sink_options *parse(const char *text)
{
	static char line[8192];
	static char *words[WORDS_MAX];
	int n = 0;

	snprintf(line, sizeof(line), "%s", text);
	words[n++] = (char *)(uintptr_t) "mcring-sink";
	for (char *word = strtok(line, " "); word && n < WORDS_MAX - 1; word = strtok(NULL, " "))
		words[n++] = word;
	words[n] = NULL;
	optind = 0;
	sink_options_parse(&options, n, words);
	return &options;
}

/* What a line that cannot be taken prints on standard error; it ends the process with 2. */
static const char *fault_of(const char *text)
{
	static char out[512];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		parse(text);
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != SINK_EXIT_USAGE)
		fail_msg("taken: %s", text);
	return out;
}

static void without_more_it_has_defaults(void **state)
{
	const struct sink_options *o = parse(NATS);

	assert_ptr_equal(o->calls, &sink_nats);
	assert_string_equal(o->name, "sink");
	assert_string_equal(o->prefix, "mcring");
	assert_string_equal(o->stream, "MD");
	assert_int_equal(o->pack, 1);
	assert_int_equal(o->linger_ns, 1000000);
	assert_int_equal(o->memory, 64 << 20);
	assert_int_equal(o->commit_ns, 1000000000);
	assert_int_equal(o->start, MCR_START_OLDEST);
	assert_int_equal(o->stats_mode, 0660);
	assert_int_equal(o->n_channels, 1);
	assert_int_equal(o->n_feeds, 0);
	o = parse(KAFKA);
	assert_ptr_equal(o->calls, &sink_kafka);
	assert_int_equal(o->commit_ns, 100000000);
	assert_null(o->stream);
	(void)state;
}

static void what_is_given_counts(void **state)
{
	const struct sink_options *o =
	    parse(KAFKA "--channel b --feed itch --feed b --name a_B-9 --prefix eu.md --topic-by "
			"channel --pack 100 --linger 5ms --memory 8 --commit 2s --start newest "
			"--set acks=all --set linger.ms=1 --engine e --run-dir /r --state-dir /s "
			"--tls-ca a --tls-cert b --tls-key c --stats mode=0600 --check");

	assert_int_equal(o->n_channels, 2);
	assert_string_equal(o->channels[1], "b");
	assert_int_equal(o->n_feeds, 2);
	assert_string_equal(o->name, "a_B-9");
	assert_string_equal(o->prefix, "eu.md");
	assert_int_equal(o->topics, SINK_TOPIC_CHANNEL);
	assert_int_equal(o->pack, 100);
	assert_int_equal(o->linger_ns, 5000000);
	assert_int_equal(o->memory, 8 << 20);
	assert_int_equal(o->commit_ns, 2000000000);
	assert_int_equal(o->start, MCR_START_NEWEST);
	assert_int_equal(o->n_sets, 2);
	assert_string_equal(o->sets[1], "linger.ms=1");
	assert_string_equal(o->engine, "e");
	assert_string_equal(o->run_dir, "/r");
	assert_string_equal(o->state_dir, "/s");
	assert_string_equal(o->tls_key, "c");
	assert_int_equal(o->stats_mode, 0600);
	assert_int_equal(o->is_check, 1);
	(void)state;
}

static void what_is_wrong_is_said_with_what_would_do(void **state)
{
	static const struct {
		const char *line, *words;
	} wrong[] = {
	    {"", "--to is missing"},
	    {"--to nats://h --stream MD", "--channel NAME or --feed NAME"},
	    {"--to nats://h --channel md", "--stream is missing"},
	    {"--to http://h --channel md", "nats://HOST"},
	    {KAFKA "--stream MD", "nats:// only"},
	    {KAFKA "--credentials f", "nats:// only"},
	    {NATS "--set a=b", "kafka:// only"},
	    {NATS "--topic-by channel", "kafka:// only"},
	    {NATS "--channel md", "each name once"},
	    {NATS "--channel 12345678901234567890123456789012", "1 to 31 octets"},
	    {NATS "--name a.b", "'_' and '-'"},
	    {NATS "--prefix a..b", "with '.' between"},
	    {NATS "--pack 0", "from 1 to 4096"},
	    {NATS "--pack x", "from 1 to 4096"},
	    {NATS "--memory 7", "from 8 to 65536"},
	    {NATS "--linger 0", "1us to 10s"},
	    {NATS "--linger 11s", "1us to 10s"},
	    {NATS "--commit 999us", "1ms to 60s"},
	    {NATS "--start later", "oldest"},
	    {KAFKA "--topic-by port", "group or channel"},
	    {NATS "--stats mode=9", "--stats mode=9"},
	    {NATS "--tls-cert c", "belong together"},
	    {NATS "--chanel md", "--channel"},
	    {NATS "md2", "md2"},
	    {NATS "--set-file /nonexistent", "/nonexistent: No such file"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const char *fault = fault_of(wrong[i].line);

		if (!strstr(fault, wrong[i].words))
			fail_msg("%s: %s", wrong[i].line, fault);
	}
	(void)state;
}

static void secrets_are_not_shown(void **state)
{
	assert_null(strstr(fault_of("--to nats:/me:secret@h --channel md"), "secret"));
	assert_null(strstr(fault_of(KAFKA "--set secret"), "secret"));
	assert_null(strstr(fault_of(KAFKA "--set =secret"), "secret"));
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_more_it_has_defaults),
	    cmocka_unit_test(what_is_given_counts),
	    cmocka_unit_test(what_is_wrong_is_said_with_what_would_do),
	    cmocka_unit_test(secrets_are_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
