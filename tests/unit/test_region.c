/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/falloc.h>

#include "engine/os/region.h"

#define LEN ((size_t)300 * 1000)

#define TRIED(what, cond)                                                             \
	do {                                                                          \
		if (cond) {                                                           \
			fprintf(stderr, "a holder of the descriptor can %s\n", what); \
			return 1;                                                     \
		}                                                                     \
	} while (0)

/* Everything that a holder of fd may try. Returns 0 when all of it was refused. */
static int try_to_harm(int fd)
{
	struct stat st;
	char path[64];
	void *map;
	int again, mem;

	if (fstat(fd, &st) < 0)
		return 2;
	TRIED("write", pwrite(fd, "x", 1, 0) >= 0);
	TRIED("map it writable",
	      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return 2;
	TRIED("mprotect", mprotect(map, (size_t)st.st_size, PROT_READ | PROT_WRITE) == 0);
	TRIED("punch through madvise", madvise(map, (size_t)st.st_size, MADV_REMOVE) == 0);
	mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	TRIED("write through /proc/self/mem",
	      mem >= 0 && pwrite(mem, "x", 1, (off_t)(uintptr_t)map) >= 0);
	TRIED("shrink", ftruncate(fd, 0) == 0);
	TRIED("grow", ftruncate(fd, st.st_size * 2) == 0);
	TRIED("grow with fallocate", fallocate(fd, 0, 0, st.st_size * 2) == 0);
	TRIED("punch",
	      fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, st.st_size) == 0);
	TRIED("zero", fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, st.st_size) == 0);
	TRIED("collapse", fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096) == 0);
	TRIED("seal", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
	TRIED("reseal", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	TRIED("truncate by path", truncate(path, 0) == 0);
	again = open(path, O_RDWR | O_TRUNC);
	TRIED("open with O_TRUNC and find it shorter",
	      again >= 0 && (fstat(again, &st) < 0 || st.st_size < (off_t)LEN));
	again = open(path, O_RDWR);
	TRIED("open it anew for writing", again >= 0 && geteuid() != st.st_uid);
	if (again >= 0) { /* its owner may change its mode: of no use */
		TRIED("write after opening it anew", pwrite(again, "x", 1, 0) >= 0);
		TRIED("map it writable after opening it anew",
		      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0) != MAP_FAILED);
		TRIED("mprotect after opening it anew",
		      mprotect(mmap(NULL, 4096, PROT_READ, MAP_SHARED, again, 0), 4096,
			       PROT_READ | PROT_WRITE) == 0);
		TRIED("shrink after opening it anew", ftruncate(again, 0) == 0);
		TRIED("grow after opening it anew", ftruncate(again, st.st_size + 1) == 0);
		TRIED("punch after opening it anew",
		      fallocate(again, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0);
		TRIED("seal after opening it anew", fcntl(again, F_ADD_SEALS, F_SEAL_WRITE) == 0);
	}
	return 0;
}

static int in_child(int fd, uid_t uid)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (uid != 0 && (setgid(uid) != 0 || setuid(uid) != 0))
			_exit(3);
		_exit(try_to_harm(fd));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_region_is_zeroed_writable_and_rounded_up(void **state)
{
	struct mcr_region region;
	struct stat st;
	char *mem;

	assert_int_equal(mcr_region_create(&region, LEN, -1, "test", NULL, NULL), 0);
	mem = region.mem;
	assert_true(region.len >= LEN && region.len % 4096 == 0);
	for (size_t i = 0; i < region.len; i++)
		assert_int_equal(mem[i], 0);
	memset(mem, 0x5a, region.len);
	assert_int_equal(fstat(region.fd, &st), 0);
	assert_int_equal(st.st_size, region.len);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(region.huge == 0, region.note[0] != '\0');
	mcr_region_destroy(&region);
	mcr_region_destroy(&region);
}

/* What the kernel says of the map that begins at mem, in KiB; 0 = nothing. */
static size_t in_smaps(const void *mem, const char *what)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	size_t value = 0, is_ours = 0;
	char line[256], start[32];

	assert_non_null(f);
	snprintf(start, sizeof(start), "%zx-", (size_t)mem);
	while (fgets(line, sizeof(line), f)) {
		if (strchr(line, '-') && strchr(line, '-') < strchr(line, ' '))
			is_ours = strncmp(line, start, strlen(start)) == 0;
		else if (is_ours && strncmp(line, what, strlen(what)) == 0)
			value = strtoul(line + strlen(what), NULL, 10);
	}
	fclose(f);
	return value;
}

/* Which ones this machine gives decides it: none, reserved ones, or transparent ones. */
static void a_region_says_whether_it_is_on_huge_pages(void **state)
{
	struct mcr_region region;
	size_t page, transparent;

	assert_int_equal(mcr_region_create(&region, (16 << 20) + 8192, -1, "test", NULL, NULL), 0);
	page = in_smaps(region.mem, "KernelPageSize:");
	transparent = in_smaps(region.mem, "ShmemPmdMapped:");
	assert_true(page > 0);
	assert_int_equal(region.huge, page == 2048 || transparent == 16 << 10);
	mcr_region_destroy(&region);
}

static void what_the_engine_writes_is_seen_through_the_descriptor(void **state)
{
	struct mcr_region region;
	char byte = 0;

	assert_int_equal(mcr_region_create(&region, LEN, -1, "test", NULL, NULL), 0);
	((char *)region.mem)[LEN - 1] = 'y';
	assert_int_equal(pread(region.fd, &byte, 1, (off_t)LEN - 1), 1);
	assert_int_equal(byte, 'y');
	mcr_region_destroy(&region);
}

