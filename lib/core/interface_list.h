/* SPDX-License-Identifier: BSD-3-Clause */
/* RUN_DIR/interfaces: the interfaces that an engine owns, as text that anybody may read, and that
 * outlives the engine. Its first line is "mcring-interfaces 1"; each further line is an interface:
 * KEY=VALUE, with one space between two of them (docs/config.md). */
#ifndef MCR_CORE_INTERFACE_LIST_H
#define MCR_CORE_INTERFACE_LIST_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>
#include <mcring/config.h>
#include <mcring/types.h>

#define MCR_INTERFACE_LIST_FILE   "interfaces" /* its name in the run directory */
#define MCR_INTERFACE_LIST_BYTES  32768        /* no list is longer */
#define MCR_LISTED_PORT_MAX       64           /* octets of a DPDK device's name, with the NUL */
#define MCR_LISTED_INTERFACES_MAX 64

struct mcr_listed_interface {
	char name[MCR_NAME_MAX];
	char port[MCR_LISTED_PORT_MAX];
	char netdev[MCR_DEVICE_NAME_MAX]; /* the kernel's interface under the port; "" = none */
	char kernel[MCR_DEVICE_NAME_MAX]; /* the device of kernel=; "" = none */
	struct mcr_address address;       /* all 0 = none; likewise address6 */
	struct mcr_address address6;
	uint16_t vlan;
	uint8_t prefix_len, prefix6_len;
	uint8_t is_shared; /* the kernel, too, sees the multicast that arrives on netdev */
};

/* mcr_interface_list_write writes the file's text, without a NUL. What would break a line or a
 * value is written as '?'. Returns the text's length, or 0: it is longer than cap.
 * MCR_INTERFACE_LIST_BYTES are enough for MCR_LISTED_INTERFACES_MAX. Thread: any. */
size_t mcr_interface_list_write(char *text, size_t cap,
				const struct mcr_listed_interface *interfaces, size_t n);

/* mcr_interface_list_parse reads the text of such a file, which may hold anything. Unknown keys are
 * passed over. Returns how many interfaces it has, at most cap, or with out undefined -EBADMSG (it
 * is no such text, or was cut off), -EPROTONOSUPPORT (a later version of it) or -E2BIG (more than
 * cap). Thread: any. */
int mcr_interface_list_parse(struct mcr_listed_interface *out, size_t cap, const char *text,
			     size_t len);

#endif
