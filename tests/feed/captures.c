/* SPDX-License-Identifier: BSD-3-Clause */
/* The presets against captures of the feeds: captures FOLDER, or the folder that
 * MCR_MARKET_PCAPS names; without it the test is skipped. The files are those of
 * github.com/Open-Markets-Initiative/omi-data-packets, whose names tell the feed. Of each packet,
 * the messages that it holds must be as many as its count says; no packet of a stream may begin
 * within another one; none is malformed. The files are samples of long days: what is absent between
 * two packets is no loss. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/feed/declaration.h"

#define SKIPPED 77
#define PACKETS 4096

/* How messages follow each other: a header, then each with a length, in octets at `at` of it. */
struct walk {
	unsigned header, at, width;
	int is_le, includes_itself, is_even;
};

static const struct feed {
	const char *path, *preset;
	struct walk walk; /* header 0: they are not walked */
} feeds[] = {
    {"Nsm.Ouch", NULL, {0}},
    {"BinaryGateway", NULL, {0}},
    {"Asx", "moldudp64", {20, 0, 2, 0, 0, 0}},
    {"JnxEquities.Pts.Itch", "moldudp64", {20, 0, 2, 0, 0, 0}},
    {"Nasdaq", "moldudp64", {20, 0, 2, 0, 0, 0}},
    {"IntelligentCross", "iqx", {20, 0, 2, 1, 0, 0}},
    {"Csm.v", "csm", {16, 0, 2, 0, 1, 0}},
    {"Pitch.v", "pitch", {8, 0, 1, 1, 1, 0}},
    {"Mdp3", "cme", {0}},
    {"MarketDataApi", "coinbase", {24, 0, 2, 1, 1, 0}},
    {"Eobi", "eobi", {0}},
    {"iMpact", "ice", {16, 1, 2, 0, 0, 0}},
    {"IexTp", "iex", {40, 0, 2, 1, 0, 0}},
    {"Memior", "memoir", {20, 0, 2, 0, 0, 0}},
    {"MiaxOptions", "mach", {0}},
    {"OnyxFutures", "mach", {0}},
    {"OpenBook.Ultra", "openbook", {0}},
    {"Nyse", "xdp", {16, 0, 2, 1, 1, 0}},
    {"Ats.", "otc", {12, 0, 2, 0, 1, 0}},
    {".Cta.", "cta", {20, 0, 2, 0, 1, 1}},
    {"Opra", "opra", {0}},
    {"Sola", "sola", {0}},
    {"OptionQuoteMessage", "box", {0}},
    {"BinaryUmdf", "umdf", {0}},
};

struct packet {
	const struct feed *feed;
	const char *path;
	uint8_t flow[6]; /* group and port */
	struct mcr_feed_packet read;
};

static struct packet packets[PACKETS];
static size_t n_packets, n_kinds[8], n_walked, n_faults;

static uint64_t number(const uint8_t *at, unsigned width, int is_le)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < width; i++)
		v = v << 8 | at[is_le ? width - 1 - i : i];
	return v;
}

/* How many messages there are; -1: they do not end where the payload does. */
static long messages(const struct walk *walk, const uint8_t *data, size_t len)
{
	size_t at = walk->header;
	long n = 0;

	while (at + walk->at + walk->width <= len) {
		const size_t before = walk->includes_itself ? 0 : walk->at + walk->width;
		const size_t step = before + number(data + at + walk->at, walk->width, walk->is_le);

		if (step < walk->at + walk->width || step > len - at)
			return -1;
		at += step;
		n++;
	}
	return at == len || (walk->is_even && at + 1 == len) ? n : -1;
}

static void fault(const char *what, const struct packet *p)
{
	printf("%s: %s %llu + %u: %s\n", p->feed->preset, p->path, (unsigned long long)p->read.seq,
	       p->read.count, what);
	n_faults++;
}

static void take(const struct feed *feed, const struct mcr_feed_declaration *d, const char *path,
		 const uint8_t *flow, const uint8_t *data, size_t len)
{
	struct packet *p = &packets[n_packets];

	if (n_packets == PACKETS)
		return;
	*p = (struct packet){.feed = feed, .path = path};
	memcpy(p->flow, flow, sizeof(p->flow));
	mcr_feed_packet_read(d, data, len, &p->read);
	n_kinds[p->read.kind]++;
	if (p->read.kind == MCR_FEED_PACKET_MALFORMED) {
		/* One file of MEMX holds a packet of Nasdaq. */
		if (!strstr(path, "StockTradingActionMessage"))
			fault("malformed", p);
	}
	if (p->read.kind != MCR_FEED_PACKET_DATA)
		return;
	n_packets++;
	if (feed->walk.header) {
		const long n = messages(&feed->walk, data, len);
		const uint64_t count = number(data + d->count.offset, d->count.width,
					      d->count.form == MCR_FEED_FIELD_LE);

		n_walked++;
		if (n < 0 || (uint64_t)n != count)
			fault("the messages in it are not as many as its count", p);
	}
}

