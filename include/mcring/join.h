/* SPDX-License-Identifier: BSD-3-Clause */
/* A join: what a channel wants to receive. A struct mcr_join is one elementary join. A text such as
 * "239.1.1.0/28:5000-5003@10.0.0.7,channel=md" expands to a list of them. The functions keep no
 * state of their own: any thread may call them, on lists that no other thread uses meanwhile. */
#ifndef MCRING_JOIN_H
#define MCRING_JOIN_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MCR_JOIN_SOURCES_MAX   64    /* sources of one join */
#define MCR_JOIN_EXPANSION_MAX 65536 /* elementary joins that one text may expand to */

/* What the list of sources means (RFC 3376 §3.1). */
enum mcr_filter_mode {
	MCR_FILTER_EXCLUDE = 0, /* every source but these; with none listed, any source */
	MCR_FILTER_INCLUDE = 1, /* these sources only */
};

/* One group on one UDP port, or on any port, of one interface, for one channel. If all members but
 * group are 0, it is the join of any source and any port, on the only interface, for the channel
 * "default". The sources belong to whoever owns the join: a list those of its items, the engine
 * those of the joins that it shows. A function that takes a join borrows them for the call. */
struct mcr_join {
	char interface[MCR_NAME_MAX]; /* "" = the only interface; an error if there are several */
	char channel[MCR_NAME_MAX];   /* "" = "default" */
	struct mcr_address group;     /* multicast */
	const struct mcr_address *sources; /* unicast, of the group's family, ascending, distinct;
					    * NULL if there are none */
	uint32_t n_sources;   /* 0..MCR_JOIN_SOURCES_MAX; MCR_FILTER_INCLUDE needs one */
	uint32_t id;          /* user id, which the messages of this join carry; 0 = none */
	uint16_t port;        /* UDP destination port, host order; 0 = any */
	uint8_t mode;         /* enum mcr_filter_mode */
	uint8_t reserved[29]; /* 0 */
};

/* A growing list of joins, which owns its items and their sources. Start with all members 0; free
 * both with mcr_join_list_clear. You may lower n; the sources of the items that are cut off stay
 * until mcr_join_list_clear. */
struct mcr_join_list {
	struct mcr_join *items;
	size_t n, cap;
	struct mcr_join_sources *sources; /* private */
};

/* mcr_join_parse appends the elementary joins that one text stands for, by group, then by port:
 *
 *     GROUP[/LEN][:PORT[-PORT]][@SOURCE|@!SOURCE]...[,interface=NAME][,channel=NAME][,id=N]
 *
 * An IPv6 GROUP or SOURCE stands in brackets: "[ff15::1]:5000@[2001:db8::7]". The group and its
 * sources are of one family. Several @SOURCE, or several @!SOURCE, make a list; the two forms do
 * not mix. A group in 232/8 or ff3x::/32 needs an @SOURCE (RFC 4607 §1). An IPv6 group with scope
 * 0, 1 or f is refused (RFC 7346 §2).
 *
 * Errors (the list is as before): -EINVAL (err gives the column and what was expected), -E2BIG
 * (more than MCR_JOIN_EXPANSION_MAX joins or MCR_JOIN_SOURCES_MAX sources), -ENOMEM. */
MCR_API int mcr_join_parse(struct mcr_join_list *list, const char *text, struct mcr_error *err);

/* mcr_join_list_add appends a copy of a join and its sources.
 *
 * Errors (the list is as before): -ENOMEM. */
MCR_API int mcr_join_list_add(struct mcr_join_list *list, const struct mcr_join *join);

/* mcr_join_list_clear frees the items with their sources and leaves an empty list. */
MCR_API void mcr_join_list_clear(struct mcr_join_list *list);

/* mcr_join_format writes a join as mcr_join_parse reads it, NUL-terminated and cut at cap octets.
 *
 * Returns the length of the whole text without its NUL, as snprintf does. */
MCR_API int mcr_join_format(char *buf, size_t cap, const struct mcr_join *join);

/* mcr_join_equal compares two joins member by member; the channel "" equals "default". The engine
 * compares what joins mean (mcr_engine_update): there the interface "" equals the only one, too.
 *
 * Returns 1 or 0. */
MCR_API int mcr_join_equal(const struct mcr_join *a, const struct mcr_join *b);

/* Who made a join. Owners may make equal joins: each owner removes only its own, and the membership
 * ends with the last of them. */
enum mcr_join_maker {
	MCR_JOINED_BY_APPLICATION = 0,   /* mcr_engine_update */
	MCR_JOINED_BY_CONFIGURATION = 1, /* mcring's file and command line */
	MCR_JOINED_BY_OPERATOR = 2,      /* mcring-ctl */
	MCR_JOINED_BY_CONSUMER = 3,      /* mcr_consumer_join */
};
#define MCR_JOIN_MAKERS 4 /* values of enum mcr_join_maker */

/* The owner of a join. */
struct mcr_join_owner {
	uint64_t consumer;   /* MCR_JOINED_BY_CONSUMER: id of struct mcr_consumer_info; else 0 */
	uint8_t maker;       /* enum mcr_join_maker */
	uint8_t reserved[7]; /* 0 */
};

/* mcr_join_maker_name returns "application", "configuration", "operator" or "consumer"; NULL from
 * MCR_JOIN_MAKERS on. */
MCR_API const char *mcr_join_maker_name(unsigned maker);

#ifdef __cplusplus
}
#endif
#endif
