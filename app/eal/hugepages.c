/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal/hugepages.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eal/given.h"
#include "eal/host_files.h"
#include "settings/fail.h"

#define OF_HOST "/sys/kernel/mm/hugepages"
#define RESERVE                                                                   \
	"reserve some (echo 512 >" OF_HOST "/hugepages-2048kB/nr_hugepages now, " \
	"vm.nr_hugepages=512 in /etc/sysctl.d for the next boots)"
#define WITHOUT "or run without: EAL arguments --no-huge -m 1024"

/* What EAL's arguments say of memory. NULL: nothing. */
struct wish {
	bool has_none, in_memory;
	const char *megabytes, *of_nodes, *dir; /* -m, --socket-mem, --huge-dir */
};

static struct wish read_wish(const struct mcr_settings *s)
{
	struct wish w = {.has_none = s->n_eal == 0};
	const char *ignored;

	for (size_t i = 0; i < s->n_eal; i++) {
		w.has_none |= mcr_eal_given(s, i, "--no-huge", &ignored);
		w.in_memory |= mcr_eal_given(s, i, "--in-memory", &ignored);
		if (!mcr_eal_given(s, i, "-m", &w.megabytes) &&
		    !mcr_eal_given(s, i, "--socket-mem", &w.of_nodes))
			mcr_eal_given(s, i, "--huge-dir", &w.dir);
	}
	return w;
}

/* Returns the MiB of all sizes in a folder of the kernel's. count: "nr" or "free". */
static long megabytes_in(const char *root, const char *folder, const char *count)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	long kib, sum = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s%s", root, folder);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "hugepages-%ldkB", &kib) != 1)
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s_hugepages", folder, entry->d_name, count);
		sum += kib * mcr_host_number(root, path, 0) / 1024;
	}
	if (dir)
		closedir(dir);
	return sum;
}

static long of_node(const char *root, long node)
{
	char folder[64];

	snprintf(folder, sizeof(folder), "/sys/devices/system/node/node%ld/hugepages", node);
	return megabytes_in(root, folder, "nr");
}

/* ---- enough ---- */

static int check_amount(const struct wish *w, bool whole, const char *root, struct mcr_error *err)
{
	const bool is_all = whole || !w->in_memory;
	long reserved = megabytes_in(root, OF_HOST, "nr");
	long left = is_all ? reserved : megabytes_in(root, OF_HOST, "free");
	long wanted = w->megabytes ? strtol(w->megabytes, NULL, 10) : 1;

	if (reserved == 0)
		return mcr_fail(err, -ENOMEM, "there are no hugepages: " RESERVE ", " WITHOUT);
	if (left < wanted)
		return mcr_fail(err, -ENOMEM,
				"EAL wants %ld MiB of hugepages, and %ld MiB are %s: reserve more "
				"(" OF_HOST "), or ask for less: -m",
				wanted, left, is_all ? "reserved" : "free");
	return 0;
}

/* --socket-mem A,B,...: MiB of each node. */
static int check_nodes(const struct wish *w, const char *root, struct mcr_error *err)
{
	const char *at = w->of_nodes;
	char *end;

	for (long node = 0; at && *at; node++, at = *end == ',' ? end + 1 : end) {
		long wanted = strtol(at, &end, 10);

		if (end == at)
			return 0; /* EAL has more to say of it */
		if (wanted > of_node(root, node))
			return mcr_fail(
			    err, -ENOMEM,
			    "EAL wants %ld MiB of hugepages on NUMA node %ld, and %ld MiB are "
			    "reserved: /sys/devices/system/node/node%ld/hugepages, or --socket-mem",
			    wanted, node, of_node(root, node), node);
	}
	return 0;
}

/* A port's buffers are on its NIC's node. */
static int check_nics_node(const struct mcr_interface_setting *i, const char *root,
			   struct mcr_error *err)
{
	char path[128];
	long node;

	if (!mcr_is_pci(i->config.port))
		return 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/numa_node", i->config.port);
	node = mcr_host_number(root, path, -1);
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%ld/hugepages", node);
	if (node < 0 || !mcr_host_has(root, path) || of_node(root, node) > 0)
		return 0;
	mcr_fail(
	    err, -ENOMEM,
	    "interface '%s': its NIC is on NUMA node %ld, which has no hugepages: reserve some "
	    "there (echo 512 >%s/hugepages-2048kB/nr_hugepages)",
	    i->config.name, node, path);
	return mcr_settings_locate(i->origin, err, -ENOMEM);
}

/* ---- hugetlbfs ---- */

/* Writes where it is mounted first. Returns whether it is. */
static bool find_mount(char *dir, size_t cap, const char *root)
{
	char path[PATH_MAX], line[PATH_MAX], at[256], type[32];
	bool found = false;
	FILE *in;

	snprintf(path, sizeof(path), "%s/proc/mounts", root);
	in = fopen(path, "re");
	while (in && !found && fgets(line, sizeof(line), in))
		found =
		    sscanf(line, "%*s %255s %31s", at, type) == 2 && strcmp(type, "hugetlbfs") == 0;
	if (in)
		fclose(in);
	if (found)
		snprintf(dir, cap, "%s", at);
	return found;
}

static int check_folder(const struct wish *w, const char *root, struct mcr_error *err)
{
	char dir[256], path[PATH_MAX];

	if (w->in_memory)
		return 0;
	if (w->dir)
		snprintf(dir, sizeof(dir), "%s", w->dir);
	else if (!find_mount(dir, sizeof(dir), root))
		return mcr_fail(err, -ENOMEM,
				"hugetlbfs is not mounted: systemctl start dev-hugepages.mount, or "
				"EAL argument --in-memory, which needs none");
	snprintf(path, sizeof(path), "%s%s", root, dir);
	if (access(path, W_OK | X_OK) == 0)
		return 0;
	return mcr_fail(err, -EACCES,
			"this user may not write to %s (%s): EAL argument --in-memory, which needs "
			"no folder, or --huge-dir with one that it may write to",
			dir, strerror(errno));
}

int mcr_eal_check_hugepages(const struct mcr_settings *s, bool whole, const char *root,
			    struct mcr_error *err)
{
	const struct wish w = read_wish(s);
	int ret;

	if (w.has_none)
		return 0;
	ret = check_amount(&w, whole, root, err);
	if (ret == 0)
		ret = check_nodes(&w, root, err);
	if (ret == 0)
		ret = check_folder(&w, root, err);
	for (size_t i = 0; ret == 0 && i < s->n_interfaces; i++)
		ret = check_nics_node(&s->interfaces[i], root, err);
	return ret;
}
