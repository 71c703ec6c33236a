/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>

#include "core/feed/duration.h"
#include "recording.h"

#define MEGABYTE 1048576.0

static const char *group_name(uint32_t gid, char buf[32])
{
	const struct group *group = getgrgid(gid);

	if (group)
		snprintf(buf, 32, "%s", group->gr_name);
	else
		snprintf(buf, 32, "%u", gid);
	return buf;
}

static void print_engine(const struct watch *w, const struct watch_engine *e)
{
	printf("engine %s in %s%s%s\n", e->name, e->run_dir, e->error[0] ? ": " : "", e->error);
	for (unsigned i = 0; i < e->n_channels; i++) {
		const struct watch_channel *c = e->channels[i];

		printf("  channel %s, readers: %s", c->name,
		       c->readers[0] ? c->readers : "everybody");
		if (c->recording)
			printf(", recording %s", c->recording->config.name);
		printf("\n");
	}
	for (unsigned i = 0; i < w->n_feeds; i++)
		if (w->feeds[i]->engine == e)
			printf("  feed %s\n", w->feeds[i]->name);
}

static void print_kinds(uint32_t on)
{
	for (unsigned i = 0; i < WATCH_ALARM_KINDS; i++)
		if (on >> i & 1)
			printf("%s, ", watch_alarm_word(i));
	printf("and when an operator asks");
}

static void print_limits(const struct recorder_config *c)
{
	printf("  files in %s", c->dir);
	if (c->files_max > 0)
		printf(", %u at most", c->files_max);
	if (c->file_octets_max > 0)
		printf(", each up to %.0f MB", (double)c->file_octets_max / MEGABYTE);
	if (c->all_octets_max > 0)
		printf(", together up to %.0f MB", (double)c->all_octets_max / MEGABYTE);
	printf("\n");
}

static void print_recording(const struct watch *w, unsigned i)
{
	const struct recorder_config *c = &w->options->recordings[i].config;
	const struct watch_recorder *own = &w->recordings[i];
	char group[32], after[32], holdoff[32];

	printf("recording %s: %.1f MB of memory\n", c->name, (double)recorder_memory(c) / MEGABYTE);
	if (c->is_continuous) {
		printf("  continuous\n");
	} else {
		printf("  a file on ");
		print_kinds(c->on);
		printf("; with %s behind it; the next one not for %s\n",
		       mcr_duration_format(c->after_ns, after, sizeof(after)),
		       mcr_duration_format(c->holdoff_ns, holdoff, sizeof(holdoff)));
	}
	print_limits(c);
	if (c->snaplen > 0)
		printf("  %u octets of each payload\n", c->snaplen);
	if (c->is_of_hw)
		printf("  times of NICs and switches, where packets have them\n");
	if (!own->has_begun)
		printf("  none of its channels is there: it begins when one is\n");
	else if (own->gid == UINT32_MAX)
		printf("  mode 0600\n");
	else
		printf("  mode 0640, group %s\n", group_name(own->gid, group));
}

static void print_socket(const char *dir, const char *name, const struct watch_socket *s)
{
	char group[32];

	printf("socket %s/%s: mode 0%03o", dir, name, s->mode);
	if (s->gid != UINT32_MAX)
		printf(", group %s", group_name(s->gid, group));
	printf("\n");
}

void check_print(const struct watch *w)
{
	const struct watch_options *o = w->options;
	uint64_t octets = 0;

	if (w->n_engines == 0)
		printf("no engine is there: those that start will be watched\n");
	for (unsigned i = 0; i < w->n_engines; i++)
		print_engine(w, w->engines[i]);
	for (unsigned i = 0; i < o->n_recordings; i++) {
		octets += recorder_memory(&o->recordings[i].config);
		print_recording(w, i);
	}
	if (o->n_recordings > 1)
		printf("recordings: %.1f MB of memory in all\n", (double)octets / MEGABYTE);
	print_socket(w->state_dir, "stats", &o->stats);
	print_socket(w->state_dir, "snap", &o->snap);
}
