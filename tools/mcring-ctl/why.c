/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl why: why there is no data. */
#include "why.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "../common/fail.h"
#include "command.h"
#include "wrap.h"

static void on_signal(int signal)
{
}

json_t *ctl_why_request(const struct ctl_options *o, int argc, char **argv)
{
	json_t *request;

	if (argc > 2) {
		fail("%s: unexpected '%s': expected one group, as 239.1.1.1:5000@10.0.0.7", argv[0],
		     argv[2]);
		return NULL;
	}
	request = json_pack("{ss ss* ss*}", "command", "why", "group", argc > 1 ? argv[1] : NULL,
			    "channel", o->channel);
	if (!request)
		fail("%s: the group or channel is not UTF-8", argv[0]);
	return request;
}

/* Waits while the filter is open. SIGINT and SIGTERM end that; a second one ends the program. */
static void rest(unsigned seconds)
{
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct timespec left = {.tv_sec = seconds};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	nanosleep(&left, NULL);
}

/* Has the NIC pass everything for a while. When it cannot, the verdict comes without. */
static void open_filter(const struct ctl *ctl)
{
	const unsigned seconds = ctl->options.open_filter_s;
	json_t *request = json_pack("{ss si}", "command", "open_filter", "seconds", (int)seconds);
	struct ctl_problem problem;
	json_t *reply = ctl_try(&ctl->engine, request, &problem);

	json_decref(request);
	if (!reply) {
		fail("the filter stays as it is: %s", problem.text);
		return;
	}
	fprintf(stderr, "mcring-ctl: the filter lets everything in for %u s\n", seconds);
	json_decref(reply);
	rest(seconds);
}

int ctl_run_why(const struct ctl *ctl, int argc, char **argv)
{
	json_t *request = ctl_why_request(&ctl->options, argc, argv), *reply;
	int status;

	if (!request)
		return CTL_WHY_FAILED;
	if (ctl->options.open_filter_s > 0)
		open_filter(ctl);
	reply = ctl_ask(&ctl->engine, request);
	json_decref(request);
	if (!reply)
		return CTL_WHY_FAILED;
	status = ctl_why_exit(reply);
	if (status == CTL_WHY_FAILED)
		fail("the engine's answer has no verdict");
	else if (ctl->options.json)
		ctl_print_json(reply);
	else
		ctl_print_why(stdout, reply);
	json_decref(reply);
	return ctl_end_output() < 0 ? CTL_WHY_FAILED : status;
}
