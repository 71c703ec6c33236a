/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "settings/fail.h"
#include "settings/words.h"

struct word {
	const char *text;
	uint8_t value;
};

static int one_of(uint8_t *out, const char *text, const struct word *words, const char *expected,
		  struct mcr_error *err)
{
	for (; words->text; words++)
		if (strcmp(words->text, text) == 0) {
			*out = words->value;
			return 0;
		}
	return mcr_fail(err, -EINVAL, "'%.64s': expected %s", text, expected);
}

static const char *word_of(unsigned value, const struct word *words)
{
	for (; words->text; words++)
		if (words->value == value)
			return words->text;
	return "?";
}

int mcr_value_bool(uint8_t *out, const char *text, struct mcr_error *err)
{
	static const struct word words[] = {{"yes", 1}, {"true", 1}, {"on", 1},
					    {"1", 1},   {"no", 0},   {"false", 0},
					    {"off", 0}, {"0", 0},    {NULL, 0}};

	return one_of(out, text, words, "yes or no", err);
}

static const struct word igmp_words[] = {{"auto", MCR_IGMP_AUTO}, {"1", MCR_IGMP_V1},
					 {"2", MCR_IGMP_V2},      {"3", MCR_IGMP_V3},
					 {"off", MCR_IGMP_OFF},   {NULL, 0}};
static const struct word idle_words[] = {
    {"busy", MCR_IDLE_BUSY}, {"adaptive", MCR_IDLE_ADAPTIVE}, {NULL, 0}};
static const struct word checksum_words[] = {{"nic", MCR_UDP_CHECKSUM_NIC},
					     {"off", MCR_UDP_CHECKSUM_OFF},
					     {"verify", MCR_UDP_CHECKSUM_VERIFY},
					     {NULL, 0}};
static const struct word hw_time_words[] = {
    {"off", MCR_HW_TIME_OFF}, {"on", MCR_HW_TIME_ON}, {"synced", MCR_HW_TIME_SYNCED}, {NULL, 0}};

int mcr_value_igmp(uint8_t *out, const char *text, struct mcr_error *err)
{
	return one_of(out, text, igmp_words, "auto, 1, 2, 3 or off", err);
}

int mcr_value_tx(uint8_t *tx_never, const char *text, struct mcr_error *err)
{
	static const struct word words[] = {{"auto", 0}, {"never", 1}, {NULL, 0}};

	return one_of(tx_never, text, words, "auto or never", err);
}

int mcr_value_udp_checksum(uint8_t *out, const char *text, struct mcr_error *err)
{
	return one_of(out, text, checksum_words, "off, nic or verify", err);
}

int mcr_value_hw_time(uint8_t *out, const char *text, struct mcr_error *err)
{
	return one_of(out, text, hw_time_words, "off, on or synced", err);
}

int mcr_value_idle(uint8_t *out, const char *text, struct mcr_error *err)
{
	return one_of(out, text, idle_words, "busy or adaptive", err);
}

int mcr_value_log_level(uint8_t *out, const char *text, struct mcr_error *err)
{
	static const struct word words[] = {{"error", MCR_LOG_ERROR},
					    {"warning", MCR_LOG_WARNING},
					    {"info", MCR_LOG_INFO},
					    {"debug", MCR_LOG_DEBUG},
					    {NULL, 0}};

	return one_of(out, text, words, "error, warning, info or debug", err);
}

const char *mcr_igmp_mode_name(unsigned mode)
{
	return word_of(mode, igmp_words);
}

const char *mcr_idle_name(unsigned idle)
{
	return word_of(idle, idle_words);
}

const char *mcr_udp_checksum_name(unsigned policy)
{
	return word_of(policy, checksum_words);
}

const char *mcr_hw_time_name(unsigned hw_time)
{
	return word_of(hw_time, hw_time_words);
}
