/* SPDX-License-Identifier: BSD-3-Clause */
/* What net_pcap is to play: it asks neither for the link type nor for the file's end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_devargs.h>

#include "core/error.h"
#include "engine/os/capture_file.h"
#include "engine/state/log.h"
#include "engine/state/port_capture.h"
#include "engine/state/state.h"

#define FILE_KEY "rx_pcap="

/* A file that is gone, not ours to read, or a pipe, is the driver's affair: it has it open. */
static int look_at(struct mcr_engine *e, const struct mcr_port *port, const char *path,
		   struct mcr_error *err)
{
	struct mcr_capture_file file;
	char text[sizeof(err->text)];

	if (mcr_capture_file_look(&file, path, MCR_CAPTURE_LOOK_OCTETS) < 0 ||
	    mcr_capture_file_text(text, sizeof(text), &file, path) == 0)
		return 0;
	if (!mcr_capture_file_is_playable(&file))
		return mcr_error_set(err, -EINVAL, "port %s: %s", port->name, text);
	mcr_engine_log(e, MCR_LOG_WARNING, "port %s: %s", port->name, text);
	return 0;
}

int mcr_engine_check_captures(struct mcr_engine *e, const struct mcr_port *port,
			      struct mcr_error *err)
{
	const struct rte_devargs *devargs = NULL;
	const char *at;
	char path[4096];

	if (strcmp(port->driver, "net_pcap") == 0 && port->device)
		devargs = rte_dev_devargs(port->device);
	if (!devargs || !devargs->args)
		return 0;
	for (at = devargs->args; at; at = strchr(at, ',')) {
		int ret = 0;

		at += *at == ',';
		if (strncmp(at, FILE_KEY, strlen(FILE_KEY)) != 0)
			continue;
		at += strlen(FILE_KEY);
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(at, ","), at);
		ret = look_at(e, port, path, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}
