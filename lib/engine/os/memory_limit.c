/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "engine/os/memory_limit.h"

#define UNLIMITED       UINT64_MAX
#define NO_LIMIT_V1     (UINT64_C(1) << 62) /* version 1 writes a huge number for none */
#define PAGE_BYTES      UINT64_C(4096)
#define HUGE_PAGE_BYTES (UINT64_C(2) << 20)
#define MIB             (UINT64_C(1) << 20)

/* What is needed beside the rings: page tables and the file's index, of which 1/128 is twice the
 * size; heap and sockets. */
#define MARGIN_BYTES (16 * MIB)
#define MARGIN_SHARE 128

/* The tightest limit so far. */
struct room {
	uint64_t bytes;
	char what[200];
	const char *advice;
};

struct look {
	const char *root;
	int whole;
	struct room room;
};

/* ---- files of one value, of keys and values ---- */

static FILE *open_file(const struct look *l, const char *path)
{
	char full[PATH_MAX];

	if (snprintf(full, sizeof(full), "%s%s", l->root, path) >= (int)sizeof(full))
		return NULL;
	return fopen(full, "re");
}

/* Returns the number after key ("" = the file's first word) in a file of lines "KEY[:] NUMBER", or
 * absent when there is none or it is a word ("max", "unlimited"). */
static uint64_t read_number(const struct look *l, const char *path, const char *key,
			    uint64_t absent)
{
	FILE *in = open_file(l, path);
	uint64_t value = absent;
	size_t len = strlen(key);
	char line[512];

	while (in && fgets(line, sizeof(line), in)) {
		char *at = line + len, *end;

		if (strncmp(line, key, len) != 0 || (len && !strchr(": \t", *at)))
			continue;
		at += strspn(at, ": \t");
		errno = 0;
		value = strtoull(at, &end, 10);
		if (end == at || errno)
			value = absent;
		break;
	}
	if (in)
		fclose(in);
	return value;
}

static uint64_t meminfo(const struct look *l, const char *key, uint64_t absent)
{
	uint64_t kib = read_number(l, "/proc/meminfo", key, UNLIMITED);

	return kib == UNLIMITED ? absent : kib * 1024;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

__attribute__((format(printf, 4, 5))) static void limit(struct look *l, uint64_t bytes,
							const char *advice, const char *fmt, ...)
{
	va_list ap;

	if (bytes >= l->room.bytes)
		return;
	l->room.bytes = bytes;
	l->room.advice = advice;
	va_start(ap, fmt);
	vsnprintf(l->room.what, sizeof(l->room.what), fmt, ap);
	va_end(ap);
}

/* ---- the host ---- */

/* Idle memory of others may go to the swap space, but rings do not belong there: the host never
 * gives more than MemTotal. */
static void look_at_host(struct look *l)
{
	static const char advice[] = "free memory of the host";
	uint64_t total = meminfo(l, "MemTotal", UNLIMITED);
	uint64_t left = meminfo(l, "MemAvailable", UNLIMITED);
	uint64_t commit = meminfo(l, "CommitLimit", UNLIMITED);

	if (total != UNLIMITED)
		limit(l, total, "add memory", "the host has %" PRIu64 " MiB, which", total / MIB);
	if (left != UNLIMITED && !l->whole)
		limit(l, left + meminfo(l, "SwapFree", 0), advice, "the host's MemAvailable");
	if (read_number(l, "/proc/sys/vm/overcommit_memory", "", 0) == 2 && commit != UNLIMITED)
		limit(l, less(commit, l->whole ? 0 : meminfo(l, "Committed_AS", 0)),
		      "raise vm.overcommit_ratio", "CommitLimit (vm.overcommit_memory=2)");
}

static void look_at_process(struct look *l)
{
	static const char limits[] = "/proc/self/limits";
	uint64_t space = read_number(l, limits, "Max address space", UNLIMITED);
	uint64_t pages = read_number(l, "/proc/self/statm", "", 0);

	if (space != UNLIMITED)
		limit(l, less(space, l->whole ? 0 : pages * PAGE_BYTES), "raise LimitAS",
		      "the limit of address space (ulimit -v)");
}

/* ---- cgroups ---- */

struct cgroup_version {
	const char *type;      /* in mountinfo */
	const char *option;    /* of the mount, NULL = any */
	const char *limits[2]; /* NULL = no more */
	const char *usage;
	const char *reclaimable[3]; /* keys of memory.stat; "file" would count rings too */
	const char *advice;
};

static const struct cgroup_version versions[] = {
    {"cgroup2",
     NULL,
     {"memory.max", "memory.high"},
     "memory.current",
     {"inactive_file", "active_file", "slab_reclaimable"},
     "raise MemoryMax and MemoryHigh"},
    {"cgroup",
     "memory",
     {"memory.limit_in_bytes", NULL},
     "memory.usage_in_bytes",
     {"total_inactive_file", "total_active_file", NULL},
     "raise MemoryMax"},
};

static int has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p && *p; p = strpbrk(p, ",\n") ? strpbrk(p, ",\n") + 1 : NULL)
		if (strncmp(p, word, len) == 0 && strchr(",\n", p[len]))
			return 1;
	return 0;
}

