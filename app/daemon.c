/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "config.h"
#include "daemon.h"
#include "eal.h"
#include "eal_args.h"
#include "privileges.h"
#include "reload.h"
#include "values.h"

#define POLL_NS 1000000 /* how long a signal may wait */

struct daemon {
	struct mcr_engine *engine;
	struct mcr_settings *running;
	const struct mcr_settings *command_line;
	const char *config_path;
	enum mcr_log_level log_level;
	int signal_fd;
	struct mcr_sockets *sockets_before; /* EAL; NULL = could not be noted */
};

static void log_line(void *ctx, enum mcr_log_level level, const char *line)
{
	static const char *const words[] = {"error: ", "warning: ", "", "debug: "};
	const struct daemon *d = ctx;

	if (level <= d->log_level)
		fprintf(stderr, "mcring: %s%s\n", words[level], line);
}

/* mcring-ctl reload and SIGHUP. */
static int on_reload(void *ctx, int dry_run, struct mcr_error *report)
{
	struct daemon *d = ctx;
	struct mcr_settings *next;
	int ret;

	if (!d->config_path)
		return mcr_fail(report, -EINVAL,
				"there is no configuration file: start mcring with --config FILE");
	ret = mcr_config_assemble(&next, d->command_line, d->config_path, report);
	if (ret < 0)
		return ret;
	ret = mcr_reload_apply(d->engine, &d->running, next, dry_run, report);
	if (ret < 0 || dry_run)
		mcr_settings_destroy(next);
	return ret;
}

static void reload(struct daemon *d)
{
	struct mcr_error report;

	if (on_reload(d, 0, &report) < 0)
		fprintf(stderr, "mcring: error: not reloaded: %s\n", report.text);
	else
		fprintf(stderr, "mcring: reloaded: %s\n", report.text);
}

/* ---- start ---- */

/* Before EAL makes threads, so that all of them inherit it. */
static int block_signals(struct daemon *d, struct mcr_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	d->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return d->signal_fd < 0 ? mcr_fail(err, -errno, "signalfd: %s", strerror(errno)) : 0;
}

/* Each consumer holds a descriptor, and what it was sent counts until it is received. */
static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit); /* the engine logs what is too low */
}

static int create_engine(struct daemon *d, struct mcr_error *err)
{
	struct mcr_interface_config interfaces[MCR_INTERFACES_MAX];
	struct mcr_channel_config channels[MCR_CHANNELS_MAX];
	const struct mcr_settings *s = d->running;
	struct mcr_engine_config cfg;

	for (size_t i = 0; i < s->n_interfaces; i++)
		interfaces[i] = s->interfaces[i].config;
	for (size_t i = 0; i < s->n_channels; i++)
		channels[i] = s->channels[i].config;
	mcr_engine_config_init(&cfg);
	memcpy(cfg.name, s->name, sizeof(cfg.name));
	memcpy(cfg.run_dir, s->run_dir, sizeof(cfg.run_dir));
	cfg.attach = mcr_settings_attach(s);
	cfg.idle = s->idle.value;
	cfg.keep_memberships = s->keep_memberships.value;
	cfg.interfaces = interfaces;
	cfg.n_interfaces = (unsigned)s->n_interfaces;
	cfg.channels = channels;
	cfg.n_channels = (unsigned)s->n_channels;
	cfg.log = log_line;
	cfg.reload = on_reload;
	cfg.ctx = d;
	cfg.sockets_before = d->sockets_before;
	return mcr_engine_create(&d->engine, &cfg, err);
}

static int drop_privileges(const struct daemon *d, struct mcr_error *err)
{
	struct mcr_port_info port;
	uint64_t keep = 0;
	char names[64];
	int ret;

	for (size_t i = 0; mcr_engine_port_info(d->engine, i, &port) == 0; i++)
		keep |= mcr_privileges_needed(port.driver);
	ret = mcr_privileges_drop(keep, err);
	if (ret < 0)
		return ret;
	mcr_privileges_names(keep, names, sizeof(names));
	if (d->log_level >= MCR_LOG_DEBUG)
		fprintf(stderr, "mcring: debug: capabilities kept: %s\n", names);
	return 0;
}

