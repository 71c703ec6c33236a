/* SPDX-License-Identifier: BSD-3-Clause */
/* nats_reader URL STREAM SUBJECTS: reads what a stream holds when it begins, and prints the account
 * of it (numbers.h). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <nats/nats.h>

#include "numbers.h"

#define WAIT_MS 10000
#define TRIES   4 /* another consumer, perhaps on another server of the cluster */

static void check(natsStatus status, const char *what)
{
	if (status == NATS_OK)
		return;
	fprintf(stderr, "nats_reader: %s: %s\n", what, natsStatus_GetText(status));
	exit(1);
}

/* The last message of the stream; 0: it is empty. */
static uint64_t last_of(jsCtx *js, const char *stream)
{
	jsStreamInfo *info = NULL;
	uint64_t last;

	check(js_GetStreamInfo(&info, js, stream, NULL, NULL), stream);
	last = info->State.Msgs ? info->State.LastSeq : 0;
	jsStreamInfo_Destroy(info);
	return last;
}

static natsSubscription *subscribe(jsCtx *js, const char *stream, const char *subjects,
				   uint64_t from)
{
	natsSubscription *sub = NULL;
	jsSubOptions options;

	jsSubOptions_Init(&options);
	options.Stream = stream;
	options.Ordered = true;
	options.Config.DeliverPolicy = js_DeliverByStartSequence;
	options.Config.OptStartSeq = from;
	check(js_SubscribeSync(&sub, js, subjects, NULL, &options, NULL), subjects);
	return sub;
}

int main(int argc, char **argv)
{
	struct numbers *n = numbers_create();
	natsConnection *nc = NULL;
	natsSubscription *sub = NULL;
	natsStatus status;
	unsigned tries = 0;
	jsCtx *js = NULL;
	uint64_t last, seq = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: nats_reader URL STREAM SUBJECTS\n");
		return 2;
	}
	check(natsConnection_ConnectTo(&nc, argv[1]), argv[1]);
	check(natsConnection_JetStream(&js, nc, NULL), "JetStream");
	last = last_of(js, argv[2]);
	sub = subscribe(js, argv[2], argv[3], 1);
	while (seq < last) {
		jsMsgMetaData *meta = NULL;
		const char *header = NULL;
		natsMsg *msg = NULL;

		status = natsSubscription_NextMsg(&msg, sub, WAIT_MS);
		if (status == NATS_TIMEOUT && tries++ < TRIES) {
			natsSubscription_Destroy(sub);
			sub = subscribe(js, argv[2], argv[3], seq + 1);
			continue;
		}
		check(status, "no more comes");
		check(natsMsg_GetMetaData(&meta, msg), "metadata");
		seq = meta->Sequence.Stream;
		jsMsgMetaData_Destroy(meta);
		check(natsMsgHeader_Get(msg, "Mcring", &header), "a message without the header");
		numbers_take(n, natsMsg_GetSubject(msg), header, natsMsg_GetData(msg),
			     (size_t)natsMsg_GetDataLength(msg));
		natsMsg_Destroy(msg);
	}
	numbers_print(n);
	natsSubscription_Destroy(sub);
	jsCtx_Destroy(js);
	natsConnection_Destroy(nc);
	return 0;
}
