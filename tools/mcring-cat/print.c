/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "../common/endpoint.h"
#include "print.h"

static const char *time_text(uint64_t ns, char text[40])
{
	time_t s = (time_t)(ns / 1000000000u);
	struct tm tm;
	size_t len;

	gmtime_r(&s, &tm);
	len = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, 40 - len, ".%09uZ", (unsigned)(ns % 1000000000u));
	return text;
}

static void print_json(const struct cat_printer *p, const struct mcr_msg *m, uint64_t hw_ns,
		       int is_synced)
{
	char group[MCR_ADDRESS_TEXT], source[MCR_ADDRESS_TEXT];

	printf("{\"ring\":%u,\"seq\":%" PRIu64 ",\"rx_ns\":%" PRIu64 ",\"hw_ns\":%" PRIu64
	       ",\"hw_synced\":%s,\"group\":\"%s\",\"port\":%u,\"source\":\"%s\","
	       "\"source_port\":%u,\"vlan\":%u,\"id\":%u,\"len\":%u,\"data\":\"%s\"}\n",
	       m->pos.ring, m->pos.seq, m->rx_ns, hw_ns, is_synced ? "true" : "false",
	       mcr_address_format(group, m->group), m->dst_port,
	       mcr_address_format(source, m->source), m->src_port, m->vlan, m->id, m->len, p->line);
}

static void print_text(const struct cat_printer *p, const struct mcr_msg *m, uint64_t hw_ns,
		       int is_synced)
{
	char group[ENDPOINT_TEXT], source[ENDPOINT_TEXT], when[40], hw_when[40];

	printf("%s%s%s %s from %s ring %u seq %" PRIu64 " len %u: %s\n", time_text(m->rx_ns, when),
	       hw_ns ? (is_synced ? " synced " : " hw ") : "",
	       hw_ns ? time_text(hw_ns, hw_when) : "",
	       endpoint_format(group, m->group, m->dst_port),
	       endpoint_format(source, m->source, m->src_port), m->pos.ring, m->pos.seq, m->len,
	       p->line);
}

static void to_hex(struct cat_printer *p, uint32_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (uint32_t i = 0; i < len; i++) {
		p->line[2 * i] = digits[p->payload[i] >> 4];
		p->line[2 * i + 1] = digits[p->payload[i] & 15];
	}
	p->line[2 * (size_t)len] = '\0';
}

static void to_printable(struct cat_printer *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		uint8_t c = p->payload[i];

		p->line[i] = c >= 0x20 && c <= 0x7e ? (char)c : '.';
	}
	p->line[len] = '\0';
}

void cat_print_begin(struct cat_printer *p, struct mcr_consumer *consumer)
{
	if (p->format == CAT_FORMAT_PCAPNG)
		cat_capture_begin(&p->capture, STDOUT_FILENO, consumer);
}

void cat_print_end(struct cat_printer *p)
{
	if (p->format == CAT_FORMAT_PCAPNG)
		cat_capture_end(&p->capture);
}

int cat_print_flush(struct cat_printer *p)
{
	if (p->format == CAT_FORMAT_PCAPNG)
		return pcapng_flush(&p->capture.file);
	return fflush(stdout) == 0 ? 0 : -errno;
}

int cat_print_error(const struct cat_printer *p)
{
	if (ferror(stdout))
		return errno != 0 ? -errno : -EIO;
	return p->capture.file.error;
}

void cat_print_data(struct cat_printer *p, const struct mcr_msg *m)
{
	uint64_t hw_ns = m->flags & MCR_FLAG_HW_TIME ? m->hw_ns : 0;
	int is_synced = (m->flags & MCR_FLAG_HW_TIME_SYNCED) != 0;

	if (p->format == CAT_FORMAT_RAW) {
		fwrite(p->payload, 1, m->len, stdout);
		return;
	}
	if (p->format == CAT_FORMAT_PCAPNG) {
		cat_capture_packet(&p->capture, m, p->payload);
		return;
	}
	if (p->format == CAT_FORMAT_TEXT)
		to_printable(p, m->len);
	else
		to_hex(p, m->len);
	if (p->format == CAT_FORMAT_JSON)
		print_json(p, m, hw_ns, is_synced);
	else
		print_text(p, m, hw_ns, is_synced);
}

