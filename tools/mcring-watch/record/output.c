/* SPDX-License-Identifier: BSD-3-Clause */
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "leftover.h"
#include "utc.h"

#define STATE_LEN      44    /* of the file's state in its header, whatever it is */
#define PACKET_ROOM    1024u /* for a packet's block besides headers, payload and remarks */
#define INTERFACE_ROOM 320u  /* for what says what an interface is */
#define TAIL_ROOM      160u  /* for its statistics */
#define END_ROOM       4096u /* for the remarks beside them */

#define COVERS "covers %s to %s, %-*.*s"

#define TIMES_OF_ARRIVAL "times are those of arrival, by the host's clock"
#define TIMES_OF_HW                                                                                \
	"times are those of the NIC or the switch where a packet has one, else of arrival by the " \
	"host's clock; packets are in the order of arrival"

/* ---- the header ---- */

/* The file begins with what it covers, in a text whose length stays the same. */
static int put_section(struct output *o, uint64_t to_ns, const char *state, int is_again)
{
	char from[UTC_TEXT], to[UTC_TEXT], covers[160], why[OUTPUT_TEXT + 64];
	const char *list[] = {covers, why, pcapng_headers_comment,
			      o->config->is_of_hw ? TIMES_OF_HW : TIMES_OF_ARRIVAL};
	const struct pcapng_comments comments = {list, 4};

	snprintf(covers, sizeof(covers), COVERS, utc_text(from, o->from_ns), utc_text(to, to_ns),
		 STATE_LEN, STATE_LEN, state);
	snprintf(why, sizeof(why), "recording %s: %s", o->config->name, o->why);
	if (is_again)
		return pcapng_rewrite_begin(&o->pcapng, o->config->program, comments);
	pcapng_begin(&o->pcapng, o->file.fd, o->config->program, comments);
	return 0;
}

int output_open(struct output *o, struct folder *folder, const struct output_cause *cause,
		uint64_t from_ns, uint64_t most, uint32_t n_interfaces)
{
	const int ret = folder_create(folder, &o->file, cause->ns, cause->word);

	if (ret < 0)
		return ret;
	snprintf(o->why, sizeof(o->why), "%s", cause->text);
	o->from_ns = o->last_ns = from_ns > 0 ? from_ns : cause->ns; /* nothing came yet */
	o->most = most;
	memset(o->of, 0, sizeof(o->of));
	o->n_remarks = 0;
	o->more_remarks = o->blind = o->blind_messages = 0;
	put_section(o, o->from_ns, OUTPUT_UNFINISHED, 0);
	for (uint32_t i = 0; i < n_interfaces; i++)
		pcapng_interface(&o->pcapng, o->interfaces[i].name, o->interfaces[i].description,
				 o->config->snaplen);
	return 0;
}

/* ---- remarks ---- */

static char *new_remark(struct output *o)
{
	if (o->n_remarks < OUTPUT_REMARKS)
		return o->remarks[o->n_remarks++];
	o->more_remarks++;
	return NULL;
}

static struct pcapng_comments take_remarks(struct output *o, const char *list[OUTPUT_REMARKS])
{
	const struct pcapng_comments comments = {list, o->n_remarks};
	char *last = o->remarks[OUTPUT_REMARKS - 1];
	const size_t len = strnlen(last, OUTPUT_TEXT - 40);

	for (unsigned i = 0; i < o->n_remarks; i++)
		list[i] = o->remarks[i];
	if (o->more_remarks > 0)
		snprintf(last + len, OUTPUT_TEXT - len, " (and %" PRIu64 " more remarks)",
			 o->more_remarks);
	o->n_remarks = 0;
	o->more_remarks = 0;
	return comments;
}

static void put_blind(struct output *o, const struct store_blind *b)
{
	char from[UTC_TEXT], to[UTC_TEXT], count[40] = "an unknown number of messages";
	const int is_any = b->head.interface >= RECORDER_INTERFACES_MAX;
	char *text = new_remark(o);

	o->blind++;
	o->blind_messages += b->messages;
	if (!is_any) {
		o->of[b->head.interface].missed += b->messages;
		o->of[b->head.interface].missed_now += b->messages;
	}
	if (b->messages > 0)
		snprintf(count, sizeof(count), "%" PRIu64 " message%s", b->messages,
			 b->messages == 1 ? "" : "s");
	if (text)
		snprintf(text, OUTPUT_TEXT, "blind on %s from %s to %s: %s",
			 is_any ? "any interface" : o->interfaces[b->head.interface].name,
			 utc_text(from, b->head.ns), utc_text(to, b->to_ns), count);
}

/* ---- packets ---- */

static void to_message(struct mcr_msg *m, const struct store_packet *p)
{
	*m = (struct mcr_msg){
	    .len = p->len,
	    .rx_ns = p->stamp_ns,
	    .group = p->group,
	    .source = p->source,
	    .dst_port = p->dst_port,
	    .src_port = p->src_port,
	    .vlan = p->vlan,
	    .ttl = p->ttl,
	    .traffic_class = p->traffic_class,
	};
}

