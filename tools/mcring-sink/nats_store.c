/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nats_mark.h"
#include "nats_store.h"

#define MS             1000000ull
#define ANSWER_NS      (5000 * MS) /* a unit without an answer is sent again */
#define QUIET_NS       (2000 * MS) /* then the server is asked for an echo ... */
#define ECHO_NS        (4000 * MS) /* ... which comes meanwhile, or the connection is dead */
#define PAUSE_MIN_NS   (10 * MS)
#define PAUSE_MAX_NS   (1000 * MS)
#define BUFFERED_BYTES (1024 * 1024) /* that wait for the socket: then no more is sent */

static void list_add(struct nats_places *list, struct nats_place *p)
{
	p->prev = list->tail;
	p->next = NULL;
	if (list->tail)
		list->tail->next = p;
	else
		list->head = p;
	list->tail = p;
	list->n++;
}

static void list_remove(struct nats_places *list, struct nats_place *p)
{
	*(p->prev ? &p->prev->next : &list->head) = p->next;
	*(p->next ? &p->next->prev : &list->tail) = p->prev;
	list->n--;
}

int nats_store_init(struct nats_store *s, struct nats_link *link, const struct nats_config *config,
		    struct nats_queue *settled)
{
	*s = (struct nats_store){.link = link, .config = config, .settled = settled};
	s->places = calloc(NATS_WIRE_MAX, sizeof(*s->places));
	if (!s->places)
		return -ENOMEM;
	for (uint32_t i = 0; i < NATS_WIRE_MAX; i++)
		list_add(&s->spare, &s->places[i]);
	nats_ack_prefix(config->stream.name, s->prefix, sizeof(s->prefix));
	return 0;
}

void nats_store_destroy(struct nats_store *s)
{
	free(s->places);
	free(s->mark.text);
}

/* settle gives a unit back. */
static void settle(struct nats_store *s, struct nats_place *p, enum sink_result result,
		   const char *why)
{
	if (result == SINK_STORED && p->doubt_ns && p->sent_ns - p->doubt_ns >= s->window_ns)
		s->info.perhaps_twice++;
	nats_queue_put(
	    s->settled,
	    (struct nats_entry){.item = p->unit, .kind = result, .text = why ? strdup(why) : NULL});
	list_remove(p->on_wire ? &s->wire : &s->again, p);
	s->open[p->half]--;
	p->unit = NULL;
	p->use = (p->use + 1) & ((1u << 30) - 1);
	list_add(&s->spare, p);
	if (p == s->probe || (s->trouble_ns && !s->wire.n && !s->again.n)) {
		s->probe = NULL;
		s->trouble_ns = s->pause_ns = s->unheard_ns = 0;
		s->info.error[0] = '\0';
	}
}

/* in_trouble: something failed just now. */
static void in_trouble(struct nats_store *s, uint64_t now)
{
	if (!s->trouble_ns)
		s->trouble_ns = now;
	else if (now < s->pause_until_ns)
		return; /* one of many that fail for one reason */
	s->pause_ns = s->pause_ns ? s->pause_ns * 2 : PAUSE_MIN_NS;
	if (s->pause_ns > PAUSE_MAX_NS)
		s->pause_ns = PAUSE_MAX_NS;
	s->pause_until_ns = now + s->pause_ns;
}

/* put_back has a unit sent again. is_known: the attempt stored nothing for sure. */
static void put_back(struct nats_store *s, struct nats_place *p, int is_known)
{
	if (!p->on_wire)
		return;
	if (!is_known && !p->doubt_ns)
		p->doubt_ns = p->sent_ns;
	if (p == s->probe)
		s->probe = NULL;
	list_remove(&s->wire, p);
	p->on_wire = 0;
	list_add(&s->again, p);
}

static void put_all_back(struct nats_store *s)
{
	while (s->wire.head)
		put_back(s, s->wire.head, 0);
}

void nats_store_begin(struct nats_store *s, uint64_t now)
{
	s->heard_ns = now;
	s->echo_ns = 0;
	s->pause_ns = s->pause_until_ns = 0;
	if (!s->info.fatal[0] && !s->trouble_ns)
		s->info.error[0] = '\0';
}

void nats_store_lost(struct nats_store *s, uint64_t now)
{
	put_all_back(s);
	nats_mark_lost(s, now);
}

/* may_publish: whether an attempt may be made now. */
static int may_publish(const struct nats_store *s, uint64_t now)
{
	if (s->link->is_lost || s->info.fatal[0])
		return 0;
	if (s->trouble_ns)
		return !s->wire.n && now >= s->pause_until_ns;
	return nats_link_buffered(s->link) < BUFFERED_BYTES;
}

int nats_store_can_send(const struct nats_store *s, uint64_t now)
{
	return s->spare.n && !s->again.n && may_publish(s, now);
}

