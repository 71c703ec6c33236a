/* SPDX-License-Identifier: BSD-3-Clause */
/* What `shard` makes of the settings, and what --check prints of it. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "options.h"
#include "settings/share.h"
#include "settings_print.h"

#define LAN "interfaces: [{name: lan, port: 0}, {name: b, port: 0, vlan: 3}]\n"
#define FEED                                                                             \
	"feeds:\n- {name: itch, declaration: moldudp64, lines: ["                        \
	"{channel: md, joins: [{groups: [239.3.1.0/30], ports: [7], interface: lan}]}, " \
	"{channel: md2, joins: [{groups: [239.3.2.0/30], ports: [7], interface: b}]}]}\n"

static int load(struct mcr_settings **s, const char *text, struct mcr_error *err)
{
	int ret;

	*s = mcr_settings_create();
	err->text[0] = '\0';
	ret = mcr_config_parse(*s, "m.yaml", text, strlen(text), err);
	return ret == 0 ? mcr_settings_complete(*s, err) : ret;
}

/* The settings of one host; %s in text: its name. */
static struct mcr_settings *host(const char *text, const char *me)
{
	struct mcr_settings *s;
	struct mcr_error err;
	char *all = calloc(1, strlen(text) + 64);

	sprintf(all, text, me);
	if (load(&s, all, &err) < 0)
		fail_msg("%s: %s", all, err.text);
	free(all);
	return s;
}

static void is_refused(const char *text, const char *error)
{
	struct mcr_settings *s;
	struct mcr_error err;

	assert_true(load(&s, text, &err) < 0);
	if (!strstr(err.text, error))
		fail_msg("%s: '%s', expected '%s'", text, err.text, error);
	mcr_settings_destroy(s);
}

static int has(const struct mcr_settings *s, const char *join)
{
	char text[256];
	int n = 0;

	for (size_t i = 0; i < s->joins.n; i++) {
		mcr_join_format(text, sizeof(text), &s->joins.items[i]);
		n += strcmp(text, join) == 0;
	}
	return n;
}

/* How many joins of a group there are. */
static unsigned joins_of(const struct mcr_join_list *list, struct mcr_address group)
{
	unsigned n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += memcmp(&list->items[i].group, &group, sizeof(group)) == 0;
	return n;
}

static void mistakes_are_refused_where_they_stand(void **state)
{
	is_refused(LAN "shard: {me: a}\n", "m.yaml:2: shard: needs the key 'hosts'");
	is_refused(LAN "shard: {weights: {a: 2}}\n", "shard: needs the key 'hosts'");
	is_refused(LAN "shard: {overlap: 5s}\n", "shard: needs the key 'hosts'");
	is_refused("shard: {hosts: []}\n", "hosts: an empty list");
	is_refused("shard: {hosts: a}\n", "hosts: found a value, expected a list");
	is_refused("shard: {hosts: [a, b], me: c}\n",
		   "m.yaml:1: shard: me: 'c' is none of the hosts, which are a, b");
	is_refused("shard: {hosts: [md1.x, md2.x], me: md3.x}\n", "did you mean md1.x?");
	is_refused("shard: {hosts: [a.x, a.y], me: a}\n", "me: 'a' may be a.x or a.y");
	is_refused("shard: {hosts: [a, b], me: a, copies: 3}\n", "copies: 3, but there are only 2");
	is_refused("shard: {hosts: [a, b], me: a, copies: 0}\n", "copies: '0'");
	is_refused("shard: {hosts: [a, b], me: a, copies: 65}\n", "copies: '65'");
	is_refused("shard:\n  hosts:\n  - a\n  - b\n  - A.\n",
		   "m.yaml:5: hosts: 'a' stands here twice");
	is_refused("shard: {hosts: [a, a.example.com]}\n",
		   "'a' and 'a.example.com' may be the same");
	is_refused("shard: {hosts: ['a b']}\n", "'a b': expected the name of a host");
	is_refused("shard: {hosts: [a, b], me: a, weights: {a: 0}}\n", "weights: '0': expected");
	is_refused("shard: {hosts: [a, b], me: a, weights: {a: 65}}\n", "weights: '65'");
	is_refused("shard: {hosts: [a, b], me: a, weights: {a: 2, A: 3}}\n",
		   "'a' stands here twice");
	is_refused("shard: {hosts: [a, b], me: a, weights: {c: 2}}\n",
		   "weights: 'c' is none of the hosts, which are a, b");
	is_refused("shard: {hosts: [a, b], me: a, weights: {a: [2]}}\n", "weights: found a list");
	is_refused("shard: {hosts: [a, b], me: a, weights: 'a:2'}\n",
		   "weights: found a value, expected a mapping");
	is_refused("shard: {hosts: [a, b], me: a, overlap: 2h}\n",
		   "overlap: '2h': expected a number");
	is_refused("shard: {hosts: [a, b], me: a, overlap: 3601s}\n", "expected 0s to 3600s");
	is_refused("shard: {host: [a, b]}\n", "unknown key");
	is_refused("shard: [a, b]\n", "shard: found a list, expected a mapping");
}

