/* SPDX-License-Identifier: BSD-3-Clause */
/* The kinds of values: how keys read and write theirs. Each comment says what the field of such a
 * key is. */
#ifndef MCR_APP_KEY_KINDS_H
#define MCR_APP_KEY_KINDS_H

#include "settings/keys.h"

extern const struct mcr_key_kind mcr_kind_name;   /* char[MCR_NAME_MAX] */
extern const struct mcr_key_kind mcr_kind_port;   /* char[size]: a DPDK device or port number */
extern const struct mcr_key_kind mcr_kind_path;   /* char[size]: absolute */
extern const struct mcr_key_kind mcr_kind_device; /* char[MCR_DEVICE_NAME_MAX] */
/* struct mcr_address, then uint8_t length of the prefix. */
extern const struct mcr_key_kind mcr_kind_address;  /* IPv4 */
extern const struct mcr_key_kind mcr_kind_address6; /* IPv6 */

/* Unsigned integers of `size` octets. */
extern const struct mcr_key_kind mcr_kind_word;    /* one of words */
extern const struct mcr_key_kind mcr_kind_number;  /* min..max */
extern const struct mcr_key_kind mcr_kind_seconds; /* min..max, or one of words */
extern const struct mcr_key_kind
    mcr_kind_decimal_seconds;                       /* "0.5"; field, min..max: milliseconds */
extern const struct mcr_key_kind mcr_kind_duration; /* "10s"; field, min..max: ns */
extern const struct mcr_key_kind mcr_kind_size;     /* min..max, a power of two; K, M, G */
extern const struct mcr_key_kind mcr_kind_mode;     /* permission bits, octal */
extern const struct mcr_key_kind mcr_kind_group;    /* a group's name or number */

extern const struct mcr_key_kind mcr_kind_lcores; /* uint16_t count, then as many uint16_t */
/* uint8_t count, then struct mcr_prefix[MCR_PREFIXES_MAX]. */
extern const struct mcr_key_kind mcr_kind_prefixes;
extern const struct mcr_key_kind
    mcr_kind_scopes; /* the same; `none`: no prefix. It has a `given` */
/* uint16_t count, then struct mcr_static_group[MCR_STATIC_GROUPS_MAX]. */
extern const struct mcr_key_kind mcr_kind_static_groups;

extern const struct mcr_key_kind mcr_kind_host;  /* char[MCR_SHARD_NAME_MAX] */
extern const struct mcr_key_kind mcr_kind_hosts; /* uint8_t count, then as many of these */
/* uint8_t count, then struct mcr_shard_weight[MCR_SHARD_HOSTS_MAX]. */
extern const struct mcr_key_kind mcr_kind_weights;

/* struct mcr_access. In the file it is a mapping of `users` and `groups`, which mcr_access_add_user
 * and mcr_access_add_group read; an option adds one user or one group. */
extern const struct mcr_key_kind mcr_kind_access;
extern const struct mcr_key_kind mcr_kind_one_user;
extern const struct mcr_key_kind mcr_kind_one_group;

#endif
