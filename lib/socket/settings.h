/* SPDX-License-Identifier: BSD-3-Clause */
/* What mcring-run and its user can set, by environment variables. */
#ifndef MCR_SOCKET_SETTINGS_H
#define MCR_SOCKET_SETTINGS_H

#include <stdint.h>

enum mcr_fallback {
	MCR_FALLBACK_AUTO,   /* to the kernel where it can receive */
	MCR_FALLBACK_ALWAYS, /* also where it perhaps cannot */
	MCR_FALLBACK_NEVER,  /* an error instead */
};

struct mcr_settings {
	const char *run_dir;     /* MCRING_RUN_DIR; NULL = /run/mcring/mcring */
	const char *channel;     /* MCRING_CHANNEL; "sockets" */
	const char *groups;      /* MCRING_GROUPS: those to accelerate; NULL = all */
	uint32_t spin_us;        /* MCRING_SPIN: how long a call spins before it sleeps; 0 */
	uint32_t kernel_every;   /* MCRING_KERNEL_EVERY; 16 */
	uint8_t fallback;        /* MCRING_FALLBACK: enum mcr_fallback */
	uint8_t is_required;     /* MCRING_REQUIRE */
	uint8_t takes_loop;      /* MCRING_LOOP */
	uint8_t forks_to_kernel; /* MCRING_FORK=kernel */
};

/* mcr_settings_get reads the environment at the first call; nothing of it when AT_SECURE is set. */
const struct mcr_settings *mcr_settings_get(void);

/* mcr_log writes a line to MCRING_LOG (a file, or 2), or nowhere. It keeps errno. */
__attribute__((format(printf, 1, 2))) void mcr_log(const char *format, ...);

#endif
