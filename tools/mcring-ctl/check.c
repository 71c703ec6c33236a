/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include "../common/fail.h"
#include "command.h"
#include "why.h"

#define PATIENCE_S 4 /* for each answer: Nagios ends a plugin after 10 s */

/* Takes the reference of the request, which may be NULL. */
static json_t *ask(const struct ctl_engine *engine, json_t *request, struct ctl_problem *problem)
{
	json_t *reply = request ? ctl_try(engine, request, problem) : NULL;

	json_decref(request);
	return reply;
}

int ctl_run_check(const struct ctl *ctl, int argc, char **argv)
{
	json_t *request = ctl_why_request(&ctl->options, argc, argv), *why, *status = NULL;
	struct ctl_problem problem = {CTL_BROKEN, "out of memory"};
	struct ctl_engine engine = ctl->engine;
	enum ctl_check result = CTL_CHECK_UNKNOWN;

	engine.patience_s = PATIENCE_S;
	if (!request) {
		fputs(CTL_CHECK_MISTAKE, stdout);
		return CTL_CHECK_UNKNOWN;
	}
	why = ask(&engine, request, &problem);
	if (why)
		status = ask(&engine, json_pack("{ss}", "command", "status"), &problem);
	if (status)
		result = ctl_print_check(stdout, why, status);
	else
		result = ctl_print_check_problem(stdout, &problem);
	json_decref(why);
	json_decref(status);
	return ctl_end_output() < 0 ? CTL_CHECK_UNKNOWN : (int)result;
}
