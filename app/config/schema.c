/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "config/schema.h"
#include "settings/fail.h"

#define LIST_MAX 65536

#define OPTIONAL             (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(key, of, flags) CYAML_FIELD_STRING_PTR(#key, flags, struct of, key, 0, CYAML_UNLIMITED)
#define LIST(key, of, flags, entry, min) \
	CYAML_FIELD_SEQUENCE_COUNT(#key, flags, struct of, key, n_##key, entry, min, LIST_MAX)

static const cyaml_schema_value_t text = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static const cyaml_schema_field_t interface_fields[] = {
    TEXT(name, mcr_interface_yaml, CYAML_FLAG_POINTER),
    TEXT(port, mcr_interface_yaml, CYAML_FLAG_POINTER),
    TEXT(address, mcr_interface_yaml, OPTIONAL),
    TEXT(vlan, mcr_interface_yaml, OPTIONAL),
    TEXT(igmp, mcr_interface_yaml, OPTIONAL),
    TEXT(tx, mcr_interface_yaml, OPTIONAL),
    TEXT(kernel, mcr_interface_yaml, OPTIONAL),
    TEXT(udp_checksum, mcr_interface_yaml, OPTIONAL),
    TEXT(hw_time, mcr_interface_yaml, OPTIONAL),
    TEXT(igmp_strict, mcr_interface_yaml, OPTIONAL),
    TEXT(igmp_robustness, mcr_interface_yaml, OPTIONAL),
    TEXT(igmp_robustness_floor, mcr_interface_yaml, OPTIONAL),
    TEXT(igmp_compat_timeout, mcr_interface_yaml, OPTIONAL),
    TEXT(igmp_repeat, mcr_interface_yaml, OPTIONAL),
    TEXT(queues, mcr_interface_yaml, OPTIONAL),
    LIST(lcores, mcr_interface_yaml, OPTIONAL, &text, 1),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t interface = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct mcr_interface_yaml, interface_fields)};

static const cyaml_schema_field_t access_fields[] = {
    LIST(users, mcr_access_yaml, OPTIONAL, &text, 1),
    LIST(groups, mcr_access_yaml, OPTIONAL, &text, 1),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t channel_fields[] = {
    TEXT(name, mcr_channel_yaml, CYAML_FLAG_POINTER),
    TEXT(depth, mcr_channel_yaml, OPTIONAL),
    TEXT(bytes, mcr_channel_yaml, OPTIONAL),
    TEXT(lcore, mcr_channel_yaml, OPTIONAL),
    TEXT(consumers, mcr_channel_yaml, OPTIONAL),
    CYAML_FIELD_MAPPING_PTR("readers", OPTIONAL, struct mcr_channel_yaml, readers, access_fields),
    CYAML_FIELD_MAPPING_PTR("joiners", OPTIONAL, struct mcr_channel_yaml, joiners, access_fields),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t channel = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct mcr_channel_yaml, channel_fields)};

static const cyaml_schema_field_t join_fields[] = {
    LIST(groups, mcr_join_yaml, CYAML_FLAG_POINTER, &text, 1),
    LIST(ports, mcr_join_yaml, OPTIONAL, &text, 1),
    LIST(sources, mcr_join_yaml, OPTIONAL, &text, 1),
    LIST(exclude, mcr_join_yaml, OPTIONAL, &text, 1),
    TEXT(interface, mcr_join_yaml, OPTIONAL),
    TEXT(channel, mcr_join_yaml, OPTIONAL),
    TEXT(id, mcr_join_yaml, OPTIONAL),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t join = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct mcr_join_yaml, join_fields)};

static const cyaml_schema_field_t attach_fields[] = {
    TEXT(mode, mcr_attach_yaml, OPTIONAL),
    TEXT(group, mcr_attach_yaml, OPTIONAL),
    TEXT(consumers, mcr_attach_yaml, OPTIONAL),
    TEXT(consumers_per_user, mcr_attach_yaml, OPTIONAL),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t file_fields[] = {
    TEXT(name, mcr_config_yaml, OPTIONAL),
    TEXT(run_dir, mcr_config_yaml, OPTIONAL),
    TEXT(idle, mcr_config_yaml, OPTIONAL),
    TEXT(keep_memberships, mcr_config_yaml, OPTIONAL),
    TEXT(log_level, mcr_config_yaml, OPTIONAL),
    CYAML_FIELD_MAPPING_PTR("attach", OPTIONAL, struct mcr_config_yaml, attach, attach_fields),
    LIST(eal, mcr_config_yaml, OPTIONAL, &text, 0),
    LIST(interfaces, mcr_config_yaml, OPTIONAL, &interface, 0),
    LIST(channels, mcr_config_yaml, OPTIONAL, &channel, 0),
    LIST(joins, mcr_config_yaml, OPTIONAL, &join, 0),
    LIST(include, mcr_config_yaml, OPTIONAL, &text, 0),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct mcr_config_yaml, file_fields)};

const cyaml_schema_value_t *mcr_config_schema(void)
{
	return &schema;
}

/* Keeps libcyaml's first line; the others are a backtrace. */
static void keep_first(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct mcr_error *first = ctx;

	if (level >= CYAML_LOG_ERROR && !first->text[0])
		vsnprintf(first->text, sizeof(first->text), fmt, args);
}

static cyaml_config_t cyaml_setup(struct mcr_error *first)
{
	return (cyaml_config_t){.log_fn = keep_first,
				.log_ctx = first,
				.log_level = CYAML_LOG_ERROR,
				.mem_fn = cyaml_mem};
}

int mcr_config_yaml_load(struct mcr_config_yaml **out, const char *file, const char *data,
			 size_t len, struct mcr_error *err)
{
	struct mcr_error first = {""};
	cyaml_config_t setup = cyaml_setup(&first);
	cyaml_data_t *loaded = NULL;
	cyaml_err_t ret;

	*out = NULL;
	ret = cyaml_load_data((const uint8_t *)data, len, &setup, &schema, &loaded, NULL);
	if (ret == CYAML_OK) {
		*out = loaded;
		return 0;
	}
	return mcr_fail(err, ret == CYAML_ERR_OOM ? -ENOMEM : -EINVAL, "%s: %s (%.300s)", file,
			cyaml_strerror(ret), first.text);
}

void mcr_config_yaml_free(struct mcr_config_yaml *y)
{
	struct mcr_error unused = {""};
	cyaml_config_t setup = cyaml_setup(&unused);

	cyaml_free(&setup, &schema, y, 0);
}
