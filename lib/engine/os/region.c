/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/os/region.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/error.h"
#include "engine/os/memory_limit.h"

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21U << 26)
#endif
#ifndef MADV_POPULATE_WRITE /* Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif
#ifndef F_SEAL_FUTURE_WRITE /* Linux 5.1 */
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define HUGE_PAGE_BYTES ((size_t)2 << 20)
#define NUMA_NODES_MAX  1024
#define UNMAP_SLICE     ((size_t)64 << 20)

/* FUTURE_WRITE leaves the engine's own map writable and denies every other; without SHRINK a
 * consumer could truncate the file and kill the engine with SIGBUS; SEAL makes it final. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

static size_t round_up(size_t len, size_t page)
{
	return (len + page - 1) / page * page;
}

static int open_memfd(const char *name, unsigned flags)
{
	int fd = memfd_create(name, flags | MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, flags | MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

/* Prefers the node, no more: a ring on the far node works, one without memory does not. */
static void place(struct mcr_region *region, int numa_node)
{
	unsigned long mask[NUMA_NODES_MAX / (8 * sizeof(unsigned long))] = {0};
	unsigned bits = 8 * sizeof(unsigned long);

	region->numa_node = -1;
	if (numa_node < 0 || numa_node >= NUMA_NODES_MAX)
		return;
	mask[(unsigned)numa_node / bits] = 1ul << ((unsigned)numa_node % bits);
	if (syscall(SYS_mbind, region->mem, region->len, MPOL_PREFERRED, mask, NUMA_NODES_MAX, 0) ==
	    0)
		region->numa_node = numa_node;
}

static int fill(char *from, size_t len)
{
	volatile char *byte = from;

	if (madvise(from, len, MADV_POPULATE_WRITE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	for (size_t i = 0; i < len; i += 4096)
		byte[i] = 0;
	return 0;
}

/* Makes all pages present, so that the rx lcore never faults, and so that a lack of memory is an
 * error instead of a SIGBUS where the kernel can say so. In slices: the kernel holds the process's
 * mmap_lock for each, and every allocation waits for it. */
static int prefault(struct mcr_region *region, const struct mcr_pause *pause)
{
	int ret = 0;

	for (size_t at = 0, n; ret == 0 && at < region->len; at += n) {
		n = region->len - at < MCR_REGION_SLICE ? region->len - at : MCR_REGION_SLICE;
		ret = fill((char *)region->mem + at, n);
		if (ret == 0 && pause)
			ret = pause->fn(pause->ctx);
	}
	return ret;
}

/* Asks for transparent huge pages, as far as the region fills them. The kernel has some for a memfd
 * where shmem_enabled is advise. */
static void ask_for_transparent(struct mcr_region *region)
{
	size_t whole = region->len / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;

	if (whole > 0)
		madvise(region->mem, whole, MADV_HUGEPAGE);
}

/* Octets of [from, from + len) that this process has mapped by transparent huge pages. */
static size_t transparent_bytes(const char *from, size_t len)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	size_t sum = 0, kib;
	int in_range = 0;
	uint64_t start, end;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2)
			in_range = start >= (uintptr_t)from && start < (uintptr_t)from + len;
		else if (in_range && sscanf(line, "ShmemPmdMapped: %zu", &kib) == 1)
			sum += kib << 10;
	}
	if (f)
		fclose(f);
	return sum;
}

/* Whether all that fills huge pages is on them. */
static int is_on_transparent(const struct mcr_region *region)
{
	size_t whole = region->len / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;

	return whole > 0 && transparent_bytes(region->mem, region->len) >= whole;
}

/* In slices, as prefault does. */
static void unmap(char *mem, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = len - at < UNMAP_SLICE ? len - at : UNMAP_SLICE;
		munmap(mem + at, n);
	}
}

/* Two fences before the seals: the descriptor to hand out is opened again, read-only; and mode 0400
 * keeps its holder from opening it for writing through /proc, which a memfd's own mode (0777) would
 * allow everybody. Without /proc only the seals are left. */
static int make_read_only(struct mcr_region *region)
{
	char path[64];
	int fd;

	if (fchmod(region->fd, 0400) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", region->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	close(region->fd);
	region->fd = fd;
	return 0;
}

static int try_create(struct mcr_region *region, size_t len, int numa_node, const char *name,
		      int huge, const struct mcr_pause *pause)
{
	int ret;

	memset(region, 0, sizeof(*region));
	region->fd = open_memfd(name, huge ? MFD_HUGETLB | MFD_HUGE_2MB : 0);
	if (region->fd < 0)
		return -errno;
	region->len = round_up(len, huge ? HUGE_PAGE_BYTES : (size_t)sysconf(_SC_PAGESIZE));
	region->mem = MAP_FAILED;
	if (ftruncate(region->fd, (off_t)region->len) < 0)
		goto fail;
	region->mem = mmap(NULL, region->len, PROT_READ | PROT_WRITE, MAP_SHARED, region->fd, 0);
	if (region->mem == MAP_FAILED)
		goto fail;
	place(region, numa_node);
	if (!huge)
		ask_for_transparent(region);
	ret = prefault(region, pause);
	if (ret == 0 && fcntl(region->fd, F_ADD_SEALS, SEALS) < 0)
		ret = -errno;
	if (ret == 0)
		ret = make_read_only(region);
	if (ret == 0) {
		region->huge = huge || is_on_transparent(region);
		return 0;
	}
	errno = -ret;
fail:
	ret = -errno;
	if (region->mem != MAP_FAILED)
		unmap(region->mem, region->len);
	close(region->fd);
	memset(region, 0, sizeof(*region));
	return ret;
}

int mcr_region_create(struct mcr_region *out, size_t len, int numa_node, const char *name,
		      const struct mcr_pause *pause, struct mcr_error *err)
{
	const struct mcr_ring_need ring = {.bytes = len, .n = 1};
	struct mcr_memory_need need = {.who = name, .rings = &ring, .n_rings = 1};
	int huge, ret = mcr_memory_check(&need, "", err);

	memset(out, 0, sizeof(*out));
	if (ret < 0)
		return ret;
	ret = huge = try_create(out, len, numa_node, name, 1, pause);
	if (huge < 0 && huge != -ECANCELED) {
		need.no_huge_pages = 1;
		ret = mcr_memory_check(&need, "", err);
		if (ret < 0)
			return ret;
		ret = try_create(out, len, numa_node, name, 0, pause);
	}
	if (ret < 0)
		return mcr_error_set(err, ret, "no memory for ring %s: %zu bytes: %s", name, len,
				     strerror(-ret));
	if (!out->huge)
		snprintf(out->note, sizeof(out->note),
			 "normal pages: no %zu MiB of huge pages (%s)",
			 round_up(len, HUGE_PAGE_BYTES) >> 20, strerror(-huge));
	else if (numa_node >= 0 && out->numa_node < 0)
		snprintf(out->note, sizeof(out->note), "not placed on NUMA node %d", numa_node);
	return 0;
}

void mcr_region_destroy(struct mcr_region *region)
{
	if (!region->mem)
		return;
	unmap(region->mem, region->len);
	close(region->fd);
	memset(region, 0, sizeof(*region));
}
