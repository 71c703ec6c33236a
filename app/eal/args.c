/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eal/args.h"
#include "eal/given.h"
#include "settings/fail.h"

/* These drivers have defaults that lose packets or time. A key that is given stays. */
static const struct device_default {
	const char *driver, *key, *value;
} defaults[] = {
    {"net_af_packet", "framecnt", "8192"},
    {"net_af_packet", "blocksz", "1048576"},
    {"net_af_xdp", "busy_budget", "0"},
};

static bool has_key(const char *devargs, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = strchr(devargs, ','); p; p = strchr(p + 1, ','))
		if (strncmp(p + 1, key, len) == 0 && p[1 + len] == '=')
			return true;
	return false;
}

/* Returns the argument with the missing keys appended, or NULL: no memory. devargs points into
 * arg. */
static char *with_defaults(const char *arg, const char *devargs)
{
	char *out = strdup(arg);

	for (size_t i = 0; out && i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		const struct device_default *d = &defaults[i];
		char *longer;

		if (strncmp(devargs, d->driver, strlen(d->driver)) != 0 || has_key(devargs, d->key))
			continue;
		if (asprintf(&longer, "%s,%s=%s", out, d->key, d->value) < 0)
			longer = NULL;
		free(out);
		out = longer;
	}
	return out;
}

static bool push(struct mcr_eal_args *args, char *arg)
{
	if (arg)
		args->kept[args->argc] = args->argv[args->argc] = arg;
	args->argc += arg != NULL;
	return arg != NULL;
}

/* Pushes argument i, and the next one with it when that is the devargs of a --vdev. */
static bool push_vdev(struct mcr_eal_args *args, const struct mcr_settings *s, size_t *i)
{
	const char *arg = s->eal[*i], *devargs;

	if (!mcr_eal_given(s, *i, "--vdev", &devargs) || !devargs)
		return push(args, strdup(arg));
	if (*i + 1 == s->n_eal || devargs != s->eal[*i + 1])
		return push(args, with_defaults(arg, devargs));
	++*i;
	return push(args, strdup(arg)) && push(args, with_defaults(devargs, devargs));
}

static bool push_given(struct mcr_eal_args *args, const struct mcr_settings *s, bool *has_prefix)
{
	const char *prefix;

	for (size_t i = 0; i < s->n_eal; i++) {
		if (mcr_eal_given(s, i, "--file-prefix", &prefix) && prefix)
			*has_prefix = true;
		if (!push_vdev(args, s, &i))
			return false;
	}
	return true;
}

int mcr_eal_args_create(struct mcr_eal_args *args, const struct mcr_settings *s,
			struct mcr_error *err)
{
	size_t cap = s->n_eal + 4;
	bool has_prefix = false, ok;

	*args = (struct mcr_eal_args){.argc = 0};
	args->argv = calloc(cap, sizeof(char *));
	args->kept = calloc(cap, sizeof(char *));
	ok = args->argv && args->kept && push(args, strdup("mcring")) &&
	     push_given(args, s, &has_prefix);
	if (ok && !has_prefix) {
		snprintf(args->prefix, sizeof(args->prefix), "mcring_%s", s->engine.name);
		ok = push(args, strdup("--file-prefix")) && push(args, strdup(args->prefix));
	}
	if (ok)
		return 0;
	mcr_eal_args_clear(args);
	return mcr_fail_memory(err);
}

void mcr_eal_args_clear(struct mcr_eal_args *args)
{
	for (int i = 0; args->kept && i < args->argc; i++)
		free(args->kept[i]);
	free(args->kept);
	free(args->argv);
	*args = (struct mcr_eal_args){.argc = 0};
}
