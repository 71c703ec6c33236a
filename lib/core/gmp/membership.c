/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 3376 §3.2 and §5.1: interface state of one group and its pending changes. */
#include "core/gmp/membership.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void mcr_membership_init(struct mcr_membership *m)
{
	*m = (struct mcr_membership){.mode = MCR_FILTER_INCLUDE};
}

void mcr_membership_clear(struct mcr_membership *m)
{
	free(m->sources);
	mcr_membership_init(m);
}

int mcr_membership_wanted(const struct mcr_membership *m)
{
	return m->mode == MCR_FILTER_EXCLUDE || m->n_listed > 0;
}

int mcr_membership_pending(const struct mcr_membership *m)
{
	if (m->mode_left)
		return 1;
	for (uint32_t i = 0; i < m->n; i++)
		if (m->sources[i].left)
			return 1;
	return 0;
}

/* Keeps what is listed or still to be reported. */
static void compact(struct mcr_membership *m)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < m->n; i++)
		if (m->sources[i].listed || m->sources[i].left)
			m->sources[kept++] = m->sources[i];
	m->n = kept;
}

static int compare(const struct mcr_address *a, const struct mcr_address *b)
{
	return memcmp(a, b, sizeof(*a));
}

static int same_list(const struct mcr_membership *m, const struct mcr_address *list, size_t n)
{
	size_t k = 0;

	if (m->n_listed != n)
		return 0;
	for (uint32_t i = 0; i < m->n; i++)
		if (m->sources[i].listed && !mcr_address_is_equal(m->sources[i].address, list[k++]))
			return 0;
	return 1;
}

/* The empty list needs no memory: what was listed stays as still to be reported. */
static void unlist_all(struct mcr_membership *m, unsigned copies)
{
	for (uint32_t i = 0; i < m->n; i++) {
		if (!m->sources[i].listed)
			continue;
		m->sources[i].listed = 0;
		m->sources[i].left = (uint8_t)copies;
	}
	m->n_listed = 0;
	compact(m);
}

/* The union of the old array and the new list. Each source that enters or leaves the list starts
 * its count of reports over (RFC 3376 §5.1). */
static uint32_t merge(const struct mcr_membership *m, const struct mcr_address *list, size_t n,
		      unsigned copies, struct mcr_source *out)
{
	uint32_t i = 0, used = 0;
	size_t k = 0;

	while (i < m->n || k < n) {
		struct mcr_source s = {.left = 0};

		if (k == n || (i < m->n && compare(&m->sources[i].address, &list[k]) <= 0))
			s = m->sources[i++];
		else
			s.address = list[k];
		int listed = k < n && mcr_address_is_equal(s.address, list[k]);

		k += (size_t)listed;
		if (listed != s.listed)
			s.left = (uint8_t)copies;
		s.listed = (uint8_t)listed;
		if (s.listed || s.left)
			out[used++] = s;
	}
	return used;
}

/* A change of mode reports the whole list, so the counts of single sources end (RFC 3376 §5.1). */
static uint32_t replace(const struct mcr_address *list, size_t n, struct mcr_source *out)
{
	for (size_t k = 0; k < n; k++)
		out[k] = (struct mcr_source){.address = list[k], .listed = 1};
	return (uint32_t)n;
}

int mcr_membership_set(struct mcr_membership *m, enum mcr_filter_mode mode,
		       const struct mcr_address *list, size_t n, unsigned copies)
{
	int mode_changes = m->mode != (uint8_t)mode;
	size_t cap = mode_changes ? n : m->n + n;

	if (!mode_changes && same_list(m, list, n))
		return 0;
	if (n == 0) {
		unlist_all(m, mode_changes ? 0 : copies);
		if (mode_changes)
			m->n = 0;
	} else {
		struct mcr_source *sources = malloc(cap * sizeof(*sources));

		if (!sources)
			return -ENOMEM;
		m->n =
		    mode_changes ? replace(list, n, sources) : merge(m, list, n, copies, sources);
		free(m->sources);
		m->sources = sources;
		m->cap = (uint32_t)cap;
		m->n_listed = (uint32_t)n;
	}
	if (mode_changes) {
		m->mode = (uint8_t)mode;
		m->mode_left = (uint8_t)copies;
	}
	return 1;
}

void mcr_membership_announce(struct mcr_membership *m, unsigned copies)
{
	if (m->mode == MCR_FILTER_EXCLUDE || m->mode_left)
		m->mode_left = (uint8_t)copies;
	for (uint32_t i = 0; i < m->n; i++)
		if (m->sources[i].left || m->mode == MCR_FILTER_INCLUDE)
			m->sources[i].left = (uint8_t)copies;
}

void mcr_membership_cancel(struct mcr_membership *m)
{
	m->mode_left = 0;
	for (uint32_t i = 0; i < m->n; i++)
		m->sources[i].left = 0;
	compact(m);
}

void mcr_membership_reported(struct mcr_membership *m)
{
	if (m->mode_left)
		m->mode_left--;
	/* A TO_IN or TO_EX reports every source too, by naming it or by leaving it out. */
	for (uint32_t i = 0; i < m->n; i++)
		if (m->sources[i].left)
			m->sources[i].left--;
	compact(m);
}

static int carries(const struct mcr_membership *m, const struct mcr_source *s, enum mcr_record type)
{
	int forwarded = s->listed == (m->mode == MCR_FILTER_INCLUDE);

	switch (type) {
	case MCR_RECORD_ALLOW:
		return s->left && forwarded;
	case MCR_RECORD_BLOCK:
		return s->left && !forwarded;
	default:
		return s->listed;
	}
}

size_t mcr_membership_select(const struct mcr_membership *m, enum mcr_record type,
			     struct mcr_address *out)
{
	size_t used = 0;

	for (uint32_t i = 0; i < m->n; i++) {
		if (!carries(m, &m->sources[i], type))
			continue;
		if (out)
			out[used] = m->sources[i].address;
		used++;
	}
	return used;
}

size_t mcr_membership_answer(const struct mcr_membership *m, struct mcr_address *asked, size_t n)
{
	uint32_t i = 0;
	size_t used = 0;

	for (size_t k = 0; k < n; k++) {
		while (i < m->n && compare(&m->sources[i].address, &asked[k]) < 0)
			i++;
		int listed = i < m->n && mcr_address_is_equal(m->sources[i].address, asked[k]) &&
			     m->sources[i].listed;

		if (listed == (m->mode == MCR_FILTER_INCLUDE))
			asked[used++] = asked[k];
	}
	return used;
}
