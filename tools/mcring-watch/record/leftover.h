/* SPDX-License-Identifier: BSD-3-Clause */
/* Files whose writer, or whose disk, ended without warning. Thread: the writer's. */
#ifndef MCR_WATCH_LEFTOVER_H
#define MCR_WATCH_LEFTOVER_H

#include <stdint.h>

#include "folder.h"

/* leftover_find_end finds where the last whole block of a file ends, and the latest packet before
 * that (0 = there is none). buffer: PCAPNG_BUFFER octets. Returns 0, -EBADMSG (it is no file of
 * ours) or -errno. */
int leftover_find_end(int fd, uint8_t *buffer, uint64_t *len, uint64_t *last_ns);

/* leftover_finish cuts a file whose writer ended without warning behind its last whole block, says
 * so in it, and gives it its name. Returns 0 or -errno. */
int leftover_finish(struct folder *folder, struct folder_file *file);

#endif
