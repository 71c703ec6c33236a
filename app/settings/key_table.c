/* SPDX-License-Identifier: BSD-3-Clause */
#include <mcring/engine.h>

#include "engine/plan/channel_config.h"
#include "engine/plan/limits.h"
#include "settings/key_kinds.h"
#include "settings/settings.h"

#define LCORE_MAX   1023
#define SECONDS_MAX 86400

/* Of a querier: what the largest code of a message says. Version and the other values may allow
 * less: engine/plan/querier_config.h. */
#define QUERY_INTERVAL_MAX  31744   /* QQIC: RFC 9776 §4.1.7 */
#define RESPONSE_MS_MAX     8387584 /* Maximum Response Code of MLDv2: RFC 9777 §5.1.3 */
#define QUERIER_ENTRIES_MAX 65536

#define OVERLAP_NS_MAX UINT64_C(3600000000000) /* an hour */

#define TEXT_OF_(x) #x
#define TEXT_OF(x)  TEXT_OF_(x)

/* The field of a key: one member of the struct; a member with a flag beside it; a struct mcr_opt8
 * or mcr_opt32; several members that follow each other. */
#define FIELD(type, field) FLAGGED(type, field, field)
#define FLAGGED(type, field, flag)                                           \
	.offset = offsetof(type, field), .size = sizeof(((type *)0)->field), \
	.given = offsetof(type, flag)
#define OPTIONAL(type, field)     FLAGGED(type, field.value, field.set)
#define FIELDS(type, first, last) FLAGGED_FIELDS(type, first, last, first)
#define FLAGGED_FIELDS(type, first, last, flag)                         \
	.offset = offsetof(type, first), .given = offsetof(type, flag), \
	.size = offsetof(type, last) + sizeof(((type *)0)->last) - offsetof(type, first)

#define TABLE(table, rows)                                                      \
	{                                                                       \
		.of = table, .key = rows, .n = sizeof(rows) / sizeof((rows)[0]) \
	}
#define ASSERT_FITS(rows) \
	_Static_assert(sizeof(rows) / sizeof((rows)[0]) <= MCR_KEYS_MAX, "MCR_KEYS_MAX")

static const struct mcr_word bool_words[] = {{"yes", 1}, {"true", 1}, {"on", 1},
					     {"1", 1},   {"no", 0},   {"false", 0},
					     {"off", 0}, {"0", 0},    {NULL, 0}};

/* ---- an interface ---- */

#define INTERFACE(field)              FIELD(struct mcr_interface_config, field)
#define INTERFACE_FIELDS(first, last) FIELDS(struct mcr_interface_config, first, last)

static const struct mcr_word igmp_words[] = {{"auto", MCR_IGMP_AUTO}, {"1", MCR_IGMP_V1},
					     {"2", MCR_IGMP_V2},      {"3", MCR_IGMP_V3},
					     {"off", MCR_IGMP_OFF},   {NULL, 0}};
static const struct mcr_word mld_words[] = {
    {"auto", MCR_MLD_AUTO}, {"1", MCR_MLD_V1}, {"2", MCR_MLD_V2}, {"off", MCR_MLD_OFF}, {NULL, 0}};
static const struct mcr_word dad_words[] = {{"on", 0}, {"off", 1}, {NULL, 0}};
static const struct mcr_word tx_words[] = {{"auto", 0}, {"never", 1}, {NULL, 0}};
static const struct mcr_word checksum_words[] = {{"nic", MCR_UDP_CHECKSUM_NIC},
						 {"off", MCR_UDP_CHECKSUM_OFF},
						 {"verify", MCR_UDP_CHECKSUM_VERIFY},
						 {NULL, 0}};
static const struct mcr_word hw_time_words[] = {{"off", MCR_HW_TIME_OFF},
						{"on", MCR_HW_TIME_ON},
						{"synced", MCR_HW_TIME_SYNCED},
						{"metamako", MCR_HW_TIME_METAMAKO},
						{"exablaze-hpt", MCR_HW_TIME_EXABLAZE_HPT},
						{NULL, 0}};
static const struct mcr_word pieces_words[] = {
    {"auto", MCR_PIECES_AUTO}, {"on", MCR_PIECES_ON}, {"off", MCR_PIECES_OFF}, {NULL, 0}};
static const struct mcr_word querier_words[] = {
    {"off", MCR_QUERIER_OFF}, {"auto", MCR_QUERIER_AUTO}, {"on", MCR_QUERIER_ON}, {NULL, 0}};
static const struct mcr_word role_words[] = {
    {"upstream", MCR_RELAY_UPSTREAM}, {"downstream", MCR_RELAY_DOWNSTREAM}, {NULL, 0}};
static const struct mcr_word forward_words[] = {{"querier", MCR_FORWARD_QUERIER},
						{"always", MCR_FORWARD_ALWAYS},
						{"never", MCR_FORWARD_NEVER},
						{NULL, 0}};
