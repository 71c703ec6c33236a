/* SPDX-License-Identifier: BSD-3-Clause */
/* The trials of --search: send, wait for what is on the way, compare with the receiver's count. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>
#include <rte_cycles.h>

#include "../common/fail.h"
#include "gen.h"
#include "receiver.h"
#include "search.h"

#define SETTLE_MS 2000 /* for what is on the way (RFC 2544 §23) ... */
#define QUIET_MS  500  /* ... less when nothing more has come for so long */
#define POLL_MS   50

struct trial {
	uint64_t rate; /* sent a second */
	uint64_t sent, received;
};

/* What came after `before`, once all of it is there or nothing more comes. */
static int await_rest(const struct gen *gen, uint64_t before, uint64_t *received)
{
	uint64_t hz = rte_get_tsc_hz(), start = rte_rdtsc(), changed = start, last = 0, count;

	for (;;) {
		if (gen_received(gen->options.received_by, gen->sent, &count))
			return -1;
		if (count < before)
			return fail("the receiver's count went from %" PRIu64 " back to %" PRIu64
				    ": did it restart?",
				    before, count);
		*received = count - before;
		if (*received != last)
			changed = rte_rdtsc();
		last = *received;
		if (last >= gen->sent || *gen->stop ||
		    rte_rdtsc() - start > SETTLE_MS * hz / 1000 ||
		    rte_rdtsc() - changed > QUIET_MS * hz / 1000)
			return 0;
		rte_delay_us_sleep(POLL_MS * 1000);
	}
}

static int make_trial(struct gen *gen, const struct gen_search *search, struct trial *trial)
{
	const struct gen_options *options = &gen->options;
	struct gen_load load = {.rate = search->offered,
				.duration_ns = search->trial == GEN_TRIAL_CONFIRM
						   ? options->confirm_ns
						   : options->load.duration_ns};
	uint64_t before;

	if (gen_received(options->received_by, 0, &before))
		return -1;
	gen_send(gen, &load);
	gen_send_last(gen);
	if (await_rest(gen, before, &trial->received))
		return -1;
	trial->sent = gen->sent;
	trial->rate = (uint64_t)((double)gen->sent * 1e9 / (double)gen->elapsed_ns);
	if (*gen->stop)
		return fail("stopped by a signal before there was a result");
	if (trial->sent == 0)
		return fail("port %s: the driver took no frame", options->port);
	if (trial->received == 0 && search->trial == GEN_TRIAL_TOP)
		return fail("nothing of %" PRIu64 " datagrams arrived: is the receiver on this "
			    "link, and has it joined the groups?",
			    trial->sent);
	if (trial->received > trial->sent)
		return fail("%" PRIu64 " datagrams were sent, and the receiver counted %" PRIu64
			    ": something else sends to it, or its count is not of datagrams",
			    trial->sent, trial->received);
	return 0;
}

static const char *const names[] = {
    [GEN_TRIAL_TOP] = "highest",
    [GEN_TRIAL_HALF] = "halving",
    [GEN_TRIAL_CONFIRM] = "confirm",
};

static void account(const struct gen *gen, const struct gen_search *search,
		    const struct trial *trial, json_t *trials)
{
	uint64_t lost = trial->sent - trial->received;

	json_array_append_new(
	    trials,
	    json_pack("{ss sI sI sI sI sI sI}", "trial", names[search->trial], "offered",
		      (json_int_t)search->offered, "rate", (json_int_t)trial->rate, "elapsed_ns",
		      (json_int_t)gen->elapsed_ns, "sent", (json_int_t)trial->sent, "received",
		      (json_int_t)trial->received, "lost", (json_int_t)lost));
	if (gen->options.json)
		return;
	printf("%s: %9" PRIu64 "/s for %.1f s: sent %" PRIu64 ", received %" PRIu64
	       ", lost %" PRIu64 "\n",
	       names[search->trial], trial->rate, (double)gen->elapsed_ns * 1e-9, trial->sent,
	       trial->received, lost);
	fflush(stdout); /* a search takes minutes */
}

static void print_json(const struct gen_search *search, json_t *trials)
{
	json_t *result =
	    json_pack("{sI sb sb sO}", "rate", (json_int_t)search->rate, "confirmed",
		      search->confirmed, "highest_asked", search->highest_asked, "trials", trials);

	json_dumpf(result, stdout, 0);
	putchar('\n');
	json_decref(result);
}

static void print_text(const struct gen *gen, const struct gen_search *search)
{
	const char *limit = "";

	if (search->highest_asked)
		limit = gen->options.load.rate ? ", the highest that was to be tried"
					       : ", all that the sender can";
	if (search->rate == 0)
		printf("no rate without loss\n");
	else
		printf("without loss: %" PRIu64 " datagrams of %u octets a second%s%s\n",
		       search->rate, gen->options.plan.size, limit,
		       search->confirmed ? "" : "; not confirmed");
}

static int make_trials(struct gen *gen, struct gen_search *search, json_t *trials)
{
	while (search->trial != GEN_TRIAL_NONE) {
		struct trial trial = {0};

		if (make_trial(gen, search, &trial))
			return -1;
		account(gen, search, &trial, trials);
		gen_search_took(search, trial.rate, trial.received < trial.sent);
	}
	return 0;
}

int gen_trials(struct gen *gen)
{
	const struct gen_options *options = &gen->options;
	json_t *trials = json_array();
	struct gen_search search;
	int result;

	gen_search_init(&search, options->load.rate, options->resolution, options->repeats,
			options->confirm_ns > 0);
	result = make_trials(gen, &search, trials);
	if (result == 0 && options->json)
		print_json(&search, trials);
	else if (result == 0)
		print_text(gen, &search);
	json_decref(trials);
	return result;
}
