/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "core/address.h"
#include "core/device_name.h"
#include "core/error.h"
#include "core/own_address.h"
#include "engine/interface/interface.h"
#include "engine/plan/limits.h"
#include "engine/plan/querier_config.h"
#include "engine/plan/relay_config.h"

static int is_of_the_subnet(struct mcr_address address, unsigned prefix_len)
{
	const enum mcr_own_address_fault fault = mcr_own_address_fault(address, prefix_len);

	return fault == MCR_OWN_ADDRESS_NETWORK || fault == MCR_OWN_ADDRESS_BROADCAST ||
	       fault == MCR_OWN_ADDRESS_ROUTERS;
}

static int check_addresses(const struct mcr_interface_config *config, struct mcr_error *err)
{
	const struct mcr_address a4 = config->address, a6 = config->address6;

	if ((!mcr_address_is_none(a4) && !mcr_ipv4_is_unicast(mcr_address_ipv4_be(a4))) ||
	    config->prefix_len > 32)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": its address is not a unicast IPv4 one",
				     config->name);
	if ((!mcr_address_is_none(a6) && (mcr_address_is_ipv4(a6) || !mcr_address_is_host(a6))) ||
	    config->prefix6_len > 128)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": its address6 is not a unicast IPv6 one",
				     config->name);
	if (is_of_the_subnet(a4, config->prefix_len) || is_of_the_subnet(a6, config->prefix6_len))
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": its address is that of the subnet, its "
				     "broadcast or its routers, which no host can have",
				     config->name);
	if (mcr_address_is_link_local(a6))
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": its address6 is link-local: that address "
				     "makes itself, so leave address6 out or give another",
				     config->name);
	return 0;
}

static int check_modes(const struct mcr_interface_config *config, struct mcr_error *err)
{
	if (config->igmp > MCR_IGMP_OFF || config->mld > MCR_MLD_OFF ||
	    config->udp_checksum > MCR_UDP_CHECKSUM_VERIFY ||
	    config->hw_time > MCR_HW_TIME_EXABLAZE_HPT || config->pieces > MCR_PIECES_OFF)
		return mcr_error_set(
		    err, -EINVAL,
		    "interface \"%s\": unknown igmp, mld, udp_checksum, hw_time or pieces mode",
		    config->name);
	if (config->igmp_robustness > MCR_IGMP_ROBUSTNESS_MAX ||
	    config->igmp_robustness_floor > MCR_IGMP_ROBUSTNESS_MAX)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": IGMP robustness is not in 1..%d",
				     config->name, MCR_IGMP_ROBUSTNESS_MAX);
	return 0;
}

int mcr_interface_check(const struct mcr_interface_config *config, struct mcr_error *err)
{
	int ret;

	if (config->name[0] == '\0' || !memchr(config->name, '\0', sizeof(config->name)))
		return mcr_error_set(err, -EINVAL, "an interface needs a name of 1 to %d octets",
				     MCR_NAME_MAX - 1);
	if (!memchr(config->port, '\0', sizeof(config->port)))
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": its port's name is not terminated",
				     config->name);
	if (config->vlan > MCR_VLAN_ID_MAX)
		return mcr_error_set(err, -EINVAL, "interface \"%s\": VLAN %u is not in 1..%d",
				     config->name, config->vlan, MCR_VLAN_ID_MAX);
	ret = check_addresses(config, err);
	if (ret == 0)
		ret = check_modes(config, err);
	if (ret == 0)
		ret = mcr_querier_config_check(config, err);
	if (ret == 0)
		ret = mcr_relay_config_check(config, err);
	if (ret < 0)
		return ret;
	if (config->kernel[0] != '\0' && !mcr_device_name_ok(config->kernel))
		return mcr_error_set(
		    err, -EINVAL,
		    "interface \"%s\": kernel=%.16s: Linux takes no such name of a "
		    "network device: 1 to %d octets, no '/', ':', '%%' or space",
		    config->name, config->kernel, MCR_DEVICE_NAME_MAX - 1);
	if (config->n_queues > MCR_QUEUES_MAX || config->n_lcores > MCR_LCORES_MAX)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": at most %d queues and %d lcores",
				     config->name, MCR_QUEUES_MAX, MCR_LCORES_MAX);
	return 0;
}
