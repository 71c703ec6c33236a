/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/ring.h"
#include "eal/lcores.h"
#include "engine/plan/channel_config.h"
#include "settings/keys.h"
#include "settings_print.h"

static size_t joins_of(const struct mcr_settings *s, const char *channel)
{
	size_t n = 0;

	for (size_t i = 0; i < s->joins.n; i++)
		n += strcmp(s->joins.items[i].channel, channel) == 0;
	return n;
}

/* Prints "# interface NAME: KEY VALUE, ...". name "": there is only one of it, and it has none. */
static void print_keys(FILE *out, const struct mcr_keys *keys, const void *config, const char *name)
{
	fprintf(out, "# %s%s%s: ", keys->of, name[0] ? " " : "", name);
	mcr_keys_print(out, keys, config, name[0] ? 1 : 0);
}

/* Returns the octets that a receiving lcore needs at the start. */
static uint64_t print_channel(FILE *out, const struct mcr_settings *s,
			      const struct mcr_channel_config *cfg)
{
	uint64_t ring = mcr_ring_footprint(cfg->bytes);

	print_keys(out, &mcr_channel_keys, cfg, cfg->name);
	fprintf(out, "; %zu joins, %.1f MiB a ring\n", joins_of(s, cfg->name),
		(double)ring / (1 << 20));
	return cfg->per_program ? 0 : ring;
}

void mcr_settings_print(FILE *out, const struct mcr_settings *s)
{
	struct mcr_placement rx;
	uint64_t ring_bytes = 0;
	char text[4096];

	for (size_t i = 0; i < s->joins.n; i++) {
		mcr_join_format(text, sizeof(text), &s->joins.items[i]);
		fprintf(out, "%s\n", text);
	}
	for (size_t i = 0; i < s->n_interfaces; i++) {
		const struct mcr_interface_config *cfg = &s->interfaces[i].config;

		print_keys(out, &mcr_interface_keys, cfg, cfg->name);
		fputc('\n', out);
	}
	for (size_t i = 0; i < s->n_channels; i++)
		ring_bytes += print_channel(out, s, &s->channels[i].config);
	print_keys(out, &mcr_attach_keys, &s->attach, "");
	fputc('\n', out);
	print_keys(out, &mcr_engine_keys, &s->engine, "");
	fputc('\n', out);
	fprintf(out, "# %zu interfaces, %zu channels, %zu joins, %zu memberships\n",
		s->n_interfaces, s->n_channels, s->joins.n, mcr_settings_memberships(s));
	fprintf(out, "# ring memory: %.1f MiB for each receiving lcore",
		(double)ring_bytes / (1 << 20));
	if (mcr_eal_lcores(&rx, s, "", NULL) == 1)
		fprintf(out, ", %.1f MiB for %u", (double)ring_bytes * rx.n / (1 << 20), rx.n);
	fputc('\n', out);
}
