/* SPDX-License-Identifier: BSD-3-Clause */
#include "lcore.h"

#include <pthread.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "../common/fail.h"

int worker_lcore(unsigned n)
{
	unsigned lcore, i = 0;

	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		if (i++ == n)
			return (int)lcore;
	}
	return fail("%u worker lcores are needed: give EAL more, as in --lcores 0,1,2@0", n + 1);
}

static int find_clock(void *arg)
{
	return -pthread_getcpuclockid(pthread_self(), arg);
}

int lcore_cpu_clock(unsigned lcore, clockid_t *clock)
{
	if (rte_eal_remote_launch(find_clock, clock, lcore) < 0 || rte_eal_wait_lcore(lcore) < 0)
		return fail("lcore %u: no CPU clock", lcore);
	return 0;
}
