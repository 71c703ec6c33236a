/* SPDX-License-Identifier: BSD-3-Clause */
/* fork, and whose memory this is. */
#ifndef MCR_SOCKET_PROCESS_H
#define MCR_SOCKET_PROCESS_H

/* mcr_process_is_borrowed: whether this is another process than the one whose table of descriptors
 * this memory describes: a child of vfork, or of a system call made by hand. Its descriptors are
 * none of ours. A system call. */
int mcr_process_is_borrowed(void);

/* mcr_process_has_parent: whether this is a child of fork whose parent still runs, with the same
 * sockets, and that has not asked for an engine itself. */
int mcr_process_has_parent(void);

#endif
