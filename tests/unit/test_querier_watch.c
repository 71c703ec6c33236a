/* SPDX-License-Identifier: BSD-3-Clause */
/* What the log says of a querier while others forge queries. */
#include "engine/interface/interface_querier.h"
#include "querier_rig.h"

static int next_line(struct mcr_interface *i, uint64_t now_ns, char line[512])
{
	enum mcr_log_level level;

	return mcr_interface_querier_watch(i, now_ns, &level, line, 512);
}

/* R-EL-4: Each of these changes the querier, or the version. */
static void forged_changes_make_few_lines(void **state)
{
	unsigned n = 0, n_at_once = 0, logged = 0;
	struct mcr_interface i = {.config = {.name = "lan"}};
	char line[512], address[16];
	struct rig r;

	rig_settled(&r);
	i.queriers[rig_family] = r.q;
	while (next_line(&i, r.now_ns, line))
		logged++;
	assert_in_range(logged, 1, 2); /* its role, and its version */
	for (uint64_t begin_ns = r.now_ns; r.now_ns < begin_ns + sec(59); run_for(&r, 0.1)) {
		sprintf(address, "10.0.0.%u", n++ % 2 ? 2 : 3);
		FEED(&r, .source = address, .code = 1, .qrv = 1, .qqic = 1,
		     .version = n % 20 == 0 ? 2 : 3);
		while (next_line(&i, r.now_ns, line))
			logged++;
		n_at_once = n == 3 ? logged : n_at_once;
	}
	assert_in_range(n_at_once, 4, 5);
	assert_int_equal(logged, 6);
	/* What holds when the minute is over is said. */
	run_for(&r, 2);
	assert_int_equal(next_line(&i, r.now_ns, line), 1);
	assert_non_null(strstr(line, "is the"));
	rig_stop(&r);
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(forged_changes_make_few_lines),
	};

	return RUN_BOTH(both);
}
