/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/gmp/gmp_spare.h"

#include <string.h>

#include "core/gmp/gmp_wire.h"

/* A report of the newest version. What is kept of it moves to the front while it is read. */
struct report {
	const struct mcr_gmp_wire *wire;
	const struct mcr_gmp_other *other;
	struct mcr_gmp_records records; /* that are still to be read */
	uint8_t *to;
	unsigned kept;
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

static struct mcr_address source_at(const struct report *r, const struct mcr_gmp_record *record,
				    size_t i)
{
	return mcr_gmp_wire_address(r->wire, record->sources + i * r->wire->address_octets);
}

/* Whether TO_IN of these sources ends others that are wanted. */
static int narrows(const struct report *r, const struct mcr_gmp_record *record,
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

static size_t count_wanted(const struct report *r, const struct mcr_gmp_record *record,
			   const struct mcr_source_filter *f)
{
	size_t n = 0;

	for (size_t i = 0; i < record->n; i++)
		n += (size_t)wants_source(f, source_at(r, record, i));
	return n;
}

/* Whether a record takes something away. */
static int takes(const struct report *r, const struct mcr_gmp_record *record,
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
static void keep_record(struct report *r, const struct mcr_gmp_record *record, uint8_t type,
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
	head[0] = type;
	head[1] = 0; /* no auxiliary data */
	head[2] = (uint8_t)(n >> 8);
	head[3] = (uint8_t)n;
	r->kept++;
}

static void spare_record(struct report *r, const struct mcr_gmp_record *record)
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
static int is_to_be_changed(struct report r)
{
	struct mcr_source_filter f;
	struct mcr_gmp_record record;
	int taken = 0, more;

	while ((more = mcr_gmp_records_next(&r.records, &record)) > 0) {
		r.other->wants(r.other->ctx, record.group, &f);
		taken |= takes(&r, &record, &f);
	}
	return taken && more == 0;
}

static enum mcr_gmp_spared spare_report(const struct mcr_gmp_wire *wire, uint8_t *packet,
					const struct mcr_gmp_message *m, size_t *len,
					const struct mcr_gmp_other *other)
{
	uint8_t *head = packet + m->offset;
	struct report r = {.wire = wire, .other = other, .to = head + MCR_GMP_REPORT_HEADER};
	struct mcr_gmp_record record;

	mcr_gmp_records_begin(&r.records, wire, packet, m);
	if (!is_to_be_changed(r))
		return MCR_GMP_HARMLESS;
	while (mcr_gmp_records_next(&r.records, &record) > 0)
		spare_record(&r, &record);
	if (r.kept == 0)
		return MCR_GMP_SILENT;
	head[6] = (uint8_t)(r.kept >> 8);
	head[7] = (uint8_t)r.kept;
	*len = (size_t)(r.to - packet);
	wire->seal(packet, m->offset, *len);
	return MCR_GMP_SPARED;
}

static enum mcr_gmp_spared spare_leave(struct mcr_address group, const struct mcr_gmp_other *other)
{
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
	switch (mcr_gmp_kind_of(wire, &m)) {
	case MCR_GMP_KIND_REPORT:
		return spare_report(wire, packet, &m, len, other);
	case MCR_GMP_KIND_LEAVE:
		return spare_leave(m.group, other);
	default:
		return MCR_GMP_HARMLESS;
	}
}
