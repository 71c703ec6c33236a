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

#include "config/config.h"
#include "daemon.h"
#include "eal/args.h"
#include "eal/eal.h"
#include "eal/pdump.h"
#include "log.h"
#include "privileges.h"
#include "reload.h"
#include "service.h"
#include "settings/fail.h"
#include "settings/feeds.h"
#include "settings/share.h"
#include "settings/twice.h"
#include "share_rounds.h"
#include "standby.h"
#include "telemetry/telemetry.h"

#define POLL_NS        1000000 /* the longest time that a signal waits */
#define OPEN_FILES_MIN 128u    /* for EAL, a few ports and a few consumers */

/* One reload runs at a time. While it runs, next, plan, ret, report and twice belong to the device
 * thread. */
struct reload {
	uint8_t is_running, dry_run, by_signal;
	uint8_t signal_waits; /* SIGHUP came while a reload ran */
	unsigned n_lcores;    /* that receive */
	struct mcr_settings *next;
	struct mcr_reload_plan plan;
	int ret;
	struct mcr_error report, twice;
};

struct daemon {
	struct mcr_engine *engine;
	struct mcr_settings *running;
	const struct mcr_settings *command_line;
	const char *config_path;
	enum mcr_log_level log_level;
	struct mcr_log log;
	struct mcr_service service;
	int signal_fd;
	struct mcr_sockets *sockets_before; /* before EAL started; NULL = unknown */
	struct mcr_eal_args args;
	struct mcr_standby standby;
	struct reload reload;
	struct mcr_overlap overlap; /* a reload that runs has it: mcr_reload_begin */
};

static void log_line(void *ctx, enum mcr_log_level level, const char *line)
{
	struct daemon *d = ctx;

	if (level <= d->log_level)
		mcr_log_line(&d->log, level, "%s", line);
}

/* Where the time of a stop and a start goes: tools/bench restart reads these lines. */
static void log_step(struct daemon *d, const char *what)
{
	log_line(d, MCR_LOG_DEBUG, what);
}

/* ---- mcring-ctl reload and SIGHUP ---- */

static void log_reload(struct daemon *d, int ret, const struct mcr_error *report)
{
	if (ret < 0)
		mcr_log_line(&d->log, MCR_LOG_ERROR, "not reloaded: %s", report->text);
	else
		mcr_log_line(&d->log, MCR_LOG_INFO, "reloaded: %s", report->text);
}

/* Runs on the device thread: reads the file, asks the name service, makes memory. The running
 * settings stay as they are meanwhile, because only a reload changes them. */
static void read_and_prepare(void *ctx)
{
	struct daemon *d = ctx;
	struct reload *r = &d->reload;

	r->ret = mcr_config_assemble(&r->next, d->command_line, d->config_path, &r->report);
	if (r->ret == 0)
		mcr_settings_twice(r->next, &r->twice);
	if (r->ret == 0)
		r->ret = mcr_reload_check(d->running, r->next, r->n_lcores, "", &r->report);
	if (r->ret == 0)
		r->ret = mcr_reload_prepare(&r->plan, d->engine, d->running, r->next, r->dry_run,
					    &r->report);
}

static void begin_on_signal(struct daemon *d);

/* Of the settings that run now. */
static void log_warnings(struct daemon *d, const struct mcr_error *twice)
{
	struct mcr_error warning;

	if (twice->text[0])
		mcr_log_line(&d->log, MCR_LOG_WARNING, "%s", twice->text);
	for (size_t i = 0; i < d->running->n_feeds; i++)
		if (mcr_settings_feed_doubt(d->running, i, &warning))
			mcr_log_line(&d->log, MCR_LOG_WARNING, "%s", warning.text);
}

