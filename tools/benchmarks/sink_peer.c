/* SPDX-License-Identifier: BSD-3-Clause */
/* sink_peer URL SUBJECT SUBJECTS MESSAGES OCTETS PACK HEADER PENDING [FILE]: what one would write
 * who has messages, in the memory of FILE or one that is all of them, and wants them in JetStream:
 * publishes MESSAGES of OCTETS to SUBJECT.0 and so on, in turn, in packs of PACK, each with an id
 * and a header of HEADER octets, at most PENDING without an acknowledgement.
 * Ends when all are acknowledged, and prints how many were stored. It knows nothing of mcring, of
 * rings, of a position, or what to do when a server dies: see sink.py. */
#include <fcntl.h>
#include <nats/nats.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

/* A batch of messages of one subject: as many octets before each as a record of mcring/sink.h has.
 */
struct batch {
	char *body;
	unsigned long n, len;
};

static void add(struct batch *b, unsigned long pack, const char *payload, unsigned long octets)
{
	if (pack > 1) {
		const uint64_t record[] = {octets, b->n, pack};

		memcpy(b->body + b->len, record, sizeof(record));
		b->len += sizeof(record);
	}
	memcpy(b->body + b->len, payload, octets);
	b->len += octets;
	b->n++;
}

/* The messages of a file, one behind the other; NULL = there is none, or it cannot be mapped. */
static const char *map(const char *path, size_t octets)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *data = fd < 0 ? MAP_FAILED : mmap(NULL, octets, PROT_READ, MAP_SHARED, fd, 0);

	return data == MAP_FAILED ? NULL : data;
}

static natsStatus publish_all(jsCtx *js, char **argv)
{
	const unsigned long subjects = strtoul(argv[3], NULL, 10),
			    messages = strtoul(argv[4], NULL, 10);
	const unsigned long octets = strtoul(argv[5], NULL, 10), pack = strtoul(argv[6], NULL, 10);
	const size_t header_len = strtoul(argv[7], NULL, 10);
	struct batch *batches = calloc(subjects, sizeof(*batches)), *b;
	char *one = calloc(1, octets), *header = calloc(1, header_len + 1);
	const char *all = map(argv[9], messages * octets);
	natsStatus s = argv[9] && !all ? NATS_INVALID_ARG : NATS_OK;

	memset(header, 'h', header_len);
	for (b = batches; b < batches + subjects; b++)
		b->body = malloc(pack * (octets + 3 * sizeof(uint64_t)));
	for (unsigned long i = 0; s == NATS_OK && i < messages; i++) {
		char subject[SUBJECT_MAX], id[ID_MAX];

		b = &batches[i % subjects];
		add(b, pack, all ? all + i * octets : one, octets);
		if (b->n < pack)
			continue;
		snprintf(subject, sizeof(subject), "%s.%lu", argv[2], i % subjects);
		snprintf(id, sizeof(id), "17f3a9c2b4d51e08.0.%lu", i + 1);
		s = publish(js, subject, id, header, b->body, (int)b->len);
		b->n = b->len = 0;
	}
	return s == NATS_OK ? js_PublishAsyncComplete(js, NULL) : s;
}

int main(int argc, char **argv)
{
	natsConnection *connection = NULL;
	jsCtx *js = NULL;
	jsOptions opts;
	natsStatus s;

	if (argc != 9 && argc != 10) {
		fprintf(stderr, "usage: sink_peer URL SUBJECT SUBJECTS MESSAGES OCTETS PACK HEADER "
				"PENDING [FILE]\n");
		return 2;
	}
	jsOptions_Init(&opts);
	opts.PublishAsync.MaxPending = atol(argv[8]);
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
