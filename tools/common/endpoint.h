/* SPDX-License-Identifier: BSD-3-Clause */
/* An address with a UDP port, as text: 239.1.1.1:5000 or [ff15::1]:5000 (RFC 5952 §6). */
#ifndef MCR_TOOLS_ENDPOINT_H
#define MCR_TOOLS_ENDPOINT_H

#include <stdint.h>

#include <mcring/address.h>

#define ENDPOINT_TEXT (MCR_ADDRESS_TEXT + 8) /* octets, the NUL included */

/* endpoint_format writes into text and returns text. */
const char *endpoint_format(char text[ENDPOINT_TEXT], struct mcr_address address, uint16_t port);

/* endpoint_parse reads an address with a port or without: 239.1.1.1:5000, [ff15::1]:5000,
 * 239.1.1.1, [ff15::1]. An IPv6 address needs the brackets, as in a join: ff15::1:5000 is an
 * address, but whoever writes it means a port. *port is 0 if there is none. Returns 0 or -1. */
int endpoint_parse(struct mcr_address *address, uint16_t *port, const char *text);

#endif
