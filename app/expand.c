/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/ring.h"
#include "eal/lcores.h"
#include "expand.h"
#include "settings/words.h"

/* What differs from the default. */
static void print_igmp(FILE *out, const struct mcr_interface_config *cfg)
{
	if (cfg->igmp_strict)
		fprintf(out, ", igmp-strict yes");
	if (cfg->igmp_robustness)
		fprintf(out, ", igmp-robustness %u", cfg->igmp_robustness);
	if (cfg->igmp_robustness_floor)
		fprintf(out, ", igmp-robustness-floor %u", cfg->igmp_robustness_floor);
	if (cfg->igmp_compat_timeout_s)
		fprintf(out, ", igmp-compat-timeout %u s", cfg->igmp_compat_timeout_s);
	if (cfg->igmp_repeat_s == UINT32_MAX)
		fprintf(out, ", igmp-repeat never");
	else if (cfg->igmp_repeat_s)
		fprintf(out, ", igmp-repeat %u s", cfg->igmp_repeat_s);
}

static void print_interface(FILE *out, const struct mcr_interface_config *cfg)
{
	char address[MCR_ADDRESS_TEXT];

	fprintf(out, "# interface %s: port %s", cfg->name, cfg->port);
	if (cfg->address_be)
		fprintf(out, ", address %s/%u",
			mcr_address_format(address, mcr_ipv4(cfg->address_be)), cfg->prefix_len);
	if (cfg->vlan)
		fprintf(out, ", vlan %u", cfg->vlan);
	fprintf(out, ", igmp %s, tx %s, udp-checksum %s", mcr_igmp_mode_name(cfg->igmp),
		cfg->tx_never ? "never" : "auto", mcr_udp_checksum_name(cfg->udp_checksum));
	if (cfg->n_queues)
		fprintf(out, ", queues %u", cfg->n_queues);
	for (unsigned i = 0; i < cfg->n_lcores; i++)
		fprintf(out, "%s%u", i ? "/" : ", lcores ", cfg->lcores[i]);
	if (cfg->hw_time)
		fprintf(out, ", hw-time %s", mcr_hw_time_name(cfg->hw_time));
	if (cfg->kernel[0])
		fprintf(out, ", kernel %s", cfg->kernel);
	print_igmp(out, cfg);
	fputc('\n', out);
}

static size_t joins_of(const struct mcr_settings *s, const char *channel)
{
	size_t n = 0;

	for (size_t i = 0; i < s->joins.n; i++)
		n += strcmp(s->joins.items[i].channel, channel) == 0;
	return n;
}

static void print_access(FILE *out, const char *what, const struct mcr_access *access)
{
	for (uint32_t i = 0; i < access->n_uids; i++)
		fprintf(out, "%s%s%s%u", i ? " " : ", ", i ? "" : what, i ? "" : ": users ",
			access->uids[i]);
	for (uint32_t i = 0; i < access->n_gids; i++)
		fprintf(out, "%s%s%s%u", i ? " " : ", ", i || access->n_uids ? "" : what,
			i                ? ""
			: access->n_uids ? "groups "
					 : ": groups ",
			access->gids[i]);
}

static void print_attach(FILE *out, const struct mcr_settings *s)
{
	struct mcr_attach_config cfg = mcr_settings_attach(s);

	fprintf(out, "# attach socket: mode 0%o", cfg.mode);
	if (cfg.gid != UINT32_MAX)
		fprintf(out, ", group %u", cfg.gid);
	fprintf(out, ", %u consumers at most",
		cfg.consumers_max ? cfg.consumers_max : MCR_CONSUMERS_MAX);
	if (cfg.consumers_per_uid)
		fprintf(out, ", %u of one user", cfg.consumers_per_uid);
	fputc('\n', out);
}

/* Returns the bytes of one ring. */
static uint64_t print_channel(FILE *out, const struct mcr_settings *s,
			      const struct mcr_channel_config *cfg)
{
	uint64_t ring = mcr_ring_footprint(cfg->depth, cfg->bytes);

	fprintf(out, "# channel %s: depth %u, bytes %llu, %zu joins, %.1f MiB a ring", cfg->name,
		cfg->depth, (unsigned long long)cfg->bytes, joins_of(s, cfg->name),
		(double)ring / (1 << 20));
	if (cfg->has_lcore)
		fprintf(out, ", lcore %u", cfg->lcore);
	if (cfg->consumers_max)
		fprintf(out, ", %u consumers at most", cfg->consumers_max);
	print_access(out, "readers", &cfg->readers);
	print_access(out, "joiners", &cfg->joiners);
	fputc('\n', out);
	return ring;
}

static int by_membership(const void *a, const void *b)
{
	const struct mcr_join *const *x = a, *const *y = b;
	int order = strcmp((*x)->interface, (*y)->interface);

	if (order)
		return order;
	return (ntohl((*x)->group_be) > ntohl((*y)->group_be)) -
	       (ntohl((*x)->group_be) < ntohl((*y)->group_be));
}

size_t mcr_count_memberships(const struct mcr_settings *s)
{
	const struct mcr_join **sorted = calloc(s->joins.n + 1, sizeof(struct mcr_join *));
	size_t n = 0;

	if (!sorted)
		return 0;
	for (size_t i = 0; i < s->joins.n; i++)
		sorted[i] = &s->joins.items[i];
	qsort(sorted, s->joins.n, sizeof(struct mcr_join *), by_membership);
	for (size_t i = 0; i < s->joins.n; i++)
		n += i == 0 || by_membership(&sorted[i - 1], &sorted[i]) != 0;
	free(sorted);
	return n;
}

void mcr_expand(FILE *out, const struct mcr_settings *s)
{
	struct mcr_placement rx;
	uint64_t ring_bytes = 0;
	char text[4096];

	for (size_t i = 0; i < s->joins.n; i++) {
		mcr_join_format(text, sizeof(text), &s->joins.items[i]);
		fprintf(out, "%s\n", text);
	}
	for (size_t i = 0; i < s->n_interfaces; i++)
		print_interface(out, &s->interfaces[i].config);
	for (size_t i = 0; i < s->n_channels; i++)
		ring_bytes += print_channel(out, s, &s->channels[i].config);
	print_attach(out, s);
	fprintf(out, "# name %s, run directory %s\n", s->name, s->run_dir);
	fprintf(out, "# %zu interfaces, %zu channels, %zu joins, %zu memberships\n",
		s->n_interfaces, s->n_channels, s->joins.n, mcr_count_memberships(s));
	fprintf(out, "# ring memory: %.1f MiB for each receiving lcore",
		(double)ring_bytes / (1 << 20));
	if (mcr_eal_lcores(&rx, s, "", NULL) == 1)
		fprintf(out, ", %.1f MiB for %u", (double)ring_bytes * rx.n / (1 << 20), rx.n);
	fputc('\n', out);
}
