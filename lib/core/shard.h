/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of several hosts own a key: weighted rendezvous hashing (Thaler and Ravishankar, 1998), in
 * integers. Each host has a score for each key, which depends on nothing but the host's name, its
 * weight and the key; the `copies` hosts with the highest scores own the key. So hosts that know
 * the same list agree without a message, and when a host is added, lost or weighs more, only keys
 * move that it gets or had.
 *
 * The score never changes from one version to the next, since hosts of both may share keys:
 * tests/unit/test_shard.c has values of it. Pure. Thread: any. */
#ifndef MCR_CORE_SHARD_H
#define MCR_CORE_SHARD_H

#include <stdint.h>

#define MCR_SHARD_HOSTS_MAX  64  /* bits of a set of hosts */
#define MCR_SHARD_WEIGHT_MAX 64  /* of a host */
#define MCR_SHARD_NAME_MAX   100 /* octets of a host's name, with the NUL */

struct mcr_shard_host {
	char name[MCR_SHARD_NAME_MAX]; /* as mcr_shard_name writes it */
	uint32_t weight;               /* 1..MCR_SHARD_WEIGHT_MAX */
};

/* Hosts with different names, in any order. */
struct mcr_shard {
	struct mcr_shard_host hosts[MCR_SHARD_HOSTS_MAX];
	uint32_t n;      /* 0..MCR_SHARD_HOSTS_MAX */
	uint32_t copies; /* 1..n: how many hosts own each key */
};

/* mcr_shard_name writes the one form of a host's name: lower case, without a dot at its end
 * (RFC 4343). A name is letters, digits, '.', '_' and '-'. Returns 0, or -EINVAL: it is none,
 * or too long. */
int mcr_shard_name(char out[MCR_SHARD_NAME_MAX], const char *text);

/* mcr_shard_is_same: whether two names, in their one form, may be of one host: they are equal, or
 * one is the other with a domain behind it. */
int mcr_shard_is_same(const char *a, const char *b);

/* mcr_shard_score: how much a host wants a key. A host of weight w draws w times, and its best draw
 * counts. */
uint64_t mcr_shard_score(const struct mcr_shard_host *host, const char *key);

/* mcr_shard_owners: the set of the hosts that own a key. Bit i is hosts[i]. Equal scores go by
 * name. */
uint64_t mcr_shard_owners(const struct mcr_shard *shard, const char *key);

/* mcr_shard_digest: equal for hosts that share in the same way: hosts, weights and copies, whatever
 * the order. */
uint64_t mcr_shard_digest(const struct mcr_shard *shard);

#endif
