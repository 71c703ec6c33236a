/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/clock.h"
#include "nats_admin.h"

#define CONNECT_MS 2000 /* for a server that takes the connection and says nothing */
#define WAIT_MS    3000 /* for an answer */
#define PAUSE_MS   200  /* between two attempts */
#define WINDOW_NS  INT64_C(120000000000) /* JetStream's own, where none is asked for */
#define TRIES      8                     /* of two processes that load at a time */

int nats_failure(struct mcr_error *err, natsStatus s, const char *doing)
{
	natsStatus last_status;
	const char *last = nats_GetLastError(&last_status);

	/* "(file.c:line): text" */
	if (last && *last == '(' && strstr(last, "): "))
		last = strstr(last, "): ") + 3;
	if (!last || !*last || last_status != s)
		last = natsStatus_GetText(s);
	snprintf(err->text, sizeof(err->text), "%s: %s", doing, last);
	if (s == NATS_CONNECTION_AUTH_FAILED || s == NATS_NOT_PERMITTED)
		return -EACCES;
	if (s == NATS_NO_SERVER || s == NATS_TIMEOUT)
		return -ETIMEDOUT;
	if (s == NATS_NOT_FOUND)
		return -ENOENT;
	return s == NATS_NO_MEMORY ? -ENOMEM : -EPROTO;
}

int nats_options(natsOptions **out, const struct nats_config *c, struct mcr_error *err)
{
	natsOptions *o = NULL;
	const char *doing = "options of NATS";
	natsStatus s = natsOptions_Create(&o);

	if (s == NATS_OK)
		s = natsOptions_SetServers(o, (const char **)c->servers, c->n_servers);
	if (s == NATS_OK)
		s = natsOptions_SetNoRandomize(o, true);
	if (s == NATS_OK)
		s = natsOptions_SetAllowReconnect(o, false);
	if (s == NATS_OK)
		s = natsOptions_SetTimeout(o, CONNECT_MS);
	if (s == NATS_OK)
		s = natsOptions_SetName(o, c->name);
	if (s == NATS_OK && c->credentials) {
		doing = "--credentials";
		s = natsOptions_SetUserCredentialsFromFiles(o, c->credentials, NULL);
	}
	if (s == NATS_OK && c->is_tls)
		s = natsOptions_SetSecure(o, true);
	if (s == NATS_OK && c->tls_ca) {
		doing = "--tls-ca";
		s = natsOptions_LoadCATrustedCertificates(o, c->tls_ca);
	}
	if (s == NATS_OK && c->tls_cert) {
		doing = "--tls-cert and --tls-key";
		s = natsOptions_LoadCertificatesChain(o, c->tls_cert, c->tls_key);
	}
	if (s != NATS_OK) {
		const int rc = nats_failure(err, s, doing);

		natsOptions_Destroy(o);
		return rc == -ENOMEM ? rc : -EINVAL;
	}
	*out = o;
	return 0;
}

/* A connection with the library's own threads, for questions. */
struct admin {
	natsOptions *options;
	natsConnection *nc;
	jsCtx *js;
};

static void leave(struct admin *a)
{
	jsCtx_Destroy(a->js);
	natsConnection_Destroy(a->nc);
	natsOptions_Destroy(a->options);
}

static int enter(struct admin *a, const struct nats_config *c, uint64_t until_ns,
		 struct mcr_error *err)
{
	jsOptions options;
	natsStatus s;
	int rc;

	*a = (struct admin){0};
	rc = nats_options(&a->options, c, err);
	if (rc)
		return rc;
	for (;;) {
		s = natsConnection_Connect(&a->nc, a->options);
		if (s == NATS_OK || s == NATS_CONNECTION_AUTH_FAILED || s == NATS_NO_MEMORY ||
		    monotonic_ns() + PAUSE_MS * 1000000ull >= until_ns)
			break;
		nats_Sleep(PAUSE_MS);
	}
	if (s == NATS_OK) {
		jsOptions_Init(&options);
		options.Wait = WAIT_MS;
		s = natsConnection_JetStream(&a->js, a->nc, &options);
	}
	if (s != NATS_OK) {
		char doing[160], server[128];

		snprintf(doing, sizeof(doing), "%s",
			 nats_config_server(c->servers[0], server, sizeof(server)));
		rc = nats_failure(err, s, doing);
		leave(a);
	}
	return rc;
}

/* covers: whether each subject of pattern is one of the stream's subject. Tokens are between dots;
 * '*' is any token, '>' at the end is one or more. */
