/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/clock.h"
#include "nats_admin.h"
#include "nats_mark.h"

#define SECOND_NS 1000000000ull
#define ANSWER_NS (5 * SECOND_NS)
#define STREAM    "KV_" NATS_BUCKET

void nats_mark_take(struct nats_store *s, char *text)
{
	s->mark = (struct nats_mark){
	    .state = NATS_MARK_WAITS, .text = text, .half = s->half, .use = s->mark.use};
	s->half ^= 1;
}

/* ask sends a message of the mark's; its answer has this kind of token. */
static natsStatus ask(struct nats_store *s, char kind, const char *subject,
		      const char *const *headers, unsigned n, const char *body)
{
	struct nats_mark *m = &s->mark;
	char token[10];

	m->use = (m->use + 1) & ((1u << 30) - 1);
	nats_token_write(&(struct nats_token){.kind = kind, .use = m->use}, token);
	return nats_link_publish(s->link, subject, token, headers, n, body, (int)strlen(body));
}

static void key_of(const struct nats_store *s, char *out, size_t cap)
{
	snprintf(out, cap, "$KV." NATS_BUCKET ".%s", s->config->name);
}

/* write_mark: the server takes it if nobody has written this key since our revision (ADR-8). */
static natsStatus write_mark(struct nats_store *s)
{
	char key[160], revision[24];
	const char *headers[] = {"Nats-Expected-Last-Subject-Sequence", revision};

	key_of(s, key, sizeof(key));
	snprintf(revision, sizeof(revision), "%llu", (unsigned long long)s->revision);
	return ask(s, 'c', key, headers, 1, s->mark.text);
}

/* ask_mark: another revision is there. It may be ours, whose answer was lost. */
static natsStatus ask_mark(struct nats_store *s)
{
	char key[160], body[256];

	key_of(s, key, sizeof(key));
	snprintf(body, sizeof(body), "{\"last_by_subj\":\"%s\"}", key);
	return ask(s, 'g', "$JS.API.STREAM.MSG.GET." STREAM, NULL, 0, body);
}

static void wait_until(struct nats_store *s, uint64_t at_ns)
{
	s->mark.state = NATS_MARK_WAITS;
	s->mark.at_ns = at_ns;
}

void nats_mark_lost(struct nats_store *s, uint64_t now)
{
	if (s->mark.state == NATS_MARK_SENT || s->mark.state == NATS_MARK_ASKED)
		wait_until(s, now + SECOND_NS);
}

void nats_mark_tick(struct nats_store *s, uint64_t now)
{
	struct nats_mark *m = &s->mark;

	if ((m->state == NATS_MARK_SENT || m->state == NATS_MARK_ASKED) &&
	    now - m->at_ns > ANSWER_NS) {
		nats_store_error(s, "the position: no answer");
		wait_until(s, now);
	}
	if (m->state != NATS_MARK_WAITS || s->open[m->half] || now < m->at_ns || s->trouble_ns ||
	    s->info.fatal[0])
		return;
	if (write_mark(s) == NATS_OK) {
		m->state = NATS_MARK_SENT;
		m->at_ns = now;
	} else {
		wait_until(s, now + SECOND_NS);
	}
}

static void stored(struct nats_store *s, uint64_t revision)
{
	s->revision = revision;
	s->info.checkpoints++;
	s->info.checkpoint_ns = realtime_ns();
	free(s->mark.text);
	s->mark.text = NULL;
	s->mark.state = NATS_MARK_NONE;
	if (!s->trouble_ns) {
		s->unheard_ns = 0;
		s->info.error[0] = '\0';
	}
}

static void fail(struct nats_store *s, const struct nats_ack *ack, uint64_t now)
{
	nats_store_error(s, "the position: %s", ack->text);
	wait_until(s, now + SECOND_NS);
}

static void take_written(struct nats_store *s, const struct nats_ack *ack, uint64_t now)
{
	if (ack->kind != NATS_ACK_ERROR) {
		stored(s, ack->seq);
	} else if (ack->code == NATS_ERR_REVISION && ask_mark(s) == NATS_OK) {
		s->mark.state = NATS_MARK_ASKED;
		s->mark.at_ns = now;
	} else {
		fail(s, ack, now);
	}
}

static void take_asked(struct nats_store *s, const struct nats_ack *ack, uint64_t now)
{
	if (ack->kind != NATS_ACK_ERROR) {
		stored(s, ack->seq);
	} else if (ack->code == NATS_ERR_NO_MESSAGE) {
		s->revision = 0; /* the bucket is another one, and empty */
		wait_until(s, now);
	} else if (ack->code) {
		fail(s, ack, now);
	} else {
		s->info.is_taken_over = 1;
		snprintf(s->info.fatal, sizeof(s->info.fatal),
			 "another mcring-sink --name %s has taken over the position: run one of a "
			 "name",
			 s->config->name);
	}
}

void nats_mark_answer(struct nats_store *s, const struct nats_token *t, natsMsg *msg, uint64_t now)
{
	struct nats_mark *m = &s->mark;
	const char *data = natsMsg_GetData(msg);
	const size_t len = (size_t)natsMsg_GetDataLength(msg);
	struct nats_ack ack;

	if (t->use != m->use)
		return;
	if (t->kind == 'c' && m->state == NATS_MARK_SENT) {
		nats_ack_read(&ack, "{", STREAM, data, len);
		take_written(s, &ack, now);
	} else if (t->kind == 'g' && m->state == NATS_MARK_ASKED) {
		nats_ack_message(&ack, m->text, strlen(m->text), data, len);
		take_asked(s, &ack, now);
	}
}
