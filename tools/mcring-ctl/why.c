/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl why: why there is no data. */
#include "why.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "command.h"
#include "wrap.h"

#define SECOND     UINT64_C(1000000000)
#define OPENING_NS (SECOND / 2) /* the device thread opens it, ten times a second */

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

/* Says which ports are open now. */
static void say_what_is_open(const struct ctl_engine *engine, unsigned seconds)
{
	json_t *request = json_pack("{ss}", "command", "status"), *reply, *port;
	struct ctl_problem problem;
	unsigned n_open = 0;
	size_t i;

	reply = ctl_try(engine, request, &problem);
	json_decref(request);
	json_array_foreach(json_object_get(reply, "ports"), i, port)
	{
		const char *name = json_string_value(json_object_get(port, "name"));

		if (!json_is_integer(json_object_get(port, "open_until_ns")))
			continue;
		fprintf(stderr, "mcring-ctl: the filter of %s lets everything in for %u s\n",
			name ? name : "?", seconds);
		n_open++;
	}
	if (reply && n_open == 0)
		fail("no filter has opened: the engine's log says why");
	json_decref(reply);
}

/* Has the NICs pass everything for a while. When they cannot, the verdict comes without. */
static void open_filter(const struct ctl *ctl)
{
	const unsigned seconds = ctl->options.open_filter_s;
	const uint64_t end_ns = monotonic_ns() + seconds * SECOND;
	json_t *request = json_pack("{ss si}", "command", "open_filter", "seconds", (int)seconds);
	struct ctl_problem problem;
	json_t *reply = ctl_try(&ctl->engine, request, &problem);
	uint64_t now_ns;

	json_decref(request);
	if (!reply) {
		fail("the filter stays as it is: %s", problem.text);
		return;
	}
	json_decref(reply);
	rest(OPENING_NS);
	say_what_is_open(&ctl->engine, seconds);
	now_ns = monotonic_ns();
	if (now_ns < end_ns)
		rest(end_ns - now_ns);
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