static int covers(const char *subject, const char *pattern)
{
	for (;;) {
		const size_t a = strcspn(subject, "."), b = strcspn(pattern, ".");

		if (a == 1 && *subject == '>')
			return b > 0;
		if (b == 1 && *pattern == '>')
			return 0;
		if (!(a == 1 && *subject == '*') && (a != b || memcmp(subject, pattern, a) != 0))
			return 0;
		if (!subject[a] || !pattern[b])
			return !subject[a] && !pattern[b];
		subject += a + 1;
		pattern += b + 1;
	}
}

static int differs(struct mcr_error *err, const char *stream, const char *what, int64_t is,
		   int64_t asked)
{
	snprintf(err->text, sizeof(err->text),
		 "stream %s is there with %s %lld, not %lld as --stream says: edit the stream, or "
		 "leave this out",
		 stream, what, (long long)is, (long long)asked);
	return -EINVAL;
}

/* check_stream compares what is there with what was asked for. */
static int check_stream(const struct nats_config *c, const jsStreamConfig *is,
			struct mcr_error *err)
{
	const struct nats_stream_option *o = &c->stream;
	char all[256];
	int is_covered = 0;

	snprintf(all, sizeof(all), "%s.>", c->prefix);
	for (int i = 0; i < is->SubjectsLen; i++)
		is_covered |= covers(is->Subjects[i], all);
	if (!is_covered) {
		snprintf(err->text, sizeof(err->text),
			 "stream %s does not take the subjects %s: add them to it, or give another "
			 "--prefix",
			 o->name, all);
		return -EINVAL;
	}
	if (is->NoAck) {
		snprintf(err->text, sizeof(err->text),
			 "stream %s has no_ack, so nobody knows what it stored: edit the stream",
			 o->name);
		return -EINVAL;
	}
	if (o->replicas && o->replicas != is->Replicas)
		return differs(err, o->name, "replicas", is->Replicas, o->replicas);
	if (o->window_ns && o->window_ns != is->Duplicates)
		return differs(err, o->name, "a duplicate window of (ns)", is->Duplicates,
			       o->window_ns);
	if (o->max_age_ns && o->max_age_ns != is->MaxAge)
		return differs(err, o->name, "max_age (ns)", is->MaxAge, o->max_age_ns);
	if (o->max_bytes && o->max_bytes != is->MaxBytes)
		return differs(err, o->name, "max_bytes", is->MaxBytes, o->max_bytes);
	if (o->storage && (o->storage == 'm') != (is->Storage == js_MemoryStorage)) {
		snprintf(err->text, sizeof(err->text),
			 "stream %s is there with other storage than --stream says: leave this out",
			 o->name);
		return -EINVAL;
	}
	return 0;
}

static natsStatus make_stream(struct admin *a, const struct nats_config *c, jsStreamInfo **si,
			      jsErrCode *code)
{
	const struct nats_stream_option *o = &c->stream;
	char all[256];
	const char *subjects[] = {all};
	jsStreamConfig config;

	snprintf(all, sizeof(all), "%s.>", c->prefix);
	jsStreamConfig_Init(&config);
	config.Name = o->name;
	config.Subjects = subjects;
	config.SubjectsLen = 1;
	config.Storage = o->storage == 'm' ? js_MemoryStorage : js_FileStorage;
	config.Replicas = o->replicas ? o->replicas : 1;
	config.Duplicates = o->window_ns;
	config.MaxAge = o->max_age_ns;
	if (o->max_bytes)
		config.MaxBytes = o->max_bytes;
	return js_AddStream(si, a->js, &config, NULL, code);
}

/* A cluster that has just begun: not all of its servers have found each other. */
static int is_forming(jsErrCode code)
{
	return code == JSClusterNoPeersErr || code == JSClusterNotAvailErr;
}

static int ensure_stream(struct admin *a, const struct nats_config *c, uint64_t *window_ns,
			 jsStreamConfig *is, struct mcr_error *err)
{
	char doing[192];
	jsStreamInfo *si = NULL;
	jsErrCode code = 0;
	natsStatus s = js_GetStreamInfo(&si, a->js, c->stream.name, NULL, &code);
	int rc;

	snprintf(doing, sizeof(doing), "stream %s", c->stream.name);
	if (s == NATS_NOT_FOUND && c->stream.is_made && c->is_check) {
		*window_ns = (uint64_t)(c->stream.window_ns ? c->stream.window_ns : WINDOW_NS);
		return 0;
	}
	if (s == NATS_NOT_FOUND && c->stream.is_made)
		s = make_stream(a, c, &si, &code);
	if (s == NATS_NOT_FOUND) {
		snprintf(err->text, sizeof(err->text),
			 "there is no stream %s: make it, or say --stream %s,create",
			 c->stream.name, c->stream.name);
		return -ENOENT;
	}
	if (s == NATS_NO_RESPONDERS)
		snprintf(doing, sizeof(doing), "stream %s: JetStream does not answer: is it on?",
			 c->stream.name);
	else if (s == NATS_TIMEOUT)
		snprintf(doing, sizeof(doing),
			 "stream %s: no answer: may this user ask $JS.API.>, has it a leader?",
			 c->stream.name);
	if (s != NATS_OK) {
		rc = nats_failure(err, s, doing);
		return is_forming(code) ? -ETIMEDOUT : rc;
	}
	rc = check_stream(c, si->Config, err);
	*window_ns = (uint64_t)si->Config->Duplicates;
	is->Replicas = si->Config->Replicas;
	is->Storage = si->Config->Storage;
	jsStreamInfo_Destroy(si);
	return rc;
}

