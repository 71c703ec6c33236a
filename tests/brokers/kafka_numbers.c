/* SPDX-License-Identifier: BSD-3-Clause */
/* kafka_numbers: reads the lines of kafka_reader, and prints the account of them (numbers.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"

enum {
	TOPIC,
	PARTITION,
	OFFSET,
	KEY,
	ID,
	HEADER,
	BODY,
	PARTS
};

static unsigned digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

/* Hexadecimal digits to octets, in place. Returns how many. */
static size_t octets(char *text)
{
	size_t n = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;

	for (size_t i = 0; i < n; i++)
		text[i] = (char)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	return n;
}

int main(void)
{
	struct numbers *n = numbers_create();
	char *line = NULL, *parts[PARTS];
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) > 0) {
		char *rest = line;
		int i = 0;

		line[len - 1] = '\0';
		while (i < PARTS && (parts[i] = strsep(&rest, "\t")))
			i++;
		if (i < PARTS) {
			fprintf(stderr, "kafka_numbers: not a line of kafka_reader: %s\n", line);
			return 1;
		}
		numbers_take(n, parts[TOPIC], parts[HEADER], parts[BODY], octets(parts[BODY]));
	}
	free(line);
	numbers_print(n);
	return 0;
}
