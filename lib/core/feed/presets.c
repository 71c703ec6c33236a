/* SPDX-License-Identifier: BSD-3-Clause */
/* Feeds that are known by name. docs/feed-declarations.md says where each was read. */
#include "core/feed/declaration_compile.h"

#include <string.h>

static const struct mcr_feed_preset presets[] = {
    {"moldudp64", "mold itch",
     "seq=10:8:be count=18:2:be epoch=session:0:10:ascii scope=group "
     "end=count=65535:next heartbeat=count=0:next heartbeat_interval=1s",
     NULL},
    {"iqx", "intelligentcross aspen",
     "seq=10:8:le count=18:2:le key=feed:9:1:ascii epoch=market_day:0:9:ascii scope=feed "
     "heartbeat=count=0:next",
     NULL},
    {"cme", "mdp3", "seq=0:4:le counts=packets scope=group",
     "whether an AdminHeartbeat takes a number was not verified"},
    {"pitch", "cboe",
     "seq=4:4:le wrap=1 count=2:1 key=unit:3:1 scope=feed "
     "skip=count=0+seq=0 heartbeat=count=0:next unsequenced=seq=0 heartbeat_interval=1s",
     NULL},
    {"csm", "", "seq=12:4:be count=11:1 scope=group heartbeat_interval=5s",
     "whether a heartbeat takes a number, as it does here, was not verified"},
    {"iex", "iextp iex-tp",
     "seq=24:8:le count=14:2:le key=channel:4:4:le epoch=session:8:4:le scope=feed "
     "heartbeat=count=0:next heartbeat_interval=1s",
     NULL},
    {"xdp", "pillar nyse",
     "seq=4:4:le count=3:1 scope=group skip=2:1=13 skip=2:1=15 skip=2:1=17..21 "
     "reset=2:1=10..12+18:2:le=1:data heartbeat=2:1=1:next heartbeat_interval=1s",
     NULL},
    {"openbook", "pdp",
     "seq=4:4:be counts=packets count=14:1 key=product:12:1 scope=group "
     "skip=13:1=2..6 skip=2:2:be=2+seq=0 reset=2:2:be=1:data "
     "heartbeat=2:2:be=2:next heartbeat_interval=1s",
     NULL},
    {"cta", "cts cqs",
     "seq=5:4:be wrap=1 count=9:1 key=feed:3:1:ascii scope=group skip=4:1='V' "
     "reset=22:1='C'+23:1='L':data reset=22:1='C'+23:1='A'+seq=0:last "
     "heartbeat=22:1='C'+23:1='T':last unsequenced=seq=0 heartbeat_interval=10s",
     NULL},
    {"opra", "",
     "seq=6:4:be wrap=1 count=10:1 key=feed:3:1:ascii scope=group skip=4:1='V' "
     "reset=22:1='H'+23:1='K':data reset=22:1='H'+23:1='C'+seq=0:last "
     "heartbeat=22:1='H'+23:1='N':last unsequenced=seq=0 heartbeat_interval=10s",
     NULL},
    {"eobi", "eurex t7", "seq=8:4:le counts=packets scope=group reset=18:1=1:data", NULL},
    {"optiq", "euronext",
     "seq=8:4:le high=12:2:le/0x70 counts=packets key=channel:14:2:le "
     "epoch=restarts:12:2:le/0x0e scope=feed heartbeat_interval=2s",
     "no capture of it was seen"},
    {"mitch", "lse turquoise millennium",
     "seq=4:4:le count=2:1 scope=group skip=count=0+seq=0 heartbeat=count=0:next "
     "unsequenced=seq=0",
     "no capture of it was seen"},
    {"omd", "hkex",
     "seq=4:4:le count=2:1 scope=group reset=18:2:le=100+16:2:le=8+20:4:le=1:next:20:4:le "
     "heartbeat=count=0:last heartbeat_interval=2s",
     "no capture of it was seen"},
    {"flex", "jpx-flex",
     "seq=2:4:be counts=packets count=25:1 epoch=reboots:1:1 scope=group "
     "skip=length=0..25 unsequenced=seq=0",
     "no capture of it was seen, and whether a number counts packets was not "
     "verified"},
    {"umdf", "b3",
     "seq=4:4:le counts=packets key=channel:0:1 epoch=version:2:2:le scope=group "
     "reset=22:2:le=1+seq=0:last heartbeat=22:2:le=2+seq=0:next:28:4:le unsequenced=seq=0",
     NULL},
    {"memoir", "memx 24x ltse blueocean",
     "seq=10:8:be count=18:2:be epoch=session:2:8:be scope=group require=0:1=0..2 "
     "end=0:1=1:last heartbeat=0:1=0:last",
     NULL},
    {"mach", "miax",
     "seq=0:8:le count=chain:8:2:le epoch=session:11:1 scope=group require=10:1=0..3 "
     "skip=11:1=0 skip=10:1=1 end=10:1=2:last heartbeat=10:1=0:last heartbeat_interval=1s",
     NULL},
    {"ice", "impact",
     "seq=2:4:be count=6:2:be epoch=session:0:2:be scope=group heartbeat=count=0:next",
     "it was read in a dissector and in captures, not in the exchange's "
     "specification"},
    {"otc", "otclink",
     "seq=2:4:be counts=packets count=7:1 scope=group skip=6:1/0x40=0x40 "
     "reset=6:1/0x02=2:next heartbeat=6:1/0x01=1:next heartbeat_interval=1s",
     NULL},
    {"coinbase", "",
     "seq=8:8:le count=19:1 key=channel:16:2:le scope=feed skip=18:1/0x06=2..6 "
     "heartbeat=count=0:next heartbeat_interval=5s",
     NULL},
    {"sola", "tmx mx",
     "seq=1:10:ascii counts=packets scope=group require=0:1=2 heartbeat=11:1='V':last",
     "it was read in a dissector and in captures, not in the exchange's "
     "specification; whether a packet holds several messages was not verified"},
    {"box", "", "seq=1:9:ascii counts=packets scope=group require=0:1=2 heartbeat=10:1='V':last",
     "whether a packet holds several messages was not verified"},
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
