/* SPDX-License-Identifier: BSD-3-Clause */
/* sink_peer URL SUBJECT SUBJECTS MESSAGES OCTETS HEADER PENDING: what one would write who has
 * messages and wants them in JetStream: publishes MESSAGES of OCTETS to SUBJECT.0 and so on, in
 * turn, each with an id and a header of HEADER octets, at most PENDING without an acknowledgement.
 * Ends when all are acknowledged, and prints how many were stored. It knows nothing of mcring, of
 * rings, of a position, or what to do when a server dies: see sink.py. */
#include <nats/nats.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX      64
#define SUBJECT_MAX 128
#define WAIT_MS     60000

static atomic_ulong stored, failed; /* written by the library's thread */

static void on_ack(jsCtx *js, natsMsg *msg, jsPubAck *ack, jsPubAckErr *error, void *closure)
{
	(void)js;
	(void)closure;
	if (ack && !error)
		atomic_fetch_add_explicit(&stored, 1, memory_order_relaxed);
	else if (atomic_fetch_add_explicit(&failed, 1, memory_order_relaxed) == 0)
		fprintf(stderr, "sink_peer: %s\n",
			error && error->ErrText ? error->ErrText : "failed");
	natsMsg_Destroy(msg);
}

static natsStatus publish(jsCtx *js, const char *subject, const char *id, const char *header,
			  const char *body, int len)
{
	jsPubOptions opts;
	natsMsg *msg = NULL;
	natsStatus s;

	jsPubOptions_Init(&opts);
	opts.MsgId = id;
	s = natsMsg_Create(&msg, subject, NULL, body, len);
	if (s == NATS_OK)
		s = natsMsgHeader_Set(msg, "Mcring", header);
	if (s == NATS_OK)
		s = js_PublishMsgAsync(js, &msg, &opts);
	natsMsg_Destroy(msg);
	return s;
}

static natsStatus publish_all(jsCtx *js, char **argv)
{
	unsigned long subjects = strtoul(argv[3], NULL, 10), messages = strtoul(argv[4], NULL, 10);
	size_t len = strtoul(argv[5], NULL, 10), header_len = strtoul(argv[6], NULL, 10);
	char *body = malloc(len + 1), *header = malloc(header_len + 1);
	natsStatus s = body && header && subjects > 0 ? NATS_OK : NATS_NO_MEMORY;

	if (s == NATS_OK) {
		memset(body, 'x', len);
		memset(header, 'h', header_len);
		header[header_len] = 0;
	}
	for (unsigned long i = 0; s == NATS_OK && i < messages; i++) {
		char subject[SUBJECT_MAX], id[ID_MAX];

		snprintf(subject, sizeof(subject), "%s.%lu", argv[2], i % subjects);
		snprintf(id, sizeof(id), "17f3a9c2b4d51e08.0.%lu", i + 1);
		s = publish(js, subject, id, header, body, (int)len);
	}
	if (s == NATS_OK)
		s = js_PublishAsyncComplete(js, NULL);
	free(body);
	free(header);
	return s;
}

int main(int argc, char **argv)
{
	natsConnection *connection = NULL;
	jsCtx *js = NULL;
	jsOptions opts;
	natsStatus s;

	if (argc != 8) {
		fprintf(stderr,
			"usage: sink_peer URL SUBJECT SUBJECTS MESSAGES OCTETS HEADER PENDING\n");
		return 2;
	}
	jsOptions_Init(&opts);
	opts.PublishAsync.MaxPending = atol(argv[7]);
	opts.PublishAsync.StallWait = WAIT_MS;
	opts.PublishAsync.AckHandler = on_ack;
	s = natsConnection_ConnectTo(&connection, argv[1]);
	if (s == NATS_OK)
		s = natsConnection_JetStream(&js, connection, &opts);
	if (s == NATS_OK)
		s = publish_all(js, argv);
	jsCtx_Destroy(js);
	natsConnection_Destroy(connection);
	nats_Close();
	if (s != NATS_OK || failed) {
		fprintf(stderr, "sink_peer: %s, %lu failed\n", natsStatus_GetText(s),
			(unsigned long)failed);
		return 1;
	}
	printf("stored %lu\n", (unsigned long)stored);
	return 0;
}