/* Runs on the control thread: makes the change. */
static void apply(void *ctx)
{
	struct daemon *d = ctx;
	struct reload *r = &d->reload;

	if (r->ret == 0)
		r->ret = mcr_reload_apply(d->engine, &d->running, r->next, &r->plan, r->dry_run,
					  mcr_share_now_ns(), &r->report);
	mcr_reload_end(&r->plan, d->engine);
	if (r->ret < 0 || r->dry_run)
		mcr_settings_destroy(r->next);
	r->is_running = 0;
	if (!r->dry_run) { /* the mcring-ctl that asked may be gone */
		log_reload(d, r->ret, &r->report);
		mcr_service_reloaded(&d->service, r->ret);
	}
	if (!r->dry_run && r->ret == 0) {
		mcr_share_show(d->engine, d->running, &d->overlap);
		log_warnings(d, &r->twice);
	}
	if (!r->by_signal)
		mcr_engine_reload_done(d->engine, r->ret, &r->report);
	if (r->signal_waits)
		begin_on_signal(d);
}

static int begin(struct daemon *d, int dry_run, int by_signal, struct mcr_error *report)
{
	struct reload *r = &d->reload;
	struct mcr_lcore_info lcore = {.size = sizeof(lcore)};

	if (!d->config_path)
		return mcr_fail(report, -EINVAL,
				"there is no configuration file: start mcring with --config FILE");
	if (r->is_running)
		return mcr_fail(report, -EBUSY,
				"another reload is under way: ask again when it has ended");
	*r = (struct reload){.is_running = 1, .dry_run = dry_run, .by_signal = by_signal};
	while (mcr_engine_lcore_info(d->engine, r->n_lcores, &lcore) == 0)
		r->n_lcores++;
	if (mcr_reload_begin(&r->plan, d->engine, &d->overlap, report) == 0 &&
	    mcr_engine_run(d->engine, read_and_prepare, apply, d) == 0) {
		if (!dry_run)
			mcr_service_reloads(&d->service);
		return MCR_RELOAD_LATER;
	}
	mcr_reload_end(&r->plan, d->engine);
	r->is_running = 0;
	return mcr_fail_memory(report);
}

static int on_reload(void *ctx, int dry_run, struct mcr_error *report)
{
	int ret = begin(ctx, dry_run, 0, report);

	if (ret < 0 && !dry_run)
		log_reload(ctx, ret, report);
	return ret;
}

/* A signal that comes during a reload is not lost, because the file may have changed after it was
 * read. */
static void begin_on_signal(struct daemon *d)
{
	struct mcr_error report;
	int ret;

	if (d->reload.is_running) {
		d->reload.signal_waits = 1;
		return;
	}
	ret = begin(d, 0, 1, &report);
	if (ret < 0)
		log_reload(d, ret, &report);
}

static int take_over(void *ctx, struct mcr_error *err)
{
	struct daemon *d = ctx;
	int ret;

	log_step(d, "rings are filled");
	ret = mcr_standby_wait(&d->standby, err);
	if (ret == 0)
		ret = mcr_eal_probe(&d->args, err);
	if (ret == 0)
		mcr_log_line(&d->log, MCR_LOG_INFO, "takes over");
	return ret;
}

/* ---- start ---- */

/* To be called before EAL makes threads, so that all of them inherit the mask. */
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

/* Each consumer needs a descriptor, and descriptors sent to it count until it receives them. Where
 * EAL gets none it aborts. */
