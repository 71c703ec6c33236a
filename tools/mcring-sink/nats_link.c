/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lib/core/error.h"
#include "../common/clock.h"
#include "nats_admin.h"
#include "nats_link.h"

#define BUFFER_BYTES (128 * 1024) /* of the library's, for each direction; it grows to write */
#define SPENT_WORTH  128          /* messages, to wake the library's thread for them */
#define SPENT_BYTES  (4 * 1024 * 1024)
#define NO_PINGS_MS  (INT64_C(1000) * 3600 * 24 * 365)

/* The library's calls of an event loop. All come within a call of this thread's. */
static natsStatus on_attach(void **user, void *loop, natsConnection *nc, natsSock socket)
{
	struct nats_link *l = loop;
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = l};

	(void)nc;
	*user = l;
	l->socket = socket;
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, socket, &ev) < 0)
		return NATS_SYS_ERROR;
	pthread_mutex_lock(&l->mu);
	l->handle = dup(socket);
	pthread_mutex_unlock(&l->mu);
	return l->handle < 0 ? NATS_SYS_ERROR : NATS_OK;
}

static natsStatus on_read(void *user, bool is_on)
{
	struct nats_link *l = user;

	if (!is_on && !l->is_lost) {
		l->is_lost = 1;
		epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, l->socket, NULL);
	}
	return NATS_OK;
}

static natsStatus on_write(void *user, bool is_on)
{
	struct nats_link *l = user;

	l->wants_write = is_on;
	return NATS_OK;
}

static natsStatus on_detach(void *user)
{
	return on_read(user, false);
}

int nats_link_init(struct nats_link *l, const struct nats_config *c, struct mcr_error *err)
{
	natsInbox *inbox = NULL;
	natsStatus s;
	int rc;

	*l = (struct nats_link){
	    .config = c, .mu = PTHREAD_MUTEX_INITIALIZER, .handle = -1, .socket = -1};
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return -errno;
	rc = nats_options(&l->options, c, err);
	if (rc)
		return rc;
	/* Its pings end a connection within a thread of their own, amid our calls. */
	s = natsOptions_SetPingInterval(l->options, NO_PINGS_MS);
	if (s == NATS_OK)
		s = natsOptions_SetIOBufSize(l->options, BUFFER_BYTES);
	if (s == NATS_OK)
		s = natsOptions_SetSendAsap(l->options, true);
	if (s == NATS_OK)
		s = natsOptions_SetEventLoop(l->options, l, on_attach, on_read, on_write,
					     on_detach);
	if (s == NATS_OK)
		s = natsOptions_SetErrorHandler(l->options, NULL, NULL); /* its own prints */
	if (s == NATS_OK)
		s = natsInbox_Create(&inbox);
	if (s != NATS_OK)
		return nats_failure(err, s, "options of NATS");
	l->inbox_len = strlen(inbox);
	if (l->inbox_len + 1 + NATS_TOKEN_MAX <= sizeof(l->inbox)) {
		memcpy(l->inbox, inbox, l->inbox_len);
		l->inbox[l->inbox_len++] = '.';
		rc = 0;
	} else {
		rc = mcr_error_set(err, -EPROTO, "the library's inbox '%s' is too long", inbox);
	}
	natsInbox_Destroy(inbox);
	return rc;
}

static void forget_found(struct nats_link *l)
{
	while (l->n_found > 0)
		free(l->found[--l->n_found]);
}

void nats_link_destroy(struct nats_link *l)
{
	nats_link_drop(l);
	forget_found(l);
	natsOptions_Destroy(l->options);
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
}

natsStatus nats_link_connect(struct nats_link *l)
{
	char url[256];
	natsStatus s;

	l->is_lost = l->wants_write = l->awaits_write = 0;
	s = natsConnection_Connect(&l->nc, l->options);
	if (s != NATS_OK)
		l->nc = NULL;
	if (s == NATS_OK)
		s = natsConnection_GetConnectedUrl(l->nc, url, sizeof(url));
	if (s == NATS_OK) {
		nats_config_server(url, l->server, sizeof(l->server));
		memcpy(l->inbox + l->inbox_len, "*", 2);
		s = natsConnection_SubscribeSync(&l->answers, l->nc, l->inbox);
	}
	if (s == NATS_OK)
		s = natsSubscription_SetPendingLimits(l->answers, -1, -1);
	if (s != NATS_OK)
		nats_link_drop(l);
	return s;
}

/* learn takes over which other servers the one that is left knew. Where memory is short, we know
 * fewer. */
static void learn(struct nats_link *l)
{
	const char *all[NATS_SERVERS_MAX];
	char **urls = NULL;
	int n = 0, n_urls = 0;

	if (natsConnection_GetDiscoveredServers(l->nc, &urls, &n_urls) != NATS_OK || !n_urls)
		return;
	forget_found(l);
	for (int i = 0; i < l->config->n_servers; i++)
		all[n++] = l->config->servers[i];
	for (int i = 0; i < n_urls; i++) {
		char *url = n < NATS_SERVERS_MAX ? nats_config_add_login(l->config, urls[i]) : NULL;

		if (url)
			all[n++] = l->found[l->n_found++] = url;
		free(urls[i]);
	}
	free(urls);
	natsOptions_SetServers(l->options, all, n);
}

