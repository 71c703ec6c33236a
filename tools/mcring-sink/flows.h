/* SPDX-License-Identifier: BSD-3-Clause */
/* The flows of a ring: what one sender sends to a group and port. A hostile sender makes the table
 * slower at most: it has a limit, and its hash a secret. Thread: the sink's. */
#ifndef MCR_SINK_FLOWS_H
#define MCR_SINK_FLOWS_H

#include <stdint.h>

#include <mcring/consumer.h>

#include "core/address_hash.h"
#include "pack.h"
#include "subject.h"

#define FLOWS_MAX 65536 /* that are remembered */

/* What makes a flow, as it stands in struct mcr_msg. */
struct flow_key {
	uint64_t group[2], source[2];
	uint16_t dst_port, src_port, vlan, pad;
	uint32_t id;
};

struct flow {
	struct sink_flow flow; /* the first member: a flow is found by it */
	struct flow_key key;
	char subject[SUBJECT_MAX];
	char name[64];  /* of flow.key */
	char more[128]; /* what source_calls.more says */
};

struct flows {
	struct flow **table; /* n, a power of two */
	struct flow *last;
	uint32_t n, used;
	struct mcr_address_hash group_hash, source_hash;
	uint64_t multipliers[2];
	const char *subject; /* that of a flow: this, '.' and its name, unless is_one */
	int is_one;          /* the subject is this for all of them */
};

/* flows_create: subject is borrowed. Returns 0 or -errno. flows_destroy frees it in any case. */
int flows_create(struct flows *f, const char *subject, int is_one);
void flows_destroy(struct flows *f);

/* flows_find finds the flow of a message, or makes it. It lasts until flows_trim. NULL = no memory.
 */
struct flow *flows_find(struct flows *f, const struct mcr_msg *m);

/* flows_trim forgets all flows when there are too many. None of them may have an open unit. */
void flows_trim(struct flows *f);

#endif
