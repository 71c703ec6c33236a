/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "made_up_root.h"

#include "engine/os/memory_limit.h"

#define MIB(n) ((uint64_t)(n) << 20)

/* A made-up /proc and /sys. */
struct tree {
	char root[64];
	struct mcr_error err;
};

static void put_group(const struct tree *t, const char *dir, const char *max, const char *current,
		      const char *stat)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", dir);
	put_file(t->root, path, max);
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.current", dir);
	put_file(t->root, path, current);
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.stat", dir);
	put_file(t->root, path, stat);
}

static int setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	strcpy(t->root, "/tmp/mcring-limit-XXXXXX");
	if (!mkdtemp(t->root))
		return -1;
	put_file(
	    t->root, "/proc/meminfo",
	    "MemTotal:       4194304 kB\nMemFree: 1 kB\nMemAvailable:   2097152 kB\n"
	    "SwapFree:             0 kB\nCommitLimit:    1048576 kB\nCommitted_AS:    524288 kB\n");
	put_file(t->root, "/proc/sys/vm/overcommit_memory", "0\n");
	put_file(
	    t->root, "/proc/self/limits",
	    "Limit                     Soft Limit           Hard Limit           Units     \n"
	    "Max file size             unlimited            unlimited            bytes     \n"
	    "Max address space         unlimited            unlimited            bytes     \n");
	put_file(t->root, "/proc/self/statm", "25600 1 1 1 0 1 0\n");
	put_file(
	    t->root, "/proc/self/mountinfo",
	    "23 1 0:21 / / rw - ext4 /dev/root rw\n"
	    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
	put_file(t->root, "/proc/self/cgroup", "0::/system.slice/mcring.service\n");
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct tree *t = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", t->root);
	free(t);
	return system(command) == 0 ? 0 : -1;
}

static int ask(struct tree *t, uint64_t ring_bytes, unsigned n)
{
	const struct mcr_ring_need ring = {ring_bytes, n};
	const struct mcr_memory_need need = {.who = "channel md", .rings = &ring, .n_rings = 1};

	t->err.text[0] = '\0';
	return mcr_memory_check(&need, t->root, &t->err);
}

static int ask_whole(struct tree *t, uint64_t ring_bytes, unsigned n)
{
	const struct mcr_ring_need ring = {ring_bytes, n};
	const struct mcr_memory_need need = {
	    .who = "channel md", .rings = &ring, .n_rings = 1, .whole = 1};

	return mcr_memory_check(&need, t->root, &t->err);
}

static void says(struct tree *t, const char *words)
{
	if (!strstr(t->err.text, words))
		fail_msg("'%s' does not say '%s'", t->err.text, words);
}

static void what_the_host_has_available_holds_the_rings_of_all_lcores(void **state)
{
	struct tree *t = *state;

	assert_int_equal(ask(t, MIB(1000), 2), 0);
	assert_int_equal(ask(t, MIB(1000), 3), -ENOMEM);
	says(t, "channel md: rings need 3000 MiB, the host's MemAvailable leaves 20");
	says(t, " MiB: make bytes smaller");
	assert_int_equal(ask(t, MIB(2040), 1), -ENOMEM); /* the margin */
}

static void swap_takes_what_is_idle_but_no_more_than_the_host_has(void **state)
{
	struct tree *t = *state;

	put_file(t->root, "/proc/meminfo",
		 "MemTotal: 4194304 kB\nMemAvailable: 2097152 kB\nSwapFree: 8388608 kB\n");
	assert_int_equal(ask(t, MIB(3000), 1), 0);
	assert_int_equal(ask(t, MIB(5000), 1), -ENOMEM);
	says(t, "the host has 4096 MiB");
}

static void a_strict_commit_limit_counts(void **state)
{
	struct tree *t = *state;

	put_file(t->root, "/proc/sys/vm/overcommit_memory", "2\n");
	assert_int_equal(ask(t, MIB(400), 1), 0);
	assert_int_equal(ask(t, MIB(600), 1), -ENOMEM);
	says(t, "CommitLimit");
}

