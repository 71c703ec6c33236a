/* SPDX-License-Identifier: BSD-3-Clause */
/* What arrived at the receiver, as a command prints it. */
#ifndef MCR_GEN_RECEIVER_H
#define MCR_GEN_RECEIVER_H

#include <stdint.h>

/* gen_received runs the command in a shell and waits for it. It has to print a whole number, or
 * a JSON object with a whole number "delivered". It finds sent in its environment, as MCR_SENT.
 * Returns 0, or -1 after a line on stderr. */
int gen_received(const char *command, uint64_t sent, uint64_t *out);

#endif