static int start_engine(struct daemon *d, struct mcr_error *err)
{
	const struct mcr_settings *s = d->running;
	int ret = create_engine(d, err);

	if (ret == 0 && s->joins.n > 0)
		ret = mcr_engine_update(d->engine, NULL, 0, s->joins.items, s->joins.n, err);
	if (ret == 0)
		ret = mcr_engine_start(d->engine, err);
	if (ret == 0)
		ret = drop_privileges(d, err);
	if (ret == 0)
		fprintf(stderr,
			"mcring: ready: %s, %zu interfaces, %zu channels, %zu joins, sockets in "
			"%s\n",
			s->name, s->n_interfaces, s->n_channels, s->joins.n, s->run_dir);
	return ret;
}

/* ---- life ---- */

static void serve(struct daemon *d)
{
	struct signalfd_siginfo signal;

	while (mcr_engine_ports_left(d->engine) > 0) {
		mcr_engine_poll(d->engine, POLL_NS);
		while (read(d->signal_fd, &signal, sizeof(signal)) == sizeof(signal)) {
			if (signal.ssi_signo != SIGHUP)
				return;
			reload(d);
		}
	}
}

static int has_lost_port(const struct mcr_engine *e)
{
	struct mcr_port_info port;

	for (size_t i = 0; mcr_engine_port_info(e, i, &port) == 0; i++)
		if (port.removed)
			return 1;
	return 0;
}

static void print_account(const struct mcr_engine *e)
{
	struct mcr_account a;
	uint64_t dropped = 0;

	mcr_engine_account(e, &a);
	for (unsigned r = 0; r < MCR_DROP_COUNT; r++) {
		dropped += a.drops[r];
		if (a.drops[r])
			fprintf(stderr, "mcring: dropped %s %" PRIu64 "\n", mcr_drop_name(r),
				a.drops[r]);
	}
	fprintf(stderr,
		"mcring: received %" PRIu64 " %s delivered %" PRIu64 " + punted %" PRIu64
		" + dropped %" PRIu64 "\n",
		a.received,
		a.received == a.delivered + a.punted + dropped ? "==" : "!=", a.delivered, a.punted,
		dropped);
}

int mcr_daemon_run(struct mcr_settings *running, const struct mcr_settings *command_line,
		   const char *config_path, struct mcr_error *err)
{
	struct daemon d = {.running = running,
			   .command_line = command_line,
			   .config_path = config_path,
			   .log_level =
			       running->log_level.set ? running->log_level.value : MCR_LOG_INFO,
			   .signal_fd = -1};
	struct mcr_eal_args args;
	int ret;

	ret = mcr_eal_args_create(&args, running, err);
	if (ret < 0)
		goto free_settings;
	ret = block_signals(&d, err);
	if (ret < 0)
		goto free_args;
	if (mcr_sockets_note(&d.sockets_before, err) < 0)
		fprintf(stderr, "mcring: warning: net_af_packet's loss stays unknown: %s\n",
			err->text);
	raise_open_files();
	ret = mcr_eal_start(&args, d.log_level >= MCR_LOG_DEBUG, err);
	if (ret < 0)
		goto close_signals;
	ret = start_engine(&d, err);
	if (ret == 0) {
		serve(&d);
		mcr_engine_stop(d.engine);
		print_account(d.engine);
		ret = has_lost_port(d.engine) ? MCR_EXIT_PORT_LOST : 0;
	}
	mcr_engine_destroy(d.engine);
	mcr_eal_end();
close_signals:
	mcr_sockets_destroy(d.sockets_before);
	close(d.signal_fd);
free_args:
	mcr_eal_args_clear(&args);
free_settings:
	mcr_settings_destroy(d.running);
	return ret;
}
