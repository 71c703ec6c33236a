/* SPDX-License-Identifier: BSD-3-Clause */
/* A querier that hears what a script says, in virtual time. Prints one JSON object: each change of
 * what is to be forwarded, each query that it sent, each change of its role, and what became of the
 * packets.
 *
 * querier_replay ADDRESS < SCRIPT (MLD when the address is of IPv6), with lines
 *   T input HEX     one packet, from the IP header on
 *   T end
 * T: seconds, ascending. The querier starts at 0. */
#include "core/querier/querier.h"
#include "script.h"

struct text {
	char *octets;
	size_t len;
	FILE *to;
};

struct replay {
	struct mcr_querier *q;
	uint64_t now_ns;
	struct text changes, queries, roles; /* elements of JSON arrays */
	uint8_t role;
};

static void begin(struct text *text)
{
	text->to = open_memstream(&text->octets, &text->len);
	if (!text->to)
		die("no memory");
}

static void print(struct text *text, const char *name, const char *end)
{
	fclose(text->to);
	printf("\"%s\": [%s]%s", name, text->octets, end);
	free(text->octets);
}

/* Starts an element with the time in seconds. */
static FILE *element(const struct replay *r, struct text *text)
{
	fprintf(text->to, "%s[%.4f", ftell(text->to) > 0 ? ", " : "",
		(double)(r->now_ns - ORIGIN) / 1e9);
	return text->to;
}

static void on_changed(void *ctx, struct mcr_address group)
{
	struct replay *r = ctx;
	struct mcr_source_filter f;
	char a[MCR_ADDRESS_TEXT];

	mcr_querier_filter(r->q, group, &f);
	fprintf(element(r, &r->changes), ", \"%s\", \"%s\", [", mcr_address_format(a, group),
		f.mode == MCR_FILTER_EXCLUDE ? "EXCLUDE" : "INCLUDE");
	for (size_t i = 0; i < f.n; i++)
		fprintf(r->changes.to, "%s\"%s\"", i ? ", " : "",
			mcr_address_format(a, f.sources[i]));
	fprintf(r->changes.to, "]]");
}

static int on_send(void *ctx, const uint8_t *packet, size_t len)
{
	struct replay *r = ctx;

	fprintf(element(r, &r->queries), ", \"");
	for (size_t i = 0; i < len; i++)
		fprintf(r->queries.to, "%02x", packet[i]);
	fprintf(r->queries.to, "\"]");
	return 0;
}

static void note_role(struct replay *r)
{
	struct mcr_querier_state s;
	char a[MCR_ADDRESS_TEXT];

	mcr_querier_get_state(r->q, &s);
	if (s.role == r->role)
		return;
	r->role = s.role;
	fprintf(element(r, &r->roles), ", \"%s\", \"%s\"]",
		mcr_querier_role_name((enum mcr_querier_role)s.role),
		mcr_address_format(a, s.querier));
}

static void run_until(struct replay *r, uint64_t t_ns)
{
	uint64_t next;

	while ((next = mcr_querier_poll(r->q, r->now_ns, on_send, r)) <= t_ns) {
		note_role(r);
		r->now_ns = next;
	}
	note_role(r);
	r->now_ns = t_ns;
}

/* Returns 0 at the end of the script. */
static int step(struct replay *r, char *line)
{
	char *save = NULL, *time = strtok_r(line, " \n", &save),
	     *verb = strtok_r(NULL, " \n", &save);
	uint8_t packet[2048];

	if (!time || !verb)
		die("a line without time and verb");
	run_until(r, time_of(time));
	if (!strcmp(verb, "end"))
		return 0;
	if (strcmp(verb, "input"))
		die("unknown verb");
	size_t n = read_packet(packet, sizeof(packet), strtok_r(NULL, " \n", &save));

	(void)mcr_querier_input(r->q, packet, n, MCR_QUERIER_FROM_WIRE, r->now_ns);
	note_role(r);
	return 1;
}

static void print_received(const struct replay *r)
{
	struct mcr_querier_state s;

	mcr_querier_get_state(r->q, &s);
	printf("\"rx\": {");
	for (unsigned k = 0, n = 0; k < MCR_QUERIER_RX_COUNT; k++)
		if (s.rx[k])
			printf("%s\"%s\": %llu", n++ ? ", " : "", mcr_querier_rx_name(k),
			       (unsigned long long)s.rx[k]);
	printf("}}\n");
}

int main(int argc, char **argv)
{
	struct replay r = {.now_ns = ORIGIN, .role = UINT8_MAX};
	struct mcr_querier_config cfg = {
	    .sources_max = 512, .changed = on_changed, .changed_ctx = &r};
	char *line = NULL;
	size_t cap = 0;

	if (argc != 2)
		die("usage: querier_replay ADDRESS");
	cfg.address = address(argv[1]);
	cfg.family = strchr(argv[1], ':') ? MCR_GMP_MLD : MCR_GMP_IGMP;
	if (mcr_querier_create(&r.q, &cfg, r.now_ns))
		die("cannot create the querier");
	begin(&r.changes);
	begin(&r.queries);
	begin(&r.roles);
	while (getline(&line, &cap, stdin) > 0 && step(&r, line))
		;
	printf("{");
	print(&r.changes, "changes", ", ");
	print(&r.queries, "queries", ", ");
	print(&r.roles, "roles", ", ");
	print_received(&r);
	free(line);
	mcr_querier_destroy(r.q);
	return 0;
}