static void put_packet(struct output *o, const struct store_packet *p)
{
	struct output_interface *of = &o->of[p->head.interface];
	struct pcapng_remarks remarks = {.drops = of->missed_now, .id = p->id};
	const char *list[OUTPUT_REMARKS];
	struct mcr_msg m;

	to_message(&m, p);
	remarks.comments = take_remarks(o, list);
	pcapng_packet(&o->pcapng, p->head.interface, &m, p->payload, p->kept, &remarks);
	of->missed_now = 0;
	of->packets++;
	if (p->head.ns > o->last_ns)
		o->last_ns = p->head.ns;
	if (p->head.ns < o->from_ns)
		o->from_ns = p->head.ns;
}

static int fits(const struct output *o, uint32_t kept, uint32_t n_interfaces)
{
	const uint64_t interfaces = (n_interfaces - o->pcapng.n_interfaces) * INTERFACE_ROOM;
	const uint64_t packet = PACKET_ROOM + kept + o->n_remarks * OUTPUT_TEXT;
	const uint64_t tail = n_interfaces * TAIL_ROOM + END_ROOM;

	return pcapng_size(&o->pcapng) + interfaces + packet + tail <= o->most;
}

int output_put(struct output *o, const struct store_record *record, uint32_t n_interfaces)
{
	const struct store_packet *packet = (const struct store_packet *)record;
	char *text;

	if (record->kind == STORE_BLIND)
		put_blind(o, (const struct store_blind *)record);
	if (record->kind == STORE_REMARK && (text = new_remark(o)))
		snprintf(text, OUTPUT_TEXT, "%s", ((const struct store_remark *)record)->text);
	if (record->kind != STORE_PACKET)
		return 0;
	if (!fits(o, packet->kept, n_interfaces))
		return -EFBIG;
	for (uint32_t i = o->pcapng.n_interfaces; i < n_interfaces; i++)
		pcapng_interface(&o->pcapng, o->interfaces[i].name, o->interfaces[i].description,
				 o->config->snaplen);
	put_packet(o, packet);
	return o->pcapng.error;
}

int output_flush(struct output *o)
{
	return pcapng_flush(&o->pcapng);
}

uint64_t output_size(const struct output *o)
{
	return pcapng_size(&o->pcapng);
}

/* ---- the end ---- */

/* is_cut: of which interface the packets were that did not get to the disk is not known any more.
 */
static int put_tail(struct output *o, uint64_t to_ns, int is_cut)
{
	const char *list[OUTPUT_REMARKS + 1];
	struct pcapng_comments comments = take_remarks(o, list);
	char blind[80];

	if (o->blind > 0) {
		snprintf(blind, sizeof(blind),
			 "blind stretches: %" PRIu64 ", messages in them: %" PRIu64, o->blind,
			 o->blind_messages);
		list[comments.n++] = blind;
	}
	for (unsigned i = 0; i < o->pcapng.n_interfaces; i++) {
		const struct output_interface *of = &o->of[i];
		const struct pcapng_statistics s = {
		    .ns = to_ns,
		    .start_ns = o->from_ns,
		    .end_ns = to_ns,
		    .received = is_cut ? UINT64_MAX : of->packets + of->missed,
		    .dropped = UINT64_MAX,
		    .not_read = is_cut ? UINT64_MAX : of->missed,
		    .in_the_file = is_cut ? UINT64_MAX : of->packets,
		};

		pcapng_statistics(&o->pcapng, i, &s, comments);
		comments.n = 0;
	}
	return pcapng_flush(&o->pcapng);
}

/* What there is of a file when its disk takes no more ends with a whole block, and covers what came
 * until then. */
static int end_cut_file(struct output *o, int code)
{
	uint64_t len, last_ns = 0;
	char state[STATE_LEN + 1];

	if (pcapng_cut(&o->pcapng) < 0 || o->pcapng.written < o->pcapng.section_len)
		return -EIO;
	leftover_find_end(o->file.fd, o->pcapng.buffer, &len, &last_ns);
	o->last_ns = last_ns > 0 ? last_ns : o->from_ns;
	if (put_tail(o, o->last_ns, 1) < 0 && pcapng_cut(&o->pcapng) < 0)
		return -EIO;
	snprintf(state, sizeof(state), "cut off: %s", strerror(-code));
	return put_section(o, o->last_ns, state, 1);
}

static int end_file(struct output *o, uint64_t to_ns, int *code)
{
	if (*code == 0 || *code == -EFBIG) {
		const int ret = put_tail(o, to_ns, 0);

		*code = ret < 0 ? ret : *code;
	}
	/* A header that says so is never on the disk before the rest. */
	if ((*code == 0 || *code == -EFBIG) && fdatasync(o->file.fd) < 0)
		*code = -errno;
	if (*code == 0)
		return put_section(o, to_ns, "whole", 1);
	if (*code == -EFBIG)
		return put_section(o, to_ns, "ended at the limit of its size", 1);
	return end_cut_file(o, *code);
}

int output_close(struct output *o, struct folder *folder, uint64_t to_ns, int code,
		 char name[FOLDER_NAME_MAX])
{
	int ret = end_file(o, to_ns > o->last_ns ? to_ns : o->last_ns, &code);

	name[0] = '\0';
	if (ret < 0 && o->pcapng.written < o->pcapng.section_len) {
		folder_drop(folder, &o->file);
		return code < 0 ? code : ret;
	}
	if (code == -EFBIG)
		code = 0;
	if (code == 0)
		code = ret;
	ret = folder_publish(folder, &o->file, code < 0 ? "-cut" : "", name);
	return code < 0 ? code : ret;
}
