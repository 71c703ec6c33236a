/* SPDX-License-Identifier: BSD-3-Clause */
/* Text to value, the same for the command line and the configuration file. Each function returns 0
 * and stores the value, or -EINVAL with err saying what was found and what was expected; the caller
 * puts in front where it stood. Thread: any. */
#ifndef MCR_APP_VALUES_H
#define MCR_APP_VALUES_H

#include <stdint.h>

#include <mcring/engine.h>

#if defined(__GNUC__)
#define MCR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define MCR_PRINTF(fmt, args)
#endif

/* mcr_fail writes one line into err (NULL is allowed; line breaks and control characters become
 * spaces) and returns code. */
int mcr_fail(struct mcr_error *err, int code, const char *fmt, ...) MCR_PRINTF(3, 4);

/* mcr_fail_prefix puts text in front of what err says already. Returns code. */
int mcr_fail_prefix(struct mcr_error *err, int code, const char *fmt, ...) MCR_PRINTF(3, 4);

/* mcr_value_name: of an interface, a channel or an engine. It becomes part of a path and of join
 * texts, so it is letters, digits, '.', '_' and '-', begins with none of ".-", and has at most
 * MCR_NAME_MAX - 1 of them. */
int mcr_value_name(char out[MCR_NAME_MAX], const char *text, struct mcr_error *err);

/* mcr_value_uint: a decimal number, min..max. */
int mcr_value_uint(uint64_t *out, const char *text, uint64_t min, uint64_t max,
		   struct mcr_error *err);

/* mcr_value_size: a decimal number with an optional suffix K, M or G (powers of 1024). */
int mcr_value_size(uint64_t *out, const char *text, struct mcr_error *err);

/* mcr_value_depth, mcr_value_bytes: of a channel's rings: the bounds of struct
 * mcr_channel_config. */
int mcr_value_depth(uint32_t *out, const char *text, struct mcr_error *err);
int mcr_value_bytes(uint64_t *out, const char *text, struct mcr_error *err);

/* mcr_value_mode: permission bits in octal, 0..0777. */
int mcr_value_mode(uint32_t *out, const char *text, struct mcr_error *err);

/* mcr_value_user, mcr_value_group: a name that the system knows, or a number. */
int mcr_value_user(uint32_t *uid, const char *text, struct mcr_error *err);
int mcr_value_group(uint32_t *gid, const char *text, struct mcr_error *err);

/* mcr_access_add_user, mcr_access_add_group: one more of those who may. Also -E2BIG: too many. */
int mcr_access_add_user(struct mcr_access *access, const char *text, struct mcr_error *err);
int mcr_access_add_group(struct mcr_access *access, const char *text, struct mcr_error *err);

/* mcr_value_consumers: how many at most, 1..MCR_CONSUMERS_MAX. */
int mcr_value_consumers(uint32_t *out, const char *text, struct mcr_error *err);

/* mcr_value_bool: yes, true, on, 1 or no, false, off, 0. */
int mcr_value_bool(uint8_t *out, const char *text, struct mcr_error *err);

/* mcr_value_address: ADDRESS/LEN of an interface, unicast IPv4. */
int mcr_value_address(uint32_t *address_be, uint8_t *prefix_len, const char *text,
		      struct mcr_error *err);

/* mcr_value_source: one unicast IPv4 address, kept as text elsewhere: a check only. */
int mcr_value_source(const char *text, struct mcr_error *err);

/* mcr_value_port_range: PORT or PORT-PORT, 1..65535: a check only. */
int mcr_value_port_range(const char *text, struct mcr_error *err);

/* mcr_value_device: of a network device of the kernel's (core/device_name.h). */
int mcr_value_device(char out[MCR_DEVICE_NAME_MAX], const char *text, struct mcr_error *err);

int mcr_value_vlan(uint16_t *out, const char *text, struct mcr_error *err); /* 0..4094 */
int mcr_value_igmp(uint8_t *out, const char *text, struct mcr_error *err);  /* auto|1|2|3|off */
int mcr_value_robustness(uint8_t *out, const char *text, struct mcr_error *err); /* 1..7 */
/* Seconds, 1..86400: auto (0) or a number; never (UINT32_MAX) or a number. */
int mcr_value_compat_timeout(uint32_t *out, const char *text, struct mcr_error *err);
int mcr_value_repeat(uint32_t *out, const char *text, struct mcr_error *err);
int mcr_value_tx(uint8_t *tx_never, const char *text, struct mcr_error *err); /* auto|never */
int mcr_value_udp_checksum(uint8_t *out, const char *text,
			   struct mcr_error *err);                            /* nic|off|verify */
int mcr_value_hw_time(uint8_t *out, const char *text, struct mcr_error *err); /* off|on|synced */
int mcr_value_lcore(uint16_t *out, const char *text, struct mcr_error *err);  /* 0..1023 */
int mcr_value_queues(uint16_t *out, const char *text, struct mcr_error *err); /* 1..64 */

/* mcr_value_add_lcore appends one lcore to the list of an interface, mcr_value_lcores those of
 * LCORE[/LCORE]... */
int mcr_value_add_lcore(struct mcr_interface_config *cfg, const char *text, struct mcr_error *err);
int mcr_value_lcores(struct mcr_interface_config *cfg, const char *text, struct mcr_error *err);
int mcr_value_idle(uint8_t *out, const char *text, struct mcr_error *err); /* busy|adaptive */
int mcr_value_log_level(uint8_t *out, const char *text, struct mcr_error *err);

/* mcr_value_string copies text into a field of cap octets; what names it ("a port"). */
int mcr_value_string(char *out, size_t cap, const char *text, const char *what,
		     struct mcr_error *err);

/* The words of the enums, for output; "?" for a value beyond them. */
const char *mcr_igmp_mode_name(unsigned mode);
const char *mcr_idle_name(unsigned idle);
const char *mcr_udp_checksum_name(unsigned policy);
const char *mcr_hw_time_name(unsigned hw_time);

#endif