static int raise_open_files(struct mcr_error *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_max < OPEN_FILES_MIN)
		return mcr_fail(err, -EMFILE,
				"the limit of open files is %llu: expected %u at least (ulimit -n, "
				"LimitNOFILE= of the unit)",
				(unsigned long long)limit.rlim_max, OPEN_FILES_MIN);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit); /* the engine logs a limit that is too low */
	return 0;
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
	mcr_engine_config_init(&cfg, sizeof(cfg));
	memcpy(cfg.name, s->engine.name, sizeof(cfg.name));
	memcpy(cfg.run_dir, s->engine.run_dir, sizeof(cfg.run_dir));
	cfg.attach = mcr_settings_attach(s);
	cfg.stats = mcr_settings_stats(s);
	cfg.joins_per_uid = s->attach.joins_per_uid.value;
	cfg.idle = s->engine.idle.value;
	cfg.list_ports = 1;
	cfg.keep_memberships = s->engine.keep_memberships.value;
	cfg.interfaces = interfaces;
	cfg.n_interfaces = (unsigned)s->n_interfaces;
	cfg.channels = channels;
	cfg.n_channels = (unsigned)s->n_channels;
	cfg.log = log_line;
	cfg.reload = on_reload;
	cfg.ctx = d;
	cfg.sockets_before = d->sockets_before;
	cfg.take_over = mcr_standby_is_on(&d->standby) ? take_over : NULL;
	return mcr_engine_create(&d->engine, &cfg, err);
}

static int drop_privileges(struct daemon *d, struct mcr_error *err)
{
	struct mcr_port_info port = {.size = sizeof(port)};
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
		mcr_log_line(&d->log, MCR_LOG_DEBUG, "capabilities kept: %s", names);
	return 0;
}

static int declare_feeds(struct daemon *d, struct mcr_error *err)
{
	struct mcr_feeds *feeds;
	int ret = mcr_settings_feeds(d->running, &feeds, err);

	if (ret == 0)
		mcr_engine_feeds_put(d->engine, feeds);
	return ret;
}

/* What DPDK's own tools are given. The engine does without the first. */
static int serve_dpdk_tools(struct daemon *d, struct mcr_error *err)
{
	if (mcr_telemetry_begin(d->running->engine.run_dir, err) < 0)
		mcr_log_line(&d->log, MCR_LOG_WARNING, "%s", err->text);
	return d->running->engine.pdump.value ? mcr_pdump_begin(err) : 0;
}

static int start_engine(struct daemon *d, struct mcr_error *err)
{
	const struct mcr_settings *s = d->running;
	char of_all[MCR_SHARD_NAME_MAX + 64] = "";
	int ret;

	mcr_service_begin(&d->service, s, "opens its ports, fills its rings");
	ret = create_engine(d, err);
	log_step(d, "ports are open, rings are filled");
	if (ret == 0)
		ret = declare_feeds(d, err);
	if (ret == 0 && s->joins.n > 0)
		ret = mcr_engine_update_as(d->engine, MCR_JOINED_BY_CONFIGURATION, NULL, 0,
					   s->joins.items, s->joins.n, err);
	if (ret == 0)
		ret = mcr_engine_start(d->engine, err);
	if (ret == 0)
		ret = serve_dpdk_tools(d, err);
	if (ret == 0)
		ret = drop_privileges(d, err);
	if (ret < 0)
		return ret;
	mcr_share_show(d->engine, d->running, &d->overlap);
	mcr_service_ready(&d->service, d->engine);
	if (s->share)
		snprintf(of_all, sizeof(of_all), " (the share of %s of %zu)",
			 s->share->shard.hosts[s->share->me].name, s->share->whole.joins);
	mcr_log_line(&d->log, MCR_LOG_INFO,
		     "ready: %s, %zu interfaces, %zu channels, %zu joins%s, sockets in %s",
		     s->engine.name, s->n_interfaces, s->n_channels, s->joins.n, of_all,
		     s->engine.run_dir);
	return 0;
}

/* ---- life ---- */

static void serve(struct daemon *d)
{
	struct signalfd_siginfo signal;

	while (mcr_engine_ports_left(d->engine) > 0) {
		mcr_engine_poll(d->engine, POLL_NS);
		mcr_service_round(&d->service, d->engine);
		if (!d->reload.is_running)
			mcr_share_round(d->engine, d->running, &d->overlap, &d->log);
		while (read(d->signal_fd, &signal, sizeof(signal)) == sizeof(signal)) {
			if (signal.ssi_signo != SIGHUP)
				return;
			begin_on_signal(d);
		}
	}
}