static void more_than_64_hosts_are_refused(void **state)
{
	char text[1024] = "shard: {me: h1, hosts: [h0";
	struct mcr_settings *s;
	struct mcr_error err;

	for (unsigned i = 1; i < 64; i++)
		sprintf(text + strlen(text), ", h%u", i);
	strcat(text, "]}\n");
	assert_int_equal(load(&s, text, &err), 0);
	assert_int_equal(s->share->shard.n, 64);
	mcr_settings_destroy(s);
	strcpy(strchr(text, ']'), ", h64]}\n");
	is_refused(text, "more than 64 hosts");
}

static void each_group_is_on_as_many_hosts_as_copies(void **state)
{
	static const char *const hosts[] = {"a", "b", "c"};

	for (unsigned copies = 1; copies <= 3; copies++) {
		struct mcr_settings *s[3], *whole = host(LAN "joins: [{groups: [239.1.0.0/22], "
							     "ports: [5-6], interface: %s}]\n",
							 "lan");
		char text[256];

		sprintf(text,
			LAN "shard: {hosts: [a, b, c], me: %%s, copies: %u}\n"
			    "joins: [{groups: [239.1.0.0/22], ports: [5-6], interface: lan}]\n",
			copies);
		for (unsigned i = 0; i < 3; i++) {
			s[i] = host(text, hosts[i]);
			assert_int_equal(s[i]->joins.n + s[i]->share->elsewhere.n, 2048);
			assert_int_equal(s[i]->share->whole.joins, 2048);
			assert_int_equal(s[i]->share->whole.groups, 1024);
			for (unsigned k = 0; k < 3; k++) /* each knows of all */
				assert_int_equal(s[i]->share->hosts[k].joins,
						 s[0]->share->hosts[k].joins);
			assert_int_equal(s[i]->share->hosts[i].joins, s[i]->joins.n);
			if (copies < 3) /* six standard deviations of a share of 1,024 groups */
				assert_in_range(s[i]->joins.n / 2, 1024 * copies / 3 - 91,
						1024 * copies / 3 + 91);
		}
		for (size_t k = 0; k < whole->joins.n; k += 2) {
			const struct mcr_address group = whole->joins.items[k].group;
			unsigned n = 0;

			for (unsigned i = 0; i < 3; i++) {
				unsigned here = joins_of(&s[i]->joins, group);

				assert_true(here == 0 || here == 2); /* all ports, or none */
				n += here / 2;
			}
			assert_int_equal(n, copies);
		}
		for (unsigned i = 0; i < 3; i++)
			mcr_settings_destroy(s[i]);
		mcr_settings_destroy(whole);
	}
}

static void what_remains_keeps_its_place_and_its_sources(void **state)
{
	struct mcr_settings *s = host(LAN "shard: {hosts: [a, b], me: %s}\n"
					  "joins:\n"
					  "- {groups: [239.1.0.0/28], interface: lan}\n"
					  "- groups: [239.2.0.0/28]\n"
					  "  sources: [10.0.0.1, 10.0.0.2]\n"
					  "  interface: b\n",
				      "b");

	for (size_t i = 0; i < s->joins.n; i++) {
		const struct mcr_join *join = &s->joins.items[i];
		const int is_second = be32toh(mcr_address_ipv4_be(join->group)) >> 16 == 0xef02;

		assert_int_equal(s->origins[i].line, is_second ? 5 : 4);
		assert_int_equal(join->n_sources, is_second ? 2 : 0);
	}
	mcr_settings_destroy(s);
}

static void the_lines_of_a_feed_stay_together(void **state)
{
	static const char *const hosts[] = {"a", "b", "c", "d", "e"};
	unsigned with = 0;

	for (unsigned i = 0; i < 5; i++) {
		struct mcr_settings *s =
		    host(LAN "shard: {hosts: [a, b, c, d, e], me: %s, copies: 2}\n" FEED, hosts[i]);

		assert_true(s->joins.n == 0 || s->joins.n == 8);
		assert_int_equal(s->share->hosts[i].feeds, s->joins.n / 8);
		assert_int_equal(s->share->whole.groups, 0);
		assert_int_equal(s->n_feeds, 1);                /* it is declared everywhere ... */
		assert_non_null(mcr_settings_channel(s, "md")); /* ... and so are channels */
		assert_non_null(mcr_settings_channel(s, "md2"));
		with += s->joins.n == 8;
		mcr_settings_destroy(s);
	}
	assert_int_equal(with, 2);
}

