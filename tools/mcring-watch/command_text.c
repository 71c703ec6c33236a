/* SPDX-License-Identifier: BSD-3-Clause */
#include "command_text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "record/utc.h"

enum fact {
	FACT_KIND,
	FACT_STATE,
	FACT_NS,
	FACT_TIME,
	FACT_ENGINE,
	FACT_CHANNEL,
	FACT_FEED,
	FACT_LINE,
	FACT_TEXT,
	FACT_MESSAGE,
	FACT_SUPPRESSED,
};

/* In a word {name}, in the environment MCRING_ALARM_NAME, in JSON a member. */
static const struct {
	const char *name;
	int is_number;
} facts_list[COMMAND_FACTS] = {
    [FACT_KIND] = {"kind", 0},
    [FACT_STATE] = {"state", 0},
    [FACT_NS] = {"ns", 1},
    [FACT_TIME] = {"time", 0},
    [FACT_ENGINE] = {"engine", 0},
    [FACT_CHANNEL] = {"channel", 0},
    [FACT_FEED] = {"feed", 0},
    [FACT_LINE] = {"line", 0},
    [FACT_TEXT] = {"text", 0},
    [FACT_MESSAGE] = {"message", 0},
    [FACT_SUPPRESSED] = {"suppressed", 1},
};

static const char *const kept[COMMAND_KEPT] = {
    "PATH=", "HOME=", "USER=", "LOGNAME=", "LANG=", "LC_ALL=", "TZ="};

/* ---- words ---- */

/* If a place of a fact begins at text, returns its length and in *fact which one it is (or
 * COMMAND_FACTS, for a name that is none), else 0. A brace that no name stands in is a brace. */
static size_t place_at(const char *text, unsigned *fact)
{
	size_t len = 0;

	if (text[0] != '{')
		return 0;
	while (islower((unsigned char)text[1 + len]))
		len++;
	if (len == 0 || text[1 + len] != '}')
		return 0;
	for (*fact = 0; *fact < COMMAND_FACTS; (*fact)++)
		if (strlen(facts_list[*fact].name) == len &&
		    memcmp(facts_list[*fact].name, text + 1, len) == 0)
			break;
	return len + 2;
}

static int check_places(const struct command_words *w, struct mcr_error *err)
{
	unsigned n = 0, fact;

	for (unsigned i = 1; i < w->n; i++)
		for (const char *at = w->words[i]; *at != '\0';) {
			const size_t len = place_at(at, &fact);

			if (len > 0 && fact == COMMAND_FACTS)
				return mcr_error_set(
				    err, -EINVAL,
				    "%.*s: expected {kind}, {state}, {ns}, {time}, {engine}, "
				    "{channel}, {feed}, {line}, {text}, {message} or {suppressed}",
				    (int)(len < 64 ? len : 64), at);
			n += len > 0;
			at += len > 0 ? len : 1;
		}
	if (n > COMMAND_PLACES_MAX)
		return mcr_error_set(err, -EINVAL, "%u places in braces; expected %u at most", n,
				     COMMAND_PLACES_MAX);
	return 0;
}

