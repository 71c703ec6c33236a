/* SPDX-License-Identifier: BSD-3-Clause */
/* What the programs that replay a script have in common. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcring/address.h>

#define SECOND 1000000000ull
#define ORIGIN (100000 * SECOND) /* the script's time 0 on the machine's clock */

static inline void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(2);
}

static inline struct mcr_address address(const char *text)
{
	struct mcr_address a;

	if (mcr_address_parse(&a, text, strlen(text)) != 0)
		die("not an address");
	return a;
}

/* seconds: may be negative. */
static inline uint64_t time_of(const char *seconds)
{
	return ORIGIN + (uint64_t)(int64_t)(atof(seconds) * 1e9);
}

/* Returns how many octets there were. */
static inline size_t read_packet(uint8_t *packet, size_t cap, const char *hex)
{
	size_t n = 0;
	unsigned octet;

	for (; hex && n < cap && sscanf(hex + 2 * n, "%2x", &octet) == 1; n++)
		packet[n] = (uint8_t)octet;
	return n;
}

#endif
