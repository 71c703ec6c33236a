/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/interface_list.h"
#include "engine/os/run_dir.h"
#include "engine/port/port_netdev.h"
#include "engine/state/interface_file.h"
#include "engine/state/log.h"
#include "engine/state/state.h"

_Static_assert(MCR_INTERFACES_MAX <= MCR_LISTED_INTERFACES_MAX, "the list has room for all");
_Static_assert(sizeof(((struct mcr_port *)0)->name) <= MCR_LISTED_PORT_MAX, "a port's name fits");

static void describe(struct mcr_listed_interface *out, const struct mcr_interface *i)
{
	const struct mcr_interface_config *c = &i->config;

	*out = (struct mcr_listed_interface){
	    .address = c->address,
	    .address6 = c->address6,
	    .vlan = c->vlan,
	    .prefix_len = c->prefix_len,
	    .prefix6_len = c->prefix6_len,
	    .is_shared = mcr_port_is_shared(i->port) != 0,
	};
	snprintf(out->name, sizeof(out->name), "%s", c->name);
	snprintf(out->port, sizeof(out->port), "%s", i->port->name);
	snprintf(out->netdev, sizeof(out->netdev), "%s", i->port->seen.netdev.name);
	snprintf(out->kernel, sizeof(out->kernel), "%s", c->kernel);
}

static int compose(struct mcr_engine *e)
{
	struct mcr_interface_file *f = &e->interface_file;
	struct mcr_listed_interface *list = calloc(MCR_INTERFACES_MAX, sizeof(*list));

	f->run_dir = e->config.run_dir;
	f->text = malloc(MCR_INTERFACE_LIST_BYTES);
	if (!list || !f->text) {
		free(list);
		free(f->text);
		return -ENOMEM;
	}
	for (size_t i = 0; i < e->n_interfaces; i++)
		describe(&list[i], &e->interfaces[i]);
	f->len = mcr_interface_list_write(f->text, MCR_INTERFACE_LIST_BYTES, list, e->n_interfaces);
	free(list);
	return 0;
}

static void run(struct mcr_job *job)
{
	struct mcr_interface_file *f = container_of(job, struct mcr_interface_file, job);

	f->ret = mcr_run_dir_write(f->run_dir, MCR_INTERFACE_LIST_FILE, f->text, f->len, &f->err);
	free(f->text);
}

int mcr_engine_write_interfaces(struct mcr_engine *e, struct mcr_error *err)
{
	if (e->config.run_dir[0] == '\0')
		return 0;
	if (compose(e) < 0)
		return mcr_error_set(err, -ENOMEM, "no memory for the engine");
	run(&e->interface_file.job);
	if (e->interface_file.ret < 0 && err)
		*err = e->interface_file.err;
	return e->interface_file.ret;
}

static void done(struct mcr_job *job, void *engine)
{
	struct mcr_interface_file *f = container_of(job, struct mcr_interface_file, job);

	if (f->ret < 0)
		mcr_engine_log(engine, MCR_LOG_ERROR, "%s", f->err.text);
	if (f->is_due)
		mcr_engine_renew_interfaces(engine);
}

void mcr_engine_renew_interfaces(struct mcr_engine *e)
{
	struct mcr_interface_file *f = &e->interface_file;

	if (e->config.run_dir[0] == '\0')
		return;
	f->is_due = f->job.is_pending;
	if (f->is_due)
		return;
	if (compose(e) < 0) {
		mcr_engine_log(e, MCR_LOG_ERROR, "no memory to write the list of interfaces");
		return;
	}
	f->job = (struct mcr_job){.run = run, .done = done};
	mcr_device_thread_submit(e->device, &f->job);
}