/* Whoever has the feed also has what else is joined of its groups. */
static void a_join_of_a_feeds_group_goes_with_the_feed(void **state)
{
	static const char *const hosts[] = {"a", "b", "c", "d", "e"};

	for (unsigned i = 0; i < 5; i++) {
		struct mcr_settings *s =
		    host(LAN "shard: {hosts: [a, b, c, d, e], me: %s}\n" FEED
			     "joins: [{groups: [239.3.1.0/30], ports: [9], interface: b, "
			     "channel: md}]\n",
			 hosts[i]);

		assert_true(s->joins.n == 0 || s->joins.n == 12);
		mcr_settings_destroy(s);
	}
}

/* A group of two feeds is with each of them. */
static void a_group_of_two_feeds_is_with_both(void **state)
{
	static const char two[] =
	    LAN "shard: {hosts: [a, b, c, d, e], me: %s}\n"
		"feeds:\n"
		"- {name: one, declaration: moldudp64, lines: [{joins: [{groups: [239.3.1.1], "
		"ports: [7], interface: lan}]}]}\n"
		"- {name: two, declaration: moldudp64, lines: [{joins: [{groups: [239.3.1.1], "
		"ports: [7], interface: lan}]}]}\n"
		"- {name: six, declaration: moldudp64, lines: [{joins: [{groups: [239.3.1.9], "
		"ports: [7], interface: lan}]}]}\n";
	static const char *const hosts[] = {"a", "b", "c", "d", "e"};
	unsigned with = 0;

	for (unsigned i = 0; i < 5; i++) {
		struct mcr_settings *s = host(two, hosts[i]);
		const struct mcr_shard *shard = &s->share->shard;
		const uint64_t owners =
		    mcr_shard_owners(shard, "one") | mcr_shard_owners(shard, "two");

		assert_int_equal(owners >> i & 1,
				 has(s, "239.3.1.1:7,interface=lan,channel=default"));
		with += owners >> i & 1;
		mcr_settings_destroy(s);
	}
	assert_int_equal(with, 2); /* these two names have different owners */
}

static void a_name_may_lack_the_domain(void **state)
{
	struct mcr_settings *s =
	    host("shard: {hosts: [MD1.example.com., md2.example.com], me: %s, weights: {md2: 3}}\n",
		 "Md2");

	assert_int_equal(s->share->me, 1);
	assert_string_equal(s->share->shard.hosts[0].name, "md1.example.com");
	assert_int_equal(s->share->shard.hosts[0].weight, 1);
	assert_int_equal(s->share->shard.hosts[1].weight, 3);
	mcr_settings_destroy(s);
	s = host("shard: {hosts: [md1, md2], me: %s}\n", "md2.example.com");
	assert_int_equal(s->share->me, 1);
	mcr_settings_destroy(s);
}

