/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "engine/plan/channel_config.h"
#include "settings/depth.h"
#include "settings/fail.h"
#include "settings/values.h"

#define DEPTH_MAX   (1u << 24) /* what it could be */
#define RECORD_UNIT 64u        /* a message and its header take a multiple of it */
#define HEADER      40u
#define RECORD_MIN  128u   /* as small as most market data */
#define RECORD_MEAN 256u   /* for each message, if `bytes` was not given */
#define PAYLOAD_MAX 65507u /* of UDP over IPv4 */

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t round_up(uint64_t bytes)
{
	uint64_t power = MCR_CHANNEL_BYTES_MIN;

	while (power < bytes && power < MCR_CHANNEL_BYTES_MAX)
		power *= 2;
	return power;
}

/* bytes: of payloads, 0 = not given. A ring also had 64 octets for each message. */
static uint64_t as_much(uint64_t depth, uint64_t bytes)
{
	if (bytes == 0)
		return round_up(depth * RECORD_MEAN);
	return round_up(most(bytes + depth * 64, depth * RECORD_MIN));
}

/* The largest payload of which a ring of bytes holds depth messages. */
static uint64_t payload_of(uint64_t depth, uint64_t bytes)
{
	uint64_t span = bytes / most(depth, 4) / RECORD_UNIT * RECORD_UNIT;

	return span - HEADER < PAYLOAD_MAX ? span - HEADER : PAYLOAD_MAX;
}

int mcr_depth_refuse(const char *channel, const char *depth, const char *bytes, const char *between,
		     struct mcr_error *err)
{
	uint64_t old_depth = 0, old_bytes = 0, now;
	unsigned suffix = 0;

	if (bytes && mcr_value_power_of_two(&old_bytes, bytes, MCR_CHANNEL_BYTES_MIN,
					    MCR_CHANNEL_BYTES_MAX, NULL) < 0)
		old_bytes = 0;
	if (!depth || mcr_value_size(&old_depth, depth, NULL) < 0 || old_depth < 1 ||
	    old_depth > DEPTH_MAX)
		return mcr_fail(err, -EINVAL,
				"channel '%.64s': depth is gone: write bytes%s16M, or another "
				"power of two",
				channel, between);
	now = as_much(old_depth, old_bytes);
	while (now >> (10 * (suffix + 1)) != 0 && suffix < 3)
		suffix++;
	return mcr_fail(err, -EINVAL,
			"channel '%.64s': depth is gone: write %sbytes%s%u%c (%u messages of up "
			"to %u octets)",
			channel, bytes ? "only " : "", between, (unsigned)(now >> (10 * suffix)),
			" KMG"[suffix], (unsigned)old_depth, (unsigned)payload_of(old_depth, now));
}
