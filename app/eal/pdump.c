/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_errno.h>
#include <rte_pdump.h>

#include "eal/pdump.h"
#include "settings/fail.h"

static int is_begun; /* EAL's server is one for the process */

int mcr_pdump_begin(struct mcr_error *err)
{
	if (rte_pdump_init() < 0)
		return mcr_fail(err, -EIO, "pdump: DPDK does not begin it: %s",
				rte_strerror(rte_errno));
	is_begun = 1;
	return 0;
}

void mcr_pdump_end(void)
{
	if (is_begun)
		rte_pdump_uninit();
	is_begun = 0;
}
