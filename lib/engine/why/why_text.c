/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <time.h>

#include "core/address.h"
#include "engine/why/why_limits.h"
#include "engine/why/why_text.h"
#include "engine/why/why_verdict.h"

#define MINUTE UINT64_C(60)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

struct mcr_why_text mcr_why_duration(uint64_t ns)
{
	const uint64_t s = ns / MCR_WHY_S;
	struct mcr_why_text out;

	if (s < MINUTE)
		mcr_why_say(out.text, sizeof(out.text), "%" PRIu64 ".%u s", s,
			    (unsigned)(ns % MCR_WHY_S / (MCR_WHY_S / 10)));
	else if (s < 3 * MINUTE)
		mcr_why_say(out.text, sizeof(out.text), "%" PRIu64 " s", s);
	else if (s < 3 * HOUR)
		mcr_why_say(out.text, sizeof(out.text), "%" PRIu64 " min", s / MINUTE);
	else if (s < 3 * DAY)
		mcr_why_say(out.text, sizeof(out.text), "%" PRIu64 " h", s / HOUR);
	else
		mcr_why_say(out.text, sizeof(out.text), "%" PRIu64 " d", s / DAY);
	return out;
}

struct mcr_why_text mcr_why_age(uint64_t at_ns, uint64_t now_ns)
{
	return mcr_why_duration(now_ns > at_ns ? now_ns - at_ns : 0);
}

struct mcr_why_text mcr_why_time(uint64_t at_ns, uint64_t now_ns)
{
	const uint64_t away = now_ns > at_ns ? now_ns - at_ns : at_ns - now_ns;
	const time_t seconds = (time_t)(at_ns / MCR_WHY_S);
	struct mcr_why_text out;
	char date[40] = "";
	struct tm tm = {0};

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date),
		 away > 12 * HOUR * MCR_WHY_S ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
	mcr_why_say(out.text, sizeof(out.text), "%s.%03u (%s ago)", date,
		    (unsigned)(at_ns % MCR_WHY_S / (MCR_WHY_S / 1000)),
		    mcr_why_age(at_ns, now_ns).text);
	return out;
}

struct mcr_why_text mcr_why_address(struct mcr_address address)
{
	char text[MCR_ADDRESS_TEXT];
	struct mcr_why_text out;

	mcr_why_say(out.text, sizeof(out.text), "%s", mcr_address_format(text, address));
	return out;
}

struct mcr_why_text mcr_why_group(struct mcr_address group, uint16_t port)
{
	char text[MCR_ADDRESS_BRACKETED];
	struct mcr_why_text out;

	if (port == 0)
		return mcr_why_address(group);
	mcr_why_say(out.text, sizeof(out.text), "%s:%u", mcr_address_format_bracketed(text, group),
		    port);
	return out;
}

struct mcr_why_text mcr_why_mac(const uint8_t m[6])
{
	struct mcr_why_text out;

	mcr_why_say(out.text, sizeof(out.text), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
		    m[3], m[4], m[5]);
	return out;
}

struct mcr_why_text mcr_why_vlan(uint16_t vlan)
{
	struct mcr_why_text out;

	if (vlan)
		mcr_why_say(out.text, sizeof(out.text), "VLAN %u", vlan);
	else
		mcr_why_say(out.text, sizeof(out.text), "untagged");
	return out;
}

struct mcr_why_text mcr_why_last(const struct mcr_why_flow *flow, uint64_t now_ns)
{
	struct mcr_why_text out;

	mcr_why_say(out.text, sizeof(out.text), "last %s ago from %s",
		    mcr_why_age(flow->last_ns, now_ns).text, mcr_why_address(flow->source).text);
	return out;
}