static int has_lost_port(const struct mcr_engine *e)
{
	struct mcr_port_info port = {.size = sizeof(port)};

	for (size_t i = 0; mcr_engine_port_info(e, i, &port) == 0; i++)
		if (port.removed)
			return 1;
	return 0;
}

static void print_account(struct daemon *d)
{
	struct mcr_account a;
	uint64_t dropped = 0;
	char relayed[96] = "";

	mcr_engine_account(d->engine, &a);
	for (unsigned r = 0; r < MCR_DROP_COUNT; r++) {
		dropped += a.drops[r];
		if (a.drops[r])
			mcr_log_line(&d->log, MCR_LOG_INFO, "dropped %s %" PRIu64, mcr_drop_name(r),
				     a.drops[r]);
	}
	if (a.relayed > 0)
		snprintf(relayed, sizeof(relayed), " + only relayed %" PRIu64, a.relayed_only);
	mcr_log_line(&d->log, MCR_LOG_INFO,
		     "received %" PRIu64 " %s delivered %" PRIu64 "%s + punted %" PRIu64
		     " + dropped %" PRIu64,
		     a.received,
		     a.received == a.delivered + a.relayed_only + a.punted + dropped ? "==" : "!=",
		     a.delivered, relayed, a.punted, dropped);
}

/* Before EAL starts. */
static int prepare(struct daemon *d, int is_standby, struct mcr_error *err)
{
	int ret = block_signals(d, err);

	if (ret == 0 && is_standby)
		ret = mcr_standby_begin(&d->standby, d->running->engine.run_dir, d->signal_fd,
					&d->log, &d->service, err);
	if (ret == 0)
		ret =
		    mcr_eal_args_create(&d->args, d->running, mcr_standby_is_on(&d->standby), err);
	if (ret < 0)
		return ret;
	if (mcr_sockets_note(&d->sockets_before, err) < 0)
		mcr_log_line(&d->log, MCR_LOG_WARNING, "net_af_packet's loss stays unknown: %s",
			     err->text);
	ret = raise_open_files(err);
	mcr_service_begin(&d->service, d->running, "EAL");
	return ret;
}

static int serve_until_end(struct daemon *d)
{
	serve(d);
	mcr_service_stops(&d->service);
	d->reload.signal_waits = 0; /* do not begin another reload */
	mcr_engine_stop(d->engine);
	print_account(d);
	return has_lost_port(d->engine) ? MCR_EXIT_PORT_LOST : 0;
}

int mcr_daemon_run(struct mcr_settings *running, const struct mcr_settings *command_line,
		   const char *config_path, int is_standby, struct mcr_error *err)
{
	struct daemon d = {.running = running,
			   .command_line = command_line,
			   .config_path = config_path,
			   .log_level = running->engine.log_level.value,
			   .log = mcr_log_stderr(),
			   .signal_fd = -1,
			   .standby = {.pidfd = -1, .turn_fd = -1}};
	int ret;

	mcr_service_open(&d.service, &d.log);
	ret = prepare(&d, is_standby, err);
	if (ret == 0)
		ret = mcr_eal_start(&d.args, d.log_level >= MCR_LOG_DEBUG, err);
	if (ret == 0) {
		log_step(&d, "EAL is up");
		ret = start_engine(&d, err);
		if (ret == 0)
			ret = serve_until_end(&d);
		mcr_engine_destroy(d.engine);
		log_step(&d, "ports are closed, memory is free");
		mcr_pdump_end();
		mcr_eal_end();
	}
	mcr_sockets_destroy(d.sockets_before);
	if (d.signal_fd >= 0)
		close(d.signal_fd);
	mcr_standby_end(&d.standby);
	mcr_eal_args_clear(&d.args);
	mcr_service_close(&d.service);
	mcr_overlap_clear(&d.overlap);
	mcr_settings_destroy(d.running);
	return d.standby.is_told_to_end ? 0 : ret;
}
