/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups that both a channel and the kernel want (kernel=): the rx lcores take their packets the
 * long way, which gives the kernel its copy, and all others pay nothing. Thread: control. */
#ifndef MCR_ENGINE_KERNEL_GROUPS_H
#define MCR_ENGINE_KERNEL_GROUPS_H

struct mcr_engine;
struct mcr_join_set;

/* mcr_engine_mark_shared marks the rules of a set whose groups the kernel has joined now. Returns 1
 * if that changed any, else 0. */
int mcr_engine_mark_shared(const struct mcr_engine *e, struct mcr_join_set *set);

/* mcr_engine_follow_kernel_groups: the kernel has joined or left groups. It publishes the view that
 * follows; a failure is logged. */
void mcr_engine_follow_kernel_groups(struct mcr_engine *e);

#endif
