/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers what tests/feed/hours.py asks: `zone NAME`, `hours TEXT`, then `at SECONDS`: whether that
 * is open, and when it changes next ("never"). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/hours.h"

#define NS UINT64_C(1000000000)

int main(void)
{
	char line[512], zone[sizeof(line)] = "";
	struct mcr_feed_hours hours = {.is_always = 1};
	struct mcr_error err;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "zone ", 5) == 0) {
			memmove(zone, line + 5, strlen(line + 5) + 1);
		} else if (strncmp(line, "hours ", 6) == 0) {
			mcr_feed_hours_clear(&hours);
			if (mcr_feed_hours_init(&hours, line + 6, zone, &err) != 0) {
				fprintf(stderr, "%s\n", err.text);
				return 1;
			}
		} else {
			const uint64_t at = strtoull(line + 3, NULL, 10) * NS;
			const uint64_t next = mcr_feed_hours_next(&hours, at);

			printf("%d ", mcr_feed_hours_is_open(&hours, at));
			if (next == UINT64_MAX)
				printf("never\n");
			else
				printf("%" PRIu64 "%s\n", next / NS, next % NS ? " and more" : "");
		}
	}
	mcr_feed_hours_clear(&hours);
	return 0;
}