/* Finds the path of this process's cgroup in the hierarchy, from "0::/a" or "4:memory:/a". */
static int find_path(const struct look *l, const struct cgroup_version *v, char *path, size_t cap)
{
	FILE *in = open_file(l, "/proc/self/cgroup");
	char line[PATH_MAX];
	int found = 0;

	while (in && !found && fgets(line, sizeof(line), in)) {
		char *list = strchr(line, ':'), *at = list ? strchr(list + 1, ':') : NULL;

		if (!at)
			continue;
		*at++ = '\0';
		at[strcspn(at, "\n")] = '\0';
		found = v->option ? has_word(list + 1, v->option) : list[1] == '\0';
		found = found && snprintf(path, cap, "%s", at) < (int)cap;
	}
	if (in)
		fclose(in);
	return found;
}

/* Finds where the hierarchy is mounted, and which cgroup the mount shows. */
static int find_mount(const struct look *l, const struct cgroup_version *v, char mount[PATH_MAX],
		      char shown[PATH_MAX])
{
	FILE *in = open_file(l, "/proc/self/mountinfo");
	char *line = NULL, type[32], options[256];
	size_t cap = 0;
	int found = 0;

	while (in && !found && getline(&line, &cap, in) > 0) {
		const char *tail = strstr(line, " - ");

		found = tail && sscanf(line, "%*s %*s %*s %4095s %4095s", shown, mount) == 2 &&
			sscanf(tail, " - %31s %*s %255s", type, options) == 2 &&
			strcmp(type, v->type) == 0 && (!v->option || has_word(options, v->option));
	}
	free(line);
	if (in)
		fclose(in);
	return found;
}

/* Returns 0 when the cgroups above do not count. */
static int look_at_group(struct look *l, const struct cgroup_version *v, const char *dir)
{
	char path[PATH_MAX + 32];
	uint64_t used = 0;

	if (!l->whole) {
		snprintf(path, sizeof(path), "%s/%s", dir, v->usage);
		used = read_number(l, path, "", 0);
		snprintf(path, sizeof(path), "%s/memory.stat", dir);
		for (unsigned i = 0; i < 3 && v->reclaimable[i]; i++)
			used = less(used, read_number(l, path, v->reclaimable[i], 0));
	}
	for (unsigned i = 0; i < 2 && v->limits[i]; i++) {
		uint64_t bytes;

		snprintf(path, sizeof(path), "%s/%s", dir, v->limits[i]);
		bytes = read_number(l, path, "", UNLIMITED);
		if (bytes < NO_LIMIT_V1)
			limit(l, less(bytes, used), v->advice, "%s of the cgroup %.140s",
			      v->limits[i], dir);
	}
	snprintf(path, sizeof(path), "%s/memory.use_hierarchy", dir);
	return read_number(l, path, "", 1) != 0;
}

