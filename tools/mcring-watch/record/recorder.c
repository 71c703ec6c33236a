/* SPDX-License-Identifier: BSD-3-Clause */
#include "recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "engine/os/memory_limit.h"

#include "recorder_state.h"

#define MIB ((uint64_t)1 << 20)

/* ---- life ---- */

static int check_name(const struct recorder_config *c, struct mcr_error *err)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (c->name[0] != '\0' && c->name[0] != '.' && c->name[0] != '-' &&
	    c->name[strspn(c->name, letters)] == '\0')
		return 0;
	return mcr_error_set(err, -EINVAL,
			     "recording %s: its name begins files' names: letters, digits, _ . - "
			     "only, and no . or - in front",
			     c->name);
}

static int check(const struct recorder_config *c, struct mcr_error *err)
{
	const int ret = check_name(c, err);

	if (ret < 0)
		return ret;
	if (c->octets < RECORDER_OCTETS_MIN)
		return mcr_error_set(err, -EINVAL,
				     "recording %s: %" PRIu64 " MiB of memory are the least",
				     c->name, RECORDER_OCTETS_MIN / MIB);
	if ((c->file_octets_max > 0 && c->file_octets_max < OUTPUT_SIZE_MIN) ||
	    (c->all_octets_max > 0 && c->all_octets_max < OUTPUT_SIZE_MIN))
		return mcr_error_set(err, -EINVAL,
				     "recording %s: files of at least %" PRIu64 " octets", c->name,
				     OUTPUT_SIZE_MIN);
	if (c->is_continuous && c->file_octets_max == 0)
		return mcr_error_set(
		    err, -EINVAL,
		    "recording %s: what is written all the time needs a size of files", c->name);
	return 0;
}

uint64_t recorder_memory(const struct recorder_config *config)
{
	return sizeof(struct recorder) + store_size(config->octets - sizeof(struct recorder));
}

/* Memory that the host does not have would end another process. */
static int check_memory(const struct recorder_config *c, struct mcr_error *err)
{
	const struct mcr_ring_need memory = {recorder_memory(c), 1};
	char who[MCR_NAME_MAX + 16];

	snprintf(who, sizeof(who), "recording %s", c->name);
	return mcr_memory_check(
	    &(struct mcr_memory_need){
		.who = who, .key = "megabytes", .rings = &memory, .n_rings = 1, .no_huge_pages = 1},
	    "", err);
}

int recorder_create(struct recorder **out, const struct recorder_config *config,
		    struct mcr_error *err)
{
	struct recorder *r;
	int ret = check(config, err);

	if (ret == 0)
		ret = check_memory(config, err);
	if (ret < 0)
		return ret;
	r = calloc(1, sizeof(*r));
	ret = r ? store_create(&r->store, config->octets - sizeof(*r)) : -ENOMEM;
	if (ret < 0) {
		free(r);
		return mcr_error_set(err, ret, "recording %s: no memory for %" PRIu64 " MiB",
				     config->name, config->octets / MIB);
	}
	r->config = *config;
	r->writer.config = &r->config;
	r->writer.store = &r->store;
	r->writer.interfaces = r->interfaces;
	r->writer.n_interfaces = &r->n_interfaces;
	ret = writer_create(&r->writer, err);
	if (ret < 0) {
		store_destroy(&r->store);
		free(r);
		return ret;
	}
	*out = r;
	return 0;
}

void recorder_destroy(struct recorder *r)
{
	if (!r)
		return;
	writer_destroy(&r->writer);
	store_destroy(&r->store);
	free(r);
}

const char *recorder_name(const struct recorder *r)
{
	return r->config.name;
}

int recorder_interface(struct recorder *r, const struct recorder_interface *interface)
{
	const uint32_t n = r->n_interfaces;

	for (uint32_t i = 0; i < n; i++)
		if (strcmp(r->interfaces[i].name, interface->name) == 0)
			return (int)i;
	if (n == RECORDER_INTERFACES_MAX)
		return -ENOSPC;
	r->interfaces[n] = *interface;
	__atomic_store_n(&r->n_interfaces, n + 1,
			 __ATOMIC_RELEASE); /* pairs with the writer's load */
	return (int)n;
}

/* ---- numbers ---- */

int recorder_is_stopped(const struct recorder *r)
{
	return __atomic_load_n(&r->writer.is_stopped,
			       __ATOMIC_ACQUIRE); /* pairs with the writer's */
}

void recorder_stats(struct recorder *r, struct recorder_stats *out)
{
	const struct store *s = &r->store;
	const uint64_t first = s->seq >= s->n ? s->seq - s->n + 1 : 1;
	const struct writer_stats *w = &r->of_writer;

	if (pthread_mutex_trylock(&r->writer.lock) == 0) {
		r->of_writer = r->writer.stats;
		pthread_mutex_unlock(&r->writer.lock);
	}
	*out = r->stats;
	out->oldest_ns = store_segment(s, first << s->shift)->since_ns;
	out->is_writing = writer_state(&r->writer) != WRITER_IDLE;
	out->is_stopped = recorder_is_stopped(r);
	out->whole = w->whole;
	out->given_up = w->given_up;
	out->answered += w->answered;
	out->unwritten += w->unwritten;
	out->written = w->written;
	out->written_octets = w->written_octets;
	out->dir_files = w->dir_files;
	out->dir_octets = w->dir_octets;
	out->leftovers = w->leftovers;
	memcpy(out->file, w->file, sizeof(out->file));
	memcpy(out->answer, w->answer, sizeof(out->answer));
	memcpy(out->error, w->error, sizeof(out->error));
	if (r->is_void)
		out->answer[0] = '\0';
}
