/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's sockets, and the descriptors that they may come to need. */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>

#include "engine/attach/attach_server.h"
#include "engine/control/control_server.h"
#include "engine/os/run_dir.h"
#include "engine/sockets.h"
#include "engine/state/interfaces.h"
#include "engine/state/joins.h"
#include "engine/state/log.h"
#include "engine/state/programs.h"
#include "engine/state/state.h"

#define SPARE \
	32 /* for what is opened for a moment: files of a reload, sockets that ask the kernel */

static const struct mcr_attach_joining joining = {.update = mcr_engine_consumer_update,
						  .ended = mcr_engine_consumers_ended};

static const struct mcr_attach_programs programs = {.make = mcr_engine_program_make,
						    .cancel = mcr_engine_program_cancel,
						    .end = mcr_engine_program_end};

static void log_attach(void *ctx, const char *line)
{
	mcr_engine_log(ctx, MCR_LOG_WARNING, "attach: %s", line);
}

static void serve_consumers(struct mcr_engine *e)
{
	mcr_attach_server_joins(e->attach, &joining, e, e->config.joins_per_uid);
	mcr_attach_server_programs(e->attach, &programs, e);
	mcr_attach_server_interfaces(e->attach, mcr_engine_wire_interface, e);
	mcr_attach_server_log(e->attach, log_attach, e);
}

#define PATH_SIZE (sizeof(((struct mcr_engine_config *)NULL)->run_dir) + 16)

static int create_control(struct mcr_engine *e, struct mcr_error *err)
{
	char path[PATH_SIZE];
	const struct mcr_control_server_config cfg = {
	    .path = path,
	    .what = "control socket",
	    .name = e->config.name,
	    .version = MCR_VERSION,
	    .started_ns = mcr_clock_now_realtime(),
	    .mode = 0600,
	    .gid = UINT32_MAX,
	    .clients_max = MCR_CONTROL_CLIENTS_MAX,
	    .request_max = MCR_CONTROL_REQUEST_MAX,
	    .reload = e->config.reload,
	    .ctx = e->config.ctx,
	};

	snprintf(path, sizeof(path), "%s/control", e->config.run_dir);
	return mcr_control_server_create(&e->control, e, &cfg, err);
}

static int create_stats(struct mcr_engine *e, struct mcr_error *err)
{
	char path[PATH_SIZE], control[PATH_SIZE];
	const struct mcr_control_server_config cfg = {
	    .path = path,
	    .what = "stats socket",
	    .name = e->config.name,
	    .version = MCR_VERSION,
	    .started_ns = mcr_clock_now_realtime(),
	    .mode = e->config.stats.mode,
	    .gid = e->config.stats.gid,
	    .clients_max = MCR_STATS_CLIENTS_MAX,
	    .request_max = MCR_STATS_REQUEST_MAX,
	    .changes_at = control,
	};

	snprintf(path, sizeof(path), "%s/stats", e->config.run_dir);
	snprintf(control, sizeof(control), "%s/control", e->config.run_dir);
	return mcr_control_server_create(&e->stats, e, &cfg, err);
}

int mcr_engine_create_sockets(struct mcr_engine *e, struct mcr_error *err)
{
	char path[PATH_SIZE];
	int ret;

	if (e->config.run_dir[0] == '\0') {
		ret = mcr_attach_server_create(&e->attach, NULL, &e->config.attach, err);
		if (ret == 0)
			serve_consumers(e);
		return ret;
	}
	e->lock_fd = mcr_run_dir_take(e->config.run_dir, err);
	if (e->lock_fd < 0)
		return e->lock_fd;
	snprintf(path, sizeof(path), "%s/attach", e->config.run_dir);
	ret = mcr_attach_server_create(&e->attach, path, &e->config.attach, err);
	if (ret < 0)
		return ret;
	serve_consumers(e);
	ret = create_control(e, err);
	return ret < 0 ? ret : create_stats(e, err);
}

static unsigned open_now(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

void mcr_engine_log_descriptors(const struct mcr_engine *e)
{
	unsigned consumers = mcr_attach_server_descriptors(e->attach);
	unsigned need =
	    open_now() + consumers + MCR_CONTROL_CLIENTS_MAX + MCR_STATS_CLIENTS_MAX + SPARE;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
		return;
	mcr_engine_log(
	    e, MCR_LOG_WARNING,
	    "this process may open %llu files, and could need %u with as many consumers "
	    "as it takes: raise the limit (LimitNOFILE= of systemd, ulimit -n), or lower "
	    "`consumers` of attach",
	    (unsigned long long)limit.rlim_cur, need);
}

void mcr_engine_reload_done(struct mcr_engine *e, int result, const struct mcr_error *report)
{
	if (e->control)
		mcr_control_server_reload_done(e->control, result, report,
					       mcr_clock_now_monotonic());
}
