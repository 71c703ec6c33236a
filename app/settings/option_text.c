/* SPDX-License-Identifier: BSD-3-Clause */
#include "settings/option_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "settings/depth.h"
#include "settings/fail.h"
#include "settings/keys.h"
#include "settings/values.h"

int mcr_option_keys(char *list, const struct mcr_keys *keys, void *config, struct mcr_error *err)
{
	char *save = NULL;

	for (char *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		char *value = strchr(item, '=');
		int ret;

		if (!value)
			return mcr_fail(err, -EINVAL, "'%.64s': expected KEY=VALUE", item);
		*value++ = '\0';
		ret = mcr_keys_option(keys, config, item, value, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Copies the value that key has in a comma-separated list of KEY=VALUE. Returns buf, or NULL: the
 * key is not there. */
static const char *value_of(const char *list, const char *key, char *buf, size_t cap)
{
	size_t len = strlen(key);

	for (const char *item = list; *item; item += *item == ',') {
		if (strncmp(item, key, len) == 0 && item[len] == '=') {
			item += len + 1;
			snprintf(buf, cap, "%.*s", (int)strcspn(item, ","), item);
			return buf;
		}
		item += strcspn(item, ",");
	}
	return NULL;
}

static int refuse_depth(const char *channel, const char *list, struct mcr_error *err)
{
	char depth[64], bytes[64];

	if (!value_of(list, "depth", depth, sizeof(depth)))
		return 0;
	return mcr_depth_refuse(channel, depth, value_of(list, "bytes", bytes, sizeof(bytes)), "=",
				err);
}

/* Copies text and cuts the copy at its first comma: *rest is what follows, or "". */
static char *split_head(const char *text, char **rest)
{
	char *copy = strdup(text);

	if (!copy)
		return NULL;
	*rest = copy + strcspn(copy, ",");
	if (**rest)
		*(*rest)++ = '\0';
	return copy;
}

int mcr_interface_parse(struct mcr_interface_config *out, const char *text, struct mcr_error *err)
{
	struct mcr_interface_config cfg = {.vlan = 0};
	char *rest, *copy = split_head(text, &rest), *port;
	int ret = -EINVAL;

	if (!copy)
		return mcr_fail_memory(err);
	port = strchr(copy, '=');
	if (!port) {
		mcr_fail(err, ret, "'%.64s': expected NAME=PORT", copy);
		goto out;
	}
	*port++ = '\0';
	ret = mcr_value_name(cfg.name, copy, err);
	if (ret == 0)
		ret = mcr_value_string(cfg.port, sizeof(cfg.port), port, "a DPDK device or port",
				       err);
	if (ret == 0)
		ret = mcr_option_keys(rest, &mcr_interface_keys, &cfg, err);
	if (ret == 0)
		*out = cfg;
out:
	free(copy);
	return ret;
}

int mcr_channel_parse(struct mcr_channel_config *out, const char *text, struct mcr_error *err)
{
	struct mcr_channel_config cfg = {.bytes = 0};
	char *rest, *copy = split_head(text, &rest);
	int ret;

	if (!copy)
		return mcr_fail_memory(err);
	ret = mcr_value_name(cfg.name, copy, err);
	if (ret == 0)
		ret = refuse_depth(cfg.name, rest, err);
	if (ret == 0)
		ret = mcr_option_keys(rest, &mcr_channel_keys, &cfg, err);
	if (ret == 0)
		*out = cfg;
	free(copy);
	return ret;
}
