/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "core/address.h"
#include "core/error.h"
#include "engine/plan/querier_config.h"

int mcr_querier_config_of(struct mcr_querier_config *out, const struct mcr_interface_config *config,
			  enum mcr_gmp_family family)
{
	const int is_mld = family == MCR_GMP_MLD;
	const uint8_t mode = is_mld ? config->mld_querier : config->querier;

	*out = (struct mcr_querier_config){
	    .family = (uint8_t)family,
	    .version = is_mld ? config->mld_querier_version : config->querier_version,
	    .is_auto = mode == MCR_QUERIER_AUTO,
	    .fast_leave = config->fast_leave,
	    .robustness = config->querier_robustness,
	    .startup_query_count = config->startup_query_count,
	    .last_member_query_count = config->last_member_query_count,
	    .query_interval_s = config->query_interval_s,
	    .query_response_interval_ms = config->query_response_interval_ms,
	    .startup_query_interval_ms = config->startup_query_interval_ms,
	    .last_member_query_interval_ms = config->last_member_query_interval_ms,
	    .groups_max = config->querier_groups,
	    .sources_max = config->querier_sources,
	};
	if (!is_mld) {
		out->address = config->address;
		out->prefix_len = config->prefix_len;
		out->strict_rx = config->igmp_strict;
	}
	return mode != MCR_QUERIER_OFF;
}

/* A querier is a member of groups itself, and answers its own queries. */
static int check_host(const struct mcr_interface_config *config, int is_mld, struct mcr_error *err)
{
	const char *key = is_mld ? "mld_querier" : "querier";

	if (config->tx_never)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": %s cannot be with tx=never: a querier "
				     "sends queries",
				     config->name, key);
	if (is_mld ? config->mld == MCR_MLD_OFF : config->igmp == MCR_IGMP_OFF)
		return mcr_error_set(
		    err, -EINVAL,
		    "interface \"%s\": %s cannot be with %s=off: a querier answers "
		    "its own queries",
		    config->name, key, is_mld ? "mld" : "igmp");
	if (!is_mld && mcr_address_is_none(config->address))
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": querier needs an address, which its "
				     "queries come from: give address=ADDR/LEN",
				     config->name);
	if (!is_mld && config->prefix_len == 32)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": querier takes messages from its subnet, "
				     "and address=ADDR/32 has nobody else there: give the prefix "
				     "length of the LAN",
				     config->name);
	return 0;
}

static int check_family(const struct mcr_interface_config *config, enum mcr_gmp_family family,
			struct mcr_error *err)
{
	struct mcr_querier_config querier;
	struct mcr_querier_timing timing;
	int ret;

	if (!mcr_querier_config_of(&querier, config, family))
		return 0;
	ret = check_host(config, family == MCR_GMP_MLD, err);
	return ret < 0 ? ret : mcr_querier_timing_of(&timing, &querier, config->name, err);
}

int mcr_querier_config_check(const struct mcr_interface_config *config, struct mcr_error *err)
{
	int ret;

	if (config->querier > MCR_QUERIER_ON || config->mld_querier > MCR_QUERIER_ON)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": unknown mode of querier or mld_querier",
				     config->name);
	ret = check_family(config, MCR_GMP_IGMP, err);
	return ret < 0 ? ret : check_family(config, MCR_GMP_MLD, err);
}