static const struct mcr_word auto_word[] = {{"auto", 0}, {NULL, 0}};
static const struct mcr_word never_word[] = {{"never", UINT32_MAX}, {NULL, 0}};

static const struct mcr_key interface_keys[] = {
    {"name", &mcr_kind_name, INTERFACE(name), .flags = MCR_KEY_REQUIRED},
    {"port", &mcr_kind_port, INTERFACE(port), .flags = MCR_KEY_REQUIRED},
    {"address", &mcr_kind_address, "ADDR/LEN", INTERFACE_FIELDS(address, prefix_len)},
    {"address6", &mcr_kind_address6, "ADDR/LEN", INTERFACE_FIELDS(address6, prefix6_len)},
    {"vlan", &mcr_kind_number, "ID", INTERFACE(vlan), .max = MCR_VLAN_ID_MAX},
    {"igmp", &mcr_kind_word, INTERFACE(igmp), .words = igmp_words, .flags = MCR_KEY_SHOWN},
    {"mld", &mcr_kind_word, INTERFACE(mld), .words = mld_words},
    {"dad", &mcr_kind_word, INTERFACE(dad_off), .words = dad_words},
    {"igmp_strict", &mcr_kind_word, INTERFACE(igmp_strict), .words = bool_words},
    {"igmp_robustness", &mcr_kind_number, "N", INTERFACE(igmp_robustness), .min = 1,
     .max = MCR_IGMP_ROBUSTNESS_MAX},
    {"igmp_robustness_floor", &mcr_kind_number, "N", INTERFACE(igmp_robustness_floor), .min = 1,
     .max = MCR_IGMP_ROBUSTNESS_MAX},
    {"igmp_compat_timeout", &mcr_kind_seconds, "auto|SECONDS", INTERFACE(igmp_compat_timeout_s),
     .min = 1, .max = SECONDS_MAX, .words = auto_word},
    {"igmp_repeat", &mcr_kind_seconds, "never|SECONDS", INTERFACE(igmp_repeat_s), .min = 1,
     .max = SECONDS_MAX, .words = never_word},
    {"tx", &mcr_kind_word, INTERFACE(tx_never), .words = tx_words, .flags = MCR_KEY_SHOWN},
    {"kernel", &mcr_kind_device, "DEVICE", INTERFACE(kernel)},
    {"udp_checksum", &mcr_kind_word, INTERFACE(udp_checksum), .words = checksum_words,
     .flags = MCR_KEY_SHOWN},
    {"hw_time", &mcr_kind_word, INTERFACE(hw_time), .words = hw_time_words},
    {"lcores", &mcr_kind_lcores, "N/N...", INTERFACE_FIELDS(n_lcores, lcores), .max = LCORE_MAX},
    {"queues", &mcr_kind_number, "N", INTERFACE(n_queues), .min = 1, .max = MCR_QUEUES_MAX},
    {"pieces", &mcr_kind_word, INTERFACE(pieces), .words = pieces_words},
    {"querier", &mcr_kind_word, INTERFACE(querier), .words = querier_words},
    {"mld_querier", &mcr_kind_word, INTERFACE(mld_querier), .words = querier_words},
    {"querier_version", &mcr_kind_number, "1|2|3", INTERFACE(querier_version), .min = 1, .max = 3},
    {"mld_querier_version", &mcr_kind_number, "1|2", INTERFACE(mld_querier_version), .min = 1,
     .max = 2},
    {"querier_robustness", &mcr_kind_number, "N", INTERFACE(querier_robustness), .min = 1,
     .max = UINT8_MAX},
    {"query_interval", &mcr_kind_number, "SECONDS", INTERFACE(query_interval_s), .min = 1,
     .max = QUERY_INTERVAL_MAX},
    {"query_response_interval", &mcr_kind_decimal_seconds, "SECONDS",
     INTERFACE(query_response_interval_ms), .min = 1, .max = RESPONSE_MS_MAX},
    {"startup_query_interval", &mcr_kind_decimal_seconds, "SECONDS",
     INTERFACE(startup_query_interval_ms), .min = 1, .max = QUERY_INTERVAL_MAX * 1000},
    {"startup_query_count", &mcr_kind_number, "N", INTERFACE(startup_query_count), .min = 1,
     .max = UINT8_MAX},
    {"last_member_query_interval", &mcr_kind_decimal_seconds, "SECONDS",
     INTERFACE(last_member_query_interval_ms), .min = 1, .max = RESPONSE_MS_MAX},
    {"last_member_query_count", &mcr_kind_number, "N", INTERFACE(last_member_query_count), .min = 1,
     .max = UINT8_MAX},
    {"fast_leave", &mcr_kind_word, INTERFACE(fast_leave), .words = bool_words},
    {"querier_groups", &mcr_kind_number, "N", INTERFACE(querier_groups), .min = 1,
     .max = QUERIER_ENTRIES_MAX},
    {"querier_sources", &mcr_kind_number, "N", INTERFACE(querier_sources), .min = 1,
     .max = QUERIER_ENTRIES_MAX},
    {"role", &mcr_kind_word, INTERFACE(role), .words = role_words},
    {"forward_when", &mcr_kind_word, INTERFACE(forward_when), .words = forward_words},
    {"ttl_threshold", &mcr_kind_number, "N", INTERFACE(ttl_threshold), .min = 1, .max = UINT8_MAX},
    {"loop_guard", &mcr_kind_word, INTERFACE(loop_guard), .words = bool_words},
    {"scopes", &mcr_kind_scopes, "none|PREFIX+PREFIX...",
     FLAGGED_FIELDS(struct mcr_interface_config, n_scopes, scopes, has_scopes)},
    {"rpf_sources", &mcr_kind_prefixes, "PREFIX+PREFIX...",
     INTERFACE_FIELDS(n_rpf_sources, rpf_sources)},
    {"static_groups", &mcr_kind_static_groups, "GROUP[@SOURCE]+...",
     INTERFACE_FIELDS(n_static_groups, static_groups)},
};
const struct mcr_keys mcr_interface_keys = TABLE("interface", interface_keys);
ASSERT_FITS(interface_keys);

