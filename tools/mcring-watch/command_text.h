/* SPDX-License-Identifier: BSD-3-Clause */
/* What a command of --alarm is told: the words of the option, with facts of the alarm in their
 * places, an environment, and a line of JSON. No shell is anywhere near. Pure, but for the question
 * whether there is such a program. */
#ifndef MCR_WATCH_COMMAND_TEXT_H
#define MCR_WATCH_COMMAND_TEXT_H

#include <stdint.h>

#include <mcring/types.h>

#include "alarm.h"

#define COMMAND_TEXT_MAX   4096 /* of the option, the NUL included */
#define COMMAND_WORDS_MAX  64
#define COMMAND_PLACES_MAX 32 /* for facts, in all words together */
#define COMMAND_FACT_MAX   512
#define COMMAND_FACTS      11
#define COMMAND_KEPT       7 /* variables that are the watch's own */

struct command_words {
	char text[COMMAND_TEXT_MAX];
	const char *words[COMMAND_WORDS_MAX];
	unsigned n;
};

/* command_parse reads the text of --alarm. Blanks part words; '...' and "..." hold blanks, and the
 * other kind of quotes. {NAME} is the place of a fact, in all words but the first, which is the
 * program's path. Returns 0, or with err filled -EINVAL, -ENOENT, -EACCES or what else is wrong
 * with the program. */
int command_parse(struct command_words *out, const char *text, struct mcr_error *err);

/* What is known of an alarm, as text. */
struct command_facts {
	char values[COMMAND_FACTS][COMMAND_FACT_MAX];
};

/* command_facts_of: suppressed is how many of this kind no command was run for since the last. */
void command_facts_of(struct command_facts *out, const struct watch_alarm *a, uint64_t suppressed);

/* What execve takes, with its texts. */
struct command_args {
	char *argv[COMMAND_WORDS_MAX + 1];
	char *envp[COMMAND_FACTS + COMMAND_KEPT + 1];
	char
	    text[COMMAND_TEXT_MAX + (COMMAND_PLACES_MAX + COMMAND_FACTS) * (COMMAND_FACT_MAX + 32)];
};

/* command_args_of borrows the variables that are kept from environment, as in environ. */
void command_args_of(struct command_args *out, const struct command_words *words,
		     const struct command_facts *facts, char **environment);

/* command_json returns an object with the facts and a newline, for the caller to free; NULL =
 * no memory. */
char *command_json(const struct command_facts *facts);

#endif
