/* SPDX-License-Identifier: BSD-3-Clause */
#include "receipt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "samples.h"

static int share(struct receipt *receipt, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	void *page = MAP_FAILED;
	int result;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, sizeof(*receipt->shared)) == 0)
		page =
		    mmap(NULL, sizeof(*receipt->shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	result = page == MAP_FAILED ? -errno : 0;
	close(fd);
	if (result == 0)
		receipt->shared = page;
	return result;
}

int receipt_open(struct receipt *receipt, const char *count_path, int with_times)
{
	const size_t bytes = RECEIPT_SAMPLES_MAX * sizeof(*receipt->samples);

	*receipt = (struct receipt){0};
	if (with_times) {
		receipt->samples = malloc(bytes);
		if (!receipt->samples)
			return -ENOMEM;
		memset(receipt->samples, 0xff, bytes); /* no page fault later */
	}
	return count_path ? share(receipt, count_path) : 0;
}

void receipt_close(struct receipt *receipt)
{
	if (receipt->shared)
		munmap(receipt->shared, sizeof(*receipt->shared));
	free(receipt->samples);
	*receipt = (struct receipt){0};
}

static uint32_t at(const struct receipt *receipt, double part)
{
	return samples_at(receipt->samples, receipt->n_samples, part);
}

void receipt_print(struct receipt *receipt, FILE *out)
{
	if (receipt->samples)
		samples_sort(receipt->samples, receipt->n_samples);
	fprintf(out,
		"\"received\": %" PRIu64 ", \"p50_ns\": %u, \"p99_ns\": %u, \"p999_ns\": %u, "
		"\"max_ns\": %u",
		receipt->received, at(receipt, 0.5), at(receipt, 0.99), at(receipt, 0.999),
		at(receipt, 1));
}