_Static_assert(offsetof(struct mcr_interface_config, prefix_len) ==
		   offsetof(struct mcr_interface_config, address) + sizeof(struct mcr_address),
	       "one field of mcr_kind_address");
_Static_assert(offsetof(struct mcr_interface_config, prefix6_len) ==
		   offsetof(struct mcr_interface_config, address6) + sizeof(struct mcr_address),
	       "one field of mcr_kind_address6");
_Static_assert(offsetof(struct mcr_interface_config, lcores) ==
		   offsetof(struct mcr_interface_config, n_lcores) + 2,
	       "one field of mcr_kind_lcores");
_Static_assert(offsetof(struct mcr_interface_config, scopes) ==
		       offsetof(struct mcr_interface_config, n_scopes) + 1 &&
		   offsetof(struct mcr_interface_config, rpf_sources) ==
		       offsetof(struct mcr_interface_config, n_rpf_sources) + 1,
	       "one field of mcr_kind_prefixes");
_Static_assert(offsetof(struct mcr_interface_config, static_groups) ==
		   offsetof(struct mcr_interface_config, n_static_groups) + 2,
	       "one field of mcr_kind_static_groups");

/* ---- a channel ---- */

#define CHANNEL(field) FIELD(struct mcr_channel_config, field)

static const struct mcr_key channel_keys[] = {
    {"name", &mcr_kind_name, CHANNEL(name), .flags = MCR_KEY_REQUIRED},
    {"bytes", &mcr_kind_size, "BYTES", CHANNEL(bytes), .min = MCR_CHANNEL_BYTES_MIN,
     .max = MCR_CHANNEL_BYTES_MAX},
    {"lcore", &mcr_kind_number, "N", FLAGGED(struct mcr_channel_config, lcore, has_lcore),
     .max = LCORE_MAX},
    {"consumers", &mcr_kind_number, "N", CHANNEL(consumers_max), .min = 1, .max = MCR_CONSUMERS_MAX,
     .flags = MCR_KEY_LIVE},
    {"joins", &mcr_kind_number, "N", CHANNEL(joins_max), .min = 1, .max = MCR_JOINS_MAX,
     .flags = MCR_KEY_LIVE},
    {"per_program", &mcr_kind_word, CHANNEL(per_program), .words = bool_words},
    {"programs", &mcr_kind_number, "N", CHANNEL(programs_max), .min = 1,
     .max = MCR_CHANNELS_MAX - 1, .flags = MCR_KEY_LIVE},
    {"readers", &mcr_kind_access, CHANNEL(readers), .flags = MCR_KEY_LIVE | MCR_KEY_FILE_ONLY},
    {"joiners", &mcr_kind_access, CHANNEL(joiners), .flags = MCR_KEY_LIVE | MCR_KEY_FILE_ONLY},
    {"user", &mcr_kind_one_user, "USER", CHANNEL(readers),
     .flags = MCR_KEY_LIVE | MCR_KEY_OPTION_ONLY | MCR_KEY_REPEATED},
    {"group", &mcr_kind_one_group, "GROUP", CHANNEL(readers),
     .flags = MCR_KEY_LIVE | MCR_KEY_OPTION_ONLY | MCR_KEY_REPEATED},
};
const struct mcr_keys mcr_channel_keys = TABLE("channel", channel_keys);
ASSERT_FITS(channel_keys);

