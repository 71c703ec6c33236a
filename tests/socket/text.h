/* SPDX-License-Identifier: BSD-3-Clause */
/* The account of a step: "call(arguments) = result". Both hosts' accounts are compared as they
 * are, so nothing is in it that may differ: no times, no numbers of descriptors or interfaces. */
#ifndef MCR_TEST_TEXT_H
#define MCR_TEST_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct text {
	size_t n;
	char s[8000];
};

__attribute__((format(printf, 2, 3))) void say(struct text *t, const char *format, ...);

/* " = RESULT" or " = -1 ERRNO" */
void say_result(struct text *t, long result);

/* The first len octets of a socket address; true_len: what the call said it has. */
void say_address(struct text *t, const struct sockaddr_storage *a, socklen_t room,
		 socklen_t true_len);

/* Names of the bits that are set, from a list that ends with NULL. */
struct bit_name {
	unsigned bit;
	const char *name;
};
void say_bits(struct text *t, const struct bit_name *names, unsigned bits);

/* len octets, short: a check sum, and the first ones. */
void say_octets(struct text *t, const void *data, size_t len);

#endif