static void look_at_groups(struct look *l, const struct cgroup_version *v)
{
	char own[PATH_MAX], mount[PATH_MAX], shown[PATH_MAX], dir[2 * PATH_MAX];
	size_t len;
	char *slash;

	if (!find_path(l, v, own, sizeof(own)) || !find_mount(l, v, mount, shown))
		return;
	/* In a container the mount shows a cgroup below the hierarchy's root. */
	len = strcmp(shown, "/") == 0 ? 0 : strlen(shown);
	if (strncmp(own, shown, len) != 0 || (own[len] != '/' && own[len] != '\0'))
		own[len = 0] = '\0';
	snprintf(dir, sizeof(dir), "%s%s", mount, own + len);
	len = strlen(mount);
	while (strlen(dir) > len && dir[strlen(dir) - 1] == '/')
		dir[strlen(dir) - 1] = '\0';
	if (strlen(dir) >= PATH_MAX)
		return;
	while (look_at_group(l, v, dir) && strlen(dir) > len && (slash = strrchr(dir, '/')))
		*slash = '\0';
}

/* ---- the need ---- */

static uint64_t round_up(uint64_t bytes, uint64_t page)
{
	return bytes > UNLIMITED - page ? UNLIMITED : (bytes + page - 1) / page * page;
}

static uint64_t free_huge_bytes(const struct look *l)
{
	static const char dir[] = "/sys/kernel/mm/hugepages/hugepages-2048kB";
	char path[128];
	uint64_t pages, reserved = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, l->whole ? "nr_hugepages" : "free_hugepages");
	pages = read_number(l, path, "", 0);
	snprintf(path, sizeof(path), "%s/resv_hugepages", dir);
	if (!l->whole)
		reserved = read_number(l, path, "", 0);
	return less(pages, reserved) * HUGE_PAGE_BYTES;
}

/* Returns the octets that go to normal pages; *largest is the largest ring. */
static uint64_t normal_bytes(const struct look *l, const struct mcr_memory_need *need,
			     uint64_t *largest)
{
	uint64_t huge = need->no_huge_pages ? 0 : free_huge_bytes(l), sum = 0;

	*largest = 0;
	for (unsigned i = 0; i < need->n_rings; i++) {
		uint64_t on_huge = round_up(need->rings[i].bytes, HUGE_PAGE_BYTES);
		uint64_t on_normal = round_up(need->rings[i].bytes, PAGE_BYTES);

		if (on_normal > *largest)
			*largest = on_normal;
		for (unsigned k = 0; k < need->rings[i].n; k++) {
			if (on_huge <= huge)
				huge -= on_huge;
			else
				sum = sum > UNLIMITED - on_normal ? UNLIMITED : sum + on_normal;
		}
	}
	return sum;
}

int mcr_memory_check(const struct mcr_memory_need *need, const char *root, struct mcr_error *err)
{
	struct look l = {.root = root, .whole = need->whole, .room = {.bytes = UNLIMITED}};
	uint64_t largest, sum = normal_bytes(&l, need, &largest), left;
	uint64_t file_max = read_number(&l, "/proc/self/limits", "Max file size", UNLIMITED);

	if (!need->key && largest > file_max) /* ftruncate would send SIGXFSZ */
		return mcr_error_set(err, -ENOMEM,
				     "%s: a ring needs %" PRIu64
				     " MiB, and the limit of a file's size (ulimit -f) is %" PRIu64
				     " MiB: make bytes smaller, or raise LimitFSIZE",
				     need->who, (largest + MIB - 1) / MIB, file_max / MIB);
	if (sum == 0)
		return 0;
	look_at_host(&l);
	look_at_process(&l);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		look_at_groups(&l, &versions[i]);
	left = less(l.room.bytes, MARGIN_BYTES + sum / MARGIN_SHARE);
	if (sum <= left)
		return 0;
	return mcr_error_set(
	    err, -ENOMEM,
	    "%s: %s %" PRIu64 " MiB, %s leaves %" PRIu64 " MiB: make %s smaller, or %s", need->who,
	    need->key ? "needs" : "rings need", (sum + MIB - 1) / MIB, l.room.what, left / MIB,
	    need->key ? need->key : "bytes", l.room.advice);
}
