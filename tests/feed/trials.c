/* SPDX-License-Identifier: BSD-3-Clause */
/* trials [TRIALS [SEED]]: random feeds through the arbiter (trial.h and wild.h say what must hold).
 * A trial that fails names its seed: `trials 1 SEED` repeats it and prints all that happens.
 * MCR_FEED_TRIALS and MCR_FEED_SEED are the number (2,000) and the seed (1; 0 = by the clock) if
 * they are not given. */
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "trial.h"
#include "wild.h"

static uint64_t trying;

static void name_seed(int signal_number)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "trial of seed %" PRIu64 " failed\n", trying);

	(void)!write(STDERR_FILENO, text, (size_t)n);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("MCR_FEED_TRIALS"), *from = getenv("MCR_FEED_SEED");
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0)
		     : wanted ? strtoull(wanted, NULL, 0)
			      : 2000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : from ? strtoull(from, NULL, 0) : 1;

	if (seed == 0)
		seed = (uint64_t)time(NULL) << 20;

	printf("%" PRIu64 " trials from seed %" PRIu64 "\n", n, seed);
	fflush(stdout);
	signal(SIGABRT, name_seed);
	signal(SIGSEGV, name_seed);
	for (trying = seed; trying < seed + n; trying++) {
		run_trial(NULL, 0, trying, n == 1);
		run_wild((struct draw){NULL, NULL, trying}, 300, n == 1);
	}
	return 0;
}