static void nobody_with_the_descriptor_can_do_harm(void **state)
{
	struct mcr_region region;

	if (getuid() != 0)
		skip();
	assert_int_equal(mcr_region_create(&region, LEN, -1, "test", NULL, NULL), 0);
	memset(region.mem, 0x5a, region.len);
	assert_int_equal(in_child(region.fd, 65534), 0);
	assert_int_equal(((char *)region.mem)[0], 0x5a);
	mcr_region_destroy(&region);
}

static void the_engines_own_user_with_the_descriptor_can_do_no_harm(void **state)
{
	struct mcr_region region;

	assert_int_equal(mcr_region_create(&region, LEN, -1, "test", NULL, NULL), 0);
	memset(region.mem, 0x5a, region.len);
	assert_int_equal(in_child(region.fd, 0), 0);
	for (size_t i = 0; i < region.len; i++)
		assert_int_equal(((char *)region.mem)[i], 0x5a);
	mcr_region_destroy(&region);
}

static void a_numa_node_that_does_not_exist_is_no_failure(void **state)
{
	struct mcr_region region;

	assert_int_equal(mcr_region_create(&region, LEN, 0, "test", NULL, NULL), 0);
	mcr_region_destroy(&region);
	assert_int_equal(mcr_region_create(&region, LEN, 1000, "test", NULL, NULL), 0);
	assert_int_equal(region.numa_node, -1);
	mcr_region_destroy(&region);
	assert_int_equal(mcr_region_create(&region, LEN, 100000, "test", NULL, NULL), 0);
	mcr_region_destroy(&region);
}

static void a_region_that_cannot_be_had_leaves_nothing_behind(void **state)
{
	struct mcr_error err = {""};
	struct mcr_region region;
	int before = dup(0), after;

	assert_true(mcr_region_create(&region, SIZE_MAX / 4, -1, "too-much", NULL, &err) < 0);
	assert_non_null(strstr(err.text, "too-much"));
	assert_null(region.mem);
	mcr_region_destroy(&region);
	after = dup(0);
	assert_int_equal(after, before + 1);
	close(before);
	close(after);
}

struct pauses {
	unsigned n, give_up_at;
};

static int on_pause(void *ctx)
{
	struct pauses *p = ctx;

	return ++p->n == p->give_up_at ? -ECANCELED : 0;
}

static void memory_is_filled_in_slices_between_which_one_may_give_up(void **state)
{
	struct pauses p = {0};
	const struct mcr_pause pause = {on_pause, &p};
	struct mcr_error err = {""};
	struct mcr_region region;
	int before = dup(0), after;

	assert_int_equal(
	    mcr_region_create(&region, 3 * MCR_REGION_SLICE - 1, -1, "test", &pause, &err), 0);
	assert_int_equal(p.n, 3);
	mcr_region_destroy(&region);
	p = (struct pauses){.give_up_at = 2};
	assert_int_equal(
	    mcr_region_create(&region, 3 * MCR_REGION_SLICE, -1, "given-up", &pause, &err),
	    -ECANCELED);
	assert_int_equal(p.n, 2);
	assert_non_null(strstr(err.text, "given-up"));
	assert_null(region.mem);
	after = dup(0);
	assert_int_equal(after, before + 1);
	close(before);
	close(after);
}

/* Of the two descriptors that it takes only the first is to be had. */
static void a_region_that_cannot_be_made_read_only_is_not_made(void **state)
{
	struct mcr_region region;
	struct rlimit limit, one_more;
	int next = dup(0);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	one_more = (struct rlimit){(rlim_t)next + 1, limit.rlim_max};
	close(next);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &one_more), 0);
	assert_int_equal(mcr_region_create(&region, LEN, -1, "test", NULL, NULL), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(mcr_region_create(&region, LEN, -1, "test", NULL, NULL), 0);
	mcr_region_destroy(&region);
}

/* The kernel's answer to the file's length is SIGXFSZ. */
static void a_region_above_the_limit_of_a_files_size_is_an_error_and_no_signal(void **state)
{
	const struct rlimit limit = {LEN / 2, LEN / 2};
	struct mcr_region region;
	struct mcr_error err = {""};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_FSIZE, &limit);
		if (mcr_region_create(&region, LEN, -1, "test", NULL, &err) != -ENOMEM ||
		    region.mem || !strstr(err.text, "ulimit -f"))
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_region_is_zeroed_writable_and_rounded_up),
	    cmocka_unit_test(a_region_says_whether_it_is_on_huge_pages),
	    cmocka_unit_test(what_the_engine_writes_is_seen_through_the_descriptor),
	    cmocka_unit_test(nobody_with_the_descriptor_can_do_harm),
	    cmocka_unit_test(the_engines_own_user_with_the_descriptor_can_do_no_harm),
	    cmocka_unit_test(a_numa_node_that_does_not_exist_is_no_failure),
	    cmocka_unit_test(a_region_that_cannot_be_had_leaves_nothing_behind),
	    cmocka_unit_test(a_region_above_the_limit_of_a_files_size_is_an_error_and_no_signal),
	    cmocka_unit_test(a_region_that_cannot_be_made_read_only_is_not_made),
	    cmocka_unit_test(memory_is_filled_in_slices_between_which_one_may_give_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
