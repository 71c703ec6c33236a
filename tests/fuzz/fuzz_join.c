/* SPDX-License-Identifier: BSD-3-Clause */
/* Join texts: what is accepted is in the promised ranges and round-trips; what is refused leaves
 * the list alone and a line of text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mcring/join.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static void check_join(const struct mcr_join *j)
{
	const int is_ipv4 = mcr_address_is_ipv4(j->group);

	check(is_ipv4 ? j->group.octets[12] >> 4 == 0xe : j->group.octets[0] == 0xff);
	check(j->mode <= MCR_FILTER_INCLUDE);
	check(j->n_sources <= MCR_JOIN_SOURCES_MAX);
	check(j->mode == MCR_FILTER_EXCLUDE || j->n_sources > 0);
	for (unsigned i = 0; i < j->n_sources; i++)
		check(mcr_address_is_ipv4(j->sources[i]) == is_ipv4);
	for (unsigned i = 1; i < j->n_sources; i++)
		check(memcmp(&j->sources[i - 1], &j->sources[i], sizeof(*j->sources)) < 0);
	check(memchr(j->interface, 0, sizeof(j->interface)) != NULL);
	check(memchr(j->channel, 0, sizeof(j->channel)) != NULL);
}

static void check_round_trip(const struct mcr_join *j)
{
	struct mcr_join_list again = {0};
	char buf[4096];
	int len = mcr_join_format(buf, sizeof(buf), j);

	check(len > 0 && (size_t)len < sizeof(buf) && strlen(buf) == (size_t)len);
	check(mcr_join_parse(&again, buf, NULL) == 0);
	check(again.n == 1 && mcr_join_equal(&again.items[0], j));
	mcr_join_list_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcr_join_list list = {0};
	struct mcr_error err = {""};
	char *text = malloc(size + 1);

	check(text != NULL);
	memcpy(text, data, size);
	text[size] = 0;
	if (mcr_join_parse(&list, text, &err) == 0) {
		check(list.n > 0 && list.n <= MCR_JOIN_EXPANSION_MAX);
		check(err.text[0] == 0);
		for (size_t i = 0; i < list.n; i++)
			check_join(&list.items[i]);
		check_round_trip(&list.items[0]);
		check_round_trip(&list.items[list.n - 1]);
	} else {
		check(list.n == 0);
		check(strstr(err.text, "expected") != NULL);
		for (const char *c = err.text; *c; c++)
			check(*c >= ' ' && *c <= '~');
	}
	mcr_join_list_clear(&list);
	free(text);
	return 0;
}
