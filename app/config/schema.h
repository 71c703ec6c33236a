/* SPDX-License-Identifier: BSD-3-Clause */
/* The shape of the configuration file. Every value is kept as text: app/settings/values.h reads it,
 * so that the command line and the file understand the same and say the same. */
#ifndef MCR_APP_CONFIG_SCHEMA_H
#define MCR_APP_CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>

#include <mcring/types.h>

struct mcr_interface_yaml {
	char *name, *port, *address, *vlan, *igmp, *tx, *kernel, *udp_checksum, *hw_time;
	char *igmp_strict, *igmp_robustness, *igmp_robustness_floor, *igmp_compat_timeout;
	char *igmp_repeat, *queues;
	char **lcores;
	unsigned n_lcores;
};

struct mcr_access_yaml {
	char **users, **groups;
	unsigned n_users, n_groups;
};

struct mcr_channel_yaml {
	char *name, *depth, *bytes, *lcore, *consumers;
	struct mcr_access_yaml *readers, *joiners;
};

struct mcr_attach_yaml {
	char *mode, *group, *consumers, *consumers_per_user;
};

struct mcr_join_yaml {
	char **groups, **ports, **sources, **exclude;
	unsigned n_groups, n_ports, n_sources, n_exclude;
	char *interface, *channel, *id;
};

struct mcr_config_yaml {
	char *name, *run_dir, *idle, *keep_memberships, *log_level;
	struct mcr_attach_yaml *attach;
	char **eal, **include;
	unsigned n_eal, n_include;
	struct mcr_interface_yaml *interfaces;
	struct mcr_channel_yaml *channels;
	struct mcr_join_yaml *joins;
	unsigned n_interfaces, n_channels, n_joins;
};

const cyaml_schema_value_t *mcr_config_schema(void);

/* mcr_config_yaml_load fills a struct from text that mcr_config_doc_check passed. *out NULL: an
 * empty document. Returns 0, or -EINVAL or -ENOMEM with err. */
int mcr_config_yaml_load(struct mcr_config_yaml **out, const char *file, const char *text,
			 size_t len, struct mcr_error *err);
void mcr_config_yaml_free(struct mcr_config_yaml *y);

#endif
