/* SPDX-License-Identifier: BSD-3-Clause */
/* What all formats have. */
#include "capture_file.h"

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_link.h"
#include "core/error.h"

#define BILLION 1000000000u

int file_fault(const struct capture_file *f, struct mcr_error *err, uint64_t beyond,
	       const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return mcr_error_set(err, -EINVAL, "%.200s: octet %llu%s: %s", source_name(f->source),
			     (unsigned long long)(source_offset(f->source) + beyond),
			     source_is_packed(f->source) ? " (unpacked)" : "", text);
}

/* Returns 1, 0 at the end, or an error. */
static int skip(struct capture_file *f, struct mcr_error *err)
{
	while (f->to_skip > 0) {
		const size_t n = f->to_skip < SOURCE_LOOK_MAX ? f->to_skip : SOURCE_LOOK_MAX;
		uint8_t *at;
		const int64_t got = source_look(f->source, n, &at, f->is_patient, err);

		if (got <= 0) {
			f->is_cut |= got == 0;
			return (int)got;
		}
		source_take(f->source, (size_t)got);
		f->to_skip -= (uint64_t)got;
	}
	return 1;
}

int file_need(struct capture_file *f, size_t n, uint8_t **at, struct mcr_error *err)
{
	int64_t got = f->to_skip > 0 ? skip(f, err) : 1;

	if (got <= 0)
		return (int)got;
	got = source_look(f->source, n, at, f->is_patient, err);
	if (got < 0 || got == (int64_t)n)
		return got < 0 ? (int)got : 1;
	f->is_cut |= got > 0 || source_is_cut(f->source);
	return 0;
}

/* Returns the number of an interface among those of all files, or -1 without room. */
static int find_interface(struct file_interfaces *all, const struct file_interface *wanted)
{
	for (unsigned i = 0; i < all->n; i++)
		if (all->list[i].source == wanted->source && all->list[i].id == wanted->id &&
		    strcmp(all->list[i].name, wanted->name) == 0)
			return (int)i;
	if (all->n == CAPTURE_INTERFACES_MAX)
		return -1;
	all->list[all->n] = *wanted;
	return (int)all->n++;
}

int file_add_link(struct capture_file *f, uint32_t type, const char *name, uint64_t beyond,
		  struct mcr_error *err)
{
	struct file_interface interface = {.source = f->source, .id = f->n_links};
	struct file_link *links;
	int number;

	if (!link_is_known(type))
		return file_fault(f, err, beyond,
				  "link type %u; expected Ethernet (1), Linux cooked (113, 276), "
				  "raw IP (101, 228, 229) or loopback (0, 108): capture on an "
				  "interface of Ethernet, or on \"any\"",
				  type);
	snprintf(interface.name, sizeof(interface.name), "%s", name);
	number = find_interface(f->interfaces, &interface);
	if (number < 0)
		return file_fault(f, err, beyond, "one interface more; expected at most %u in all",
				  CAPTURE_INTERFACES_MAX);
	if (f->n_links >= CAPTURE_INTERFACES_MAX)
		return file_fault(f, err, beyond, "one interface more; expected at most %u",
				  CAPTURE_INTERFACES_MAX);
	links = realloc(f->links, (f->n_links + 1) * sizeof(*links));
	if (!links)
		return mcr_error_set(err, -ENOMEM, "out of memory");
	f->links = links;
	links[f->n_links++] = (struct file_link){.interface = (uint32_t)number, .type = type};
	return 0;
}

int file_time(const struct file_link *link, uint64_t stamp, uint64_t *ns)
{
	__extension__ typedef unsigned __int128 wide;
	const uint64_t most = INT64_MAX / BILLION - 1, units = link->per_second;
	uint64_t seconds;

	if (link->offset_s < 0
		? __builtin_sub_overflow(stamp / units, 0 - (uint64_t)link->offset_s, &seconds)
		: __builtin_add_overflow(stamp / units, (uint64_t)link->offset_s, &seconds))
		return -1;
	if (seconds > most)
		return -1;
	*ns = seconds * BILLION + (uint64_t)((wide)(stamp % units) * BILLION / units);
	return 0;
}

void file_frame(struct capture_file *f, const struct file_link *link, struct capture_frame *frame,
		uint8_t *data, uint32_t len, uint32_t wire_len)
{
	frame->cut = wire_len > len ? wire_len - len : 0;
	frame->interface = link->interface;
	link_to_ethernet(link->type, &data, &len);
	frame->data = data;
	frame->len = len;
}

uint16_t file_u16(const struct capture_file *f, const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	value = le16toh(value);
	return f->is_swapped ? __builtin_bswap16(value) : value;
}

uint32_t file_u32(const struct capture_file *f, const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	value = le32toh(value);
	return f->is_swapped ? __builtin_bswap32(value) : value;
}

uint64_t file_u64(const struct capture_file *f, const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	value = le64toh(value);
	return f->is_swapped ? __builtin_bswap64(value) : value;
}
