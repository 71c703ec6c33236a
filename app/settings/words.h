/* SPDX-License-Identifier: BSD-3-Clause */
/* The words that stand for values of enums: to read and to print them. Each function that reads
 * returns 0 and stores the value, or -EINVAL with err. Thread: any. */
#ifndef MCR_APP_WORDS_H
#define MCR_APP_WORDS_H

#include <stdint.h>

#include <mcring/engine.h>

/* mcr_value_bool: yes, true, on, 1 or no, false, off, 0. */
int mcr_value_bool(uint8_t *out, const char *text, struct mcr_error *err);

int mcr_value_igmp(uint8_t *out, const char *text, struct mcr_error *err);    /* auto|1|2|3|off */
int mcr_value_tx(uint8_t *tx_never, const char *text, struct mcr_error *err); /* auto|never */
int mcr_value_udp_checksum(uint8_t *out, const char *text,
			   struct mcr_error *err);                            /* nic|off|verify */
int mcr_value_hw_time(uint8_t *out, const char *text, struct mcr_error *err); /* off|on|synced */
int mcr_value_idle(uint8_t *out, const char *text, struct mcr_error *err);    /* busy|adaptive */
int mcr_value_log_level(uint8_t *out, const char *text, struct mcr_error *err);

/* The words of the enums, for output; "?" for a value beyond them. */
const char *mcr_igmp_mode_name(unsigned mode);
const char *mcr_idle_name(unsigned idle);
const char *mcr_udp_checksum_name(unsigned policy);
const char *mcr_hw_time_name(unsigned hw_time);

#endif
