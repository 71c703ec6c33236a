/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* ---- devices that are held back ---- */

static bool is_device(const struct mcr_settings *s, size_t i, const char **devargs)
{
	return (mcr_eal_given(s, i, "--vdev", devargs) || mcr_eal_given(s, i, "-a", devargs) ||
		mcr_eal_given(s, i, "--allow", devargs)) &&
	       *devargs;
}

static bool hold_device(struct mcr_eal_args *args, const char *devargs)
{
	char *held = with_defaults(devargs, devargs);

	if (held)
		args->held[args->n_held++] = held;
	return held != NULL;
}

/* A PCI device that is allowed keeps EAL from all others. There is none of this address. */
static bool push_nothing_of_pci(struct mcr_eal_args *args)
{
	return push(args, strdup("-a")) && push(args, strdup("ffff:ff:1f.7"));
}

static int check_pci(const struct mcr_settings *s, struct mcr_error *err)
{
	const char *devargs;

	for (size_t i = 0; i < s->n_eal; i++)
		if (strcmp(s->eal[i], "--no-pci") == 0 || mcr_eal_given(s, i, "-a", &devargs) ||
		    mcr_eal_given(s, i, "--allow", &devargs))
			return 0;
	return mcr_fail(err, -EINVAL,
			"--standby: EAL would take all PCI devices that it can: name those of this "
			"daemon with -a, or give it --no-pci");
}

/* ---- all ---- */

static bool push_given(struct mcr_eal_args *args, const struct mcr_settings *s, int hold,
		       bool *has_prefix)
{
	const char *value;

	for (size_t i = 0; i < s->n_eal; i++) {
		if (mcr_eal_given(s, i, "--file-prefix", &value) && value)
			*has_prefix = true;
		if (hold && is_device(s, i, &value)) {
			if (!hold_device(args, value))
				return false;
			i += i + 1 < s->n_eal && value == s->eal[i + 1];
		} else if (!push_vdev(args, s, &i)) {
			return false;
		}
	}
	return !hold || push_nothing_of_pci(args);
}

/* The file that EAL's primary process of this prefix holds a lock of. EAL's folder is the service
 * manager's, root's, or the user's. */
static bool is_in_use(const char *prefix)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	const char *dir = getenv("RUNTIME_DIRECTORY");
	char path[PATH_MAX];
	bool is_locked;
	int fd;

	if (!dir)
		dir = getuid() == 0 ? "/var/run" : getenv("XDG_RUNTIME_DIR");
	snprintf(path, sizeof(path), "%s/dpdk/%s/config", dir ? dir : "/tmp", prefix);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_locked = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return is_locked;
}

static bool push_prefix(struct mcr_eal_args *args, const struct mcr_settings *s, int hold)
{
	/* Whoever this one waits for may not have its own yet. */
	snprintf(args->prefix, sizeof(args->prefix), "mcring_%s%s", s->engine.name,
		 hold ? "_standby" : "");
	if (hold && is_in_use(args->prefix))
		snprintf(args->prefix, sizeof(args->prefix), "mcring_%s", s->engine.name);
	return push(args, strdup("--file-prefix")) && push(args, strdup(args->prefix));
}

int mcr_eal_args_create(struct mcr_eal_args *args, const struct mcr_settings *s, int hold,
			struct mcr_error *err)
{
	size_t cap = s->n_eal + 6;
	bool has_prefix = false, ok;

	*args = (struct mcr_eal_args){.argc = 0};
	if (hold && check_pci(s, err) < 0)
		return -EINVAL;
	args->argv = calloc(cap, sizeof(char *));
	args->kept = calloc(cap, sizeof(char *));
	args->held = calloc(cap, sizeof(char *));
	ok = args->argv && args->kept && args->held && push(args, strdup("mcring")) &&
	     push_given(args, s, hold, &has_prefix) && (has_prefix || push_prefix(args, s, hold));
	if (ok)
		return 0;
	mcr_eal_args_clear(args);
	return mcr_fail_memory(err);
}

void mcr_eal_args_clear(struct mcr_eal_args *args)
{
	for (int i = 0; args->kept && i < args->argc; i++)
		free(args->kept[i]);
	for (int i = 0; args->held && i < args->n_held; i++)
		free(args->held[i]);
	free(args->held);
	free(args->kept);
	free(args->argv);
	*args = (struct mcr_eal_args){.argc = 0};
}
