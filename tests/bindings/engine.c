/* SPDX-License-Identifier: BSD-3-Clause */
/* engine RUN_DIR RINGS: an engine that publishes what it is told to, for events that no capture
 * has. Its channel "md" has that many rings of 64 KiB. Commands come on standard input, one a line,
 * and each is answered with `ok N` when it is done:
 *
 *     put RING RX_NS FLAGS N HEX    N equal messages; ok SEQ of the last
 *     flood RING N                  N messages of 1,000 octets, which repeat their seq, in spurts
 *     link RING PORT FLAGS RX_NS    an event of a port's link
 *     watermark RING NS             everything that arrived before is published
 *     far RING SEQ                  the first message will be the one behind SEQ
 *     host_lost RING N [NS]         packets that were lost before the ring, up to that time
 *     nonsense RING                 what no writer writes
 *     feed TEXT                     the feed that it declares, lines joined with `; `; none
 *     interface NAME PORT           the only one it has
 *     most N                        consumers at a time
 *     only UID                      may read the channel
 *     joins ERRNO                   this user may join, and gets that error; 0: none
 *     hang, beat                    its control thread shows no sign of life, or does so again
 *     count                         ok CONSUMERS
 *     stop RING
 *     again EPOCH [RINGS]           ends as if killed, and another life begins in the same place
 *
 * Its standard input's end is its own. */
#include "../unit/small_engine.h"

#include "core/attach_wire.h"

static struct small_engine engine;
static const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
static struct mcr_channel_config channel = {.name = "md", .bytes = 65536};
static struct mcr_wire_interface interface;
static int join_error;

static uint64_t number(char **rest)
{
	return strtoull(*rest, rest, 10);
}

static uint64_t put(char *rest)
{
	static uint8_t payload[16384];
	unsigned ring = (unsigned)number(&rest), n, len = 0;
	struct mcr_record record = small_engine_record(&engine.writers[ring]);

	record.rx_ns = number(&rest);
	record.flags = (uint8_t)number(&rest);
	n = (unsigned)number(&rest);
	rest += *rest == ' ';
	while (len < sizeof(payload) && sscanf(rest + 2 * len, "%2hhx", &payload[len]) == 1)
		len++;
	for (unsigned i = 0; i < n; i++)
		small_engine_put(&engine, ring, record, payload, len);
	return engine.writers[ring].next;
}

static uint64_t flood(char *rest)
{
	unsigned ring = (unsigned)number(&rest);
	struct mcr_ring_writer *w = &engine.writers[ring];
	uint64_t n = number(&rest), payload[125];

	for (uint64_t i = 0; i < n; i++) {
		for (unsigned at = 0; at < 125; at++)
			payload[at] = w->next + 1;
		small_engine_publish(&engine, ring, payload, sizeof(payload));
		if (i % 32 == 31)
			nanosleep(&(struct timespec){0, 1000}, NULL);
	}
	return w->next;
}

static uint64_t link_event(char *rest)
{
	unsigned ring = (unsigned)number(&rest);
	struct mcr_record record = {.vlan_kind = MCR_LINK << MCR_KIND_SHIFT};

	record.id = (uint32_t)number(&rest);
	record.flags = (uint8_t)number(&rest);
	record.rx_ns = number(&rest);
	small_engine_put(&engine, ring, record, NULL, 0);
	return engine.writers[ring].next;
}

static void again(uint64_t epoch, unsigned n_rings)
{
	const unsigned n = n_rings ? n_rings : engine.n_rings;

	small_engine_kill(&engine);
	small_engine_start(&engine, &attach, &channel, n, epoch);
}

static void go_far(struct mcr_ring_writer *w, uint64_t seq)
{
	w->next = w->published = seq;
	w->header->published[0].messages = w->header->published[1].messages = seq;
}

/* That messages were lost, which no writer may claim. */
static void put_nonsense(uint64_t ring)
{
	struct mcr_record record = {.vlan_kind = MCR_LOST << MCR_KIND_SHIFT};

	small_engine_put(&engine, (unsigned)ring, record, NULL, 0);
}

