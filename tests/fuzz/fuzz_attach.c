/* SPDX-License-Identifier: BSD-3-Clause */
/* Both parsers of the attach protocol: what a client may say to the engine and the other way. */
#include <stdlib.h>

#include "core/attach_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t cap)
{
	size_t len = strnlen(text, cap);

	if (len == cap)
		abort();
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			abort();
}

static void check_item(const uint8_t *answer, size_t i)
{
	struct mcr_listed item;

	if (mcr_listed_parse(&item, answer, i) < 0)
		return;
	check_text(item.name, sizeof(item.name));
	if (item.name[0] == '\0' || item.n_uids > MCR_ACCESS_IDS_MAX ||
	    item.n_gids > MCR_ACCESS_IDS_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcr_hello hello;
	struct mcr_welcome welcome;
	size_t n_fds, len = size > 0 ? size - 1 : 0;
	int n;
	uint8_t *copy = malloc(len + 1); /* of its exact size, for ASan */

	if (size == 0 || !copy) {
		free(copy);
		return 0;
	}
	n_fds = data[0] % 40;
	memcpy(copy, data + 1, len);
	/* Let half of the inputs pass the first test. */
	if (data[0] & 0x80 && len >= 12) {
		uint64_t magic = len < 256 ? MCR_HELLO_MAGIC : MCR_WELCOME_MAGIC;
		uint32_t version = MCR_ATTACH_VERSION;

		memcpy(copy, &magic, sizeof(magic));
		memcpy(copy + 8, &version, sizeof(version));
	}
	if (mcr_hello_parse(&hello, copy, len) == 0) {
		if (hello.version < MCR_ATTACH_VERSION || hello.oldest > MCR_ATTACH_VERSION)
			abort();
		check_text(hello.channel, sizeof(hello.channel));
		check_text(hello.label, sizeof(hello.label));
	}
	if (mcr_welcome_parse(&welcome, copy, len, n_fds) == 0) {
		check_text(welcome.text, sizeof(welcome.text));
		if (welcome.version < MCR_ATTACH_OLDEST || welcome.version > MCR_ATTACH_VERSION)
			abort();
		if (welcome.status == 0 &&
		    (welcome.n_rings == 0 || welcome.n_rings > MCR_RINGS_MAX ||
		     n_fds != welcome.n_rings + 1))
			abort();
	}
	if (mcr_feed_welcome_parse(&welcome, copy, len, n_fds) == 0) {
		check_text(welcome.text, sizeof(welcome.text));
		if (!(welcome.flags & MCR_WELCOME_FEED) || welcome.n_rings != 0 ||
		    n_fds != (welcome.status == 0))
			abort();
	}
	n = mcr_list_welcome_parse(&welcome, copy, len);
	if (n >= 0) {
		check_text(welcome.text, sizeof(welcome.text));
		if (!(welcome.flags & MCR_WELCOME_LIST) || (n > 0 && welcome.status != 0) ||
		    n > MCR_LISTED_MAX)
			abort();
	}
	for (int i = 0; i < n; i++)
		check_item(copy, (size_t)i);
	free(copy);
	return 0;
}
