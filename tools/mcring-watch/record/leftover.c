/* SPDX-License-Identifier: BSD-3-Clause */
#include "leftover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "utc.h"

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_PACKET  6u
#define BLOCK_MIN     12u
#define COVERS        "covers "
#define STATE         "cut off: its writer ended without warning"

struct block {
	uint32_t type, len;
};

/* A whole block at the beginning of `left` octets, as this host writes them. */
static int is_whole(const uint8_t *at, size_t left, struct block *b)
{
	uint32_t end;

	if (left < BLOCK_MIN)
		return 0;
	memcpy(b, at, sizeof(*b));
	if (b->len < BLOCK_MIN || b->len % 4 != 0 || b->len > left)
		return 0;
	memcpy(&end, at + b->len - 4, sizeof(end));
	return end == b->len;
}

static uint64_t time_of(const uint8_t *block)
{
	uint32_t words[2];

	memcpy(words, block + 12, sizeof(words));
	return (uint64_t)words[0] << 32 | words[1];
}

int leftover_find_end(int fd, uint8_t *buffer, uint64_t *len, uint64_t *last_ns)
{
	struct block b;
	ssize_t n;
	size_t at;

	*len = *last_ns = 0;
	do {
		n = pread(fd, buffer, PCAPNG_BUFFER, (off_t)*len);
		if (n < 0)
			return -errno;
		for (at = 0; is_whole(buffer + at, (size_t)n - at, &b); at += b.len) {
			if (*len + at == 0 && b.type != BLOCK_SECTION)
				return -EBADMSG;
			if (b.type == BLOCK_PACKET && b.len >= 32 &&
			    time_of(buffer + at) > *last_ns)
				*last_ns = time_of(buffer + at);
		}
		*len += at;
	} while (at > 0);
	return 0;
}

/* Changes what the section's header says of the end, if that is missing. Returns 1 if so, 0 if the
 * file has its end and was about to be given its name, or -errno. */
static int mark(int fd, uint8_t *buffer, uint64_t last_ns, int is_cut)
{
	const ssize_t n = pread(fd, buffer, PCAPNG_BUFFER, 0);
	char text[UTC_TEXT + sizeof(STATE) + 8], utc[UTC_TEXT];
	struct block section;
	uint8_t *at;
	int len;

	if (n < 0 || !is_whole(buffer, (size_t)n, &section))
		return n < 0 ? -errno : -EBADMSG;
	at = memmem(buffer, section.len, COVERS, strlen(COVERS));
	if (!at)
		return -EBADMSG;
	at += strlen(COVERS) + UTC_TEXT - 1 + strlen(" to ");
	if (at + sizeof(text) > buffer + section.len)
		return -EBADMSG;
	if (!is_cut && !memmem(at, sizeof(text), OUTPUT_UNFINISHED, strlen(OUTPUT_UNFINISHED)))
		return 0;
	if (last_ns > 0)
		len = snprintf(text, sizeof(text), "%s, %s", utc_text(utc, last_ns), STATE);
	else
		len =
		    snprintf(text, sizeof(text), "%.*s, %s", (int)UTC_TEXT - 1, (char *)at, STATE);
	return pwrite(fd, text, (size_t)len, at - buffer) == len ? 1 : -EIO;
}

int leftover_finish(struct folder *folder, struct folder_file *file)
{
	uint8_t *buffer = malloc(PCAPNG_BUFFER);
	char name[FOLDER_NAME_MAX];
	uint64_t len = 0, last_ns;
	int ret = buffer ? leftover_find_end(file->fd, buffer, &len, &last_ns) : -ENOMEM;
	struct stat st;

	if (ret == 0 && len > 0 &&
	    (fstat(file->fd, &st) < 0 || ftruncate(file->fd, (off_t)len) < 0))
		ret = -errno;
	if (ret == 0 && len > 0)
		ret = mark(file->fd, buffer, last_ns, (uint64_t)st.st_size > len);
	free(buffer);
	if (ret == -EBADMSG || (ret == 0 && len == 0)) {
		folder_drop(folder, file); /* nothing was written yet, or it is no file of ours */
		return 0;
	}
	if (ret >= 0)
		return folder_publish(folder, file, ret == 1 ? "-cut" : "", name);
	close(file->fd);
	file->fd = -1;
	return ret;
}
