/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests that run with both families: they name IPv4 addresses, and run with their twins as well.
 * The last three octets stay: 239.1.2.3 is ff15::1:203, 232/8 is ff35::, 224/8 ff02::, 10/8
 * 2001:db8::. */
#ifndef FAMILY_RIG_H
#define FAMILY_RIG_H

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <mcring/address.h>

static int is_ipv6; /* whether the test runs with IPv6 */

static inline struct mcr_address twin_of(uint32_t ipv4)
{
	static const struct {
		uint8_t top;
		uint8_t prefix[4];
	} prefixes[] = {{239, {0xff, 0x15}},
			{232, {0xff, 0x35}},
			{224, {0xff, 0x02}},
			{10, {0x20, 0x01, 0x0d, 0xb8}}};
	struct mcr_address address = mcr_address_from_ipv4(htonl(ipv4));

	for (size_t i = 0; is_ipv6 && i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (prefixes[i].top != ipv4 >> 24)
			continue;
		memset(address.octets, 0, 13);
		memcpy(address.octets, prefixes[i].prefix, sizeof(prefixes[i].prefix));
	}
	return address;
}

/* An address of a text: IPv4, of which the twin is meant. */
static inline struct mcr_address twin(const char *text)
{
	uint32_t ipv4_be = 0;

	if (inet_pton(AF_INET, text, &ipv4_be) != 1)
		fprintf(stderr, "not an IPv4 address: %s\n", text);
	return twin_of(ntohl(ipv4_be));
}

/* A text in which each address is replaced by its twin. It lasts until the next call but three. */
static inline const char *twin_text(const char *text)
{
	static char results[4][1024];
	static unsigned next;
	char *out = results[next++ % 4], *to = out, *const end = out + sizeof(results[0]);

	while (*text != '\0' && to + MCR_ADDRESS_TEXT < end) {
		char word[INET_ADDRSTRLEN] = "";
		size_t len = strspn(text, "0123456789.");
		uint32_t ipv4_be;

		if (len == 0 || len >= sizeof(word)) {
			*to++ = *text++;
			continue;
		}
		memcpy(word, text, len);
		text += len;
		if (inet_pton(AF_INET, word, &ipv4_be) == 1)
			mcr_address_format(to, twin(word));
		else
			strcpy(to, word);
		to += strlen(to);
	}
	*to = '\0';
	return out;
}

/* Both runs of a test, for cmocka. set_up##_ipv6 sets is_ipv6. */
#define TEST_BOTH(name, set_up, tear_down)                            \
	{#name, name, set_up##_ipv4, tear_down, NULL},                \
	{                                                             \
#name " (IPv6)", name, set_up##_ipv6, tear_down, NULL \
	}
/* The functions that TEST_BOTH needs. */
#define SET_UP_BOTH(set_up)                    \
	static int set_up##_ipv4(void **state) \
	{                                      \
		is_ipv6 = 0;                   \
		return set_up(state);          \
	}                                      \
	static int set_up##_ipv6(void **state) \
	{                                      \
		is_ipv6 = 1;                   \
		return set_up(state);          \
	}

#endif
