/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_file.h"
#include "core/error.h"

#define MILLISECOND 1000000u

/* A file and the frame of it that is next. */
struct lane {
	struct capture_file file;
	struct capture_frame frame;
	const char *name;
	uint64_t latest_ns; /* of its frames so far, as the file has them */
	int has_frame;
};

struct capture {
	struct lane lanes[CAPTURE_FILES_MAX];
	unsigned n_lanes;
	struct lane *given; /* whose frame was given last: it is read on with the next call */
	struct file_interfaces interfaces;
	struct capture_counts counts;

	/* Of a repetition: its frames, the time of its first, and what its times are moved by. */
	uint64_t n_frames, first_ns, shift_ns;
	uint64_t last_ns; /* of the frame that was given last */
};

/* Reads the next frame of a file. Its time is that of the one before it at least. */
static int read_on(struct capture *c, struct lane *lane, struct mcr_error *err)
{
	struct capture_frame *frame = &lane->frame;
	const int ret = file_next(&lane->file, frame, err);

	lane->has_frame = ret > 0;
	if (ret <= 0)
		return ret;
	if (frame->time_ns < lane->latest_ns) {
		const uint64_t back_ns = lane->latest_ns - frame->time_ns;

		c->counts.went_back++;
		if (back_ns > c->counts.back_most_ns)
			c->counts.back_most_ns = back_ns;
		frame->time_ns = lane->latest_ns;
	}
	lane->latest_ns = frame->time_ns;
	return 1;
}

int capture_next(struct capture *c, struct capture_frame *frame, struct mcr_error *err)
{
	struct lane *next = NULL;
	int ret;

	if (c->given) {
		ret = read_on(c, c->given, err);
		if (ret < 0)
			return ret;
		c->given = NULL;
	}
	for (unsigned i = 0; i < c->n_lanes; i++)
		if (c->lanes[i].has_frame &&
		    (!next || c->lanes[i].frame.time_ns < next->frame.time_ns))
			next = &c->lanes[i];
	if (!next)
		return 0;
	*frame = next->frame;
	if (c->n_frames++ == 0)
		c->first_ns = frame->time_ns;
	frame->time_ns += c->shift_ns;
	c->last_ns = frame->time_ns;
	c->counts.frames++;
	next->has_frame = 0;
	c->given = next;
	return 1;
}

int capture_repeat(struct capture *c, struct mcr_error *err)
{
	const uint64_t span = c->last_ns - (c->first_ns + c->shift_ns);
	uint64_t distance = c->n_frames > 1 ? span / (c->n_frames - 1) : 0;

	if (c->n_frames == 0)
		return mcr_error_set(err, -ENODATA, "there is no frame to repeat");
	if (distance == 0)
		distance = MILLISECOND;
	if (c->last_ns + distance > UINT64_MAX / 2 - span)
		return mcr_error_set(err, -EOVERFLOW,
				     "once more, times would lie after the year 2262");
	c->shift_ns = c->last_ns + distance - c->first_ns;
	c->n_frames = 0;
	c->given = NULL;
	c->counts.repetition++;
	for (unsigned i = 0; i < c->n_lanes; i++) {
		struct lane *lane = &c->lanes[i];
		int ret;

		lane->latest_ns = 0;
		ret = file_rewind(&lane->file, err);
		if (ret == 0)
			ret = read_on(c, lane, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

unsigned capture_interfaces(const struct capture *c)
{
	return c->interfaces.n;
}

struct capture_interface capture_interface(const struct capture *c, unsigned i)
{
	const struct file_interface *interface = &c->interfaces.list[i];
	struct capture_interface out = {.name = interface->name};

	for (unsigned k = 0; k < c->n_lanes; k++)
		if (c->lanes[k].file.source == interface->source)
			out.file = c->lanes[k].name;
	return out;
}

int capture_find(const struct capture *c, const char *name)
{
	int found = -ENOENT;

	for (unsigned i = 0; i < c->interfaces.n; i++) {
		const struct capture_interface it = capture_interface(c, i);

		if (strcmp(it.name, name) == 0 || strcmp(it.file, name) == 0)
			found = found == -ENOENT ? (int)i : -EEXIST;
	}
	return found;
}

void capture_counts(const struct capture *c, struct capture_counts *out)
{
	*out = c->counts;
	out->other_blocks = 0;
	out->n_cut = 0;
	for (unsigned i = 0; i < c->n_lanes; i++) {
		out->other_blocks += c->lanes[i].file.other_blocks;
		out->n_cut += c->lanes[i].file.is_cut != 0;
	}
}

const char *capture_cut(const struct capture *c, unsigned *i)
{
	while (*i < c->n_lanes) {
		const struct lane *lane = &c->lanes[(*i)++];

		if (lane->file.is_cut)
			return strcmp(lane->name, "-") == 0 ? "standard input" : lane->name;
	}
	return NULL;
}

static int open_lane(struct capture *c, const char *name, struct mcr_error *err)
{
	struct lane *lane = &c->lanes[c->n_lanes];
	int ret;

	for (unsigned i = 0; strcmp(name, "-") == 0 && i < c->n_lanes; i++)
		if (strcmp(c->lanes[i].name, "-") == 0)
			return mcr_error_set(err, -EINVAL, "standard input is given twice");
	ret = file_open(&lane->file, name, &c->interfaces, err);
	if (ret < 0)
		return ret;
	lane->name = name;
	c->n_lanes++;
	ret = read_on(c, lane, err);
	lane->file.is_patient = 0;
	return ret < 0 ? ret : 0;
}

int capture_open(struct capture **out, const char *const *files, unsigned n_files,
		 struct mcr_error *err)
{
	struct capture *c;
	int ret = 0;

	if (n_files > CAPTURE_FILES_MAX)
		return mcr_error_set(err, -E2BIG, "%u files; expected at most %u", n_files,
				     CAPTURE_FILES_MAX);
	c = calloc(1, sizeof(*c));
	if (!c)
		return mcr_error_set(err, -ENOMEM, "out of memory");
	for (unsigned i = 0; ret == 0 && i < n_files; i++)
		ret = open_lane(c, files[i], err);
	if (ret < 0) {
		capture_close(c);
		return ret;
	}
	*out = c;
	return 0;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->n_lanes; i++)
		file_close(&c->lanes[i].file);
	free(c);
}
