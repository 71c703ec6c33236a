/* SPDX-License-Identifier: BSD-3-Clause */
/* The sockets that answer questions about the engine: `control`, over which mcring-ctl also changes
 * it, and `stats`, which takes only what changes nothing, for monitors. No DPDK in them.
 *
 * Each is a SOCK_STREAM socket in the run directory. A request is one line of JSON, an object with
 * "command"; the answer is one line of JSON, an object with "ok":
 *     {"command":"status"}   {"command":"groups"}   {"command":"stats","groups":N}
 *     {"command":"sockets"}  {"command":"members"}  {"command":"routes"}
 *     {"command":"why"}      {"command":"why","group":"239.1.1.1:5000","channel":"md"}
 *     {"command":"join","joins":["239.1.1.1:5000,channel=md",...]}     all or none; also "leave"
 *     {"command":"open_filter","seconds":5,"interface":"lan"}
 *     {"command":"reload","dry_run":false}
 *     {"ok":true,"schema":1,...}        {"ok":false,"schema":1,"error":"one line"}
 * A member that the command does not take, or of another type than shown, is an error, and nothing
 * is carried out. Requests follow each other on a connection. A long answer is made piece by piece
 * as the client reads it. So it costs neither memory nor the control thread's time, but groups that
 * come or go meanwhile may be missing or appear twice.
 *
 * When all places are taken, a newcomer gets that of the user who has most, if they are more than
 * its own would be: so nobody keeps others out by having many connections. */
#ifndef MCR_ENGINE_CONTROL_SERVER_H
#define MCR_ENGINE_CONTROL_SERVER_H

#include <stdint.h>

#include <mcring/engine.h>

#define MCR_CONTROL_CLIENTS_MAX 16
#define MCR_CONTROL_REQUEST_MAX (1u << 20)    /* octets of one request */
#define MCR_CONTROL_PATIENCE_NS 5000000000ull /* a client without progress is cut off then */

#define MCR_STATS_CLIENTS_MAX 32
#define MCR_STATS_REQUEST_MAX 4096

struct mcr_control_server;

struct mcr_control_server_config {
	const char *path;           /* of the socket; its directory exists */
	const char *what;           /* "control socket", begins the text of an error */
	const char *name, *version; /* of the engine, for status */
	uint64_t started_ns;        /* CLOCK_REALTIME, for status */
	uint32_t mode, gid;         /* of the socket; gid: UINT32_MAX = the process's own */
	unsigned clients_max;
	uint32_t request_max; /* octets of one request */
	/* Not NULL: this socket takes only commands that change nothing, and its errors say that
	 * the others are taken there. */
	const char *changes_at;
	/* As in struct mcr_engine_config; mcr_control_server_reload_done gives an answer that comes
	 * later. mcr_control_server_poll calls it last, when it serves no client: it may change the
	 * engine. NULL = there is nothing to reload. */
	int (*reload)(void *ctx, int dry_run, struct mcr_error *report);
	void *ctx;
};

/* mcr_control_server_create listens. path must not exist. Strings are copied, engine is borrowed.
 * Thread of all functions: control. Returns 0, or with *err filled -EADDRINUSE, -ENAMETOOLONG,
 * -EPERM (the directory: see run_dir.h), -ENOMEM or what a system call gave. */
int mcr_control_server_create(struct mcr_control_server **out, struct mcr_engine *engine,
			      const struct mcr_control_server_config *cfg, struct mcr_error *err);

/* mcr_control_server_fd is readable when mcr_control_server_poll has something to do. Poll at least
 * once a second, too, because time alone cuts off silent clients. */
int mcr_control_server_fd(const struct mcr_control_server *server);

/* mcr_control_server_poll does what is due and never waits, but for what reload() does. It carries
 * out one request at most, or makes one piece of an answer; clients have their turn. now_ns:
 * monotonic. */
void mcr_control_server_poll(struct mcr_control_server *server, uint64_t now_ns);

/* mcr_control_server_reload_done: as mcr_engine_reload_done. now_ns: monotonic. */
void mcr_control_server_reload_done(struct mcr_control_server *server, int result,
				    const struct mcr_error *report, uint64_t now_ns);

/* mcr_control_server_destroy closes everything and removes the socket. NULL is allowed. */
void mcr_control_server_destroy(struct mcr_control_server *server);

#endif
