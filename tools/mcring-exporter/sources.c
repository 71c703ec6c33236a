/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_NS     (uint64_t) SECOND_NS
#define ENTRIES_MAX 4096 /* of a directory that are looked at */

/* ---- looking for sockets ---- */

static struct source *find(const struct sources *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->list[i]->path, path) == 0)
			return s->list[i];
	return NULL;
}

static int has_name(const struct sources *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->list[i]->name, name) == 0)
			return 1;
	return 0;
}

/* "mcring" for /run/mcring/mcring/stats, "mcring/mcring-watch" for mcring-watch.stats beside it;
 * the path where another has this name. */
static void name_source(const struct sources *s, struct source *one)
{
	const char *dir = one->path, *file = one->path;

	for (const char *c = one->path; *c; c++) {
		if (*c == '/') {
			dir = file;
			file = c + 1;
		}
	}
	strcpy(one->name, dir);
	one->name[strlen(dir) - strlen("/stats")] = '\0'; /* or ".stats" */
	if (one->name[0] == '\0' || has_name(s, one->name))
		strcpy(one->name, one->path);
}

static void insert(struct sources *s, struct source *one)
{
	size_t i = s->n++;

	for (; i > 0 && strcmp(s->list[i - 1]->path, one->path) > 0; i--)
		s->list[i] = s->list[i - 1];
	s->list[i] = one;
	s->changes++;
}

static void note(struct sources *s, const char *dir, const char *file)
{
	struct source *one;
	char path[SOURCE_PATH];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, file);

	if (n < 0 || (size_t)n >= sizeof(path)) {
		s->left_out++;
		return;
	}
	one = find(s, path);
	if (!one && s->n < SOURCES_MAX)
		one = calloc(1, sizeof(*one));
	if (!one) {
		s->left_out++;
		return;
	}
	one->is_there = 1;
	if (one->path[0] != '\0')
		return;
	strcpy(one->path, path);
	one->groups = s->groups;
	one->question.fd = -1;
	name_source(s, one);
	insert(s, one);
}

/* An engine's own socket is to be there. Others come and go. */
static void look_into(struct sources *s, const char *dir)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;

	note(s, dir, "stats");
	for (unsigned i = 0; stream && i < ENTRIES_MAX && (entry = readdir(stream)) != NULL; i++) {
		const char *end = strrchr(entry->d_name, '.');

		if (end && end != entry->d_name && strcmp(end, ".stats") == 0)
			note(s, dir, entry->d_name);
	}
	if (stream)
		closedir(stream);
}

static void look_below(struct sources *s, const char *parent)
{
	DIR *stream = opendir(parent);
	struct dirent *entry;
	char dir[SOURCE_PATH + sizeof(entry->d_name)];

	for (unsigned i = 0; stream && i < ENTRIES_MAX && (entry = readdir(stream)) != NULL; i++) {
		if (entry->d_name[0] == '.' ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_LNK &&
		     entry->d_type != DT_UNKNOWN))
			continue;
		snprintf(dir, sizeof(dir), "%s/%s", parent, entry->d_name);
		look_into(s, dir);
	}
	if (stream)
		closedir(stream);
}

static void forget_gone(struct sources *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i]->is_there) {
			s->list[n++] = s->list[i];
			continue;
		}
		source_clear(s->list[i]);
		free(s->list[i]);
		s->changes++;
	}
	s->n = n;
}

static void look(struct sources *s)
{
	s->left_out = 0;
	for (size_t i = 0; i < s->n; i++)
		s->list[i]->is_there = 0;
	for (size_t i = 0; i < s->n_run_dirs; i++)
		look_into(s, s->run_dirs[i]);
	if (s->n_run_dirs == 0)
		look_below(s, RUN_DIRS);
	forget_gone(s);
}

/* ---- asking them ---- */

void sources_ask(struct sources *s, uint64_t now_ns)
{
	if (s->looked_ns == 0 || now_ns - s->looked_ns >= LOOK_NS) {
		s->looked_ns = now_ns;
		look(s);
	}
	for (size_t i = 0; i < s->n; i++) {
		struct source *one = s->list[i];
		const uint64_t failures = one->failures;

		source_ask(one, now_ns);
		s->changes += one->failures - failures;
	}
}

size_t sources_poll(const struct sources *s, struct pollfd *fds, uint64_t *deadline_ns)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i]->stage == SOURCE_IDLE)
			continue;
		fds[n++] = (struct pollfd){.fd = s->list[i]->question.fd, .events = POLLIN};
		if (source_deadline_ns(s->list[i]) < *deadline_ns)
			*deadline_ns = source_deadline_ns(s->list[i]);
	}
	return n;
}

/* The list can have changed since: what is new is not among the fds. */
void sources_go_on(struct sources *s, const struct pollfd *fds, size_t n, uint64_t now_ns)
{
	for (size_t i = 0; i < s->n; i++) {
		struct source *one = s->list[i];
		int has_more = 0;

		if (one->stage == SOURCE_IDLE)
			continue;
		for (size_t k = 0; k < n && !has_more; k++)
			has_more = fds[k].fd == one->question.fd && fds[k].revents != 0;
		s->changes += (uint64_t)source_go_on(one, has_more, now_ns);
	}
}

int sources_are_settled(const struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i]->stage != SOURCE_IDLE && !s->list[i]->is_slow)
			return 0;
	return 1;
}

void sources_clear(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		source_clear(s->list[i]);
		free(s->list[i]);
	}
	s->n = 0;
}
