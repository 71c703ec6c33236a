/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts of feeds: what is accepted has a canonical text that reads back as itself; what is refused
 * leaves nothing behind and says what was expected. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/feed/feed_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_feed(const struct mcr_feed_config *c)
{
	struct mcr_feed_config again;
	char *text = mcr_feed_config_format(c), *second;
	char difference[256];

	CHECK(text != NULL && strlen(text) <= MCR_FEED_TEXT_MAX);
	CHECK(c->n_lines >= 1 && c->n_lines <= MCR_FEED_LINES_MAX);
	CHECK(mcr_feed_config_parse(&again, text, strlen(text), c->name, NULL) == 0);
	CHECK(mcr_feed_config_difference(c, "a", &again, "b", difference, sizeof(difference)) == 0);
	second = mcr_feed_config_format(&again);
	CHECK(second != NULL && strcmp(text, second) == 0);
	mcr_feed_config_clear(&again);
	free(text);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcr_feed_config c;
	struct mcr_error err = {""};
	int ret = mcr_feed_config_parse(&c, (const char *)data, size, NULL, &err);

	if (ret == 0) {
		check_feed(&c);
	} else {
		CHECK(ret == -EBADMSG || ret == -ENOENT);
		CHECK(c.n_lines == 0 && c.lines[0].flows == NULL);
		CHECK(strstr(err.text, "expected") != NULL);
		for (const char *p = err.text; *p; p++)
			CHECK(*p >= ' ' && *p <= '~');
	}
	mcr_feed_config_clear(&c);
	return 0;
}
