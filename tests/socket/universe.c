/* SPDX-License-Identifier: BSD-3-Clause */
#include "universe.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

const char *const where_names[WHERES] = {"any", "eth0", "eth1", "absent"};
const unsigned short ports[PORTS] = {5000, 5001, 0};
const unsigned short sender_ports[SENDER_PORTS] = {4000, 4001};

static const struct {
	int family;
	const char *text;
} places[PLACES] = {
    [ANY4] = {AF_INET, "0.0.0.0"},
    [GROUP0] = {AF_INET, "239.1.1.1"},
    [GROUP1] = {AF_INET, "239.1.1.2"},
    [GROUP2] = {AF_INET, "239.1.1.3"},
    [GROUP3] = {AF_INET, "239.7.7.7"},
    [OWN4] = {AF_INET, "10.0.0.2"},
    [OWN4_SECOND] = {AF_INET, "10.1.0.2"},
    [SENDER0] = {AF_INET, "10.0.0.1"},
    [SENDER1] = {AF_INET, "10.0.0.3"},
    [SENDER2] = {AF_INET, "10.0.0.4"},
    [ABSENT4] = {AF_INET, "10.9.9.9"},
    [ANY6] = {AF_INET6, "::"},
    [GROUP6_0] = {AF_INET6, "ff15::1"},
    [GROUP6_1] = {AF_INET6, "ff15::2"},
    [OWN6] = {AF_INET6, "2001:db8::2"},
    [SENDER6_0] = {AF_INET6, "2001:db8::1"},
    [SENDER6_1] = {AF_INET6, "2001:db8::3"},
    [ABSENT6] = {AF_INET6, "2001:db8:9::9"},
    [MAPPED_ANY] = {AF_INET6, "::ffff:0.0.0.0"},
    [MAPPED_GROUP0] = {AF_INET6, "::ffff:239.1.1.1"},
    [MAPPED_OWN] = {AF_INET6, "::ffff:10.0.0.2"},
    [MAPPED_SENDER0] = {AF_INET6, "::ffff:10.0.0.1"},
    [UNSPEC] = {AF_UNSPEC, "unspec"},
    [MARKER] = {AF_INET, "239.9.9.9"},
};

int place_family(enum place place)
{
	return places[place].family;
}

const char *place_text(enum place place)
{
	return places[place].text;
}

socklen_t place_fill(struct sockaddr_storage *out, enum place place, unsigned short port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)places[place].family;
	switch (places[place].family) {
	case AF_INET:
		inet_pton(AF_INET, places[place].text, &in->sin_addr);
		in->sin_port = htons(port);
		return sizeof(*in);
	case AF_INET6:
		inet_pton(AF_INET6, places[place].text, &in6->sin6_addr);
		in6->sin6_port = htons(port);
		return sizeof(*in6);
	}
	return sizeof(*in);
}

unsigned where_index(enum where where)
{
	return where == BY_ROUTE ? 0 : where == NO_WHERE ? 999 : if_nametoindex(where_names[where]);
}

enum place where_address(enum where where)
{
	static const enum place addresses[WHERES] = {ANY4, OWN4, OWN4_SECOND, ABSENT4};

	return addresses[where];
}
