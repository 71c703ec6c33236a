/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl why: why there is no data. */
#include "why.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../common/fail.h"
#include "../common/wrap.h"
#include "command.h"

#define SECOND    UINT64_C(1000000000)
#define OPENING_S 5u /* that a filter may take to open */

static volatile sig_atomic_t stopped; /* all that the signal handler touches */

static void on_signal(int signal)
{
	stopped = 1;
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

/* Waits until a signal comes; after a second one the program ends. */
static void rest(uint64_t ns)
{
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	const struct timespec left = {(time_t)(ns / SECOND), (long)(ns % SECOND)};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!stopped)
		nanosleep(&left, NULL);
}

/* Says which ports are open, and for how long the last of them stays so. */
static uint64_t say_what_is_open(const json_t *status, unsigned seconds)
{
	const json_int_t now_ns = json_integer_value(json_object_get(status, "now_ns"));
	json_int_t until_ns = now_ns;
	json_t *port;
	size_t i;

	json_array_foreach(json_object_get(status, "ports"), i, port)
	{
		const char *name = json_string_value(json_object_get(port, "name"));
		const json_t *open_until = json_object_get(port, "open_until_ns");

		if (!json_is_integer(open_until))
			continue;
		fprintf(stderr, "mcring-ctl: the filter of %s lets everything in for %u s\n",
			name ? name : "?", seconds);
		if (json_integer_value(open_until) > until_ns)
			until_ns = json_integer_value(open_until);
	}
	return (uint64_t)(until_ns - now_ns);
}

/* Rests as long as a filter is open. It opens some time after the request: a NIC may be slow. */
static void watch(const struct ctl_engine *engine, unsigned seconds)
{
	const unsigned looks = seconds < OPENING_S ? 2 * seconds : 2 * OPENING_S;
	json_t *request = json_pack("{ss}", "command", "status"), *status;
	struct ctl_problem problem;
	uint64_t left_ns = 0;

	for (unsigned i = 0; i < looks && left_ns == 0 && !stopped; i++) {
		rest(SECOND / 2);
		status = ctl_try(engine, request, &problem);
		left_ns = say_what_is_open(status, seconds);
		json_decref(status);
	}
	json_decref(request);
	if (left_ns == 0 && !stopped)
		fail("no filter has opened: the engine's log says why");
	rest(left_ns < seconds * SECOND ? left_ns : seconds * SECOND);
}

/* Has the NICs pass everything for a while. When they cannot, the verdict comes without. */
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
	json_decref(reply);
	watch(&ctl->engine, seconds);
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
