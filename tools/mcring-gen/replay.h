/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures, sent as they were: the same frames with the same gaps. */
#ifndef MCR_GEN_REPLAY_H
#define MCR_GEN_REPLAY_H

#include "gen.h"

/* gen_replay_look reads the files once, before EAL is started, and refuses what cannot be sent as
 * it was: a frame that was cut when it was captured, or is longer than any port's, or too short for
 * an Ethernet header. *longest: octets of the longest frame. Returns 0, or -1 after a line on
 * stderr. */
int gen_replay_look(const struct gen_options *options, uint32_t *longest);

/* gen_replay sends the frames, each when it is due, and prints what it sent; gen->stop ends it
 * earlier. The port has started. Returns 0, or -1 after a line on stderr. */
int gen_replay(struct gen *gen);

#endif
