/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PORT_EPHEMERAL 30000

void say(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->s + t->n, sizeof(t->s) - t->n, format, args);
	va_end(args);
	if (n > 0)
		t->n += (size_t)n < sizeof(t->s) - t->n ? (size_t)n : sizeof(t->s) - t->n - 1;
}

void say_result(struct text *t, long result)
{
	if (result == -1)
		say(t, " = -1 %s", strerrorname_np(errno));
	else
		say(t, " = %ld", result);
}

static void say_port(struct text *t, in_port_t port_be)
{
	unsigned short port = ntohs(port_be);

	if (port >= PORT_EPHEMERAL)
		say(t, ":ephemeral");
	else
		say(t, ":%u", port);
}

void say_address(struct text *t, const struct sockaddr_storage *a, socklen_t room,
		 socklen_t true_len)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a;
	char buf[INET6_ADDRSTRLEN], name[IF_NAMESIZE];

	say(t, "[%u/%u", room, true_len);
	if (room >= sizeof(*in) && true_len == sizeof(*in) && a->ss_family == AF_INET) {
		say(t, " %s", inet_ntop(AF_INET, &in->sin_addr, buf, sizeof(buf)));
		say_port(t, in->sin_port);
		if (memcmp(in->sin_zero, "\0\0\0\0\0\0\0", 8) != 0)
			say(t, " zero is not");
	} else if (room >= sizeof(*in6) && true_len == sizeof(*in6) && a->ss_family == AF_INET6) {
		say(t, " %s", inet_ntop(AF_INET6, &in6->sin6_addr, buf, sizeof(buf)));
		say_port(t, in6->sin6_port);
		if (in6->sin6_scope_id)
			say(t, "%%%s", if_indextoname(in6->sin6_scope_id, name));
		say(t, " flow %x", in6->sin6_flowinfo);
	} else if (true_len) {
		const uint8_t *octets = (const uint8_t *)a;

		for (socklen_t i = 0; i < 8; i++)
			if ((i != 2 && i != 3) || ntohs(in->sin_port) < PORT_EPHEMERAL)
				say(t, " %02x", octets[i]);
	}
	say(t, "]");
}

void say_bits(struct text *t, const struct bit_name *names, unsigned bits)
{
	const char *between = "";

	for (; names->name; names++) {
		if ((bits & names->bit) != names->bit || names->bit == 0)
			continue;
		say(t, "%s%s", between, names->name);
		between = "|";
		bits &= ~names->bit;
	}
	if (bits)
		say(t, "%s0x%x", between, bits);
	else if (!*between)
		say(t, "0");
}

void say_octets(struct text *t, const void *data, size_t len)
{
	const uint8_t *octets = data;
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ octets[i]) * 16777619u;
	say(t, " %08x", sum);
	for (size_t i = 0; i < len && i < 4; i++)
		say(t, "%s%02x", i ? "" : ":", octets[i]);
}
