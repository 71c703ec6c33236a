/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl why: what a person sees of a verdict, and the exit status. */
#include "ctl_rig.h"

#include "../../tools/common/wrap.h"
#include "../../tools/mcring-ctl/why.h"

static void print_why(FILE *out, const json_t *reply, uint64_t now_ns)
{
	ctl_print_why(out, reply);
}

static void prints(const char *text, const char *expected)
{
	prints_by(print_why, text, expected);
}

static void the_verdict_stands_alone_when_all_is_well(void **state)
{
	prints("{'ok': true, 'schema': 1, 'first': 'healthy: 3 groups flow', 'exit': 0,"
	       " 'verdict': 'flows', 'findings': [], 'proven': [], 'candidates': [], 'hidden': []}",
	       "healthy: 3 groups flow\n");
}

static void a_cause_has_its_evidence_and_its_cure(void **state)
{
	prints("{'first': '239.1.1.1:5000 on feed: no data: it arrives, but on VLAN 5, for which "
	       "port net_af_packet0 has no interface (last 0.2 s ago from 10.0.0.7)', 'exit': 1,"
	       " 'findings': [{'code': 'wrong_vlan', 'severity': 'fault', 'interface': 'feed',"
	       "  'groups': 1, 'text': 'it arrives on VLAN 5, for which the port has no interface',"
	       "  'evidence': ['last 0.2 s ago from 10.0.0.7', '12 packets were looked at'],"
	       "  'todo': ['give the interface vlan=5']}],"
	       " 'hidden': ['the filter (mac-list) hides what nobody joined']}",
	       "239.1.1.1:5000 on feed: no data: it arrives, but on VLAN 5, for which port "
	       "net_af_packet0 has no\n"
	       "  interface (last 0.2 s ago from 10.0.0.7)\n"
	       "\n"
	       "fault wrong_vlan: it arrives on VLAN 5, for which the port has no interface\n"
	       "  seen: last 0.2 s ago from 10.0.0.7\n"
	       "  seen: 12 packets were looked at\n"
	       "  do: give the interface vlan=5\n"
	       "\n"
	       "not to be seen from here:\n"
	       "  the filter (mac-list) hides what nobody joined\n");
}

static void what_the_first_line_says_is_not_said_again(void **state)
{
	prints(
	    "{'first': '239.1.1.1 on feed: no data: nobody has joined it', 'exit': 1, 'findings': ["
	    " {'code': 'not_joined', 'severity': 'fault', 'text': 'nobody has joined it',"
	    "  'todo': ['mcring-ctl join 239.1.1.1']},"
	    " {'code': 'no_readers', 'severity': 'note', 'text': 'nobody reads it'}]}",
	    "239.1.1.1 on feed: no data: nobody has joined it\n"
	    "\n"
	    "fault not_joined:\n"
	    "  do: mcring-ctl join 239.1.1.1\n"
	    "\n"
	    "note no_readers: nobody reads it\n");
}

static void what_cannot_be_decided_has_proofs_and_candidates(void **state)
{
	prints("{'first': '239.1.1.1 on feed: not decidable here', 'exit': 2, 'findings': [],"
	       " 'proven': ['the link of p0 is up', 'our report was sent 12:00:01'],"
	       " 'candidates': [{'code': 'silent_sender', 'text': 'nobody sends it',"
	       "  'command': 'tcpdump -ni IF dst 239.1.1.1', 'where': 'on the sender'},"
	       "  {'code': 'ttl', 'text': 'its TTL ends on the way', 'command': 'ip mroute show',"
	       "  'where': 'on the last router'}]}",
	       "239.1.1.1 on feed: not decidable here\n"
	       "\n"
	       "proven:\n"
	       "  the link of p0 is up\n"
	       "  our report was sent 12:00:01\n"
	       "\n"
	       "what remains, and where to look:\n"
	       "  silent_sender: nobody sends it\n"
	       "    on the sender: tcpdump -ni IF dst 239.1.1.1\n"
	       "  ttl: its TTL ends on the way\n"
	       "    on the last router: ip mroute show\n");
}

static void answers_that_make_no_sense_are_no_verdict(void **state)
{
	static const char *const answers[] = {
	    "{'exit': 0}", "{'exit': 1}",  "{'exit': 2}",          "{'exit': 3}",
	    "{}",          "{'exit': -1}", "{'exit': 4294967297}", "{'exit': '0'}"};
	static const int statuses[] = {0, 1, 2, 3, 3, 3, 3, 3};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		json_t *reply = answer(answers[i]);

		assert_int_equal(ctl_why_exit(reply), statuses[i]);
		json_decref(reply);
	}
	prints("{'findings': [7, {'evidence': 'x', 'todo': [3]}], 'candidates': [null],"
	       " 'proven': {}}",
	       "\n\n :\n\nwhat remains, and where to look:\n");
}

/* The text of a wrapped line, until the next call. */
static const char *wrapped(const char *head, unsigned indent, const char *text)
{
	static char printed[1024];
	FILE *out = fmemopen(printed, sizeof(printed), "w");

	assert_non_null(out);
	ctl_wrap(out, head, indent, text);
	fclose(out);
	return printed;
}

static void lines_are_broken_at_100_columns_and_words_never(void **state)
{
	char text[400] = "";
	const char *printed;

	for (int i = 0; i < 25; i++)
		strcat(text, "\303\244bcde ");
	memset(text + strlen(text), 'x', 110);
	printed = wrapped("head: ", 4, text);
	/* 15 words of 5 columns and 6 octets, and 14 spaces: one more would end at column 101. */
	assert_int_equal(strcspn(printed, "\n"), 6 + 15 * 6 + 14);
	assert_non_null(strstr(printed, "\n    \303\244bcde \303\244bcde"));
	assert_non_null(strstr(printed, "\n    xxxxxxxxxx"));
	assert_int_equal(strlen(strrchr(printed, ' ')), 1 + 110 + 1);
}

static void what_would_steer_a_terminal_is_no_longer_there(void **state)
{
	const char *printed = wrapped("", 0, "a\033[2Jb\nc\177");

	assert_string_equal(printed, "a?[2Jb?c?\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_verdict_stands_alone_when_all_is_well),
	    cmocka_unit_test(a_cause_has_its_evidence_and_its_cure),
	    cmocka_unit_test(what_the_first_line_says_is_not_said_again),
	    cmocka_unit_test(what_cannot_be_decided_has_proofs_and_candidates),
	    cmocka_unit_test(answers_that_make_no_sense_are_no_verdict),
	    cmocka_unit_test(lines_are_broken_at_100_columns_and_words_never),
	    cmocka_unit_test(what_would_steer_a_terminal_is_no_longer_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
