/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "core/error.h"
#include "engine/plan/port_wish.h"

static int lcores_of(const struct mcr_placement *placement,
		     const struct mcr_interface_config *config, uint32_t *set,
		     struct mcr_error *err)
{
	char all[160];

	*set = 0;
	for (unsigned i = 0; i < config->n_lcores; i++) {
		int worker = mcr_placement_find(placement, config->lcores[i]);

		if (worker < 0) {
			mcr_placement_list(placement, UINT32_MAX, all, sizeof(all));
			return mcr_error_set(
			    err, -EINVAL,
			    "interface \"%s\": lcore %u does not receive here: the "
			    "rx lcores are %s",
			    config->name, config->lcores[i], all);
		}
		*set |= UINT32_C(1) << worker;
	}
	return 0;
}

const char *mcr_hw_time_name(unsigned hw_time)
{
	static const char *const names[] = {
	    [MCR_HW_TIME_OFF] = "off",
	    [MCR_HW_TIME_ON] = "on",
	    [MCR_HW_TIME_SYNCED] = "synced",
	    [MCR_HW_TIME_METAMAKO] = "metamako",
	    [MCR_HW_TIME_EXABLAZE_HPT] = "exablaze-hpt",
	};

	return hw_time < sizeof(names) / sizeof(names[0]) ? names[hw_time] : NULL;
}

/* Whether both say something, and not the same; 0 says nothing. */
static int differ(uint32_t a, uint32_t b)
{
	return a != 0 && b != 0 && a != b;
}

int mcr_port_wish_add(struct mcr_port_wish *wish, const struct mcr_placement *placement,
		      const struct mcr_interface_config *config, struct mcr_error *err)
{
	uint32_t lcores;
	int ret = lcores_of(placement, config, &lcores, err);

	wish->is_beside_kernel |= config->kernel[0] != '\0';
	wish->is_relaying |= config->role != MCR_RELAY_NONE;
	if (ret < 0 || (lcores == 0 && config->n_queues == 0 &&
			config->hw_time == MCR_HW_TIME_OFF && config->pieces == MCR_PIECES_AUTO))
		return ret;
	if (differ(lcores, wish->lcores) || differ(config->n_queues, wish->n_queues) ||
	    differ(config->hw_time, wish->hw_time) || differ(config->pieces, wish->pieces))
		return mcr_error_set(
		    err, -EINVAL,
		    "interfaces \"%s\" and \"%s\" share port %s and name different "
		    "queues, lcores, hw-time or pieces: name them for one",
		    wish->first, config->name, config->port);
	wish->first = config->name;
	if (lcores != 0)
		wish->lcores = lcores;
	if (config->n_queues != 0)
		wish->n_queues = config->n_queues;
	if (config->hw_time != MCR_HW_TIME_OFF)
		wish->hw_time = config->hw_time;
	if (config->pieces != MCR_PIECES_AUTO)
		wish->pieces = config->pieces;
	return 0;
}
