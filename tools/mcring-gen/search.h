/* SPDX-License-Identifier: BSD-3-Clause */
/* The search for the highest rate without loss: RFC 2544 §26.1 by halving, with a trial that lost
 * repeated before it counts, where that is asked for (ETSI GS NFV-TST 009 §12.3.3), and a last
 * trial that confirms the rate. It only decides; the caller makes the trials. No I/O, no
 * clock. */
#ifndef MCR_GEN_SEARCH_H
#define MCR_GEN_SEARCH_H

#include <stdint.h>

enum gen_trial {
	GEN_TRIAL_TOP,     /* at the highest rate */
	GEN_TRIAL_HALF,    /* between a rate that lost and one that did not */
	GEN_TRIAL_CONFIRM, /* at what was found, for longer */
	GEN_TRIAL_NONE,    /* the search is over */
};

/* Rates are datagrams a second. What is offered and what is sent differ where the sender cannot
 * keep up: the halving goes by the one, the result is the other. */
struct gen_search {
	double resolution; /* the halving ends within this part of the rate that lost */
	unsigned repeats;  /* of a trial that lost; the first repeat without loss counts */
	int confirms;      /* 1: the last trial confirms */

	/* The next trial. */
	enum gen_trial trial;
	uint64_t offered; /* 0 = as fast as the sender can */
	unsigned repeated;

	/* The result, once there is no next trial. */
	uint64_t rate;     /* sent without loss; 0 = none */
	int confirmed;     /* rate held in the last trial */
	int highest_asked; /* nothing higher was to be tried: no limit of the receiver was found */

	uint64_t good, bad; /* offered */
	double step;        /* down, when the next confirmation loses, as a part */
};

/* gen_search_init: highest = 0: the first trial is as fast as the sender can. */
void gen_search_init(struct gen_search *search, uint64_t highest, double resolution,
		     unsigned repeats, int confirms);

/* gen_search_took takes the result of the trial and decides on the next one. rate: what was sent.
 */
void gen_search_took(struct gen_search *search, uint64_t rate, int lost);

#endif
