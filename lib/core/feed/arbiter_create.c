/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/feed/arbiter_node.h"
#include "core/feed/arbiter_state.h"

#define LINE_OCTETS 64u

static size_t rounded(size_t n)
{
	return (n + LINE_OCTETS - 1) / LINE_OCTETS * LINE_OCTETS;
}

static size_t stream_bytes(unsigned n_lines)
{
	return rounded(sizeof(struct mcr_stream) + n_lines * sizeof(uint64_t));
}

static size_t more_bytes(unsigned n_lines)
{
	return rounded(sizeof(struct mcr_stream_more) + n_lines * sizeof(struct mcr_stream_line));
}

size_t mcr_arbiter_key_bytes(unsigned n_lines)
{
	return stream_bytes(n_lines) + more_bytes(n_lines);
}

_Static_assert(sizeof(struct mcr_stream) + 2 * sizeof(uint64_t) <= LINE_OCTETS,
	       "with two lines a packet needs one cache line of its stream");

static void *zeroed(size_t n, size_t size)
{
	size_t bytes = rounded(n * size);
	void *p = aligned_alloc(LINE_OCTETS, bytes);

	if (p)
		memset(p, 0, bytes);
	return p;
}

#define DEFAULT(field, value) ((field) = (field) ? (field) : (value))

static void set_config(struct mcr_arbiter *a, const struct mcr_arbiter_config *config)
{
	struct mcr_arbiter_config *c = &a->cfg;

	*c = *config;
	DEFAULT(c->window, 4096);
	DEFAULT(c->reset_run, 3);
	DEFAULT(c->hash_ring, 1024);
	DEFAULT(c->held_max, 4096);
	DEFAULT(c->keys_max, 1024);
	DEFAULT(c->gap_timeout_ns, 1000000);
	DEFAULT(c->reset_back, 1000);
	DEFAULT(c->jump_max, 1000000);
	DEFAULT(c->bits, 64);
	DEFAULT(c->events, ~(1u << MCR_FEED_LINE_SWITCH));
	a->n_lines = c->n_lines;
	a->unwrap_shift = (uint8_t)(64 - c->bits);
	a->wraps_to_one = c->wraps_to_one && c->bits < 64;
	a->turn = c->bits < 64 ? (1ull << c->bits) - a->wraps_to_one : 0;
	a->is_as_they_come = c->order == MCR_FEED_AS_THEY_COME;
	a->compare = c->compare;
	a->events = c->events;
	a->seed = c->seed;
	a->is_awake = 1;
	a->active = a->free_nodes = a->spent_nodes = a->oldest = a->newest = MCR_NONE;
	a->head.due_ns = UINT64_MAX;
	if (a->turn && c->jump_max > a->turn / 16)
		c->jump_max = a->turn / 16; /* of few bits all is near */
	mcr_rng_seed(&a->rng, c->seed);
}

/* A number that is this large is a mistake, and would let sums run over. */
static int is_good(const struct mcr_arbiter_config *c)
{
	return c->n_lines >= 1 && c->n_lines <= MCR_FEED_LINES_MAX && c->bits <= 64 &&
	       c->bits != 1 && c->held_max <= 1u << 24 && c->keys_max <= 1u << 24 &&
	       c->reset_run <= 64 && c->gap_timeout_ns <= 1ull << 60 &&
	       c->silence_ns <= 1ull << 60 && c->reset_back <= 1ull << 60 &&
	       c->jump_max <= 1ull << 60 && c->start_seq <= 1ull << 60;
}

static int allocate(struct mcr_arbiter *a)
{
	const struct mcr_arbiter_config *c = &a->cfg;
	uint32_t slots = 2;

	while (slots < 2 * c->keys_max)
		slots *= 2;
	a->table_mask = slots - 1;
	a->stride = (uint32_t)stream_bytes(c->n_lines);
	a->more_stride = (uint32_t)more_bytes(c->n_lines);
	/* Beyond held_max there is room for some runs, and for what begins a generation. */
	a->n_nodes = c->held_max + 64 + c->n_lines * (c->reset_run + 1);
	a->streams = zeroed(c->keys_max, a->stride);
	a->more = zeroed(c->keys_max, a->more_stride);
	a->table = zeroed(slots, sizeof(*a->table));
	a->nodes = zeroed(a->n_nodes, sizeof(*a->nodes));
	a->held = zeroed(a->n_nodes, sizeof(*a->held));
	a->ranges = zeroed(MCR_ARBITER_RANGES, sizeof(*a->ranges));
	a->heap = zeroed(c->keys_max, sizeof(*a->heap));
	a->heap_due = zeroed(c->keys_max, sizeof(*a->heap_due));
	if (!a->streams || !a->more || !a->table || !a->nodes || !a->held || !a->ranges ||
	    !a->heap || !a->heap_due || mcr_recent_create(&a->recent, c->hash_ring, c->compare) < 0)
		return -ENOMEM;
	memset(a->table, 0xff, slots * sizeof(*a->table));
	mcr_stream_at(a, 0)->slow = UINT8_MAX; /* until there is one */
	for (uint32_t n = a->n_nodes; n-- > 0;) {
		a->nodes[n].left = a->free_nodes;
		a->free_nodes = n;
	}
	return 0;
}

int mcr_arbiter_create(struct mcr_arbiter **out, const struct mcr_arbiter_config *config,
		       struct mcr_error *err)
{
	if (!is_good(config))
		return mcr_error_set(err, -EINVAL,
				     "an arbiter's configuration is out of range (%u lines, %u "
				     "bits)",
				     config->n_lines, config->bits);
	struct mcr_arbiter *a = zeroed(1, sizeof(*a));

	if (!a)
		return mcr_error_set(err, -ENOMEM, "no memory for an arbiter");
	set_config(a, config);
	if (allocate(a) < 0) {
		mcr_arbiter_destroy(a);
		return mcr_error_set(err, -ENOMEM, "no memory for an arbiter of %u streams",
				     config->keys_max);
	}
	*out = a;
	return 0;
}

void mcr_arbiter_destroy(struct mcr_arbiter *a)
{
	if (!a)
		return;
	free(a->streams);
	free(a->more);
	free(a->table);
	free(a->nodes);
	free(a->held);
	free(a->ranges);
	free(a->heap);
	free(a->heap_due);
	mcr_recent_destroy(&a->recent);
	free(a);
}