/* What is done to a ring, and to what. */
static void change(const char *word, uint64_t ring, uint64_t value, uint64_t more)
{
	if (strcmp(word, "again") == 0)
		again(ring, (unsigned)value);
	else if (strcmp(word, "far") == 0)
		go_far(&engine.writers[ring], value);
	else if (strcmp(word, "watermark") == 0)
		mcr_ring_set_polled(&engine.writers[ring], value);
	else if (strcmp(word, "host_lost") == 0)
		mcr_ring_set_host_loss(engine.regions[ring].mem, value, more ? more : 1);
	else if (strcmp(word, "nonsense") == 0)
		put_nonsense(ring);
	else if (strcmp(word, "stop") == 0)
		mcr_ring_set_state(engine.regions[ring].mem, MCR_RING_STOPPED);
}

static void declare(char *text)
{
	struct mcr_feeds *feeds = NULL;
	struct mcr_error err;

	for (char *at = text; (at = strstr(at, "; ")); at++)
		memcpy(at, " \n", 2);
	if (*text && mcr_feeds_create(&feeds, (const char *const *)&text, 1, &err) < 0)
		fail_msg("%s", err.text);
	mcr_attach_server_put_feeds(engine.server, feeds, strrchr(engine.dir, '/') + 1);
}

static int describe(void *ctx, uint32_t index, struct mcr_wire_interface *out)
{
	*out = interface;
	return index == 0 ? 0 : -ENOENT;
}

static int update(void *ctx, uint64_t consumer, const struct mcr_join *remove, size_t n_remove,
		  const struct mcr_join *add, size_t n_add, struct mcr_error *err)
{
	snprintf(err->text, sizeof(err->text), "error %d, as the test says", join_error);
	return -join_error;
}

static int ended(void *ctx, const uint64_t *living, size_t n)
{
	return 0;
}

static void have_interface(char *name)
{
	char *port = strchr(name, ' ');

	*port = 0;
	snprintf(interface.name, sizeof(interface.name), "%s", name);
	interface.dpdk_port = (uint16_t)atoi(port + 1);
	mcr_attach_server_interfaces(engine.server, describe, NULL);
}

static void allow(const char *word, uint32_t n)
{
	static const struct mcr_attach_joining joining = {update, ended};

	if (strcmp(word, "most") == 0) {
		channel.consumers_max = n;
	} else if (strcmp(word, "only") == 0) {
		channel.readers = (struct mcr_access){.uids = {n}, .n_uids = 1};
	} else {
		join_error = (int)n;
		channel.joiners = (struct mcr_access){.uids = {getuid()}, .n_uids = 1};
		mcr_attach_server_joins(engine.server, &joining, NULL, 64);
	}
	mcr_attach_server_set_access(engine.server, &channel);
}

/* What the attach server is told. Returns 0 if word is none of that. */
static int serve(const char *word, char *rest)
{
	if (strcmp(word, "feed") == 0)
		declare(rest);
	else if (strcmp(word, "interface") == 0)
		have_interface(rest);
	else if (strcmp(word, "most") == 0 || strcmp(word, "only") == 0 ||
		 strcmp(word, "joins") == 0)
		allow(word, (uint32_t)number(&rest));
	else
		return 0;
	return 1;
}

static uint64_t run(const char *word, char *rest)
{
	if (strcmp(word, "put") == 0)
		return put(rest);
	if (strcmp(word, "flood") == 0)
		return flood(rest);
	if (strcmp(word, "link") == 0)
		return link_event(rest);
	if (strcmp(word, "count") == 0)
		return small_engine_count(&engine);
	if (strcmp(word, "hang") == 0 || strcmp(word, "beat") == 0)
		__atomic_store_n(&engine.beating, word[0] == 'b', __ATOMIC_RELEASE);
	else {
		const uint64_t ring = number(&rest), value = number(&rest);

		change(word, ring, value, number(&rest));
	}
	return 0;
}

int main(int argc, char **argv)
{
	static char line[65536];

	if (argc != 3)
		return 2;
	snprintf(engine.dir, sizeof(engine.dir), "%s", argv[1]);
	snprintf(engine.path, sizeof(engine.path), "%s/attach", argv[1]);
	small_engine_start(&engine, &attach, &channel, (unsigned)atoi(argv[2]), 4711);
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		char *rest;
		int is_served;

		line[strcspn(line, "\n")] = 0;
		rest = line + strcspn(line, " ");
		if (*rest)
			*rest++ = 0;
		pthread_mutex_lock(&engine.lock);
		is_served = serve(line, rest);
		pthread_mutex_unlock(&engine.lock);
		printf("ok %llu\n", is_served ? 0ull : (unsigned long long)run(line, rest));
		fflush(stdout);
	}
	small_engine_kill(&engine);
	return 0;
}
