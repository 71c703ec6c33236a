/* SPDX-License-Identifier: BSD-3-Clause */
#include <mcring/join.h>

const char *mcr_join_maker_name(unsigned maker)
{
	static const char *const names[MCR_JOIN_MAKERS] = {
	    [MCR_JOINED_BY_APPLICATION] = "application",
	    [MCR_JOINED_BY_CONFIGURATION] = "configuration",
	    [MCR_JOINED_BY_OPERATOR] = "operator",
	    [MCR_JOINED_BY_CONSUMER] = "consumer",
	};

	return maker < MCR_JOIN_MAKERS ? names[maker] : NULL;
}
