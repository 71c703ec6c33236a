/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups that go from the engine to the kernel, because a program that has not the library will
 * read the sockets. */
#ifndef MCR_SOCKET_HANDOVER_H
#define MCR_SOCKET_HANDOVER_H

/* mcr_handover_begin joins in the kernel what the sockets have on the engine, as far as the kernel
 * can receive it, and logs the rest. What is unread in the rings is lost with them.
 * mcr_handover_undo: exec failed. */
void mcr_handover_begin(void);
void mcr_handover_undo(void);

#endif
