/* SPDX-License-Identifier: BSD-3-Clause */
/* The membership machine driven by a script in virtual time; what it sends goes to a pcap file
 * (LINKTYPE_RAW), what it knows at the end is printed as one JSON object.
 *
 * replay OUT.pcap [address=A] [version=N] [mtu=N] < SCRIPT (MLD when A is of IPv6), with lines
 *   T exclude|include GROUP [SOURCE]...   the state of a group from now on
 *   T announce ADDRESS
 *   T leave_all
 *   T input HEX                           one packet, from the IP header on
 *   T draw U                              the next random delay is U times the longest
 *   T end
 * T: seconds, ascending, may be negative. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/gmp/gmp.h"
#include "script.h"

struct replay {
	struct mcr_gmp *igmp;
	FILE *pcap;
	uint64_t now_ns;
	double draws[64];
	unsigned n_draws, used_draws;
};

static uint64_t draw(void *ctx, uint64_t max_ns)
{
	struct replay *r = ctx;
	double u = r->used_draws < r->n_draws ? r->draws[r->used_draws++] : 0.5;

	return (uint64_t)(u * (double)max_ns);
}

static void put(FILE *f, const void *p, size_t n)
{
	if (fwrite(p, 1, n, f) != n)
		die("cannot write the capture");
}

static int on_send(void *ctx, const uint8_t *packet, size_t len)
{
	struct replay *r = ctx;
	uint64_t t = r->now_ns;
	const uint32_t header[4] = {(uint32_t)(t / SECOND), (uint32_t)(t % SECOND / 1000),
				    (uint32_t)len, (uint32_t)len};

	put(r->pcap, header, sizeof(header));
	put(r->pcap, packet, len);
	return 0;
}

static void run_until(struct replay *r, uint64_t t_ns)
{
	uint64_t next;

	if (t_ns <= r->now_ns)
		return; /* events of one time are one batch */
	while ((next = mcr_gmp_poll(r->igmp, r->now_ns, on_send, r)) <= t_ns)
		r->now_ns = next;
	r->now_ns = t_ns;
}

static void set_filter(struct replay *r, enum mcr_filter_mode mode, char **save)
{
	struct mcr_address group = address(strtok_r(NULL, " \n", save)), list[1024];
	size_t n = 0;

	for (char *s; n < 1024 && (s = strtok_r(NULL, " \n", save));)
		list[n++] = address(s);
	if (mcr_gmp_set_filter(r->igmp, group, mode, list, n, r->now_ns))
		die("filter refused");
}

static void input(struct replay *r, const char *hex)
{
	uint8_t packet[2048];
	size_t n = read_packet(packet, sizeof(packet), hex);

	(void)mcr_gmp_input(r->igmp, packet, n, r->now_ns);
}

/* Returns 0 at the end of the script. */
static int step(struct replay *r, char *line)
{
	char *save = NULL, *time = strtok_r(line, " \n", &save),
	     *verb = strtok_r(NULL, " \n", &save);

	if (!time || !verb)
		die("a line without time and verb");
	if (!strcmp(verb, "draw")) {
		char *u = strtok_r(NULL, " \n", &save);

		if (!u || r->n_draws == sizeof(r->draws) / sizeof(r->draws[0]))
			die("bad draw");
		r->draws[r->n_draws++] = atof(u);
		return 1;
	}
	run_until(r, time_of(time));
	if (!strcmp(verb, "exclude"))
		set_filter(r, MCR_FILTER_EXCLUDE, &save);
	else if (!strcmp(verb, "include"))
		set_filter(r, MCR_FILTER_INCLUDE, &save);
	else if (!strcmp(verb, "announce"))
		mcr_gmp_announce(r->igmp, address(strtok_r(NULL, " \n", &save)), r->now_ns);
	else if (!strcmp(verb, "leave_all"))
		mcr_gmp_leave_all(r->igmp, r->now_ns);
	else if (!strcmp(verb, "input"))
		input(r, strtok_r(NULL, " \n", &save));
	else if (strcmp(verb, "end"))
		die("unknown verb");
	return strcmp(verb, "end");
}

static void print_info(const struct replay *r)
{
	struct mcr_gmp_info i;

	mcr_gmp_get_info(r->igmp, r->now_ns, &i);
	printf("{\"version\": %u, \"robustness\": %u, \"query_interval_s\": %u, "
	       "\"querier_version\": %u, \"v1_queries\": %llu, \"v2_queries\": %llu, \"rx\": {",
	       i.version, i.robustness, i.query_interval_s, i.querier_version,
	       (unsigned long long)i.rx_v1_queries, (unsigned long long)i.rx_v2_queries);
	for (unsigned k = 0, n = 0; k < MCR_GMP_RX_COUNT; k++)
		if (i.rx[k])
			printf("%s\"%s\": %llu", n++ ? ", " : "", mcr_gmp_rx_name(k),
			       (unsigned long long)i.rx[k]);
	printf("}}\n");
}

int main(int argc, char **argv)
{
	static const uint32_t file_header[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 101};
	struct replay r = {.now_ns = ORIGIN - 50000 * SECOND};
	struct mcr_gmp_config cfg = {.repeat_s = MCR_GMP_NO_REPEAT, .draw = draw, .draw_ctx = &r};
	char *line = NULL;
	size_t cap = 0;

	for (int i = 2; i < argc; i++) {
		if (!strncmp(argv[i], "address=", 8)) {
			cfg.address = address(argv[i] + 8);
			cfg.family = strchr(argv[i], ':') ? MCR_GMP_MLD : MCR_GMP_IGMP;
		} else if (!strncmp(argv[i], "version=", 8))
			cfg.version = (uint8_t)atoi(argv[i] + 8);
		else if (!strncmp(argv[i], "mtu=", 4))
			cfg.mtu = (uint16_t)atoi(argv[i] + 4);
		else
			die("unknown argument");
	}
	if (argc < 2 || !(r.pcap = fopen(argv[1], "wb")))
		die("cannot open the capture to write");
	if (mcr_gmp_create(&r.igmp, &cfg, r.now_ns))
		die("cannot create the machine");
	put(r.pcap, file_header, sizeof(file_header));
	while (getline(&line, &cap, stdin) > 0 && step(&r, line))
		;
	print_info(&r);
	free(line);
	mcr_gmp_destroy(r.igmp);
	return fclose(r.pcap) ? 2 : 0;
}
