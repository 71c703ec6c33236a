/* SPDX-License-Identifier: BSD-3-Clause */
/* A file from its beginning to its end, in whichever format it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_file.h"
#include "capture_formats.h"
#include "core/error.h"

struct stranger {
	const char *magic, *what;
};

/* What a file is that is no capture, by its first octets. */
static const char *stranger_name(const uint8_t *first, size_t n)
{
	static const struct stranger strangers[] = {
	    {"\xfd\x37zX", "packed with xz: unpack it with xz -d"},
	    {"BZh", "packed with bzip2: unpack it with bzip2 -d"},
	    {"\x04\x22M\x18", "packed with lz4: unpack it with lz4 -d"},
	    {"PK\x03\x04", "a zip archive: unpack it with unzip"},
	    {"snoo", "a capture of snoop: convert it with editcap -F pcapng"},
	};

	for (unsigned i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		const size_t len = strlen(strangers[i].magic);

		if (n >= len && memcmp(first, strangers[i].magic, len) == 0)
			return strangers[i].what;
	}
	return "no capture";
}

/* Reads the beginning. */
static int begin(struct capture_file *f, struct mcr_error *err)
{
	uint8_t *first;
	int64_t n;
	int ret = 0;

	f->n_links = 0;
	f->last_ns = f->to_skip = 0;
	f->is_patient = 1;
	n = source_look(f->source, 8, &first, 1, err);
	if (n < 0)
		return (int)n;
	if (n == 0)
		return mcr_error_set(err, -EINVAL, "%.200s: it is empty; expected pcap or pcapng",
				     source_name(f->source));
	if (n >= 4)
		ret = capture_pcapng_begin(f, first, err);
	if (ret == 0 && n >= 4)
		ret = capture_pcap_begin(f, first, err);
	if (ret == 0)
		return file_fault(f, err, 0,
				  "%s; expected pcap or pcapng, packed with gzip or zstd or not",
				  stranger_name(first, (size_t)n));
	return ret < 0 ? ret : 0;
}

int file_next(struct capture_file *f, struct capture_frame *frame, struct mcr_error *err)
{
	const int ret = f->next(f, frame, err);

	if (ret > 0)
		f->last_ns = frame->time_ns;
	return ret;
}

int file_open(struct capture_file *f, const char *name, struct file_interfaces *interfaces,
	      struct mcr_error *err)
{
	int ret;

	*f = (struct capture_file){.interfaces = interfaces};
	ret = source_open(&f->source, name, err);
	if (ret == 0)
		ret = begin(f, err);
	if (ret < 0)
		file_close(f);
	return ret;
}

int file_rewind(struct capture_file *f, struct mcr_error *err)
{
	const int ret = source_rewind(f->source, err);

	return ret < 0 ? ret : begin(f, err);
}

void file_close(struct capture_file *f)
{
	source_close(f->source);
	free(f->links);
	*f = (struct capture_file){0};
}
