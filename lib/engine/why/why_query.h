/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked about. */
#ifndef MCR_ENGINE_WHY_QUERY_H
#define MCR_ENGINE_WHY_QUERY_H

#include <mcring/address.h>
#include <mcring/types.h>

/* All members 0: the whole host. */
struct mcr_why_query {
	struct mcr_address group;   /* none = every one */
	struct mcr_address source;  /* none = any */
	uint16_t port;              /* UDP; 0 = any */
	char channel[MCR_NAME_MAX]; /* "" = any: whose readers miss something */
};

#define MCR_WHY_QUERY_TEXT 128

/* mcr_why_query_parse reads GROUP[:PORT][@SOURCE] into group, port and source. An IPv6 address
 * stands in brackets, or without them where no port follows. Returns 0, or -EINVAL with err
 * filled. */
int mcr_why_query_parse(struct mcr_why_query *out, const char *text, struct mcr_error *err);

/* mcr_why_query_format writes group, port and source as they are parsed, and returns text. */
const char *mcr_why_query_format(char text[MCR_WHY_QUERY_TEXT], const struct mcr_why_query *query);

#endif
