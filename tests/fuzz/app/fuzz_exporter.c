/* SPDX-License-Identifier: BSD-3-Clause */
/* What a stats socket says, in pieces as it comes, until it is metrics, health and data: each line
 * of the metrics is well-formed, no series comes twice, there are no more than the limit, and the
 * other two are what they promise. The answers are octets of the fuzzer's, or a whole answer with
 * values replaced. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../check.h"
#include "fuzz_input.h"
#include "mcring-exporter/data.h"
#include "mcring-exporter/health.h"
#include "mcring-exporter/metrics.h"

#define SERIES_MAX_HERE 200
#define LINE_MAX_HERE   1024 /* three labels of 128 octets, escaped, and names */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char whole_stats[] =
    "{\"ok\":true,\"schema\":1,\"name\":\"m\",\"version\":\"1\",\"started_ns\":5,\"received\":7,"
    "\"groups_total\":9,\"drops\":{\"a\":1,\"b\":2},\"drop_samples\":{\"a\":{\"time_ns\":3}},"
    "\"control\":{\"rounds\":1,\"longest_round_ns\":2},\"ports\":[{\"name\":\"p\",\"link_up\":true,"
    "\"speed_mbps\":10,\"rx_packets\":1},{\"name\":\"q\",\"rx_packets\":1}],\"lcores\":[{\"lcore\":"
    "1,"
    "\"busy_cycles\":5,\"tsc_hz\":2},{\"lcore\":2}],\"interfaces\":[{\"name\":\"f\",\"groups\":1,"
    "\"igmp_version\":3,\"mld_version\":2,\"igmp_querier_age_ns\":4}],\"queriers\":[{\"interface\":"
    "\"f\",\"protocol\":\"igmp\",\"role\":\"us\",\"groups\":1}],\"relay\":[{\"interface\":\"f\","
    "\"offered\":1}],\"channels\":[{\"name\":\"c\",\"published\":1},{\"name\":\"c/7\","
    "\"published\":1}],\"consumers\":[{\"id\":1,\"channel\":\"c\",\"label\":\"r\",\"received\":1,"
    "\"cursor\":1,\"published\":2},{\"id\":2,\"channel\":\"c\",\"label\":\"r\",\"received\":1}],"
    "\"groups\":[{\"interface\":\"f\",\"group\":\"239.1.1.1\",\"packets\":1,\"last_ns\":2},"
    "{\"interface\":\"f\",\"group\":\"239.1.1.2\",\"packets\":1}]}";
static const char whole_why[] =
    "{\"ok\":true,\"schema\":1,\"exit\":1,\"findings\":[{\"code\":\"x\",\"severity\":\"fault\","
    "\"groups\":2,\"text\":\"t\"},{\"code\":\"y\",\"severity\":\"note\",\"text\":\"t\"}]}";

/* ---- answers ---- */

/* One that several lists could have. */
static json_t *row(unsigned i)
{
	return json_pack("{si so ss si ss so si si si}", "id", i, "name", json_sprintf("n%u", i),
			 "channel", "c", "lcore", i, "interface", "f", "group",
			 json_sprintf("g%u", i), "received", 1, "packets", 1, "groups", 1);
}

static json_t *any_value(struct input *in)
{
	char text[256];
	size_t n;
	json_t *value, *list;

	switch (take(in, 1) % 9) {
	case 0:
		return json_true();
	case 1:
		return json_integer((json_int_t)take(in, 8));
	case 2:
		return json_integer((json_int_t)take(in, 1));
	case 3:
		return json_real((double)take(in, 2) * 1e300);
	case 4:
		n = take_bytes(in, text, take(in, 1));
		value = json_stringn(text, n);
		return value ? value : json_string("\"\\\n\x7f");
	case 5:
		return json_object();
	case 6:
		list = json_array();
		for (unsigned i = (unsigned)take(in, 2) % 2000; i > 0; i--)
			json_array_append_new(list, row(i));
		return list;
	case 7:
		return json_pack("[{ss si} {ss}]", "name", "p", "rx_packets", 1, "name", "p");
	default:
		return json_null();
	}
}

/* Replaces the value that comes after *skip others, or, when `twice`, has an array say it again. */
static void edit(json_t *at, unsigned *skip, json_t *value, int twice)
{
	const char *key;
	json_t *one;
	size_t i;

	json_object_foreach(at, key, one)
	{
		if ((*skip)-- == 0) {
			json_object_set(at, key, value);
			return;
		}
		if (*skip > 10000)
			return;
		edit(one, skip, value, twice);
	}
	json_array_foreach(at, i, one)
	{
		if ((*skip)-- == 0) {
			if (twice)
				json_array_append(at, one);
			else
				json_array_set(at, i, value);
			return;
		}
		if (*skip > 10000)
			return;
		edit(one, skip, value, twice);
	}
}

static char *edited(struct input *in, const char *whole)
{
	json_t *answer = json_loads(whole, 0, NULL);
	char *text;

	CHECK(answer);
	for (unsigned n = (unsigned)take(in, 1) % 6; n > 0; n--) {
		unsigned skip = (unsigned)take(in, 1) % 80; /* there are some more */
		const int twice = (int)take(in, 1) & 1;
		json_t *value = any_value(in);

		edit(answer, &skip, value, twice);
		json_decref(value);
	}
	text = json_dumps(answer, JSON_COMPACT);
	json_decref(answer);
	CHECK(text);
	return text;
}

