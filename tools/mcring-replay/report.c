/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "../common/fail.h"

#define SECOND 1e9

static void list_drops(char *text, size_t cap, const struct mcr_account *account)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < MCR_DROP_COUNT && used < cap; i++)
		if (account->drops[i] > 0)
			used += (size_t)snprintf(text + used, cap - used, ", %" PRIu64 " %s",
						 account->drops[i], mcr_drop_name(i));
}

static void report_channels(const struct replay *r)
{
	struct mcr_portless_channel_info info;
	char beyond[64];

	for (size_t i = 0; mcr_portless_channel(r->served.portless, i, &info) == 0; i++) {
		beyond[0] = '\0';
		if (info.too_large > 0)
			snprintf(beyond, sizeof(beyond), ", %" PRIu64 " too_large", info.too_large);
		fail("channel %s: %" PRIu64 " messages of %" PRIu64 " octets%s", info.name,
		     info.published, info.octets, beyond);
	}
}

static void report_trailers(const struct replay *r)
{
	struct mcr_portless_trailers_info info;

	for (size_t i = 0; mcr_portless_trailers(r->served.portless, i, &info) == 0; i++)
		if (info.has_trailers)
			fail("port %s: %" PRIu64 " with the time of a switch, %" PRIu64
			     " without a trailer, %" PRIu64 " with a bad one",
			     info.name, info.ok, info.none, info.bad);
}

void replay_report(const struct replay *r)
{
	const struct pace *pace = &r->pace;
	struct mcr_account account;
	char drops[1024];

	mcr_portless_account(r->served.portless, &account);
	list_drops(drops, sizeof(drops), &account);
	fail("%" PRIu64 " frames in %.3f s: %" PRIu64 " delivered, %" PRIu64 " control%s",
	     account.received, (double)(r->ended_ns - r->began_ns) / SECOND, account.delivered,
	     account.punted, drops);
	report_channels(r);
	report_trailers(r);
	if (pace->speed > 0 && pace->n_sent > 0)
		fail("late by %.1f us on average, %.1f us at most",
		     (double)pace->late_sum_ns / (double)pace->n_sent / 1e3,
		     (double)pace->late_most_ns / 1e3);
}

void replay_warn(const struct replay *r)
{
	struct capture_counts counts;
	const char *name;

	capture_counts(r->capture, &counts);
	for (unsigned i = 0; (name = capture_cut(r->capture, &i));)
		fail("%s ends within a frame, which was left out", name);
	if (counts.went_back > 0)
		fail("%" PRIu64 " frames were captured before the one in front of them, by %.6f s "
		     "at most: they got its time",
		     counts.went_back, (double)counts.back_most_ns / SECOND);
}
