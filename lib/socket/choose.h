/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is to receive a group for a socket: the engine, the kernel, or nobody, which is an error.
 * Each decision that is not for the engine is logged. */
#ifndef MCR_SOCKET_CHOOSE_H
#define MCR_SOCKET_CHOOSE_H

#include "socket/interface.h"
#include "socket/join_parse.h"

/* Why a membership is in the kernel, or nowhere. */
enum mcr_why {
	MCR_WHY_NONE,
	MCR_WHY_ABSENT,     /* no engine */
	MCR_WHY_PERMISSION, /* the engine's joiners do not list this user */
	MCR_WHY_QUOTA,      /* its limits */
	MCR_WHY_REFUSED,    /* another error of the engine's */
	MCR_WHY_ELSEWHERE,  /* the interface is none of the engine's */
	MCR_WHY_ASKED,      /* a group that is not to be accelerated */
};

const char *mcr_why_text(unsigned why);

struct mcr_choice {
	struct mcr_place place;
	uint8_t where;    /* enum mcr_membership_where */
	uint8_t why;      /* enum mcr_why */
	uint8_t is_plain; /* the kernel's for good: nothing is kept of it */
};

/* mcr_choose decides about a join of a socket that has no such membership. It waits for an engine's
 * answer if there is one and it is not attached yet. Returns 0, or -errno: nobody would receive
 * there. */
int mcr_choose(struct mcr_choice *out, int fd, const struct mcr_join_request *request);

/* mcr_choose_instead decides after the engine has refused a join, with this error. Returns 0, or
 * -errno. */
int mcr_choose_instead(struct mcr_choice *choice, struct mcr_address group, int code,
		       const char *text);

/* mcr_choose_again decides about a membership after the engine came or went. *choice: its place is
 * filled in. Never fails: it may be nowhere. */
void mcr_choose_again(struct mcr_choice *choice, struct mcr_address group);

#endif
