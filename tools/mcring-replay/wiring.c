/* SPDX-License-Identifier: BSD-3-Clause */
#include "wiring.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "settings/values.h"

/* What --interface says. */
static int take_options(struct replay_wiring *w, const struct replay_options *options,
			const struct capture *capture, struct mcr_error *err)
{
	for (unsigned i = 0; i < options->n_interfaces; i++) {
		const struct replay_interface *o = &options->interfaces[i];
		int at = capture_find(capture, o->where);
		int ret = 0;

		if (at < 0)
			return mcr_error_set(err, at,
					     "--interface %s=%s: expected one of the files, or an "
					     "interface that is named in %s of them",
					     o->name, o->where, at == -EEXIST ? "only one" : "one");
		if (w->names[at][0] != '\0')
			return mcr_error_set(err, -EEXIST, "--interface %s=%s: it is %s already",
					     o->name, o->where, w->names[at]);
		ret = mcr_value_name(w->names[at], o->name, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int is_taken(const struct replay_wiring *w, const char *name)
{
	for (unsigned i = 0; i < w->n; i++)
		if (strcmp(w->names[i], name) == 0)
			return 1;
	return 0;
}

/* The name of its own, or of its file without the folder and from the first dot on; what no name
 * may have becomes a '_'. A number behind it makes it the only one. */
static void name_itself(struct replay_wiring *w, unsigned at, struct capture_interface interface)
{
	const char *slash = strrchr(interface.file, '/');
	const char *from = interface.name[0] ? interface.name : slash ? slash + 1 : interface.file;
	char name[MCR_NAME_MAX], base[MCR_NAME_MAX - 4] = "";
	size_t n = 0;

	for (; from[n] && n + 1 < sizeof(base) && (interface.name[0] || from[n] != '.'); n++)
		base[n] = isalnum((unsigned char)from[n]) || (n > 0 && strchr(".-", from[n]))
			      ? from[n]
			      : '_';
	if (n == 0 || strcmp(interface.file, "-") == 0)
		strcpy(base, interface.name[0] ? base : "stdin");
	strcpy(name, base);
	for (unsigned k = 2; is_taken(w, name); k++)
		snprintf(name, sizeof(name), "%s.%u", base, k);
	strcpy(w->names[at], name);
}

int replay_wiring_make(struct replay_wiring *w, struct mcr_settings *s,
		       const struct replay_options *options, const struct capture *capture,
		       struct mcr_error *err)
{
	int ret;

	memset(w, 0, sizeof(*w));
	w->n = capture_interfaces(capture);
	ret = take_options(w, options, capture, err);
	for (unsigned i = 0; ret == 0 && i < w->n; i++) {
		struct mcr_interface_config config = {.size = sizeof(config)};

		if (w->names[i][0] == '\0')
			name_itself(w, i, capture_interface(capture, i));
		strcpy(config.name, w->names[i]);
		strcpy(config.port, w->names[i]);
		ret = mcr_settings_add_interface(s, &config, (struct mcr_origin){0}, err);
	}
	return ret;
}

/* ---- the interfaces of a configuration ---- */

static const struct mcr_interface_config *find(const struct mcr_settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_interfaces; i++)
		if (strcmp(s->interfaces[i].config.name, name) == 0)
			return &s->interfaces[i].config;
	return NULL;
}

/* Whether a capture has the port of interface i already. */
static int is_wired(const struct replay_wiring *w, const struct mcr_settings *s, size_t i)
{
	for (unsigned k = 0; k < w->n; k++)
		if (w->names[k][0] != '\0' &&
		    strcmp(find(s, w->names[k])->port, s->interfaces[i].config.port) == 0)
			return 1;
	return 0;
}

static int has_one_port(const struct mcr_settings *s)
{
	for (size_t i = 1; i < s->n_interfaces; i++)
		if (strcmp(s->interfaces[i].config.port, s->interfaces[0].config.port) != 0)
			return 0;
	return 1;
}

static int take_next(struct replay_wiring *w, unsigned at, const struct mcr_settings *s,
		     const struct capture *capture, struct mcr_error *err)
{
	const struct capture_interface interface = capture_interface(capture, at);
	size_t i = 0;

	while (i < s->n_interfaces && is_wired(w, s, i))
		i++;
	if (i == s->n_interfaces && !has_one_port(s))
		return mcr_error_set(err, -EINVAL,
				     "%s%s%s: the configuration has no interface left for it: say "
				     "which it is with --interface NAME=%s",
				     interface.file, interface.name[0] ? ", " : "", interface.name,
				     interface.name[0] ? interface.name : interface.file);
	strcpy(w->names[at], s->interfaces[i < s->n_interfaces ? i : 0].config.name);
	return 0;
}

int replay_wiring_find(struct replay_wiring *w, const struct mcr_settings *s,
		       const struct replay_options *options, const struct capture *capture,
		       struct mcr_error *err)
{
	int ret;

	memset(w, 0, sizeof(*w));
	w->n = capture_interfaces(capture);
	if (s->n_interfaces == 0)
		return mcr_error_set(
		    err, -EINVAL,
		    "%s: it has no interfaces: expected those that the captures came by",
		    options->config);
	for (unsigned i = 0; i < options->n_interfaces; i++)
		if (!find(s, options->interfaces[i].name))
			return mcr_error_set(err, -ENOENT, "--interface %s: %s has none of it",
					     options->interfaces[i].name, options->config);
	ret = take_options(w, options, capture, err);
	for (unsigned i = 0; ret == 0 && i < w->n; i++)
		if (w->names[i][0] == '\0')
			ret = take_next(w, i, s, capture, err);
	return ret;
}