/* An Ethernet frame: UDP over IPv4, or nothing. link 113 is Linux cooked, two octets longer. */
static void take_frame(const struct feed *feed, const struct mcr_feed_declaration *d,
		       const char *path, const uint8_t *frame, size_t len, unsigned link)
{
	size_t at = link == 113 ? 14 : 12, ip, udp, payload;
	uint8_t flow[6];

	while (at + 6 <= len &&
	       (number(frame + at, 2, 0) == 0x8100 || number(frame + at, 2, 0) == 0x88a8))
		at += 4;
	ip = at + 2;
	if (ip + 28 > len || number(frame + at, 2, 0) != 0x0800 || frame[ip + 9] != 17)
		return;
	udp = ip + 4u * (frame[ip] & 15u);
	if (udp + 8 > len)
		return;
	payload = (size_t)number(frame + udp + 4, 2, 0);
	if (payload < 8 || payload > len - udp)
		return;
	memcpy(flow, frame + ip + 16, 4);
	memcpy(flow + 4, frame + udp + 2, 2);
	take(feed, d, path, flow, frame + udp + 8, payload - 8);
}

static void take_file(const struct feed *feed, const char *path)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(path, "rb");
	const size_t len = file ? fread(data, 1, sizeof(data), file) : 0;
	struct mcr_feed_declaration d;
	struct mcr_error err;
	const char *name = strdup(path); /* the packets' */
	int is_le;

	if (file)
		fclose(file);
	if (mcr_feed_declaration_parse(&d, feed->preset, &err) != 0 || len < 24 || !name) {
		printf("%s: %s: not read\n", path, feed->preset);
		n_faults++;
		return;
	}
	is_le = data[3] == 0xa1;
	for (size_t at = 24; at + 16 <= len;) {
		const size_t n = (size_t)number(data + at + 8, 4, is_le);

		if (n > len - at - 16)
			break;
		take_frame(feed, &d, name, data + at + 16, n,
			   (unsigned)number(data + 20, 4, is_le));
		at += 16 + n;
	}
}

static int look(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const size_t len = strlen(path);

	(void)st;
	(void)ftw;
	if (type != FTW_F || len < 5 || strcmp(path + len - 5, ".pcap") != 0)
		return 0;
	for (size_t i = 0; i < sizeof(feeds) / sizeof(feeds[0]); i++)
		if (strstr(path, feeds[i].path)) {
			if (feeds[i].preset)
				take_file(&feeds[i], path);
			return 0;
		}
	return 0;
}

static int is_same_stream(const struct packet *a, const struct packet *b)
{
	return strcmp(a->feed->preset, b->feed->preset) == 0 &&
	       memcmp(a->flow, b->flow, sizeof(a->flow)) == 0 &&
	       memcmp(a->read.scope, b->read.scope, sizeof(a->read.scope)) == 0 &&
	       memcmp(a->read.epoch, b->read.epoch, sizeof(a->read.epoch)) == 0;
}

int main(int argc, char **argv)
{
	const char *folder = getenv("MCR_MARKET_PCAPS");
	size_t adjacent = 0;

	if (!folder || !*folder)
		folder = argc > 1 ? argv[1] : "";
	if (access(folder, F_OK) != 0) {
		printf("skipped: absent: %s\n", folder);
		return SKIPPED;
	}
	if (nftw(folder, look, 16, FTW_PHYS) != 0) {
		perror(folder);
		return 1;
	}
	for (size_t i = 0; i < n_packets; i++)
		for (size_t k = 0; k < n_packets; k++) {
			const struct packet *a = &packets[i], *b = &packets[k];

			if (!is_same_stream(a, b) || b->read.seq <= a->read.seq)
				continue;
			adjacent += b->read.seq == a->read.seq + a->read.count;
			if (b->read.seq < a->read.seq + a->read.count)
				fault("begins within another one", b);
		}
	printf(
	    "%zu of data, %zu heartbeats, %zu resets, %zu without a number, %zu not tracked, %zu "
	    "malformed; counts of %zu packets are right; %zu pairs are adjacent\n",
	    n_packets, n_kinds[MCR_FEED_PACKET_HEARTBEAT], n_kinds[MCR_FEED_PACKET_RESET],
	    n_kinds[MCR_FEED_PACKET_UNSEQUENCED], n_kinds[MCR_FEED_PACKET_NOT_TRACKED],
	    n_kinds[MCR_FEED_PACKET_MALFORMED], n_walked, adjacent);
	return n_packets == 0 || n_faults > 0;
}
