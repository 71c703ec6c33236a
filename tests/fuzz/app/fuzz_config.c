/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration file: any text gives settings or one line that names the file. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "engine/plan/relay_config.h"
#include "settings_print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What the engine would say of it. */
static void check_relay(const struct mcr_settings *s)
{
	struct mcr_interface_config *all = calloc(s->n_interfaces + 1, sizeof(*all));
	struct mcr_error err = {""};
	int ret = 0;

	assert(all);
	for (size_t i = 0; ret == 0 && i < s->n_interfaces; i++) {
		all[i] = s->interfaces[i].config;
		ret = mcr_relay_config_check(&all[i], &err);
	}
	if (ret == 0)
		ret = mcr_relay_config_check_all(all, s->n_interfaces, &err);
	assert((ret == 0) == (err.text[0] == '\0') && !strchr(err.text, '\n'));
	free(all);
}

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
			check_relay(s);
			mcr_settings_print(out, s);
			fclose(out);
		}
	}
	mcr_settings_destroy(s);
	return 0;
}
