/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/gmp/gmp_spare.h"

#include <string.h>

#include "core/gmp/gmp_wire.h"
#include "core/parse.h"

/* A report of the newest version. What is kept of it moves to the front while it is read. */
struct report {
	const struct mcr_gmp_wire *wire;
	const struct mcr_gmp_other *other;
	const uint8_t *from, *end;
	uint8_t *to;
	unsigned kept;
};

struct record {
	enum mcr_record type;
	struct mcr_address group;
	const uint8_t *sources;
	size_t n;
};

static int is_listed(const struct mcr_source_filter *f, struct mcr_address source)
{
	for (size_t i = 0; i < f->n; i++)
		if (mcr_address_is_equal(f->sources[i], source))
			return 1;
	return 0;
}

static int wants_source(const struct mcr_source_filter *f, struct mcr_address source)
{
	return is_listed(f, source) == (f->mode == MCR_FILTER_INCLUDE);
}

static struct mcr_address source_at(const struct report *r, const struct record *record, size_t i)
{
	return mcr_gmp_wire_address(r->wire, record->sources + i * r->wire->address_octets);
}

/* Whether TO_IN of these sources ends others that are wanted. */
static int narrows(const struct report *r, const struct record *record,
		   const struct mcr_source_filter *f)
{
	if (f->mode == MCR_FILTER_EXCLUDE)
		return 1;
	for (size_t i = 0; i < f->n; i++) {
		size_t k = 0;

		while (k < record->n &&
		       !mcr_address_is_equal(f->sources[i], source_at(r, record, k)))
			k++;
		if (k == record->n)
			return 1;
	}
	return 0;
}

/* Reads the record at r->from and steps over it, its auxiliary data included. Returns 0 when it
 * does not fit. */
static int next_record(struct report *r, struct record *record)
{
	const size_t octets = r->wire->address_octets;
	size_t left = (size_t)(r->end - r->from), all;

	if (left < 4 + octets)
		return 0;
	record->type = (enum mcr_record)r->from[0];
	record->n = mcr_load_be16(r->from + 2);
	record->group = mcr_gmp_wire_address(r->wire, r->from + 4);
	record->sources = r->from + 4 + octets;
	all = 4 + octets + record->n * octets + (size_t)r->from[1] * 4;
	if (left < all)
		return 0;
	r->from += all;
	return 1;
}

static size_t count_wanted(const struct report *r, const struct record *record,
			   const struct mcr_source_filter *f)
{
	size_t n = 0;

	for (size_t i = 0; i < record->n; i++)
		n += (size_t)wants_source(f, source_at(r, record, i));
	return n;
}

/* Whether a record takes something away. */
static int takes(const struct report *r, const struct record *record,
		 const struct mcr_source_filter *f)
{
	switch (record->type) {
	case MCR_RECORD_TO_IN:
		return narrows(r, record, f);
	case MCR_RECORD_TO_EX:
	case MCR_RECORD_BLOCK:
		return count_wanted(r, record, f) > 0;
	default:
		return 0;
	}
}

/* f: NULL = with all sources, else without those that it wants. */
static void keep_record(struct report *r, const struct record *record, enum mcr_record type,
			const struct mcr_source_filter *f)
{
	const size_t octets = r->wire->address_octets;
	uint8_t *head = r->to;
	uint16_t n = 0;

	memmove(head + 4, record->sources - octets, octets); /* the group */
	r->to += 4 + octets;
	for (size_t i = 0; i < record->n; i++) {
		if (f && wants_source(f, source_at(r, record, i)))
			continue;
		memmove(r->to, record->sources + i * octets, octets);
		r->to += octets;
		n++;
	}
	head[0] = (uint8_t)type;
	head[1] = 0; /* no auxiliary data */
	head[2] = (uint8_t)(n >> 8);
	head[3] = (uint8_t)n;
	r->kept++;
}

static void spare_record(struct report *r, const struct record *record)
{
	struct mcr_source_filter f;

	r->other->wants(r->other->ctx, record->group, &f);
	if (!takes(r, record, &f)) {
		keep_record(r, record, record->type, NULL);
		return;
	}
	if (record->type == MCR_RECORD_TO_EX)
		keep_record(r, record, record->type, &f);
	else if (record->type == MCR_RECORD_TO_IN && record->n > 0)
		keep_record(r, record, MCR_RECORD_ALLOW, NULL);
	else if (record->type == MCR_RECORD_BLOCK && count_wanted(r, record, &f) < record->n)
		keep_record(r, record, record->type, &f);
	if (r->other->spared)
		r->other->spared(r->other->ctx, record->group);
}

/* Whether a record takes something away, and all of them are whole. */
static int is_to_be_changed(struct report r, unsigned n)
{
	struct mcr_source_filter f;
	struct record record;
	int taken = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!next_record(&r, &record))
			return 0;
		r.other->wants(r.other->ctx, record.group, &f);
		taken |= takes(&r, &record, &f);
	}
	return taken;
}

static enum mcr_gmp_spared spare_report(const struct mcr_gmp_wire *wire, uint8_t *packet,
					const struct mcr_gmp_message *m, size_t *len,
					const struct mcr_gmp_other *other)
{
	uint8_t *head = packet + m->offset;
	struct report r = {.wire = wire,
			   .other = other,
			   .from = head + MCR_GMP_REPORT_HEADER,
			   .end = head + m->len,
			   .to = head + MCR_GMP_REPORT_HEADER};
	unsigned n = mcr_load_be16(head + 6);
	struct record record;

	if (!is_to_be_changed(r, n))
		return MCR_GMP_HARMLESS;
	for (unsigned i = 0; i < n && next_record(&r, &record); i++)
		spare_record(&r, &record);
	if (r.kept == 0)
		return MCR_GMP_SILENT;
	head[6] = (uint8_t)(r.kept >> 8);
	head[7] = (uint8_t)r.kept;
	*len = (size_t)(r.to - packet);
	wire->seal(packet, m->offset, *len);
	return MCR_GMP_SPARED;
}

static enum mcr_gmp_spared spare_leave(const struct mcr_gmp_wire *wire, const uint8_t *message,
				       const struct mcr_gmp_other *other)
{
	struct mcr_address group =
	    mcr_gmp_wire_address(wire, message + wire->old_octets - wire->address_octets);
	struct mcr_source_filter f;

	other->wants(other->ctx, group, &f);
	if (f.mode == MCR_FILTER_INCLUDE && f.n == 0)
		return MCR_GMP_HARMLESS;
	if (other->spared)
		other->spared(other->ctx, group);
	return MCR_GMP_SILENT;
}

enum mcr_gmp_spared mcr_gmp_spare(enum mcr_gmp_family family, uint8_t *packet, size_t *len,
				  const struct mcr_gmp_other *other)
{
	const struct mcr_gmp_wire *wire = mcr_gmp_wire_of(family);
	struct mcr_gmp_message m;

	if (!wire || wire->parse(&m, packet, *len) != MCR_GMP_RX_TYPE)
		return MCR_GMP_HARMLESS;
	if (packet[m.offset] == wire->newest_type && m.len >= MCR_GMP_REPORT_HEADER)
		return spare_report(wire, packet, &m, len, other);
	if (packet[m.offset] == wire->leave_type && m.len >= wire->old_octets)
		return spare_leave(wire, packet + m.offset, other);
	return MCR_GMP_HARMLESS;
}