static void rings_on_free_huge_pages_take_nothing_of_the_rest(void **state)
{
	struct tree *t = *state;

	put_file(t->root, "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "3000\n");
	put_file(t->root, "/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "1000\n");
	assert_int_equal(ask(t, MIB(3000), 2), -ENOMEM); /* the second one does not fit there */
	says(t, "rings need 3000 MiB");
	assert_int_equal(ask(t, MIB(3000), 1), 0);
	assert_int_equal(ask(t, MIB(900), 5), 0);
}

static void memory_max_less_what_is_used_and_not_reclaimable_counts(void **state)
{
	struct tree *t = *state;

	/* 1024 MiB, 600 used, of which 200 can be reclaimed; `file` holds rings too. */
	put_group(t, "/system.slice/mcring.service", "1073741824\n", "629145600\n",
		  "anon 1\nfile 629145600\ninactive_file 104857600\nactive_file 104857600\n");
	assert_int_equal(ask(t, MIB(590), 1), 0);
	assert_int_equal(ask(t, MIB(620), 1), -ENOMEM);
	says(t, "memory.max of the cgroup /sys/fs/cgroup/system.slice/mcring.service leaves 60");
	says(t, "raise MemoryMax");
	/* Inodes and directory entries, say: 500 MiB used, all of it slab. */
	put_group(t, "/system.slice/mcring.service", "1073741824\n", "524288000\n",
		  "anon 1\nslab_reclaimable 524288000\nslab_unreclaimable 1\nslab 524288001\n");
	assert_int_equal(ask(t, MIB(990), 1), 0);
	assert_int_equal(ask(t, MIB(1020), 1), -ENOMEM);
}

static void memory_high_counts_because_behind_it_all_is_throttled(void **state)
{
	struct tree *t = *state;

	put_file(t->root, "/sys/fs/cgroup/system.slice/mcring.service/memory.high", "209715200\n");
	assert_int_equal(ask(t, MIB(150), 1), 0);
	assert_int_equal(ask(t, MIB(200), 1), -ENOMEM);
	says(t, "memory.high of the cgroup");
}

static void the_tightest_cgroup_above_counts(void **state)
{
	struct tree *t = *state;

	put_group(t, "/system.slice/mcring.service", "max\n", "0\n", "");
	put_group(t, "/system.slice", "536870912\n", "0\n", "");
	put_group(t, "", "1073741824\n", "0\n", "");
	assert_int_equal(ask(t, MIB(480), 1), 0);
	assert_int_equal(ask(t, MIB(512), 1), -ENOMEM);
	says(t, "memory.max of the cgroup /sys/fs/cgroup/system.slice leaves");
}

static void a_container_sees_its_own_cgroup_at_the_mount(void **state)
{
	struct tree *t = *state;

	put_file(t->root, "/proc/self/mountinfo",
		 "30 23 0:26 /docker/ab /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
	put_file(t->root, "/proc/self/cgroup", "0::/docker/ab\n");
	put_group(t, "", "536870912\n", "0\n", "");
	assert_int_equal(ask(t, MIB(600), 1), -ENOMEM);
	put_file(t->root, "/proc/self/cgroup", "0::/docker/ab/inner\n");
	put_group(t, "/inner", "268435456\n", "0\n", "");
	assert_int_equal(ask(t, MIB(300), 1), -ENOMEM);
	says(t, "/sys/fs/cgroup/inner leaves");
	put_file(t->root, "/proc/self/cgroup",
		 "0::/../elsewhere\n"); /* outside of what is mounted */
	assert_int_equal(ask(t, MIB(600), 1), -ENOMEM);
}

static void version_1_has_limits_too(void **state)
{
	struct tree *t = *state;

	put_file(t->root, "/proc/self/mountinfo",
		 "30 23 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		 "31 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
		 "32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
	put_file(t->root, "/proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/a/b\n0::/\n");
	put_file(t->root, "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes",
		 "9223372036854771712\n");
	put_file(t->root, "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n");
	put_file(t->root, "/sys/fs/cgroup/memory/a/memory.usage_in_bytes", "629145600\n");
	put_file(t->root, "/sys/fs/cgroup/memory/a/memory.stat", "total_inactive_file 209715200\n");
	assert_int_equal(ask(t, MIB(590), 1), 0);
	assert_int_equal(ask(t, MIB(620), 1), -ENOMEM);
	says(t, "memory.limit_in_bytes of the cgroup /sys/fs/cgroup/memory/a leaves 60");
	put_file(t->root, "/sys/fs/cgroup/memory/a/b/memory.use_hierarchy", "1\n");
	assert_int_equal(ask(t, MIB(620), 1), -ENOMEM);
	put_file(t->root, "/sys/fs/cgroup/memory/a/b/memory.use_hierarchy", "0\n");
	assert_int_equal(ask(t, MIB(620), 1), 0); /* a is not asked by the kernel either */
}

static void the_processs_own_limits_count(void **state)
{
	struct tree *t = *state;

	put_file(
	    t->root, "/proc/self/limits",
	    "Max file size             104857600            unlimited            bytes     \n"
	    "Max address space         524288000            unlimited            bytes     \n");
	assert_int_equal(ask(t, MIB(90), 3), 0); /* 500 MiB, of which 100 are used */
	assert_int_equal(ask(t, MIB(90), 5), -ENOMEM);
	says(t, "the limit of address space (ulimit -v) leaves");
	assert_int_equal(ask(t, MIB(110), 1), -ENOMEM);
	says(t, "the limit of a file's size (ulimit -f) is 100 MiB");
	/* On huge pages, too. */
	put_file(t->root, "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "4000\n");
	assert_int_equal(ask(t, MIB(110), 1), -ENOMEM);
	assert_int_equal(ask(t, MIB(90), 5), 0);
}

static void the_whole_counts_when_an_engine_holds_a_part_now(void **state)
{
	struct tree *t = *state;

	put_group(t, "/system.slice/mcring.service", "4073741824\n", "3929145600\n", "");
	assert_int_equal(ask(t, MIB(3000), 1), -ENOMEM);
	assert_int_equal(ask_whole(t, MIB(3000), 1), 0);
	assert_int_equal(ask_whole(t, MIB(3000), 2), -ENOMEM);
}

static void what_cannot_be_read_is_no_limit(void **state)
{
	struct tree *t = *state;
	struct tree none = {.root = "/nosuch"};

	assert_int_equal(ask(&none, MIB(1) << 20, 32), 0);
	put_file(t->root, "/proc/meminfo", "");
	put_file(t->root, "/proc/self/cgroup", "x\n");
	put_file(t->root, "/proc/self/mountinfo", "\n- - -\n");
	assert_int_equal(ask(t, MIB(1) << 20, 32), 0);
}

static void sums_beyond_64_bits_are_refused(void **state)
{
	assert_int_equal(ask(*state, UINT64_MAX - 5, 3), -ENOMEM);
	assert_int_equal(ask(*state, UINT64_MAX / 2, 5), -ENOMEM);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_TREE(what_the_host_has_available_holds_the_rings_of_all_lcores),
	    WITH_TREE(swap_takes_what_is_idle_but_no_more_than_the_host_has),
	    WITH_TREE(a_strict_commit_limit_counts),
	    WITH_TREE(rings_on_free_huge_pages_take_nothing_of_the_rest),
	    WITH_TREE(memory_max_less_what_is_used_and_not_reclaimable_counts),
	    WITH_TREE(memory_high_counts_because_behind_it_all_is_throttled),
	    WITH_TREE(the_tightest_cgroup_above_counts),
	    WITH_TREE(a_container_sees_its_own_cgroup_at_the_mount),
	    WITH_TREE(version_1_has_limits_too),
	    WITH_TREE(the_processs_own_limits_count),
	    WITH_TREE(the_whole_counts_when_an_engine_holds_a_part_now),
	    WITH_TREE(what_cannot_be_read_is_no_limit),
	    WITH_TREE(sums_beyond_64_bits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