static void without_me_the_host_is_asked_for_its_name(void **state)
{
	char name[256] = "", one[MCR_SHARD_NAME_MAX], text[512];
	struct mcr_settings *s;
	struct mcr_error err;

	assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
	is_refused("shard: {hosts: [no-such-host-1, no-such-host-2]}\n",
		   "is none of the hosts: give `me`, one of no-such-host-1, no-such-host-2");
	if (mcr_shard_name(one, name) < 0)
		return; /* this machine has none that could stand there */
	sprintf(text, "shard: {hosts: [no-such-host, %s]}\n", name);
	if (load(&s, text, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(s->share->me, 1);
	mcr_settings_destroy(s);
}

static void the_command_line_wins_key_by_key(void **state)
{
	static const char text[] = "shard: {hosts: [a, b, c], me: a, copies: 2, overlap: 3s}\n";
	char *argv[] = {(char[]){"mcring"}, (char[]){"--shard"},
			(char[]){"me=c,overlap=0,weights=a:2+c:5"}, NULL};
	struct mcr_settings *line = mcr_settings_create(), *file = mcr_settings_create(),
			    *s = mcr_settings_create();
	struct mcr_error err = {""};
	struct mcr_options o;

	assert_int_equal(mcr_options_parse(&o, line, 3, argv, &err), 0);
	assert_int_equal(mcr_config_parse(file, "m.yaml", text, strlen(text), &err), 0);
	assert_int_equal(mcr_settings_add(s, line, &err), 0);
	assert_int_equal(mcr_settings_add(s, file, &err), 0);
	mcr_settings_destroy(line);
	mcr_settings_destroy(file);
	assert_int_equal(mcr_settings_complete(s, &err), 0);
	assert_int_equal(s->share->me, 2);
	assert_int_equal(s->share->shard.n, 3);
	assert_int_equal(s->share->shard.copies, 2);
	assert_int_equal(s->share->shard.hosts[2].weight, 5);
	assert_int_equal(s->shard.overlap.value, 0);
	mcr_settings_destroy(s);
}

static void without_shard_all_is_this_hosts(void **state)
{
	struct mcr_settings *s = host(LAN FEED "%s", ""), *all;
	struct mcr_error err = {""};

	assert_null(s->share);
	assert_int_equal(s->joins.n, 8);
	mcr_settings_destroy(s);
	all = mcr_settings_create();
	all->takes_all = 1;
	assert_int_equal(mcr_config_parse(all, "m.yaml", LAN "shard: {hosts: [a]}\n" FEED,
					  strlen(LAN "shard: {hosts: [a]}\n" FEED), &err),
			 0);
	assert_int_equal(mcr_settings_complete(all, &err), 0);
	assert_null(all->share);
	assert_int_equal(all->joins.n, 8);
	mcr_settings_destroy(all);
}

/* A mistake in a join is found on each host, not only where the join is made. */
static void joins_of_other_hosts_are_checked(void **state)
{
	static const char *const hosts[] = {"a", "b"};
	char text[256];

	for (unsigned i = 0; i < 2; i++) {
		sprintf(text,
			LAN "shard: {hosts: [a, b], me: %s}\njoins: [{groups: [239.1.1.1], "
			    "interface: lam}]\n",
			hosts[i]);
		is_refused(text, "m.yaml:3: join '239.1.1.1,interface=lam': no such interface");
	}
}

static void the_example_of_the_documentation_is_shared(void **state)
{
	struct mcr_settings *none = mcr_settings_create(), *s;
	struct mcr_error err = {""};

	if (mcr_config_assemble(&s, none, MCR_DOCS "/mcring.yaml", &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(s->share->whole.joins, 5 * 2 + 5 + 2 + 2 * 4 + 1);
	assert_int_equal(s->joins.n + s->share->elsewhere.n, s->share->whole.joins);
	assert_int_equal(s->share->hosts[0].joins, s->joins.n);
	mcr_settings_destroy(none);
	mcr_settings_destroy(s);
}

static void check_prints_who_has_what(void **state)
{
	static const char text[] =
	    LAN "shard: {hosts: [a, b, c], me: %s, copies: 2, weights: {a: 2}}\n"
		"joins: [{groups: [239.1.1.0/28], ports: [5000-5001], interface: "
		"lan}]\n" FEED;
	struct mcr_settings *s = host(text, "b");
	char *out = NULL, expected[160];
	uint64_t owners = mcr_shard_owners(&s->share->shard, "itch");
	size_t len;
	FILE *f = open_memstream(&out, &len);

	mcr_settings_print(f, s);
	fclose(f);
	sprintf(expected, "# feed itch: the share of %s%s\n",
		owners == 3   ? "a, b"
		: owners == 5 ? "a, c"
			      : "b, c",
		owners & 2 ? "" : ", not of this host");
	assert_non_null(strstr(out, expected));
	sprintf(expected,
		"# shard: hosts a+b+c, me b, copies 2, weights a:2, overlap 10s; digest %016llx\n",
		(unsigned long long)mcr_shard_digest(&s->share->shard));
	assert_non_null(strstr(out, expected));
	for (unsigned i = 0; i < 3; i++) {
		const struct mcr_share_count *n = &s->share->hosts[i];

		sprintf(
		    expected,
		    "# shard host %c%s: weight %u, %zu of 1 feeds, %zu of 16 other groups, %zu of "
		    "40 joins\n",
		    'a' + (int)i, i == 1 ? ", which is this one" : "", i == 0 ? 2 : 1, n->feeds,
		    n->groups, n->joins);
		assert_non_null(strstr(out, expected));
		assert_int_equal(n->joins, n->feeds * 8 + n->groups * 2);
	}
	free(out);
	mcr_settings_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mistakes_are_refused_where_they_stand),
	    cmocka_unit_test(more_than_64_hosts_are_refused),
	    cmocka_unit_test(each_group_is_on_as_many_hosts_as_copies),
	    cmocka_unit_test(what_remains_keeps_its_place_and_its_sources),
	    cmocka_unit_test(the_lines_of_a_feed_stay_together),
	    cmocka_unit_test(a_join_of_a_feeds_group_goes_with_the_feed),
	    cmocka_unit_test(a_group_of_two_feeds_is_with_both),
	    cmocka_unit_test(a_name_may_lack_the_domain),
	    cmocka_unit_test(without_me_the_host_is_asked_for_its_name),
	    cmocka_unit_test(the_command_line_wins_key_by_key),
	    cmocka_unit_test(without_shard_all_is_this_hosts),
	    cmocka_unit_test(joins_of_other_hosts_are_checked),
	    cmocka_unit_test(the_example_of_the_documentation_is_shared),
	    cmocka_unit_test(check_prints_who_has_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
