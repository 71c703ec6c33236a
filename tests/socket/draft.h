/* SPDX-License-Identifier: BSD-3-Clause */
/* A script that is being made, and what its maker remembers of it, to make steps that mean
 * something. What it remembers may be wrong: no call tells it how it ended. */
#ifndef MCR_TEST_DRAFT_H
#define MCR_TEST_DRAFT_H

#include "script.h"
#include "universe.h"

enum content {
	EMPTY,
	SOCKET4,
	SOCKET6,
	SET,
	OTHER
};

#define JOINS 6

struct joined {
	uint8_t group, where, source; /* source: 0 = any */
	uint8_t kind;                 /* of the worker's memberships */
};

struct remembered {
	uint8_t content; /* enum content */
	uint8_t bound;   /* place */
	int8_t port;     /* index; -1: not bound */
	uint8_t n_joins;
	struct joined joins[JOINS];
	unsigned queued;
};

struct draft {
	struct script *script;
	uint64_t random;
	unsigned n, features;
	struct remembered slots[SLOTS];
	unsigned sleeps; /* steps since a call that may sleep, from 1; 0: none sleeps */
	uint8_t has_forked;
	uint8_t is_mixed; /* what only the kernel receives may come, too; then no socket lives off
			     others */
	uint8_t has_out_edges; /* no sends: when one makes such an edge is a matter of time */
};

unsigned roll(struct draft *d, unsigned n); /* less than n */
int chance(struct draft *d, unsigned percent);
int has(const struct draft *d, unsigned feature);
int strange(struct draft *d, unsigned percent); /* chance, if there may be wrong arguments */
#define PICK(d, list) ((list)[roll(d, sizeof(list) / sizeof((list)[0]))])

struct step *add(struct draft *d, enum step_code code);
/* add_sleeping adds a call that may sleep, in the second thread. */
struct step *add_sleeping(struct draft *d, enum step_code code, int may_sleep);
void wake(struct draft *d); /* ends a call that sleeps */

int is_group(enum place place);
int is_socket(const struct draft *d, unsigned slot);
int is_ipv6(struct draft *d, unsigned slot); /* to be treated as one of IPv6 */
unsigned any_slot(struct draft *d);
unsigned a_socket(struct draft *d);
unsigned a_full_socket(struct draft *d); /* one that has something to receive */
unsigned a_member(struct draft *d);      /* one that has joined */
unsigned a_set(struct draft *d);
enum where a_where(struct draft *d);
enum place a_group(struct draft *d, int ipv6);
enum place a_sender(struct draft *d, int ipv6);

/* Steps: generate_socket.c, generate_data.c. */
void make_socket(struct draft *d, unsigned slot);
struct step *make_set(struct draft *d, unsigned slot, unsigned option, int value);
void make_bind(struct draft *d, unsigned slot);
void make_member(struct draft *d, unsigned slot);
void make_sources(struct draft *d);
void make_option(struct draft *d, int get);
void make_connect(struct draft *d);
void make_receive(struct draft *d);
void make_arrive(struct draft *d);
void make_poll(struct draft *d);
void make_epoll(struct draft *d);

#endif
