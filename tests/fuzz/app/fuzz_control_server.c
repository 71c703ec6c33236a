/* SPDX-License-Identifier: BSD-3-Clause */
/* The sockets control and stats against hostile clients: requests in any pieces on several
 * connections, that stop reading, stop sending or vanish. What is answered is whole lines of JSON.
 * Over stats nothing changes. The first octet of the input says which. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "engine/control/control_server.h"
#include "fake_engine.h"
#include "fuzz_dir.h"
#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CLIENTS   4
#define REPLY_MAX (1 << 18)

struct fuzz {
	struct mcr_engine engine;
	struct mcr_control_server *server;
	const struct sockaddr_un *address;
	int is_stats;
	unsigned places;
	int fds[CLIENTS]; /* -1 = not connected */
	char *replies[CLIENTS];
	size_t used[CLIENTS];
	uint64_t now_ns;
	unsigned reloads;
};

/* Every other answer comes later. */
static int on_reload(void *ctx, int dry_run, struct mcr_error *report)
{
	struct fuzz *f = ctx;

	(void)dry_run;
	strcpy(report->text, "done");
	return f->reloads++ % 2 ? MCR_RELOAD_LATER : 0;
}

static struct fuzz *fuzz_create(int is_stats)
{
	struct fuzz *f = calloc(1, sizeof(*f));
	struct mcr_control_server_config cfg = {
	    .what = "a socket",
	    .name = "fuzz",
	    .mode = 0600,
	    .gid = UINT32_MAX,
	    .clients_max = is_stats ? CLIENTS - 1 : MCR_CONTROL_CLIENTS_MAX,
	    .request_max = is_stats ? 512 : MCR_CONTROL_REQUEST_MAX,
	    .changes_at = is_stats ? "/run/fuzz/control" : NULL,
	    .reload = on_reload,
	    .ctx = f};

	assert(f);
	f->is_stats = is_stats;
	f->places = cfg.clients_max;
	f->address = fuzz_dir_create(is_stats ? "stats" : "control");
	cfg.path = f->address->sun_path;
	assert(mcr_control_server_create(&f->server, &f->engine, &cfg, NULL) == 0);
	for (unsigned i = 0; i < CLIENTS; i++) {
		f->fds[i] = -1;
		f->replies[i] = malloc(REPLY_MAX);
		assert(f->replies[i]);
	}
	return f;
}

static void dial(struct fuzz *f, unsigned i)
{
	if (f->fds[i] >= 0)
		return;
	f->fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert(f->fds[i] >= 0);
	f->used[i] = 0;
	connect(f->fds[i], (const struct sockaddr *)f->address, sizeof(*f->address));
}

static void hang_up(struct fuzz *f, unsigned i)
{
	if (f->fds[i] >= 0)
		close(f->fds[i]);
	f->fds[i] = -1;
}

/* Each whole line is an answer. */
static void check_lines(struct fuzz *f, unsigned i)
{
	char *start = f->replies[i], *end;
	size_t left = f->used[i];

	while ((end = memchr(start, '\n', left)) != NULL) {
		json_t *reply = json_loadb(start, (size_t)(end - start), 0, NULL);

		assert(reply && json_is_boolean(json_object_get(reply, "ok")));
		assert(json_integer_value(json_object_get(reply, "schema")) == 1);
		json_decref(reply);
		left -= (size_t)(end + 1 - start);
		start = end + 1;
	}
	memmove(f->replies[i], start, left);
	f->used[i] = left;
}

static void listen_to(struct fuzz *f, unsigned i)
{
	ssize_t n;

	if (f->fds[i] < 0)
		return;
	n = recv(f->fds[i], f->replies[i] + f->used[i], REPLY_MAX - f->used[i], MSG_DONTWAIT);
	if (n > 0) {
		f->used[i] += (size_t)n;
		check_lines(f, i);
	}
}

static void say(struct fuzz *f, unsigned i, struct input *in)
{
	static const char *const words[] = {
	    "{\"command\":\"status\"}\n",
	    "{\"command\":\"groups\"}\n",
	    "{\"command\":\"stats\"}\n",
	    "{\"command\":\"stats\",\"groups\":70}\n",
	    "{\"command\":\"sockets\"}\n",
	    "{\"command\":\"join\",\"joins\":[\"239.1.1.1:5000\"]}\n",
	    "{\"command\":\"reload\"}\n"};
	uint8_t how = (uint8_t)take(in, 1), raw[256];
	size_t len;

	if (f->fds[i] < 0)
		return;
	if (how & 1) {
		const char *word = words[(how >> 1 & 7) % (sizeof(words) / sizeof(words[0]))];

		len = how & 16 ? take(in, 1) % (strlen(word) + 1) : strlen(word);
		send(f->fds[i], word, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		return;
	}
	len = take_bytes(in, raw, take(in, 1));
	send(f->fds[i], raw, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void end_reload(struct fuzz *f)
{
	const struct mcr_error report = {"at last"};

	mcr_control_server_reload_done(f->server, 0, &report, f->now_ns);
}

static void step(struct fuzz *f, struct input *in)
{
	uint8_t what = (uint8_t)take(in, 1);
	unsigned i = what / 8 % CLIENTS;

	switch (what % 8) {
	case 0:
		dial(f, i);
		break;
	case 1:
	case 2:
		say(f, i, in);
		break;
	case 3:
		listen_to(f, i);
		break;
	case 4:
		switch (take(in, 1) % 4) {
		case 0:
			hang_up(f, i);
			break;
		case 1:
			end_reload(f);
			break;
		default:
			break;
		}
		break;
	case 5:
		if (f->fds[i] >= 0)
			shutdown(f->fds[i], (int)(take(in, 1) % 3));
		break;
	default:
		f->now_ns += take(in, 1) << 26;
		mcr_control_server_poll(f->server, f->now_ns);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct mcr_channel_config def = {.name = "default"};
	static struct fuzz *both[2];
	struct input in = {data, len};
	struct fuzz *f;
	int free_fd;

	for (int i = 0; i < 2; i++)
		if (!both[i])
			both[i] = fuzz_create(i);
	f = both[take(&in, 1) & 1];
	mcr_engine_channel_add(&f->engine, &def, NULL);
	f->engine.n_groups = 300; /* an answer of several pieces */
	free_fd = dup(0);
	close(free_fd);
	while (in.left > 0)
		step(f, &in);
	end_reload(f);
	assert(!f->is_stats || (f->reloads == 0 && f->engine.updates == 0));
	f->reloads = 0;
	for (unsigned i = 0; i < CLIENTS; i++)
		hang_up(f, i);
	/* A poll accepts one: those that wait to be accepted, then a look at each. */
	for (int i = 0; i < 2 * (int)f->places + 2; i++)
		mcr_control_server_poll(f->server, f->now_ns);
	assert(dup(0) == free_fd); /* nothing is left of them */
	close(free_fd);
	fake_engine_clear(&f->engine);
	return 0;
}
