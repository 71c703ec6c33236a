/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/reader.h"
#include "settings/fail.h"

struct mcr_origin mcr_config_origin(const struct mcr_config_reader *f, int node)
{
	return (struct mcr_origin){f->file, mcr_config_doc_line(f->doc, node)};
}

int mcr_config_field(const struct mcr_config_reader *f, int node, const char *key)
{
	return mcr_config_doc_field(f->doc, node, key);
}

int mcr_config_located(const struct mcr_config_reader *f, int node, const char *key, int ret)
{
	if (ret >= 0)
		return ret;
	if (key)
		mcr_fail_prefix(f->err, ret, "%s: ", key);
	return mcr_settings_locate(mcr_config_origin(f, node), f->err, ret);
}
