/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "nats_ack.h"

#define DUPLICATE ",\"duplicate\": true}"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void nats_ack_prefix(const char *stream, char *out, size_t cap)
{
	snprintf(out, cap, "{\"stream\":\"%s\", \"seq\":", stream);
}

/* read_quick reads the two forms in which nats-server 2 answers; others are read as JSON. */
static int read_quick(struct nats_ack *a, const char *prefix, const char *text, size_t len)
{
	const size_t skip = strlen(prefix);
	const char *at = text + skip, *end = text + len;

	if (len <= skip || memcmp(text, prefix, skip) != 0)
		return -EINVAL;
	for (a->seq = 0; at < end && *at >= '0' && *at <= '9'; at++)
		a->seq = a->seq * 10 + (uint64_t)(*at - '0');
	if (end - at == 1 && *at == '}')
		a->kind = NATS_ACK_STORED;
	else if ((size_t)(end - at) == strlen(DUPLICATE) &&
		 memcmp(at, DUPLICATE, strlen(DUPLICATE)) == 0)
		a->kind = NATS_ACK_STORED_BEFORE;
	else
		return -EINVAL;
	return a->seq ? 0 : -EINVAL;
}

/* open_answer parses JSON and fills in the error that it tells. Returns the answer, NULL = error.
 */
static json_t *open_answer(struct nats_ack *a, const char *text, size_t len)
{
	json_t *answer = json_loadb(text, len, 0, NULL);
	json_t *error = json_object_get(answer, "error");
	const char *why = json_string_value(json_object_get(error, "description"));

	a->kind = NATS_ACK_ERROR;
	a->seq = 0;
	a->code = 0;
	if (answer && !error)
		return answer;
	a->code = (int)json_integer_value(json_object_get(error, "err_code"));
	if (error && !a->code) /* older servers know HTTP's codes only */
		a->code = (int)json_integer_value(json_object_get(error, "code"));
	snprintf(a->text, sizeof(a->text), "%s",
		 why ? why : "an answer that is none of JetStream's");
	json_decref(answer);
	return NULL;
}

void nats_ack_read(struct nats_ack *a, const char *prefix, const char *stream, const char *text,
		   size_t len)
{
	if (read_quick(a, prefix, text, len) == 0)
		return;
	json_t *answer = open_answer(a, text, len);

	if (!answer)
		return;
	const char *by = json_string_value(json_object_get(answer, "stream"));
	const json_int_t seq = json_integer_value(json_object_get(answer, "seq"));

	if (by && seq > 0 && strcmp(by, stream) == 0) {
		a->kind = json_is_true(json_object_get(answer, "duplicate"))
			      ? NATS_ACK_STORED_BEFORE
			      : NATS_ACK_STORED;
		a->seq = (uint64_t)seq;
	} else {
		snprintf(a->text, sizeof(a->text), "stored by %s, not by the stream %s",
			 by ? by : "nobody", stream);
	}
	json_decref(answer);
}

/* same_base64: whether text is the base64 (RFC 4648, section 4) of these octets. */
static int same_base64(const char *text, const char *body, size_t len)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3, text += 4) {
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (i + k < len ? (uint8_t)body[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			if (text[k] != (i + k > len ? '=' : alphabet[bits >> (18 - 6 * k) & 63]))
				return 0;
	}
	return !*text;
}

void nats_ack_message(struct nats_ack *a, const char *body, size_t body_len, const char *text,
		      size_t len)
{
	json_t *answer = open_answer(a, text, len);

	if (!answer)
		return;
	json_t *message = json_object_get(answer, "message");
	const char *data = json_string_value(json_object_get(message, "data"));
	const json_int_t seq = json_integer_value(json_object_get(message, "seq"));

	if (seq > 0 && same_base64(data ? data : "", body, body_len)) {
		a->kind = NATS_ACK_STORED;
		a->seq = (uint64_t)seq;
	} else {
		snprintf(a->text, sizeof(a->text), "another process wrote it");
	}
	json_decref(answer);
}

void nats_token_write(const struct nats_token *t, char out[10])
{
	uint32_t place = t->place, use = t->use;

	*out++ = t->kind;
	for (int i = 0; i < 3; i++, place >>= 6)
		*out++ = digits[place & 63];
	for (int i = 0; i < 5; i++, use >>= 6)
		*out++ = digits[use & 63];
	*out = '\0';
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int nats_token_read(struct nats_token *t, const char *text)
{
	uint32_t values[2] = {0, 0};

	if (strlen(text) != 9)
		return -EINVAL;
	for (int i = 0; i < 8; i++) {
		const int value = digit(text[i + 1]);

		if (value < 0)
			return -EINVAL;
		values[i >= 3] |= (uint32_t)value << (6 * (i < 3 ? i : i - 3));
	}
	*t = (struct nats_token){.kind = text[0], .place = values[0], .use = values[1]};
	return 0;
}