/* publish makes an attempt for a unit that is in no list. */
static void publish(struct nats_store *s, struct nats_place *p, uint64_t now)
{
	const struct sink_unit *u = p->unit;
	const struct nats_token t = {
	    .kind = 'u', .place = (uint32_t)(p - s->places), .use = p->use};
	const char *headers[] = {"Nats-Msg-Id", u->id, "Mcring", u->header};
	char token[10];

	nats_token_write(&t, token);
	p->sent_ns = now;
	p->on_wire = 1;
	list_add(&s->wire, p);
	if (s->trouble_ns)
		s->probe = p;
	const natsStatus st =
	    nats_link_publish(s->link, u->subject, token, headers, 2, u->body, (int)u->len);
	if (st == NATS_OK)
		return;
	if (st == NATS_MAX_PAYLOAD || st == NATS_INVALID_SUBJECT || st == NATS_INVALID_ARG) {
		settle(s, p, SINK_REFUSED,
		       st == NATS_MAX_PAYLOAD ? "it is larger than the server's max_payload"
					      : natsStatus_GetText(st));
		return;
	}
	nats_store_error(s, "a message could not be sent: %s", natsStatus_GetText(st));
	put_back(s, p, 1);
	in_trouble(s, now);
}

void nats_store_send(struct nats_store *s, struct sink_unit *unit, uint64_t now)
{
	struct nats_place *p = s->spare.head;

	list_remove(&s->spare, p);
	p->unit = unit;
	p->doubt_ns = 0;
	p->half = s->half;
	s->open[p->half]++;
	unit->sent_ns = now;
	publish(s, p, now);
}

void nats_store_again(struct nats_store *s, uint64_t now)
{
	while (s->again.head && may_publish(s, now)) {
		struct nats_place *p = s->again.head;

		list_remove(&s->again, p);
		s->info.retried++;
		publish(s, p, now);
	}
}

void nats_store_mark(struct nats_store *s, char *text)
{
	nats_mark_take(s, text);
}

static void take_unit_answer(struct nats_store *s, struct nats_place *p, natsMsg *msg, uint64_t now)
{
	struct nats_ack ack;

	nats_ack_read(&ack, s->prefix, s->config->stream.name, natsMsg_GetData(msg),
		      (size_t)natsMsg_GetDataLength(msg));
	if (ack.kind == NATS_ACK_STORED) {
		settle(s, p, SINK_STORED, NULL);
	} else if (ack.kind == NATS_ACK_STORED_BEFORE) {
		settle(s, p, SINK_STORED_BEFORE, NULL);
	} else if (ack.code == NATS_ERR_TOO_LARGE) {
		settle(s, p, SINK_REFUSED, "it is larger than the stream's max_msg_size");
	} else {
		nats_store_error(s, "stream %s: %s", s->config->stream.name, ack.text);
		put_back(s, p, 1);
		in_trouble(s, now);
	}
}

static void take_answer(struct nats_store *s, const char *text, natsMsg *msg, uint64_t now)
{
	struct nats_token t;

	if (nats_token_read(&t, text))
		return;
	if (t.kind == 'e') {
		s->echo_ns = 0;
	} else if (t.kind == 'u') {
		struct nats_place *p = t.place < NATS_WIRE_MAX ? &s->places[t.place] : NULL;

		if (p && p->unit && p->use == t.use)
			take_unit_answer(s, p, msg, now);
	} else {
		nats_mark_answer(s, &t, msg, now);
	}
}

/* nobody_takes: the server knows nobody who would take something that we sent. */
static void nobody_takes(struct nats_store *s, uint64_t now)
{
	const int has_units = s->wire.n > 0;

	if (!s->unheard_ns) {
		s->unheard_ns = now;
		nats_store_error(s,
				 "stream %s: nobody takes its messages (no responders): is it "
				 "there, has it a leader?",
				 s->config->stream.name);
	}
	put_all_back(s);
	nats_mark_lost(s, now);
	if (has_units) /* else it was the checkpoint: it has a pause of its own */
		in_trouble(s, now);
}

unsigned nats_store_answers(struct nats_store *s, uint64_t now)
{
	unsigned n = 0;

	while (!s->link->is_lost) {
		const char *token;
		natsMsg *msg;
		const natsStatus st = nats_link_next(s->link, &msg, &token);

		if (st == NATS_NO_RESPONDERS) {
			nobody_takes(s, now);
		} else if (st == NATS_OK) {
			take_answer(s, token, msg, now);
			nats_link_spend(s->link, msg);
		} else {
			break;
		}
		n++;
	}
	if (n)
		s->heard_ns = now;
	return n;
}

int nats_store_tick(struct nats_store *s, uint64_t now)
{
	static const struct nats_token echo = {.kind = 'e'};
	char token[10];

	if (s->link->is_lost)
		return 0;
	if (s->echo_ns && s->heard_ns > s->echo_ns)
		s->echo_ns = s->heard_ns; /* it lives; the echo stands behind what it does */
	if (s->echo_ns && now - s->echo_ns > ECHO_NS)
		return -ETIMEDOUT;
	if (!s->echo_ns && now - s->heard_ns > QUIET_NS) {
		nats_token_write(&echo, token);
		nats_link_echo(s->link, token);
		s->echo_ns = now;
	}
	while (s->wire.head && now - s->wire.head->sent_ns > ANSWER_NS) {
		const char *why = nats_link_why(s->link);

		nats_store_error(s, "stream %s: no answer within %u s%s%s", s->config->stream.name,
				 (unsigned)(ANSWER_NS / (1000 * MS)), *why ? ": " : "", why);
		put_back(s, s->wire.head, 0);
		in_trouble(s, now);
	}
	nats_mark_tick(s, now);
	return 0;
}
