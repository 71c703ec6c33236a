/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/fail.h"
#include "../common/own_run_dir.h"
#include "core/error.h"
#include "engine/plan/channel_config.h"
#include "settings/feeds.h"
#include "settings/option_text.h"
#include "settings/settings.h"
#include "wiring.h"
#if MCR_REPLAY_CONFIG
#include "config/config.h"
#endif

#define PROGRAMS "sockets" /* the channel that programs look for: docs/sockets.md */

/* ---- what the options ask for ---- */

static int add_channel(struct mcr_settings *s, const char *text, struct mcr_error *err)
{
	struct mcr_channel_config config;
	int ret = mcr_channel_parse(&config, text, err);

	return ret < 0 ? ret : mcr_settings_add_channel(s, &config, (struct mcr_origin){0}, err);
}

/* Unless it is declared. This user may join there. */
static int add_missing(struct mcr_settings *s, const char *name, int per_program,
		       struct mcr_error *err)
{
	struct mcr_channel_config config = {.per_program = (uint8_t)per_program,
					    .joiners = {.uids = {geteuid()}, .n_uids = 1}};

	if (mcr_settings_channel(s, name))
		return 0;
	strcpy(config.name, name);
	return mcr_settings_add_channel(s, &config, (struct mcr_origin){0}, err);
}

static int take_options(struct mcr_settings *s, const struct replay_options *options,
			struct mcr_error *err)
{
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < options->n_channels; i++)
		ret = add_channel(s, options->channels[i], err);
	for (unsigned i = 0; ret == 0 && i < options->n_joins; i++)
		ret = mcr_settings_add_joins(s, options->joins[i], (struct mcr_origin){0}, err);
	for (unsigned i = 0; ret == 0 && i < options->n_feeds; i++)
		ret = mcr_settings_add_feed_text(s, options->feeds[i], err);
	return ret;
}

/* Those of joins and of feeds' lines. */
static int add_named(struct mcr_settings *s, struct mcr_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < s->joins.n; i++)
		if (s->joins.items[i].channel[0] != '\0')
			ret = add_missing(s, s->joins.items[i].channel, 0, err);
	for (size_t i = 0; ret == 0 && i < s->n_feeds; i++) {
		const struct mcr_feed_config *feed = &s->feeds[i].config;

		for (unsigned k = 0; ret == 0 && k < feed->n_lines; k++)
			ret = add_missing(s, mcr_feed_config_channel(&feed->lines[k]), 0, err);
	}
	return ret;
}

/* Without a file: the interfaces are those of the captures, and this user's programs may join. */
static int complete(struct mcr_settings *s, struct replay_wiring *wiring,
		    const struct replay_options *options, const struct capture *capture,
		    struct mcr_error *err)
{
	int ret = replay_wiring_make(wiring, s, options, capture, err);

	if (ret == 0 && options->n_channels == 0)
		ret = add_missing(s, MCR_DEFAULT_CHANNEL, 0, err);
	if (ret == 0 && options->n_channels == 0)
		ret = add_named(s, err);
	if (ret == 0)
		ret = add_missing(s, PROGRAMS, 1, err);
	return ret == 0 ? mcr_settings_complete(s, err) : ret;
}

static int load(struct mcr_settings **s, struct replay_wiring *wiring,
		const struct replay_options *options, const struct capture *capture,
		struct mcr_error *err)
{
#if MCR_REPLAY_CONFIG
	struct mcr_settings *whole;
	int ret;

	(*s)->takes_all = 1; /* a capture may hold what any of the hosts receives */
	ret = mcr_config_assemble(&whole, *s, options->config, err);

	if (ret < 0)
		return ret;
	mcr_settings_destroy(*s);
	*s = whole;
	return replay_wiring_find(wiring, whole, options, capture, err);
#else
	return mcr_error_set(err, -ENOTSUP,
			     "--config %s: this mcring-replay was built without libcyaml",
			     options->config);
#endif
}

/* ---- the engine ---- */

static void log_line(void *ctx, enum mcr_log_level level, const char *line)
{
	if (level <= MCR_LOG_WARNING)
		fail("%s", line);
}

/* The file may give the socket to a group of the host that it is for. A user who is none of it
 * serves himself. */
static struct mcr_attach_config attach_of(const struct mcr_settings *s)
{
	struct mcr_attach_config attach = mcr_settings_attach(s);

	if (attach.gid != UINT32_MAX && geteuid() != 0 && !group_member(attach.gid)) {
		fail("warning: the attach socket stays your own: you are not in group %u, which "
		     "the configuration gives it to",
		     attach.gid);
		attach.gid = UINT32_MAX;
	}
	return attach;
}

/* The first one that is not a template comes first: it may get all. */
static unsigned list_channels(struct mcr_channel_config *list, const struct mcr_settings *s)
{
	const struct mcr_channel_setting *first = mcr_settings_channel(s, MCR_DEFAULT_CHANNEL);
	unsigned n = 0;

	for (size_t i = 0; !first && i < s->n_channels; i++)
		if (!s->channels[i].config.per_program)
			first = &s->channels[i];
	if (first)
		list[n++] = first->config;
	for (size_t i = 0; i < s->n_channels; i++)
		if (&s->channels[i] != first)
			list[n++] = s->channels[i].config;
	return n;
}