static int check_program(const char *path, struct mcr_error *err)
{
	struct stat st;

	if (!strchr(path, '/'))
		return mcr_error_set(err, -EINVAL,
				     "'%.64s': expected the path of a program, such as "
				     "/usr/bin/logger",
				     path);
	if (stat(path, &st) < 0 || access(path, X_OK) < 0)
		return mcr_error_set(err, -errno, "%.200s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return mcr_error_set(err, -EACCES, "%.200s: expected a program", path);
	return 0;
}

int command_parse(struct command_words *out, const char *text, struct mcr_error *err)
{
	char *to = out->text, quote = '\0';
	int is_in_word = 0, ret;

	out->n = 0;
	if (strlen(text) >= sizeof(out->text))
		return mcr_error_set(err, -EINVAL, "expected %u octets at most",
				     COMMAND_TEXT_MAX - 1);
	for (; *text != '\0'; text++) {
		if (!quote && strchr(" \t\n", *text)) {
			if (is_in_word)
				*to++ = '\0';
			is_in_word = 0;
			continue;
		}
		if (!is_in_word && out->n == COMMAND_WORDS_MAX)
			return mcr_error_set(err, -EINVAL, "expected %u words at most",
					     COMMAND_WORDS_MAX);
		if (!is_in_word)
			out->words[out->n++] = to;
		is_in_word = 1;
		if (quote ? *text == quote : *text == '\'' || *text == '"')
			quote = quote ? '\0' : *text;
		else
			*to++ = *text;
	}
	*to = '\0';
	if (quote)
		return mcr_error_set(err, -EINVAL, "expected a %c that ends the quote", quote);
	if (out->n == 0)
		return mcr_error_set(err, -EINVAL, "expected the path of a program");
	ret = check_places(out, err);
	return ret < 0 ? ret : check_program(out->words[0], err);
}

/* ---- facts ---- */

static const char *state_of(const struct watch_alarm *a)
{
	if (a->is_over)
		return "over";
	return watch_alarm_ends(a->kind) && !a->is_brief ? "begun" : "once";
}

void command_facts_of(struct command_facts *out, const struct watch_alarm *a, uint64_t suppressed)
{
	char ns[24], number[24], time[UTC_TEXT], message[COMMAND_FACT_MAX];
	const char *const values[COMMAND_FACTS] = {
	    [FACT_KIND] = watch_alarm_word(a->kind),
	    [FACT_STATE] = state_of(a),
	    [FACT_NS] = ns,
	    [FACT_TIME] = utc_text(time, a->ns),
	    [FACT_ENGINE] = a->engine,
	    [FACT_CHANNEL] = a->channel,
	    [FACT_FEED] = a->feed,
	    [FACT_LINE] = a->line,
	    [FACT_TEXT] = a->text,
	    [FACT_MESSAGE] = watch_alarm_message(message, sizeof(message), a),
	    [FACT_SUPPRESSED] = number,
	};

	snprintf(ns, sizeof(ns), "%" PRIu64, a->ns);
	snprintf(number, sizeof(number), "%" PRIu64, suppressed);
	for (unsigned i = 0; i < COMMAND_FACTS; i++) {
		snprintf(out->values[i], sizeof(out->values[i]), "%s", values[i]);
		/* Programs may print it on a terminal, or take it for text of an encoding. */
		for (char *c = out->values[i]; *c != '\0'; c++)
			if (*c < 0x20 || *c > 0x7e)
				*c = '?';
	}
}

/* ---- what execve takes ---- */

static char *add(char *to, const char *text, size_t len)
{
	memcpy(to, text, len);
	return to + len;
}

/* A word with the facts in it. The buffer has room for the most that there may be. */
static char *add_word(char *to, const char *word, const struct command_facts *facts)
{
	while (*word != '\0') {
		unsigned fact = 0;
		const size_t len = place_at(word, &fact);

		if (len > 0)
			to = add(to, facts->values[fact], strlen(facts->values[fact]));
		else
			to = add(to, word, 1);
		word += len > 0 ? len : 1;
	}
	return to;
}

static char *add_variable(char *to, const char *name, const char *value)
{
	static const char prefix[] = "MCRING_ALARM_";

	to = add(to, prefix, sizeof(prefix) - 1);
	for (; *name != '\0'; name++)
		*to++ = (char)toupper((unsigned char)*name);
	*to++ = '=';
	return add(to, value, strlen(value));
}

void command_args_of(struct command_args *out, const struct command_words *words,
		     const struct command_facts *facts, char **environment)
{
	char *to = out->text;
	unsigned n = 0;

	for (unsigned i = 0; i < words->n; i++) {
		out->argv[i] = to;
		to = i == 0 ? add(to, words->words[0], strlen(words->words[0]))
			    : add_word(to, words->words[i], facts);
		*to++ = '\0';
	}
	out->argv[words->n] = NULL;
	for (unsigned i = 0; i < COMMAND_FACTS; i++) {
		out->envp[n++] = to;
		to = add_variable(to, facts_list[i].name, facts->values[i]);
		*to++ = '\0';
	}
	for (unsigned i = 0; i < COMMAND_KEPT; i++)
		for (char **at = environment; *at; at++)
			if (strncmp(*at, kept[i], strlen(kept[i])) == 0) {
				out->envp[n++] = *at;
				break;
			}
	out->envp[n] = NULL;
}

char *command_json(const struct command_facts *facts)
{
	json_t *object = json_object();
	char *text, *line;

	for (unsigned i = 0; i < COMMAND_FACTS; i++)
		json_object_set_new(object, facts_list[i].name,
				    facts_list[i].is_number ? json_integer((json_int_t)strtoull(
								  facts->values[i], NULL, 10))
							    : json_string(facts->values[i]));
	text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	line = text ? malloc(strlen(text) + 2) : NULL;
	if (line)
		sprintf(line, "%s\n", text);
	free(text);
	return line;
}