/* A line about an event, in a format for people or with payloads. */
__attribute__((format(printf, 2, 3))) static void print_event(struct cat_printer *p,
							      const char *format, ...)
{
	const int is_binary = p->format == CAT_FORMAT_RAW || p->format == CAT_FORMAT_PCAPNG;
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(is_binary ? stderr : stdout, "%s\n", text);
	if (p->format == CAT_FORMAT_PCAPNG)
		cat_capture_comment(&p->capture, text);
}

void cat_print_lost(struct cat_printer *p, uint32_t ring, uint64_t seq, uint64_t lost)
{
	if (p->format == CAT_FORMAT_JSON)
		printf("{\"event\":\"lost\",\"ring\":%u,\"seq\":%" PRIu64 ",\"lost\":%" PRIu64
		       "}\n",
		       ring, seq, lost);
	else
		print_event(p, "lost %" PRIu64 " from seq %" PRIu64 " of ring %u", lost, seq, ring);
	cat_capture_lost(&p->capture, lost);
}

void cat_print_link(struct cat_printer *p, const struct mcr_msg *m)
{
	int up = (m->flags & MCR_FLAG_LINK_UP) != 0;
	int removed = (m->flags & MCR_FLAG_LINK_GONE) != 0;

	if (p->format == CAT_FORMAT_JSON)
		printf("{\"event\":\"link\",\"ring\":%u,\"seq\":%" PRIu64
		       ",\"dpdk_port\":%u,\"up\":%s,\"removed\":%s}\n",
		       m->pos.ring, m->pos.seq, m->id, up ? "true" : "false",
		       removed ? "true" : "false");
	else
		print_event(p, "link of port %u %s", m->id,
			    removed ? "removed"
			    : up    ? "up"
				    : "down");
}

void cat_print_stall(struct cat_printer *p, const struct mcr_msg *m)
{
	if (p->format == CAT_FORMAT_JSON)
		printf("{\"event\":\"stall\",\"ring\":%u,\"seq\":%" PRIu64 ",\"rx_ns\":%" PRIu64
		       "}\n",
		       m->pos.ring, m->pos.seq, m->rx_ns);
	else
		print_event(p, "ring %u is silent: the others go on without it", m->pos.ring);
}

void cat_print_engine_stall(struct cat_printer *p, const struct mcr_msg *m)
{
	int is_over = (m->flags & MCR_FLAG_STALL_OVER) != 0;
	char since[40];

	if (p->format == CAT_FORMAT_JSON)
		printf("{\"event\":\"engine_stall\",\"over\":%s,\"since_ns\":%" PRIu64
		       ",\"until_ns\":%" PRIu64 "}\n",
		       is_over ? "true" : "false", m->since_ns, m->rx_ns);
	else
		print_event(p, "engine %s after %.1f s without a sign of life, since %s",
			    is_over ? "goes on" : "stalls", (double)(m->rx_ns - m->since_ns) / 1e9,
			    time_text(m->since_ns, since));
}

void cat_print_restart(struct cat_printer *p, const struct mcr_msg *m)
{
	char since[40], until[40];

	if (p->format == CAT_FORMAT_JSON)
		printf("{\"event\":\"restart\",\"since_ns\":%" PRIu64 ",\"until_ns\":%" PRIu64
		       "}\n",
		       m->since_ns, m->rx_ns);
	else
		print_event(p, "restart: what arrived from %s to %s may be missing",
			    time_text(m->since_ns, since), time_text(m->rx_ns, until));
	cat_capture_restart(&p->capture);
}
