/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "socket/choose.h"
#include "socket/link.h"
#include "socket/membership.h"
#include "socket/socket.h"

#define TEXT_MAX 4080 /* of a request, a little less */
#define LINE_MAX 240  /* that an engine keeps */
#define LIST_MAX 80
#define EVERY_NS UINT64_C(1000000000)

struct report {
	char text[TEXT_MAX];
	size_t len;
};

/* The groups that are received there, as many as fit, and how many more there are. */
static void list(char *text, const struct mcr_socket *s, enum mcr_membership_where where)
{
	char group[MCR_ADDRESS_TEXT];
	size_t len = 0;
	unsigned more = 0;

	text[0] = '\0';
	for (struct mcr_membership *m = s->memberships; m; m = m->next) {
		if (!mcr_membership_is_live(m) || m->where != where)
			continue;
		mcr_address_format(group, m->group);
		if (len + strlen(group) + sizeof(",+1000000") > LIST_MAX)
			more++;
		else
			len += (size_t)snprintf(text + len, LIST_MAX - len, "%s%s",
						len > 0 ? "," : "", group);
	}
	if (more > 0)
		snprintf(text + len, LIST_MAX - len, ",+%u", more);
}

/* Why one of them is not on the engine, without spaces. */
static void why(char *text, size_t cap, const struct mcr_socket *s)
{
	snprintf(text, cap, "%s", "");
	for (struct mcr_membership *m = s->memberships; m; m = m->next)
		if (mcr_membership_is_live(m) && m->where != MCR_MEMBERSHIP_ENGINE)
			snprintf(text, cap, "%s", mcr_why_text(m->why));
	for (char *at = text; *at; at++)
		if (*at == ' ')
			*at = '_';
}

static void bound(char *text, size_t cap, const struct mcr_filter_rule *rule)
{
	char address[MCR_ADDRESS_TEXT];

	if (mcr_address_is_ipv6(rule->bound))
		snprintf(text, cap, "[%s]:%u", mcr_address_format(address, rule->bound),
			 rule->port);
	else
		snprintf(text, cap, "%s:%u",
			 rule->bound_any ? "*" : mcr_address_format(address, rule->bound),
			 rule->port);
}

static void describe(struct mcr_object *o, void *ctx)
{
	const struct mcr_socket *s = mcr_socket_of(o);
	char name[MCR_ADDRESS_TEXT + 8], engine[LIST_MAX], kernel[LIST_MAX], reason[32];
	struct report *r = ctx;
	int n;

	if (r->len + LINE_MAX > TEXT_MAX || o->names == 0 || !s->newest)
		return;
	bound(name, sizeof(name), &s->newest->rule);
	list(engine, s, MCR_MEMBERSHIP_ENGINE);
	list(kernel, s, MCR_MEMBERSHIP_KERNEL);
	why(reason, sizeof(reason), s);
	n = snprintf(r->text + r->len, LINE_MAX,
		     "fd=%d bound=%s received=%llu lost=%llu why=%s engine=%s kernel=%s\n", o->fd,
		     name, (unsigned long long)s->received, (unsigned long long)s->lost, reason,
		     engine, kernel);
	if (n >= LINE_MAX) { /* the last list is cut */
		n = LINE_MAX - 1;
		r->text[r->len + LINE_MAX - 2] = '\n';
	}
	r->len += (size_t)n;
}

void mcr_report(void)
{
	static uint64_t due_ns;
	uint64_t now_ns = mcr_link_now_ns(), due = __atomic_load_n(&due_ns, __ATOMIC_RELAXED);
	struct report r = {.len = 0};
	int saved = errno;

	if (now_ns < due || !__atomic_compare_exchange_n(&due_ns, &due, now_ns + EVERY_NS, 0,
							 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	mcr_table_each(MCR_OBJECT_SOCKET, describe, &r);
	mcr_link_report(r.text, r.len);
	errno = saved;
}
