/* SPDX-License-Identifier: BSD-3-Clause */
/* Feeds that are known by name. docs/feed-declarations.md says where each was read. */
#include "core/feed/declaration_compile.h"

#include <string.h>

static const struct mcr_feed_preset presets[] = {
    {"moldudp64", "mold itch",
     "seq=10:8:be count=18:2:be epoch=session:0:10:ascii scope=group "
     "end=count=65535:next heartbeat=count=0:next heartbeat_interval=1s",
     NULL},
    {"cme", "mdp3", "seq=0:4:le counts=packets scope=group",
     "whether an AdminHeartbeat takes a number was not verified"},
    {"pitch", "cboe",
     "seq=4:4:le wrap=1 count=2:1 key=unit:3:1 scope=feed "
     "unsequenced=seq=0 heartbeat=count=0:next",
     NULL},
    {"rtp", "smpte2022-7",
     "seq=2:2:be counts=packets epoch=ssrc:8:4:hex scope=group require=0:1/0xc0=0x80 "
     "skip=1:1/0x7f=72..76",
     NULL},
};

const struct mcr_feed_preset *mcr_feed_preset_at(size_t i)
{
	return i < sizeof(presets) / sizeof(presets[0]) ? &presets[i] : NULL;
}

const char *mcr_feed_declaration_preset(size_t i)
{
	const struct mcr_feed_preset *preset = mcr_feed_preset_at(i);

	return preset ? preset->name : NULL;
}

static int has_name(const char *names, const char *name, size_t len)
{
	while (*names) {
		const size_t n = strcspn(names, " ");

		if (n == len && memcmp(names, name, len) == 0)
			return 1;
		names += n + (names[n] == ' ');
	}
	return 0;
}

const struct mcr_feed_preset *mcr_feed_preset_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (has_name(presets[i].name, name, len) || has_name(presets[i].aliases, name, len))
			return &presets[i];
	return NULL;
}

const char *mcr_feed_declaration_doubt(const char *text)
{
	const struct mcr_feed_preset *preset;

	text += strspn(text, " \t\r\n,");
	preset = mcr_feed_preset_find(text, strcspn(text, " \t\r\n,"));
	return preset ? preset->doubt : NULL;
}
