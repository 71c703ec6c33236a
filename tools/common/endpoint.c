/* SPDX-License-Identifier: BSD-3-Clause */
#include "endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *endpoint_format(char text[ENDPOINT_TEXT], struct mcr_address address, uint16_t port)
{
	char of_address[MCR_ADDRESS_TEXT];

	snprintf(text, ENDPOINT_TEXT, mcr_address_is_ipv4(address) ? "%s:%u" : "[%s]:%u",
		 mcr_address_format(of_address, address), port);
	return text;
}

static int parse_port(uint16_t *port, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n > UINT16_MAX)
		return -1;
	*port = (uint16_t)n;
	return 0;
}

int endpoint_parse(struct mcr_address *address, uint16_t *port, const char *text)
{
	const int bracket = text[0] == '[';
	const char *end = strchr(text, bracket ? ']' : ':');

	*port = 0;
	if (!bracket && !end)
		end = text + strlen(text);
	if (!end ||
	    mcr_address_parse(address, text + bracket, (size_t)(end - text) - (size_t)bracket) <
		0 ||
	    mcr_address_is_ipv4(*address) == bracket)
		return -1;
	end += bracket;
	if (*end == '\0')
		return 0;
	return *end == ':' ? parse_port(port, end + 1) : -1;
}