static int check_channels(struct mcr_channel_config *list, unsigned n, struct mcr_error *err)
{
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < n; i++)
		ret = mcr_channel_check(&list[i], err);
	return ret;
}

/* Those of the file. */
static int declare_feeds(struct mcr_portless *portless, const struct mcr_settings *s,
			 struct mcr_error *err)
{
	struct mcr_error warning;
	struct mcr_feeds *feeds;
	int ret = mcr_settings_feeds(s, &feeds, err);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < s->n_feeds; i++)
		if (mcr_settings_feed_doubt(s, i, &warning))
			fail("warning: %s", warning.text);
	mcr_portless_feeds(portless, feeds);
	return 0;
}

static int start(struct replay_served *out, const struct mcr_settings *s,
		 const struct replay_wiring *wiring, int takes_all, int has_config,
		 struct mcr_error *err)
{
	struct mcr_interface_config *interfaces =
	    calloc(MCR_INTERFACES_MAX, sizeof(struct mcr_interface_config));
	struct mcr_channel_config *channels =
	    calloc(MCR_CHANNELS_MAX + 1, sizeof(struct mcr_channel_config));
	struct mcr_portless_config config = {.run_dir = out->run_dir,
					     .attach = attach_of(s),
					     .joins_per_uid = s->attach.joins_per_uid.value,
					     .interfaces = interfaces,
					     .n_interfaces = (unsigned)s->n_interfaces,
					     .channels = channels,
					     .takes_all_vlans = !has_config,
					     .log = log_line};
	int ret;

	if (!interfaces || !channels) {
		ret = mcr_error_set(err, -ENOMEM, "no memory to start");
		goto out;
	}
	for (size_t i = 0; i < s->n_interfaces; i++)
		interfaces[i] = s->interfaces[i].config;
	config.n_channels = list_channels(channels, s);
	config.takes_all = takes_all && !channels[0].per_program;
	ret = check_channels(channels, config.n_channels, err);
	if (ret == 0)
		ret = mcr_portless_create(&out->portless, &config, err);
	if (ret < 0)
		goto out;
	out->n_ports = wiring->n;
	for (unsigned i = 0; i < wiring->n; i++)
		out->ports[i] = (unsigned)mcr_portless_port(out->portless, wiring->names[i]);
	ret = mcr_portless_join(out->portless, s->joins.items, s->joins.n, err);
	if (ret == 0 && s->n_feeds > 0)
		ret = declare_feeds(out->portless, s, err);
	if (ret == 0)
		ret = mcr_portless_start(out->portless, err);
	if (ret < 0)
		mcr_portless_destroy(out->portless);
out:
	free(interfaces);
	free(channels);
	return ret;
}

/* The last part of the run directory is the engine's name in the lines of feeds: the file says it
 * unless the user does. Called before the file is read, and after it. */
static int find_run_dir(struct replay_served *out, struct mcr_settings *s,
			const struct replay_options *options, int is_read, struct mcr_error *err)
{
	const int is_given = own_run_dir_is_given(options->run_dir, options->name);
	char name[MCR_NAME_MAX] = "";
	int ret;

	if (!options->config || is_given) {
		if (is_read)
			return 0;
		ret = own_run_dir(out->run_dir, sizeof(out->run_dir), options->run_dir,
				  options->name, err);
		if (ret == 0 && strlen(out->run_dir) >= sizeof(s->engine.run_dir))
			ret = mcr_error_set(err, -ENAMETOOLONG,
					    "%s: a run directory's path has at most %zu octets",
					    out->run_dir, sizeof(s->engine.run_dir) - 1);
		if (ret == 0)
			strcpy(s->engine.run_dir, out->run_dir);
		return ret;
	}
	if (!is_read)
		return 0;
	mcr_feed_engine_name(name, s->engine.run_dir);
	return own_run_dir(out->run_dir, sizeof(out->run_dir), NULL,
			   name[0] ? name : MCR_DEFAULT_NAME, err);
}

int replay_serve(struct replay_served *out, const struct replay_options *options,
		 const struct capture *capture, struct mcr_error *err)
{
	struct mcr_settings *s = mcr_settings_create();
	struct replay_wiring *wiring = calloc(1, sizeof(*wiring));
	const int takes_all = !options->config && options->n_joins == 0 && options->n_feeds == 0;
	int ret = -ENOMEM;

	memset(out, 0, sizeof(*out));
	if (!s || !wiring)
		mcr_error_set(err, ret, "no memory to start");
	else
		ret = take_options(s, options, err);
	if (ret == 0)
		ret = find_run_dir(out, s, options, 0, err);
	if (ret == 0)
		ret = options->config ? load(&s, wiring, options, capture, err)
				      : complete(s, wiring, options, capture, err);
	if (ret == 0)
		ret = find_run_dir(out, s, options, 1, err);
	if (ret == 0)
		ret = start(out, s, wiring, takes_all, !!options->config, err);
	mcr_settings_destroy(s);
	free(wiring);
	return ret;
}

unsigned replay_port(struct replay_served *served, const struct capture *capture,
		     unsigned interface)
{
	unsigned first = 0;

	if (interface < served->n_ports)
		return served->ports[interface];
	while (first < served->n_ports &&
	       capture_interface(capture, first).file != capture_interface(capture, interface).file)
		first++;
	return served->ports[first < served->n_ports ? first : 0];
}
