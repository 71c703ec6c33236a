/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "eal/explain.h"
#include "settings/fail.h"

#define LINE_MAX_ 256

/* Copies the line of log that contains at, without its end. */
static void line_at(char out[LINE_MAX_], const char *log, const char *at)
{
	const char *begin = at, *end = strchr(at, '\n');
	size_t len;

	while (begin > log && begin[-1] != '\n')
		begin--;
	len = end ? (size_t)(end - begin) : strlen(begin);
	if (len > LINE_MAX_ - 1)
		len = LINE_MAX_ - 1;
	memcpy(out, begin, len);
	out[len] = '\0';
}

static const char *line_start(const char *log, const char *at)
{
	while (at > log && at[-1] != '\n')
		at--;
	return at;
}

/* EAL begins with lines that do not matter, and repeats its last error as "FATAL". */
static int interesting(const char *line)
{
	static const char *const noise[] = {"EAL: Detected ",
					    "EAL: Multi-process socket",
					    "EAL: Selected IOVA",
					    "EAL: Physical addresses are unavailable",
					    "EAL: Probe PCI driver",
					    "EAL: FATAL",
					    "EAL: Invalid 'command line' arguments.",
					    "EAL: Unregistering with invalid",
					    "EAL: VFIO support",
					    "TELEMETRY: "};

	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		if (strncmp(line, noise[i], strlen(noise[i])) == 0)
			return 0;
	return *line != '\0' && *line != '\n' && *line != ' '; /* its usage is indented */
}

static void last_interesting(char out[LINE_MAX_], const char *log)
{
	out[0] = '\0';
	for (const char *p = log; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (interesting(p))
			line_at(out, log, p);
}

/* When an argument is bad, the first line names the cause; what follows is EAL's usage. */
static int bad_argument(struct mcr_error *err, const char *log)
{
	static const char *const marks[] = {"unrecognized option",    "invalid option",
					    "requires an argument",   "invalid core",
					    "failed to parse device", "ambiguous"};
	char line[LINE_MAX_];

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *at = strstr(log, marks[i]);

		if (!at)
			continue;
		line_at(line, log, at);
		mcr_fail(err, 0, "EAL refused its arguments: %s%s", line,
			 i == 4 ? " (no such driver or device)" : "");
		return 1;
	}
	return 0;
}

void mcr_eal_explain(struct mcr_error *err, const char *log, const char *reason, int is_root)
{
	char line[LINE_MAX_];

	if (strstr(log, "Is another primary process running")) {
		mcr_fail(err, 0,
			 "another DPDK process uses the same file prefix: give this engine a "
			 "--name of its own, or EAL another --file-prefix");
	} else if (strstr(log, "Cannot get hugepage information") ||
		   strstr(log, "No free 2048 kB hugepages") ||
		   strstr(log, "Not enough memory available") ||
		   strstr(log, "No available 2048 kB hugepages")) {
		mcr_fail(err, 0,
			 "no hugepages%s: reserve some (echo 512 > "
			 "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages), or run without "
			 "them: EAL arguments --no-huge -m 1024",
			 is_root ? "" : " that this user may use (not root)");
	} else if (!bad_argument(err, log)) {
		last_interesting(line, log);
		mcr_fail(err, 0, "EAL did not start: %s: %s%s", reason,
			 line[0] ? line : "it gave no reason",
			 is_root ? "" : " (not root: most devices need it)");
	}
}

int mcr_eal_find_failed_vdev(struct mcr_error *err, const char *log, int is_root)
{
	static const char mark[] = "vdev_probe(): failed to initialize ";
	const char *at = strstr(log, mark), *before;
	char name[64], line[LINE_MAX_] = "see --verbose";

	if (!at)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + strlen(mark), " \n"),
		 at + strlen(mark));
	before = line_start(log, at);
	if (before > log)
		line_at(line, log, before - 1 > log ? line_start(log, before - 1) : log);
	mcr_fail(err, 0, "device %s cannot be opened: %s%s", name, line,
		 is_root ? "" : " (not root: it needs CAP_NET_RAW and CAP_NET_ADMIN)");
	return 1;
}
