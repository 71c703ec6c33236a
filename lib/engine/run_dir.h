/* SPDX-License-Identifier: BSD-3-Clause */
/* The run directory: made, locked against a second engine, cleaned up. Thread: control. */
#ifndef MCR_ENGINE_RUN_DIR_H
#define MCR_ENGINE_RUN_DIR_H

#include <mcring/types.h>

/* mcr_run_dir_take makes the directory (0755, with its parents) and locks it. What a dead engine
 * left in it is removed. Returns a descriptor, to be given to mcr_run_dir_leave, or -EBUSY (a live
 * engine has it), -EACCES, -ENAMETOOLONG or what a system call gave, with err filled. */
int mcr_run_dir_take(const char *path, struct mcr_error *err);

/* mcr_run_dir_leave removes lock and directory, the latter when it is empty. */
void mcr_run_dir_leave(const char *path, int lock_fd);

#endif
