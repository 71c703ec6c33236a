/* SPDX-License-Identifier: BSD-3-Clause */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "../common/clock.h"
#include "data.h"
#include "exporter_page.h"
#include "health.h"
#include "metrics.h"

#define CONNECTIONS_MAX 256
#define AN_ADDRESS_MAX  200 /* connections */
#define CROWDED         128 /* from so many on the oldest make room for new ones */
#define OLD_NS          ((uint64_t)SECOND_NS) /* and are cut off at this age */
#define OLD_SILENT_NS   (OLD_NS / 10)         /* or at this one, without a request */
#define LIFE_NS         (30 * (uint64_t)SECOND_NS)
#define PATIENCE_NS     (5 * (uint64_t)SECOND_NS / 2) /* of a request, for the engines */
#define IDLE_SECONDS    10
#define HEADERS_MAX     16384 /* octets, with the head of the answer */

enum document_id {
	METRICS,
	HEALTH,
	DATA,
	PAGE,
	DOCUMENTS
};

static const struct {
	const char *path, *type, *policy;
} documents[DOCUMENTS] = {
    [METRICS] = {"/metrics", "text/plain; version=0.0.4; charset=utf-8", "default-src 'none'"},
    [HEALTH] = {"/health", "text/plain; charset=utf-8", "default-src 'none'"},
    [DATA] = {"/data.json", "application/json", "default-src 'none'"},
    [PAGE] = {"/", "text/html; charset=utf-8", EXPORTER_PAGE_POLICY},
};

/* A connection, from its first octet to its last. */
struct visit {
	struct http *http;
	struct MHD_Connection *connection; /* NULL = free */
	uint64_t began_ns;
	int is_waiting; /* its request is suspended */
	int was_asked;  /* the engines were, for it */
	int was_cut;
};

struct http {
	struct MHD_Daemon *daemon;
	struct sources *sources;
	unsigned series;
	int is_loopback; /* it serves this host alone */
	uint64_t now_ns;
	unsigned n_visits;
	struct visit visits[CONNECTIONS_MAX];
	/* What was made of the answers; valid while sources->changes is the same. */
	struct {
		struct MHD_Response *response; /* NULL = none */
		uint64_t changes;
		unsigned status;
	} made[DOCUMENTS];
};

/* ---- answers ---- */

static void add_headers(struct MHD_Response *r, const char *type, const char *policy)
{
	const char *const headers[][2] = {
	    {MHD_HTTP_HEADER_CONTENT_TYPE, type},
	    {"Content-Security-Policy", policy},
	    {"X-Content-Type-Options", "nosniff"},
	    {"X-Frame-Options", "DENY"},
	    {"Referrer-Policy", "no-referrer"},
	    {"Cross-Origin-Resource-Policy", "same-origin"},
	    {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
	    {MHD_HTTP_HEADER_CONNECTION, "close"},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(r, headers[i][0], headers[i][1]);
}

/* A short text that is no document. */
static enum MHD_Result say(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	add_headers(r, "text/plain; charset=utf-8", "default-src 'none'");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static char *write_metrics(struct http *h, size_t *len)
{
	struct series s;
	char *text = NULL;

	if (series_init(&s, h->series) == 0 && metrics_write(&s, h->sources, h->now_ns) == 0) {
		text = s.text;
		*len = s.len;
		s.text = NULL;
	}
	series_clear(&s);
	return text;
}

/* Gives a response, which is the caller's, or NULL. */
static struct MHD_Response *make(struct http *h, enum document_id id, unsigned *status)
{
	struct MHD_Response *r;
	char *text = NULL;
	size_t len = 0;
	int is_well = 1;

	if (id == PAGE) {
		r = MHD_create_response_from_buffer(exporter_page_len, (void *)exporter_page,
						    MHD_RESPMEM_PERSISTENT);
	} else {
		if (id == METRICS)
			text = write_metrics(h, &len);
		else if (id == HEALTH)
			text = health_write(h->sources, &len, &is_well);
		else
			text = data_write(h->sources, h->now_ns, &len);
		r = text ? MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE) : NULL;
		if (!r)
			free(text);
	}
	*status = is_well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
	if (r)
		add_headers(r, documents[id].type, documents[id].policy);
	return r;
}

static enum MHD_Result give(struct http *h, struct MHD_Connection *c, enum document_id id)
{
	if (h->made[id].response && h->made[id].changes != h->sources->changes) {
		MHD_destroy_response(h->made[id].response); /* when the last reader has it */
		h->made[id].response = NULL;
	}
	if (!h->made[id].response) {
		h->made[id].changes = h->sources->changes;
		h->made[id].response = make(h, id, &h->made[id].status);
	}
	if (!h->made[id].response)
		return say(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n");
	return MHD_queue_response(c, h->made[id].status, h->made[id].response);
}

/* ---- requests ---- */

static struct visit *visit_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* A page of the web can give its own name the address 127.0.0.1 and so read, in the browser of a
 * user of this host, what is served there for this host alone. Its name stands in Host all the
 * same. */
static int is_for_us(const struct http *h, struct MHD_Connection *c)
{
	const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);

	if (!h->is_loopback || !host || host[0] == '[')
		return 1;
	if (strncasecmp(host, "localhost", 9) == 0)
		host += 9;
	return host[strspn(host, "0123456789.:")] == '\0';
}

/* Called with the headers, and again when it was suspended. A body is not read: the answer ends the
 * connection. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **request)
{
	struct http *h = ctx;
	struct visit *v = visit_of(c);
	unsigned id = 0;

	if (!v)
		return MHD_NO;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return say(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (!is_for_us(h, c))
		return say(c, MHD_HTTP_MISDIRECTED_REQUEST,
			   "ask for 127.0.0.1, [::1] or localhost: a proxy sets Host so\n");
	while (id < DOCUMENTS && strcmp(documents[id].path, url) != 0)
		id++;
	if (id == DOCUMENTS)
		return say(c, MHD_HTTP_NOT_FOUND, "see /, /metrics, /health and /data.json\n");
	if (id != PAGE && !v->was_asked) {
		v->was_asked = 1;
		sources_ask(h->sources, h->now_ns);
		if (!sources_are_settled(h->sources)) {
			v->is_waiting = 1;
			MHD_suspend_connection(c);
			return MHD_YES;
		}
	}
	return give(h, c, id);
}

static uint64_t patience_end_ns(const struct visit *v)
{
	return v->began_ns + PATIENCE_NS;
}

static void resume(struct http *h)
{
	const int settled = sources_are_settled(h->sources);

	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct visit *v = &h->visits[i];

		if (v->is_waiting && (settled || h->now_ns >= patience_end_ns(v))) {
			v->is_waiting = 0;
			MHD_resume_connection(v->connection);
		}
	}
}

/* ---- connections ---- */

/* The daemon sees that the connection ended, and lets it go. */
static void cut_off(struct visit *v)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(v->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	v->was_cut = 1;
	if (info)
		shutdown(info->connect_fd, SHUT_RDWR);
}

/* Who asks does so at once: one that has not is old early. */
static uint64_t age_of_old_ns(const struct visit *v)
{
	return v->was_asked ? OLD_NS : OLD_SILENT_NS;
}

static struct visit *oldest(struct http *h)
{
	struct visit *found = NULL;

	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct visit *v = &h->visits[i];

		if (v->connection && !v->was_cut && h->now_ns - v->began_ns >= age_of_old_ns(v) &&
		    (!found || v->began_ns < found->began_ns))
			found = v;
	}
	return found;
}

static void make_room(struct http *h)
{
	for (unsigned n = h->n_visits; n > CROWDED; n--) {
		struct visit *v = oldest(h);

		if (!v)
			return;
		cut_off(v);
	}
}

static void begin_visit(struct http *h, struct MHD_Connection *c, void **socket_context)
{
	h->n_visits++;
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct visit *v = &h->visits[i];

		if (v->connection)
			continue;
		*v = (struct visit){.http = h, .connection = c, .began_ns = h->now_ns};
		*socket_context = v;
		return;
	}
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http *h = ctx;
	struct visit *v = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		begin_visit(h, c, socket_context);
		return;
	}
	h->n_visits--;
	if (v)
		*v = (struct visit){0};
}

