/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "socket/log.h"
#include "socket/settings.h"
#include "socket/signals.h"
#include "socket/socket.h"

#define SPIN_US_MAX      10000000
#define KERNEL_EVERY_MAX 1000000

static struct mcr_settings settings = {
    .channel = "sockets",
    .kernel_every = MCR_SOCKET_KERNEL_EVERY,
};

static int is_read; /* so that a datagram does not cost a call of pthread_once */

/* The program may change its environment later: the texts are copies, which are never freed. */
static const char *text(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	const char *copy;

	if (!value || !*value)
		return otherwise;
	copy = strdup(value);
	return copy ? copy : otherwise;
}

static uint32_t number(const char *name, uint32_t min, uint32_t max, uint32_t otherwise)
{
	const char *value = getenv(name);
	char *end;
	unsigned long n;

	if (!value || !*value)
		return otherwise;
	errno = 0;
	n = strtoul(value, &end, 10);
	if (errno == 0 && !*end && *value >= '0' && *value <= '9' && n >= min && n <= max)
		return (uint32_t)n;
	mcr_log_warn("%s=%.40s: give a number from %u to %u; %u is used", name, value, min, max,
		     otherwise);
	return otherwise;
}

/* choice returns which of the words, NULL at their end, the variable has; 0 for none. */
static uint8_t choice(const char *name, const char *const *words)
{
	const char *value = getenv(name);

	if (!value || !*value)
		return 0;
	for (uint8_t i = 0; words[i]; i++)
		if (strcmp(value, words[i]) == 0)
			return i;
	mcr_log_warn("%s=%.40s: not known; %s is used", name, value, words[0]);
	return 0;
}

static void read_environment(void)
{
	static const char *const fallbacks[] = {
	    [MCR_FALLBACK_AUTO] = "auto",
	    [MCR_FALLBACK_ALWAYS] = "always",
	    [MCR_FALLBACK_NEVER] = "never",
	    NULL,
	};
	static const char *const switches[] = {"0", "1", NULL};
	static const char *const forks[] = {"copy", "kernel", NULL};

	mcr_log_open(getenv("MCRING_LOG"));
	settings.run_dir = text("MCRING_RUN_DIR", settings.run_dir);
	settings.channel = text("MCRING_CHANNEL", settings.channel);
	settings.groups = text("MCRING_GROUPS", settings.groups);
	settings.spin_us = number("MCRING_SPIN", 0, SPIN_US_MAX, settings.spin_us);
	settings.kernel_every =
	    number("MCRING_KERNEL_EVERY", 1, KERNEL_EVERY_MAX, settings.kernel_every);
	settings.fallback = choice("MCRING_FALLBACK", fallbacks);
	settings.is_required = choice("MCRING_REQUIRE", switches);
	settings.takes_loop = choice("MCRING_LOOP", switches);
	settings.forks_to_kernel = choice("MCRING_FORK", forks);
}

/* A set-user-ID program gets its environment from somebody whom it must not trust. */
static void read_once(void)
{
	int saved = errno;

	if (!getauxval(AT_SECURE))
		read_environment();
	__atomic_store_n(&is_read, 1, __ATOMIC_RELEASE);
	errno = saved;
}

const struct mcr_settings *mcr_settings_get(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (__builtin_expect(__atomic_load_n(&is_read, __ATOMIC_ACQUIRE), 1))
		return &settings;
	mcr_signal_enter(); /* a handler that came here meanwhile would wait for itself */
	pthread_once(&once, read_once);
	mcr_signal_leave();
	return &settings;
}
