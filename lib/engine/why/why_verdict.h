/* SPDX-License-Identifier: BSD-3-Clause */
/* The answer: what was found, worst first, and what is left to look at elsewhere. Texts are
 * printable ASCII without `"` and `\`, whatever a name or a label holds. */
#ifndef MCR_ENGINE_WHY_VERDICT_H
#define MCR_ENGINE_WHY_VERDICT_H

#include <stdarg.h>
#include <stddef.h>

#include <mcring/address.h>
#include <mcring/types.h>

#include "engine/why/why_codes.h"

#define MCR_WHY_LINE         320
#define MCR_WHY_LINES_MAX    12
#define MCR_WHY_FINDINGS_MAX 64

struct mcr_why_lines {
	unsigned n;
	char line[MCR_WHY_LINES_MAX][MCR_WHY_LINE];
};

struct mcr_why_finding {
	enum mcr_why_code code;
	enum mcr_why_severity severity;
	char interface[MCR_NAME_MAX], port[64], channel[MCR_NAME_MAX]; /* "" = none */
	struct mcr_address group;                                      /* none = none, or many */
	size_t groups; /* that it is about; 0 = it is about none */
	int flows;     /* data flows all the same */
	char text[MCR_WHY_LINE];
	struct mcr_why_lines evidence, todo;
};

struct mcr_why_candidate {
	enum mcr_why_suspect suspect;
	char text[MCR_WHY_LINE], command[MCR_WHY_LINE], where[64];
};

enum mcr_why_exit {
	MCR_WHY_FLOWS = 0,
	MCR_WHY_CAUSE = 1,
	MCR_WHY_UNDECIDED = 2
};

struct mcr_why_verdict {
	char first[2 * MCR_WHY_LINE];
	enum mcr_why_exit exit;
	unsigned n_findings, n_candidates;
	struct mcr_why_finding findings[MCR_WHY_FINDINGS_MAX];
	struct mcr_why_finding spare; /* private: what was too mild for them */
	struct mcr_why_candidate candidates[MCR_WHY_SUSPECT_COUNT];
	struct mcr_why_lines proven, hidden;
};

/* mcr_why_say writes a text into buf, cut to cap octets, without what an answer must not hold. */
__attribute__((format(printf, 3, 4))) void mcr_why_say(char *buf, size_t cap, const char *format,
						       ...);

__attribute__((format(printf, 3, 0))) void mcr_why_vsay(char *buf, size_t cap, const char *format,
							va_list args);

/* mcr_why_line adds a line; one too many is left out, and so is one that is there. */
__attribute__((format(printf, 2, 3))) void mcr_why_line(struct mcr_why_lines *lines,
							const char *format, ...);

/* mcr_why_find adds a finding with nothing but these, for the caller to fill in. When there are too
 * many, the mildest is left out. Never NULL. */
struct mcr_why_finding *mcr_why_find(struct mcr_why_verdict *verdict, enum mcr_why_code code,
				     enum mcr_why_severity severity);

/* mcr_why_suspect adds a candidate; one that is there is returned. Never NULL. */
struct mcr_why_candidate *mcr_why_suspect(struct mcr_why_verdict *verdict,
					  enum mcr_why_suspect suspect);

/* mcr_why_sort brings findings and candidates into their order, and sets exit by them. */
void mcr_why_sort(struct mcr_why_verdict *verdict);

#endif