/* open_bucket opens the bucket of positions. */
static natsStatus open_bucket(struct admin *a, kvStore **kv)
{
	return js_KeyValue(kv, a->js, NATS_BUCKET);
}

/* ensure_bucket makes it where there is none, as durable as the stream. */
static int ensure_bucket(struct admin *a, const jsStreamConfig *like, struct mcr_error *err)
{
	kvStore *kv = NULL;
	kvConfig config;
	natsStatus s = open_bucket(a, &kv);

	if (s == NATS_NOT_FOUND) {
		kvConfig_Init(&config);
		config.Bucket = NATS_BUCKET;
		config.History = 1;
		config.Replicas = (int)like->Replicas;
		config.StorageType = like->Storage;
		s = js_CreateKeyValue(&kv, a->js, &config);
		if (s != NATS_OK) /* another sink may have made it meanwhile */
			s = open_bucket(a, &kv) == NATS_OK ? NATS_OK : s;
	}
	kvStore_Destroy(kv);
	return s == NATS_OK ? 0 : nats_failure(err, s, "bucket " NATS_BUCKET " of positions");
}

int nats_admin_ensure(const struct nats_config *c, uint64_t until_ns, uint64_t *window_ns,
		      struct mcr_error *err)
{
	struct admin a;
	jsStreamConfig is = {0};
	int rc = enter(&a, c, until_ns, err);

	if (rc)
		return rc;
	while ((rc = ensure_stream(&a, c, window_ns, &is, err)) == -ETIMEDOUT &&
	       monotonic_ns() + PAUSE_MS * 1000000ull < until_ns)
		nats_Sleep(PAUSE_MS);
	if (!rc && !c->is_check) {
		do /* when one has just been made its servers choose a leader */
			rc = ensure_bucket(&a, &is, err);
		while (rc == -ETIMEDOUT && monotonic_ns() < until_ns);
	}
	leave(&a);
	return rc;
}

/* take_over reads the position and writes it again. Returns NATS_OK, or what failed; another
 * process may have written between the two. */
static natsStatus take_over(const struct nats_config *c, kvStore *kv, char **text,
			    uint64_t *revision)
{
	kvEntry *entry = NULL;
	natsStatus s = kvStore_Get(&entry, kv, c->name);

	*text = NULL;
	if (s == NATS_NOT_FOUND)
		return c->is_check ? NATS_OK : kvStore_Create(revision, kv, c->name, "", 0);
	if (s != NATS_OK)
		return s;
	const int len = kvEntry_ValueLen(entry);

	*text = strndup(len ? kvEntry_Value(entry) : "", (size_t)len);
	if (!*text)
		s = NATS_NO_MEMORY;
	else if (!c->is_check)
		s = kvStore_Update(revision, kv, c->name, *text, len, kvEntry_Revision(entry));
	kvEntry_Destroy(entry);
	if (s != NATS_OK || !len) {
		free(*text);
		*text = NULL;
	}
	return s;
}

/* Whether it may go better the next time. */
static int is_passing(natsStatus s)
{
	return s == NATS_ERR || s == NATS_TIMEOUT || s == NATS_NO_RESPONDERS;
}

int nats_admin_load(const struct nats_config *c, char **text, uint64_t *revision,
		    struct mcr_error *err)
{
	struct admin a;
	kvStore *kv = NULL;
	natsStatus s;
	int rc = enter(&a, c, monotonic_ns() + 1000000000ull, err);

	if (rc)
		return rc;
	*text = NULL;
	s = open_bucket(&a, &kv);
	if (s == NATS_NOT_FOUND && c->is_check) {
		s = NATS_OK;
	} else if (s == NATS_OK) {
		/* Once more with the revision of whoever was quicker, or when a bucket that was
		 * just made has its leader. */
		s = take_over(c, kv, text, revision);
		for (int i = 1; i < TRIES && is_passing(s); i++) {
			if (s != NATS_ERR)
				nats_Sleep(PAUSE_MS);
			s = take_over(c, kv, text, revision);
		}
	}
	if (s != NATS_OK)
		rc = nats_failure(err, s, "the position in the bucket " NATS_BUCKET);
	kvStore_Destroy(kv);
	leave(&a);
	return rc;
}