/* The peer sends text in pieces. Returns 1 when the question is settled. */
static int hear(struct source *s, int peer, struct input *in, const char *text, size_t len)
{
	int settled = 0;

	while (len > 0 && !settled) {
		size_t n = take(in, 2) % 4097; /* there is room for so much */

		n = n > 0 ? n : 4096;
		n = n < len ? n : len;
		CHECK(send(peer, text, n, MSG_NOSIGNAL) == (ssize_t)n);
		text += n;
		len -= n;
		settled = source_go_on(s, 1, 1000);
	}
	return settled;
}

static int say(struct source *s, int peer, struct input *in, const char *whole)
{
	const int raw = take(in, 1) % 4 == 0;
	char *text = raw ? NULL : edited(in, whole);
	int settled;

	if (raw)
		settled = hear(s, peer, in, (const char *)in->data, in->left);
	else
		settled = hear(s, peer, in, text, strlen(text));
	free(text);
	return settled || hear(s, peer, in, "\n", 1);
}

static void ask(struct source *s, struct input *in)
{
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	s->question = (struct question){.fd = pair[0], .limit = 1u << 20};
	s->stage = SOURCE_STATS;
	s->asked_ns = 1;
	s->octets = 0;
	if (!say(s, pair[1], in, whole_stats) && s->stage == SOURCE_WHY)
		(void)!say(s, pair[1], in, whole_why);
	close(pair[1]);
	if (s->stage != SOURCE_IDLE)
		while (source_go_on(s, 1, 1000) == 0)
			;
	CHECK(s->stage == SOURCE_IDLE && s->question.fd < 0);
	CHECK(s->is_up == (s->stats != NULL) && s->is_up == (s->error[0] == '\0'));
}

/* ---- what comes of them ---- */

static const char *skip_word(const char *c)
{
	CHECK(islower((unsigned char)*c));
	while (islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_')
		c++;
	return c;
}

static const char *skip_label(const char *c)
{
	c = skip_word(c);
	CHECK(c[0] == '=' && c[1] == '"');
	for (c += 2; *c != '"'; c++) {
		CHECK((unsigned char)*c >= ' ');
		if (*c == '\\') {
			c++;
			CHECK(*c == '\\' || *c == '"');
		}
	}
	return c + 1;
}

/* name{label="value",...} number */
static size_t check_line(const char *line)
{
	const char *c = skip_word(line), *number;

	if (*c == '{') {
		do
			c = skip_label(c + 1);
		while (*c == ',');
		CHECK(*c++ == '}');
	}
	CHECK(*c == ' ' && isdigit((unsigned char)c[1]));
	number = c + 1;
	CHECK(number[strspn(number, "0123456789.")] == '\0' && strlen(number) < 32);
	return (size_t)(c - line);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void check_metrics(struct sources *sources)
{
	struct series s;
	size_t n = 0;
	char *rest, *line;
	static char seen[SERIES_MAX_HERE + 1][LINE_MAX_HERE];

	CHECK(series_init(&s, SERIES_MAX_HERE) == 0 && metrics_write(&s, sources, 2000) == 0);
	CHECK(s.len > 0 && s.text[s.len - 1] == '\n' && !memchr(s.text, '\0', s.len));
	s.text[s.len - 1] = '\0';
	rest = s.text;
	while ((line = strsep(&rest, "\n")) != NULL) {
		size_t len;

		if (line[0] == '#')
			continue;
		len = check_line(line);
		CHECK(len < LINE_MAX_HERE && n < SERIES_MAX_HERE);
		memcpy(seen[n], line, len);
		seen[n++][len] = '\0';
	}
	CHECK(n == s.n);
	qsort(seen, n, sizeof(seen[0]), by_text);
	for (size_t i = 1; i < n; i++)
		CHECK(strcmp(seen[i - 1], seen[i]) != 0);
	series_clear(&s);
}

static void check_others(struct sources *sources)
{
	int is_well = -1;
	size_t len;
	char *text = health_write(sources, &len, &is_well);
	json_t *data;

	CHECK(text && len > 0 && text[len - 1] == '\n' && strlen(text) == len);
	CHECK(is_well == (strcmp(text, "ok\n") == 0));
	for (size_t i = 0; i < len; i++)
		CHECK((unsigned char)text[i] >= ' ' || text[i] == '\n');
	free(text);
	text = data_write(sources, 2000, &len);
	data = text ? json_loads(text, 0, NULL) : NULL;
	CHECK(data && json_array_size(json_object_get(data, "engines")) == sources->n);
	json_decref(data);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct source list[2] = {{.name = "a", .path = "/a", .groups = 3},
				 {.name = "b\"\\", .path = "/b", .groups = 2000}};
	struct sources sources = {.list = {&list[0], &list[1]}, .n = 2, .groups = 3};

	for (size_t i = 0; i < 2; i++)
		list[i].question.fd = -1;
	/* Twice: readers come and go. */
	for (size_t i = 0; i < 4; i++)
		ask(&list[i % 2], &in);
	check_metrics(&sources);
	check_others(&sources);
	for (size_t i = 0; i < 2; i++)
		source_clear(&list[i]);
	return 0;
}
