/* SPDX-License-Identifier: BSD-3-Clause */
/* A join: what a channel wants to receive. Elementary joins are plain values; a join text such as
 * "239.1.1.0/28:5000-5003@10.0.0.7,channel=md" expands to a list of them. */
#ifndef MCRING_JOIN_H
#define MCRING_JOIN_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MCR_JOIN_SOURCES_MAX   64    /* sources of one join */
#define MCR_JOIN_EXPANSION_MAX 65536 /* elementary joins that one text may expand to */

/* What the list of sources means (RFC 3376 §3.1). EXCLUDE with no source is the any-source join. */
enum mcr_filter_mode {
	MCR_FILTER_EXCLUDE = 0,
	MCR_FILTER_INCLUDE = 1,
};

/* One group on one UDP port (or any port) of one interface, wanted by one channel. A plain value:
 * copy it freely. All-zero but for group_be is the any-source, any-port join of the only
 * interface into the channel "default". */
struct mcr_join {
	char
	    interface[MCR_NAME_MAX]; /* "" = the only interface (an error when there are several) */
	char channel[MCR_NAME_MAX];  /* "" = "default" */
	uint32_t group_be;           /* IPv4 multicast address */
	uint32_t id;                 /* user id that messages of this join bear; 0 = none */
	uint16_t port;               /* UDP destination port, host order; 0 = any */
	uint8_t mode;                /* enum mcr_filter_mode */
	uint8_t n_sources;           /* 0..MCR_JOIN_SOURCES_MAX; INCLUDE needs at least one */
	uint32_t sources_be[MCR_JOIN_SOURCES_MAX]; /* unicast, ascending in host order, distinct */
};

/* A growing list of joins. Start from all-zero; free with mcr_join_list_clear. */
struct mcr_join_list {
	struct mcr_join *items;
	size_t n, cap;
};

/* mcr_join_parse appends the elementary joins of one text
 *     GROUP[/LEN][:PORT[-PORT]][@SOURCE|@!SOURCE]...[,interface=NAME][,channel=NAME][,id=N]
 * (several @SOURCE make a list; include and exclude do not mix).
 * Thread: any. Returns 0, or with *err filled and the list unchanged: -EINVAL (not understood, not
 * multicast, a 232/8 group without source: RFC 4607 §1), -EAFNOSUPPORT (IPv6 form, not yet),
 * -E2BIG (more than MCR_JOIN_EXPANSION_MAX entries or MCR_JOIN_SOURCES_MAX sources), -ENOMEM. */
MCR_API int mcr_join_parse(struct mcr_join_list *list, const char *text, struct mcr_error *err);

/* mcr_join_list_add appends a copy. Returns 0 or -ENOMEM. Thread: any. */
MCR_API int mcr_join_list_add(struct mcr_join_list *list, const struct mcr_join *join);

/* mcr_join_list_clear frees the items and leaves an empty list. */
MCR_API void mcr_join_list_clear(struct mcr_join_list *list);

/* mcr_join_format writes a join in the form that mcr_join_parse reads, NUL-terminated, cut at cap.
 * Returns the length that the whole text has, as snprintf does. */
MCR_API int mcr_join_format(char *buf, size_t cap, const struct mcr_join *join);

/* mcr_join_equal: same interface, channel, group, port, filter and id, as they are written; the
 * engine compares what they mean (mcr_engine_update). Returns 1 or 0. */
MCR_API int mcr_join_equal(const struct mcr_join *a, const struct mcr_join *b);

/* Who made a join. Equal joins of several owners are each their own, and one membership that ends
 * with the last of them. */
enum mcr_join_maker {
	MCR_JOINED_BY_APPLICATION = 0,   /* that embeds the engine: mcr_engine_update */
	MCR_JOINED_BY_CONFIGURATION = 1, /* mcring's file and command line */
	MCR_JOINED_BY_OPERATOR = 2,      /* mcring-ctl */
	MCR_JOINED_BY_CONSUMER = 3,      /* mcr_consumer_join */
};
#define MCR_JOIN_MAKERS 4

struct mcr_join_owner {
	uint64_t consumer; /* MCR_JOINED_BY_CONSUMER: the id of its attachment; else 0 */
	uint8_t maker;     /* enum mcr_join_maker */
};

/* mcr_join_maker_name: "application", "configuration", "operator", "consumer"; NULL beyond. */
MCR_API const char *mcr_join_maker_name(unsigned maker);

#ifdef __cplusplus
}
#endif
#endif