/* ---- the attach socket ---- */

#define ATTACH(field) OPTIONAL(struct mcr_attach_setting, field)

static const struct mcr_key attach_keys[] = {
    {"mode", &mcr_kind_mode, "MODE", "0660", ATTACH(mode)},
    {"group", &mcr_kind_group, "GROUP", ATTACH(gid)},
    {"consumers", &mcr_kind_number, "N", TEXT_OF(MCR_CONSUMERS_MAX), ATTACH(consumers), .min = 1,
     .max = MCR_CONSUMERS_MAX},
    {"consumers_per_user", &mcr_kind_number, "N", ATTACH(consumers_per_uid), .min = 1,
     .max = MCR_CONSUMERS_MAX},
    {"joins_per_user", &mcr_kind_number, "N", TEXT_OF(MCR_USER_JOINS), ATTACH(joins_per_uid),
     .min = 1, .max = MCR_JOINS_MAX},
};
const struct mcr_keys mcr_attach_keys = TABLE("attach", attach_keys);
ASSERT_FITS(attach_keys);

/* ---- the socket of monitors ---- */

#define STATS(field) OPTIONAL(struct mcr_stats_setting, field)

static const struct mcr_key stats_keys[] = {
    {"mode", &mcr_kind_mode, "MODE", "0660", STATS(mode)},
    {"group", &mcr_kind_group, "GROUP", STATS(gid)},
};
const struct mcr_keys mcr_stats_keys = TABLE("stats", stats_keys);
ASSERT_FITS(stats_keys);

/* ---- the hosts that share the joins ---- */

#define SHARD(field) FIELD(struct mcr_shard_setting, field)

static const struct mcr_key shard_keys[] = {
    {"hosts", &mcr_kind_hosts, "HOST+HOST...", FIELDS(struct mcr_shard_setting, n_hosts, hosts),
     .flags = MCR_KEY_LIVE},
    {"me", &mcr_kind_host, "HOST", SHARD(me), .flags = MCR_KEY_LIVE},
    {"copies", &mcr_kind_number, "N", "1", OPTIONAL(struct mcr_shard_setting, copies), .min = 1,
     .max = MCR_SHARD_HOSTS_MAX, .flags = MCR_KEY_LIVE},
    {"weights", &mcr_kind_weights, "HOST:N+HOST:N...",
     FIELDS(struct mcr_shard_setting, n_weights, weights), .min = 1, .max = MCR_SHARD_WEIGHT_MAX,
     .flags = MCR_KEY_LIVE | MCR_KEY_MAPPING},
    {"overlap", &mcr_kind_duration, "TIME", "10s", OPTIONAL(struct mcr_shard_setting, overlap),
     .max = OVERLAP_NS_MAX, .flags = MCR_KEY_LIVE},
};
const struct mcr_keys mcr_shard_keys = TABLE("shard", shard_keys);
ASSERT_FITS(shard_keys);

_Static_assert(offsetof(struct mcr_shard_setting, hosts) ==
		       offsetof(struct mcr_shard_setting, n_hosts) + 1 &&
		   offsetof(struct mcr_shard_setting, weights) ==
		       offsetof(struct mcr_shard_setting, n_weights) + 1,
	       "one field of mcr_kind_hosts, of mcr_kind_weights");

/* ---- the engine itself ---- */

#define ENGINE(field)        FIELD(struct mcr_engine_setting, field)
#define ENGINE_OPTION(field) OPTIONAL(struct mcr_engine_setting, field)

static const struct mcr_word idle_words[] = {
    {"busy", MCR_IDLE_BUSY}, {"adaptive", MCR_IDLE_ADAPTIVE}, {NULL, 0}};
static const struct mcr_word level_words[] = {{"error", MCR_LOG_ERROR},
					      {"warning", MCR_LOG_WARNING},
					      {"info", MCR_LOG_INFO},
					      {"debug", MCR_LOG_DEBUG},
					      {NULL, 0}};

static const struct mcr_key engine_keys[] = {
    {"name", &mcr_kind_name, NULL, MCR_DEFAULT_NAME, ENGINE(name)},
    {"run_dir", &mcr_kind_path, ENGINE(run_dir)},
    {"idle", &mcr_kind_word, NULL, "busy", ENGINE_OPTION(idle), .words = idle_words},
    {"keep_memberships", &mcr_kind_word, NULL, "no", ENGINE_OPTION(keep_memberships),
     .words = bool_words},
    {"log_level", &mcr_kind_word, NULL, "info", ENGINE_OPTION(log_level), .words = level_words},
    {"pdump", &mcr_kind_word, NULL, "no", ENGINE_OPTION(pdump), .words = bool_words},
};
const struct mcr_keys mcr_engine_keys = TABLE("engine", engine_keys);
ASSERT_FITS(engine_keys);