static void end_old(struct http *h)
{
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct visit *v = &h->visits[i];

		if (v->connection && !v->was_cut && h->now_ns >= v->began_ns + LIFE_NS)
			cut_off(v);
	}
}

/* ---- the loop's side ---- */

static int is_loopback(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&address;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&address;

	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return 0;
	if (address.ss_family == AF_INET)
		return ntohl(ipv4->sin_addr.s_addr) >> 24 == 127;
	return address.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr);
}

int http_create(struct http **out, int listen_fd, struct sources *sources, unsigned series)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h) {
		close(listen_fd);
		return -ENOMEM;
	}
	h->sources = sources;
	h->series = series;
	h->is_loopback = is_loopback(listen_fd);
	h->now_ns = monotonic_ns();
	h->daemon = MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, h,
	    MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, AN_ADDRESS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
	    IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
	if (!h->daemon) {
		close(listen_fd);
		free(h);
		return -EIO;
	}
	*out = h;
	return 0;
}

void http_destroy(struct http *h)
{
	h->now_ns = UINT64_MAX; /* nobody waits any more */
	resume(h);
	MHD_stop_daemon(h->daemon);
	for (unsigned i = 0; i < DOCUMENTS; i++)
		if (h->made[i].response)
			MHD_destroy_response(h->made[i].response);
	free(h);
}

int http_fd(struct http *h, uint64_t *deadline_ns, uint64_t now_ns)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(h->daemon, &ms) == MHD_YES && now_ns + ms * 1000000 < *deadline_ns)
		*deadline_ns = now_ns + ms * 1000000;
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		const struct visit *v = &h->visits[i];

		if (v->connection && !v->was_cut && v->began_ns + LIFE_NS < *deadline_ns)
			*deadline_ns = v->began_ns + LIFE_NS;
		if (v->is_waiting && patience_end_ns(v) < *deadline_ns)
			*deadline_ns = patience_end_ns(v);
	}
	if (h->n_visits > CROWDED && now_ns + OLD_SILENT_NS < *deadline_ns)
		*deadline_ns = now_ns + OLD_SILENT_NS;
	return info->epoll_fd;
}

void http_go_on(struct http *h, uint64_t now_ns)
{
	h->now_ns = now_ns;
	end_old(h);
	make_room(h);
	resume(h);
	MHD_run(h->daemon);
}
