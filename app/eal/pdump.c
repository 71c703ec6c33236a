/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_pdump.h>

#include "eal/pdump.h"
#include "settings/fail.h"

static int is_begun; /* EAL's server is one for the process */

/* Who attaches maps all memory of this process and may write to it. EAL's files are of mode 0600,
 * so that is whoever runs mcring: it must not be a user who runs other programs, too. */
int mcr_pdump_begin(struct mcr_error *err)
{
	if (geteuid() != 0)
		return mcr_fail(err, -EPERM,
				"pdump: mcring does not run as root, and other programs of its "
				"user could write to its memory: run it as root, or capture with "
				"mcring-watch --record or mcring-cat --format pcapng");
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
