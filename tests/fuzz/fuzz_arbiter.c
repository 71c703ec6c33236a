/* SPDX-License-Identifier: BSD-3-Clause */
/* The arbiter under random events, in two ways, by the first octet: as a sender, lines and a reader
 * make them (tests/feed/trial.h), or whatever comes (tests/feed/wild.h). */
#include "../feed/trial.h"
#include "../feed/wild.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct draw d = {data + 1, data + size, 0};

	if (size == 0)
		return 0;
	if (*data & 1)
		run_trial(data + 1, size - 1, 0, 0);
	else
		run_wild(d, 0, 0);
	return 0;
}
