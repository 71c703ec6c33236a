/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "feed/dial.h"

#define ANSWER_MAX (sizeof(struct mcr_welcome) + MCR_LISTED_MAX * sizeof(struct mcr_listed))

int engine_list_ask(struct engine_list *out, const char *run_dir, struct mcr_error *err)
{
	struct mcr_hello hello = {
	    .magic = MCR_HELLO_MAGIC,
	    .version = MCR_ATTACH_VERSION,
	    .oldest = MCR_ATTACH_OLDEST,
	    .what = MCR_HELLO_LIST,
	};
	int fd = mcr_feed_dial(run_dir, 0, err), ret;

	*out = (struct engine_list)ENGINE_LIST_NONE;
	if (fd < 0)
		return fd;
	snprintf(hello.label, sizeof(hello.label), "%s", program_invocation_short_name);
	/* A new connection has room. One that was hung up has its last answer still to be read. */
	if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EPIPE &&
	    errno != ECONNRESET) {
		ret = errno == EAGAIN ? -ETIMEDOUT : -errno;
		close(fd);
		return mcr_error_set(err, ret, "the engine takes no request: %s", strerror(-ret));
	}
	out->fd = fd;
	return 0;
}

static int take_items(struct engine_list *l, const void *buf, unsigned n)
{
	l->items = calloc(n + 1, sizeof(*l->items)); /* n may be 0 */
	if (!l->items)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		int ret = mcr_listed_parse(&l->items[l->n], buf, i);

		if (ret == 0)
			l->n++;
		else if (ret != -ENOENT) /* of an unknown kind */
			return ret;
	}
	return 0;
}

/* len: of the answer, or -errno. */
static int read_answer(struct engine_list *l, const void *buf, ssize_t len, struct mcr_error *err)
{
	struct mcr_welcome welcome;
	char text[128];
	int ret;

	if (len == 0 || len == -ECONNRESET)
		return mcr_error_set(err, -ECONNREFUSED,
				     "the engine hung up without an answer: it is ending");
	if (len < 0)
		return mcr_error_set(err, (int)len, "the engine's answer: %s", strerror((int)-len));
	ret = mcr_list_welcome_parse(&welcome, buf, (size_t)len);
	if (ret == -EPROTONOSUPPORT) {
		mcr_attach_mismatch(text, sizeof(text), welcome.version, MCR_ATTACH_OLDEST,
				    MCR_ATTACH_VERSION);
		return mcr_error_set(err, -EPROTO, "%s", text);
	}
	if (ret == -EOPNOTSUPP)
		return mcr_error_set(err, ret,
				     "the engine is older than lists of channels: upgrade it, or "
				     "name what to watch with --channel and --feed");
	if (ret >= 0 && welcome.status < 0)
		return mcr_error_set(err, welcome.status, "%s", welcome.text);
	if (ret >= 0)
		ret = take_items(l, buf, (unsigned)ret);
	if (ret == -ENOMEM)
		return mcr_error_set(err, ret, "no memory for the engine's list");
	return ret == 0 ? 0 : mcr_error_set(err, ret, "the answer is not one of an mcring engine");
}

int engine_list_take(struct engine_list *l, struct mcr_error *err)
{
	char *buf = malloc(ANSWER_MAX);
	ssize_t len;
	int ret;

	if (!buf)
		return mcr_error_set(err, -ENOMEM, "no memory for the engine's list");
	do
		len = recv(l->fd, buf, ANSWER_MAX, MSG_DONTWAIT | MSG_TRUNC);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		len = -errno;
	if (len > (ssize_t)ANSWER_MAX)
		len = -EPROTO;
	ret = len == -EAGAIN ? mcr_error_set(err, -EAGAIN, "the engine has not answered yet")
			     : read_answer(l, buf, len, err);
	free(buf);
	if (ret == 0) {
		close(l->fd);
		l->fd = -1;
	}
	return ret;
}

void engine_list_close(struct engine_list *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->items);
	*l = (struct engine_list)ENGINE_LIST_NONE;
}

const struct mcr_listed *engine_list_find(const struct engine_list *l, enum mcr_listed_kind kind,
					  const char *name)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->items[i].kind == kind && strcmp(l->items[i].name, name) == 0)
			return &l->items[i];
	return NULL;
}

static size_t put_ids(char *text, size_t at, const char *what, const uint32_t *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, ENGINE_READERS_MAX - at, "%s%u",
				       i > 0 ? ", " : what, ids[i]);
	return at;
}

const char *engine_readers(char text[ENGINE_READERS_MAX], const struct mcr_listed *channel)
{
	size_t at;

	text[0] = '\0';
	at = put_ids(text, 0, channel->n_uids == 1 ? "user " : "users ", channel->uids,
		     channel->n_uids);
	if (at > 0 && channel->n_gids > 0)
		at += (size_t)snprintf(text + at, ENGINE_READERS_MAX - at, "; ");
	put_ids(text, at, channel->n_gids == 1 ? "group " : "groups ", channel->gids,
		channel->n_gids);
	return text;
}
