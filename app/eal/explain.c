/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "core/nearest.h"
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
					    "EAL common options:",
					    "EAL options for DEBUG",
					    "EAL Linux options:",
					    "Usage: ",
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

/* line: failed to parse device "net_afpacket0" */
static int no_driver(struct mcr_error *err, const char *line)
{
	static const char *const drivers[] = {"net_af_packet",   "net_af_xdp",   "net_pcap",
					      "net_null",        "net_ring",     "net_tap",
					      "net_virtio_user", "net_vhost",    "net_memif",
					      "net_bonding",     "net_failsafe", "net_vdev_netvsc"};
	const char *quoted = strchr(line, '"');
	char name[32] = "", hint[MCR_NEAREST_HINT];
	struct mcr_nearest search;

	if (quoted)
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(quoted + 1, "0123456789,\""),
			 quoted + 1);
	search = mcr_nearest_to(name);
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		mcr_nearest_try(&search, drivers[i]);
	mcr_fail(err, 0, "EAL refused its arguments: %s (no such driver or device)%s", line,
		 search.name && strcmp(search.name, name) != 0 ? mcr_nearest_hint(hint, &search)
							       : "");
	return 1;
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
		if (i == 4)
			return no_driver(err, line);
		mcr_fail(err, 0, "EAL refused its arguments: %s", line);
		return 1;
	}
	return 0;
}

/* What helps, by a part of what EAL or a driver said. */
static const char *cure_of(const char *line)
{
	static const struct {
		const char *said, *cure;
	} cures[] = {
	    {"SIOCGIFINDEX", "the kernel has no such interface: `ip link` lists those for iface="},
	    {"Couldn't open interface", "the kernel has no such interface, or libpcap may not use "
					"it: `ip link` lists those for "
					"iface="},
	    {"Couldn't open /", "correct the path in the device's arguments"},
	    {"init internals", "is iface= one of `ip link`, and has it so many queues?"},
	    {"mmap failed on AF_PACKET", "its rings are locked memory: LimitMEMLOCK=infinity of a "
					 "unit, ulimit -l unlimited"},
	    {"AF_PACKET socket", "it needs CAP_NET_RAW"},
	    {"TAP Unable to initialize",
	     "it needs CAP_NET_ADMIN and /dev/net/tun, and iface= of 15 "
	     "characters at most"},
	    {"create pmd for net_tap", "iface= has at most 15 characters"},
	    {"Cannot init memory", "ask for less than is free: -m MEGABYTES"},
	    {"create runtime directory",
	     "--file-prefix takes no '/', and EAL's directory "
	     "(/run/dpdk, or dpdk in $XDG_RUNTIME_DIR) must be writable"},
	    {"Cannot init plugins", "a library that -d names cannot be loaded"},
	    {"lcores", "each CPU that is named must be there: nproc says how many there are"},
	};

	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++)
		if (strstr(line, cures[i].said))
			return cures[i].cure;
	return NULL;
}

/* What helps, to stand behind a line; not_root: what does if this user lacks a right. */
static const char *help_of(char *buf, size_t cap, const char *line, int is_root,
			   const char *not_root)
{
	const char *cure = cure_of(line);

	if (!is_root && (!cure || strstr(cure, "CAP_")))
		cure = not_root;
	snprintf(buf, cap, "%s%s", cure ? ": " : "", cure ? cure : "");
	return buf;
}

void mcr_eal_explain(struct mcr_error *err, const char *log, const char *reason, int is_root)
{
	char line[LINE_MAX_], help[160];

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
			 help_of(help, sizeof(help), line, is_root,
				 "most devices need root, and mcring is not"));
	}
}

int mcr_eal_find_failed_vdev(struct mcr_error *err, const char *log, int is_root)
{
	static const char mark[] = "vdev_probe(): failed to initialize ";
	const char *at = strstr(log, mark), *before;
	char name[64], line[LINE_MAX_] = "see --verbose", help[160];

	if (!at)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + strlen(mark), " \n"),
		 at + strlen(mark));
	before = line_start(log, at);
	if (before > log)
		line_at(line, log, before - 1 > log ? line_start(log, before - 1) : log);
	if (!interesting(line)) /* the driver said nothing */
		snprintf(line, sizeof(line), "%s",
			 strncmp(name, "net_af_", 7) == 0
			     ? "its arguments lack iface=NAME, or one of them is misspelled"
			     : "its driver does not say why: are its arguments right?");
	mcr_fail(
	    err, 0, "device %s cannot be opened: %s%s", name, line,
	    help_of(help, sizeof(help), line, is_root,
		    "it needs CAP_NET_RAW and CAP_NET_ADMIN: start mcring as root, and it keeps "
		    "only what it needs"));
	return 1;
}
