/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration file: any text gives settings or one line that names the file. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "settings_print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_error err = {""};
	FILE *out;

	if (!s)
		return 0;
	/* Includes read the file system: their names are not the fuzzer's business. */
	if (!memmem(data, len, "include", 7)) {
		if (mcr_config_parse(s, "m.yaml", (const char *)data, len, &err) < 0 ||
		    mcr_settings_complete(s, &err) < 0) {
			assert(err.text[0] != '\0' && !strchr(err.text, '\n'));
		} else if (s->joins.n < 1000 && (out = fopen("/dev/null", "w")) != NULL) {
			mcr_settings_print(out, s);
			fclose(out);
		}
	}
	mcr_settings_destroy(s);
	return 0;
}
