/* SPDX-License-Identifier: BSD-3-Clause */
/* From text to values, the same for the command line and the configuration file. Each function
 * returns 0 and stores the value, or returns -EINVAL with err saying what it found and what it
 * expected; the caller adds where. Thread: any. */
#ifndef MCR_APP_VALUES_H
#define MCR_APP_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/engine.h>

/* mcr_value_name: the name of an interface, a channel or an engine. It becomes part of a path and
 * of join texts, so it consists of letters, digits, '.', '_' and '-', does not begin with '.' or
 * '-', and has at most MCR_NAME_MAX - 1 characters. */
int mcr_value_name(char out[MCR_NAME_MAX], const char *text, struct mcr_error *err);

/* mcr_value_uint: a decimal number, min..max. */
int mcr_value_uint(uint64_t *out, const char *text, uint64_t min, uint64_t max,
		   struct mcr_error *err);

/* mcr_value_seconds: a decimal number of seconds with at most 3 decimals ("0.5"), min..max
 * milliseconds. */
int mcr_value_seconds(uint64_t *out_ms, const char *text, uint64_t min, uint64_t max,
		      struct mcr_error *err);

/* mcr_value_print_seconds writes ms milliseconds as mcr_value_seconds reads them: "0.5", "10". */
void mcr_value_print_seconds(char *buf, size_t cap, uint64_t ms);

/* mcr_value_size: a decimal number with an optional suffix K, M or G (powers of 1024). */
int mcr_value_size(uint64_t *out, const char *text, struct mcr_error *err);

/* mcr_value_power_of_two: such a number that is a power of two, min..max. */
int mcr_value_power_of_two(uint64_t *out, const char *text, uint64_t min, uint64_t max,
			   struct mcr_error *err);

/* mcr_value_mode: permission bits in octal, 0..0777. */
int mcr_value_mode(uint32_t *out, const char *text, struct mcr_error *err);

/* mcr_value_group: a name that the system knows, or a number. */
int mcr_value_group(uint32_t *gid, const char *text, struct mcr_error *err);

/* mcr_access_add_user, mcr_access_add_group add one user or group. Errors: also -E2BIG, too
 * many. */
int mcr_access_add_user(struct mcr_access *access, const char *text, struct mcr_error *err);
int mcr_access_add_group(struct mcr_access *access, const char *text, struct mcr_error *err);

/* mcr_value_address: ADDRESS/LEN of an interface, unicast, of the family that is_ipv6 says. An IPv6
 * address is not link-local: that one makes itself. */
int mcr_value_address(struct mcr_address *out, uint8_t *prefix_len, const char *text, int is_ipv6,
		      struct mcr_error *err);

/* mcr_value_source checks one unicast address without brackets, which is stored as text. */
int mcr_value_source(const char *text, struct mcr_error *err);

/* mcr_value_port_range checks PORT or PORT-PORT, 1..65535. */
int mcr_value_port_range(const char *text, struct mcr_error *err);

/* mcr_value_device: the name of a network device (core/device_name.h). */
int mcr_value_device(char out[MCR_DEVICE_NAME_MAX], const char *text, struct mcr_error *err);

/* mcr_value_string copies text into a field of cap octets; what names it ("a port"). */
int mcr_value_string(char *out, size_t cap, const char *text, const char *what,
		     struct mcr_error *err);

#endif
