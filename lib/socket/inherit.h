/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets that outlive exec. The new program is told of them in its environment, by the numbers of
 * their inodes: whatever descriptors it gets them under, it finds them, and nothing else. It joins
 * their groups again when it first uses them, since most programs that inherit a socket never do.
 */
#ifndef MCR_SOCKET_INHERIT_H
#define MCR_SOCKET_INHERIT_H

#include <stddef.h>

#define MCR_INHERIT_VARIABLE "MCRING_SOCKETS"

/* mcr_inherit_is_needed: whether there is a socket that a program executed now would have. is_any:
 * whatever exec closes, since it may be given under another number before. */
int mcr_inherit_is_needed(int is_any);

/* mcr_inherit_describe writes the variable's value, as snprintf does: it returns its length.
 * is_eager: the new program takes this one's place, and joins at once. */
size_t mcr_inherit_describe(char *text, size_t cap, int is_eager, int is_any);

/* mcr_inherit_take reads the variable in the new program, and removes it. A value that makes no
 * sense is logged and ignored. */
void mcr_inherit_take(void);

#endif