static void destroy_spent(struct nats_link *l)
{
	while (l->n_spent > 0)
		natsMsg_Destroy(l->spent[--l->n_spent]);
	l->spent_bytes = 0;
}

void nats_link_drop(struct nats_link *l)
{
	/* The library's own close would wait until all is sent: it finds the end of the stream. */
	if (l->nc && !l->is_lost) {
		shutdown(l->socket, SHUT_RDWR);
		while (!l->is_lost)
			nats_link_read(l);
	}
	if (l->nc)
		learn(l);
	destroy_spent(l);
	natsSubscription_Destroy(l->answers);
	natsConnection_Destroy(l->nc);
	l->answers = NULL;
	l->nc = NULL;
	l->is_lost = 1;
	pthread_mutex_lock(&l->mu);
	if (l->handle >= 0)
		close(l->handle);
	l->handle = -1;
	pthread_mutex_unlock(&l->mu);
}

natsStatus nats_link_publish(struct nats_link *l, const char *subject, const char *token,
			     const char *const *headers, unsigned n, const void *body, int len)
{
	natsMsg *msg = NULL;
	natsStatus s;

	if (token)
		memcpy(l->inbox + l->inbox_len, token, strlen(token) + 1);
	s = natsMsg_Create(&msg, subject, token ? l->inbox : NULL, body, len);
	for (unsigned i = 0; s == NATS_OK && i < n; i++)
		s = natsMsgHeader_Set(msg, headers[2 * i], headers[2 * i + 1]);
	if (s == NATS_OK)
		s = natsConnection_PublishMsg(l->nc, msg);
	if (msg)
		nats_link_spend(l, msg);
	return s;
}

void nats_link_spend(struct nats_link *l, natsMsg *msg)
{
	l->spent[l->n_spent++] = msg;
	l->spent_bytes += (size_t)natsMsg_GetDataLength(msg);
	if (l->n_spent == NATS_SPENT_MAX || l->spent_bytes >= SPENT_BYTES)
		destroy_spent(l);
}

void nats_link_rest(struct nats_link *l)
{
	if (l->n_spent >= SPENT_WORTH)
		destroy_spent(l);
}

natsStatus nats_link_echo(struct nats_link *l, const char *token)
{
	memcpy(l->inbox + l->inbox_len, token, strlen(token) + 1);
	return natsConnection_Publish(l->nc, l->inbox, NULL, 0);
}

static void enter_library(struct nats_link *l)
{
	__atomic_store_n(&l->busy_ns, monotonic_ns(), __ATOMIC_RELAXED);
}

static void leave_library(struct nats_link *l)
{
	__atomic_store_n(&l->busy_ns, 0, __ATOMIC_RELAXED);
}

void nats_link_write(struct nats_link *l)
{
	if (!l->wants_write || l->is_lost)
		return;
	enter_library(l);
	natsConnection_ProcessWriteEvent(l->nc);
	leave_library(l);
	if (l->is_lost || l->wants_write == l->awaits_write)
		return;
	struct epoll_event ev = {.events = EPOLLIN | (l->wants_write ? EPOLLOUT : 0),
				 .data.ptr = l};

	l->awaits_write = l->wants_write;
	epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, l->socket, &ev);
}

void nats_link_read(struct nats_link *l)
{
	enter_library(l);
	natsConnection_ProcessReadEvent(l->nc);
	leave_library(l);
}

natsStatus nats_link_next(struct nats_link *l, natsMsg **msg, const char **token)
{
	const natsStatus s = natsSubscription_NextMsg(msg, l->answers, 0);

	if (s != NATS_OK)
		return s;
	const char *subject = natsMsg_GetSubject(*msg);

	*token = strlen(subject) > l->inbox_len ? subject + l->inbox_len : "";
	return NATS_OK;
}

const char *nats_link_why(const struct nats_link *l)
{
	const char *why = "";

	return l->nc && natsConnection_GetLastError(l->nc, &why) != NATS_OK ? why : "";
}

int nats_link_buffered(const struct nats_link *l)
{
	const int n = l->wants_write && !l->is_lost ? natsConnection_Buffered(l->nc) : 0;

	return n < 0 ? 0 : n;
}

void nats_link_cut(struct nats_link *l, uint64_t before_ns)
{
	const uint64_t since = __atomic_load_n(&l->busy_ns, __ATOMIC_RELAXED);

	if (!since || since > before_ns)
		return;
	pthread_mutex_lock(&l->mu);
	if (l->handle >= 0)
		shutdown(l->handle, SHUT_RDWR);
	pthread_mutex_unlock(&l->mu);
}
