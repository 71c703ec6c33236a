/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "engine/why/why_codes.h"

const char *mcr_why_code_name(unsigned code)
{
#define NAME(constant, name) name,
	static const char *const names[] = {MCR_WHY_CODES(NAME)};
#undef NAME

	return code < MCR_WHY_CODE_COUNT ? names[code] : NULL;
}

const char *mcr_why_suspect_name(unsigned suspect)
{
	static const char *const names[] = {
	    [MCR_WHY_SILENT_SENDER] = "silent_sender",
	    [MCR_WHY_SENDER_ELSEWHERE] = "sender_elsewhere",
	    [MCR_WHY_SOURCE_FILTER] = "source_filter",
	    [MCR_WHY_SNOOPING] = "snooping",
	    [MCR_WHY_WRONG_LAN] = "wrong_lan",
	    [MCR_WHY_TTL] = "ttl",
	    [MCR_WHY_PRUNED] = "pruned",
	    [MCR_WHY_RPF] = "rpf",
	    [MCR_WHY_ACL] = "acl",
	};

	return suspect < MCR_WHY_SUSPECT_COUNT ? names[suspect] : NULL;
}

const char *mcr_why_severity_name(unsigned severity)
{
	static const char *const names[] = {"fault", "warning", "note"};

	return severity < sizeof(names) / sizeof(names[0]) ? names[severity] : NULL;
}
