/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "config/config.h"
#include "settings_print.h"

static int load_text(struct mcr_settings **s, const char *text, struct mcr_error *err)
{
	*s = mcr_settings_create();
	assert_non_null(*s);
	err->text[0] = '\0';
	return mcr_config_parse(*s, "m.yaml", text, strlen(text), err);
}

static void join_is(const struct mcr_settings *s, size_t i, const char *expected)
{
	char text[512];

	assert_true(i < s->joins.n);
	mcr_join_format(text, sizeof(text), &s->joins.items[i]);
	assert_string_equal(text, expected);
}

static const char everything[] =
    "name: md\n"
    "run_dir: /tmp/md\n"
    "idle: adaptive\n"
    "keep_memberships: yes\n"
    "attach: {mode: 0640, group: 7, consumers: 9, consumers_per_user: 3, joins_per_user: 4}\n"
    "log_level: debug\n"
    "eal: ['-l', 0-1, --no-huge]\n"
    "interfaces:\n"
    "  - name: a\n"
    "    port: net_af_packet0\n"
    "    address: 10.0.0.1/8\n"
    "    vlan: 12\n"
    "    igmp: off\n"
    "    tx: never\n"
    "    kernel: md0\n"
    "    udp_checksum: off\n"
    "    hw_time: on\n"
    "    pieces: off\n"
    "    igmp_strict: yes\n"
    "    igmp_robustness: 3\n"
    "    igmp_robustness_floor: 2\n"
    "    igmp_compat_timeout: 30\n"
    "    igmp_repeat: 20\n"
    "channels:\n"
    "  - {name: md, bytes: 64K, consumers: 5, joins: 6,\n"
    "     readers: {users: [root, 12001], groups: [8]}}\n"
    "joins:\n"
    "  - groups: &g [239.1.1.0/31, 239.2.1.1]\n"
    "    ports: [5000-5001, 7000]\n"
    "    sources: [10.0.0.7, 10.0.0.9]\n"
    "    id: 7\n"
    "    interface: a\n"
    "    channel: md\n"
    "  - groups: *g\n"
    "    exclude: [10.0.0.8]\n"
    "  - groups: ['239.3.1.1:6000']\n";

static void every_key_is_read(void **state)
{
	struct mcr_settings *s;
	struct mcr_error err;

	assert_int_equal(load_text(&s, everything, &err), 0);
	assert_string_equal(s->engine.name, "md");
	assert_string_equal(s->engine.run_dir, "/tmp/md");
	assert_int_equal(s->engine.idle.value, MCR_IDLE_ADAPTIVE);
	assert_int_equal(s->engine.keep_memberships.value, 1);
	assert_int_equal(mcr_settings_attach(s).mode, 0640);
	assert_int_equal(mcr_settings_attach(s).gid, 7);
	assert_int_equal(mcr_settings_attach(s).consumers_max, 9);
	assert_int_equal(mcr_settings_attach(s).consumers_per_uid, 3);
	assert_int_equal(s->attach.joins_per_uid.value, 4);
	assert_int_equal(s->engine.log_level.value, MCR_LOG_DEBUG);
	assert_int_equal(s->n_eal, 3);
	assert_string_equal(s->eal[2], "--no-huge");
	assert_int_equal(s->interfaces[0].config.vlan, 12);
	assert_int_equal(s->interfaces[0].config.igmp, MCR_IGMP_OFF);
	assert_int_equal(s->interfaces[0].config.igmp_strict, 1);
	assert_int_equal(s->interfaces[0].config.igmp_robustness, 3);
	assert_int_equal(s->interfaces[0].config.igmp_robustness_floor, 2);
	assert_int_equal(s->interfaces[0].config.igmp_compat_timeout_s, 30);
	assert_int_equal(s->interfaces[0].config.igmp_repeat_s, 20);
	assert_int_equal(s->interfaces[0].config.tx_never, 1);
	assert_string_equal(s->interfaces[0].config.kernel, "md0");
	assert_int_equal(s->interfaces[0].config.udp_checksum, MCR_UDP_CHECKSUM_OFF);
	assert_int_equal(s->interfaces[0].config.hw_time, MCR_HW_TIME_ON);
	assert_int_equal(s->interfaces[0].config.pieces, MCR_PIECES_OFF);
	assert_int_equal(s->channels[0].config.bytes, 65536);
	assert_int_equal(s->channels[0].config.consumers_max, 5);
	assert_int_equal(s->channels[0].config.joins_max, 6);
	assert_int_equal(s->channels[0].config.readers.n_uids, 2);
	assert_int_equal(s->channels[0].config.readers.uids[0], 0);
	assert_int_equal(s->channels[0].config.readers.uids[1], 12001);
	assert_int_equal(s->channels[0].config.readers.n_gids, 1);
	assert_int_equal(s->channels[0].config.readers.gids[0], 8);
	/* 3 groups on 3 ports, 3 groups on any port, 1 */
	assert_int_equal(s->joins.n, 13);
	join_is(s, 0, "239.1.1.0:5000@10.0.0.7@10.0.0.9,interface=a,channel=md,id=7");
	join_is(s, 9, "239.1.1.0@!10.0.0.8");
	join_is(s, 12, "239.3.1.1:6000");
	assert_int_equal(s->origins[12].line, 36);
	mcr_settings_destroy(s);
}

static void sources_of_ipv6_need_no_brackets_of_their_own(void **state)
{
	struct mcr_settings *s;
	struct mcr_error err;

	(void)state;
	assert_int_equal(load_text(&s,
				   "joins:\n- groups: ['[ff3e::8000:1]:5000']\n"
				   "  sources: ['2001:db8::7', 'fe80::8']\n"
				   "- {groups: ['[ff15::]/127'], exclude: ['2001:db8::9']}\n",
				   &err),
			 0);
	assert_int_equal(s->joins.n, 3);
	join_is(s, 0, "[ff3e::8000:1]:5000@[2001:db8::7]@[fe80::8]");
	join_is(s, 2, "[ff15::1]@![2001:db8::9]");
	mcr_settings_destroy(s);
}

struct bad {
	const char *text;
	const char *expected; /* the message begins with it */
};

static const struct bad bad_files[] = {
    {"interfaces:\n- {name: a, port: '0',\n   kernel: a/b}\n",
     "m.yaml:3: kernel: 'a/b': expected the name of a network device"},
    {"interfaces:\n- {name: a, port: '0', kernel: md0}\n- {name: b, port: '1', kernel: md0}\n",
     "m.yaml:3: interface 'a' has the kernel device 'md0' already: each interface needs"},
    {"joins:\n- groups: [239.1.1.1]\n  id: x\n", "m.yaml:3: id: 'x': expected a number from 0 "},
    {"joins:\n- groups:\n  - 239.1.1.1\n  - 10.1.1.1\n", "m.yaml:4: "},
    {"joins:\n- groups:\n  - 239.1.1.1\n  - 'ff3e::1'\n", "m.yaml:4: "},
    {"joins:\n- groups: ['[ff3e::1]:5000']\n", "m.yaml:2: "},
    {"joins:\n- groups: ['239.1.1.1@10.0.0.1']\n",
     "m.yaml:2: group '239.1.1.1@10.0.0.1': expected GROUP[/LEN][:PORT[-PORT]]; sources, "},
    {"joins:\n- groups: ['239.1.1.1:5000']\n  ports: [6000]\n",
     "m.yaml:2: group '239.1.1.1:5000': expected a UDP port here or the key 'ports', not both"},
    {"joins:\n- {groups: ['[ff15::1]:5000'], ports: [5001]}\n",
     "m.yaml:2: group '[ff15::1]:5000': expected a UDP port here or the key 'ports', not both"},
    {"joins:\n- {groups: ['ff15::1'], ports: [5001]}\n",
     "m.yaml:2: group 'ff15::1': expected an IPv6 group in brackets, as in '[ff15::1]'"},
    {"joins:\n- groups: [239.1.1.1]\n  ports:\n  - 5000\n  - 70000\n",
     "m.yaml:5: '70000': expected a UDP port"},
    {"joins:\n- groups: [239.1.1.1]\n  ports: [5001-5000]\n", "m.yaml:3: '5001-5000': expected"},
    {"joins:\n- groups: [239.1.1.1]\n  sources:\n  - 10.0.0.1\n  - 224.0.0.1\n",
     "m.yaml:5: source '224.0.0.1': expected a unicast address"},
    {"joins:\n- groups: [239.1.1.1]\n  sources: [10.0.0.1]\n  exclude: [10.0.0.2]\n",
     "m.yaml:4: expected sources or exclude, not both"},
    {"joins:\n- groups: [239.1.1.1]\n  port: 5000\n",
     "m.yaml:3: unknown key 'port': did you mean ports?"},
    {"joins:\n- ports: [5000]\n", "m.yaml:2: an entry of joins needs the key 'groups'"},
    {"joins:\n- groups: []\n", "m.yaml:2: groups: an empty list: expected at least one entry"},
    {"joins:\n- groups: 239.1.1.1\n", "m.yaml:2: groups: found a value, expected a list"},
    {"joins:\n- 239.1.1.1\n", "m.yaml:2: an entry of joins: found a value, expected a mapping"},
    {"attach: 0660\n", "m.yaml:1: attach: found a value, expected a mapping"},
    {"attach:\n  mode: 0888\n", "m.yaml:2: mode: '0888': expected permission bits"},
    {"attach:\n  consumers: 1025\n", "m.yaml:2: consumers: '1025': expected a number from 1 to "},
    {"attach:\n  group: no-such-group\n",
     "m.yaml:2: group: 'no-such-group': the system knows no such name: expected a group's "},
    {"channels:\n- name: a\n  readers:\n    users:\n    - root\n    - no-such-user\n",
     "m.yaml:6: 'no-such-user': the system knows no such name: expected a user's name (`getent "
     "passwd` lists them) or number"},
    {"channels:\n- name: a\n  readers: {}\n",
     "m.yaml:3: readers: expected users or groups; without readers everybody may read"},
    {"channels:\n- name: a\n  readers: {users: []}\n", "m.yaml:3: users: an empty list"},
    {"channels:\n- name: a\n  readers: {groups: [4294967295]}\n",
     "m.yaml:3: '4294967295': expected a number from 0 to 4294967294"},
    {"interfaces:\n- name: a\n  port: 0\n  lcores: [3]\n  queues: 0\n",
     "m.yaml:5: queues: '0': expected a number from 1 to 64"},
    {"interfaces:\n- name: a\n  port: 0\n  lcores:\n  - 3\n  - x\n",
     "m.yaml:6: lcores: 'x': expected a number from 0 to 1023"},
    {"interfaces:\n- name: a\n  port: 0\n  hw_time: yes\n",
     "m.yaml:4: hw_time: 'yes': expected off, on, synced, metamako or exablaze-hpt"},
    {"interfaces:\n- name: a\n  port: 0\n  last_member_query_interval: 1.2345\n",
     "m.yaml:4: last_member_query_interval: '1.2345': expected seconds from 0.001 to 8387.584"},
    {"interfaces:\n- name: a\n  port: 0\n  lcores: 3\n",
     "m.yaml:4: lcores: found a value, expected a list"},
    {"channels:\n- name: a\n  lcore: [3]\n",
     "m.yaml:3: lcore: found a list, expected a value (in quotes if it begins with a bracket)"},
    {"\n\nidle: lazy\n", "m.yaml:3: idle: 'lazy': expected busy or adaptive"},
    {"name: [a]\n",
     "m.yaml:1: name: found a list, expected a value (in quotes if it begins with a bracket)"},
    {"name:\n", "m.yaml:1: name: found nothing, expected a value"},
    {"name: a\nname: b\n", "m.yaml:2: the key 'name' stands twice in one mapping"},
    {"joins:\n- groups: ['udp://@239.1.1.1:5000']\n",
     "m.yaml:2: join \"udp://@239.1.1.1:5000\" is a URL: expected 239.1.1.1:5000"},
    {"name: a\njoins:\n\t- x\n", "m.yaml:3: column 1: a tab: expected spaces"},
    {"name: a\nidle\nlog_level: info\n", "m.yaml:2: column 1: expected KEY: VALUE"},
    {"- a\n", "m.yaml:1: the file: found a list, expected a mapping (KEY: VALUE)"},
    {"name: a\n---\nname: b\n", "m.yaml:3: a second YAML document"},
    {"joins: &j\n- *j\n", "m.yaml:1: an entry of joins: found a list, expected a mapping"},
    {"name: \"a\\0b\"\n", "m.yaml:1: name: the value holds a NUL character"},
    {"run_dir: x\n", "m.yaml:1: run_dir: 'x': expected an absolute path"},
    {"eal:\n- --no-huge\n- -l 0-1\n",
     "m.yaml:3: eal: '-l 0-1': expected one argument in each entry: write '-l' and '0-1'"},
    {"eal: ['--']\n", "m.yaml:1: eal: '--' ends EAL's arguments"},
    {"interfaces:\n- {name: a, port: 0}\n- {name: a, port: 1}\n",
     "m.yaml:3: interface 'a' is defined already, at m.yaml:2"},
    {"interfaces:\n- name: a\n", "m.yaml:2: an entry of interfaces needs the key 'port'"},
    {"interfaces:\n- name: a\n  port: 0\n  address: 10.0.0.300/8\n",
     "m.yaml:4: address: '10.0.0.300/8': expected a unicast IPv4 address"},
    {"channels:\n- name: a\n  bytes: 100000\n",
     "m.yaml:3: bytes: '100000': expected a power of two from 65536 to 68719476736"},
    {"channels:\n- name: a\n- name: md\n  depth: 4096\n",
     "m.yaml:4: channel 'md': depth is gone: write bytes: 1M (4096 messages of up to 216 "},
    {"channels:\n- {bytes: 16M, depth: 64K, name: md}\n",
     "m.yaml:2: channel 'md': depth is gone: write only bytes: 32M (65536 messages of "},
    {"channels:\n- &a {name: md, depth: 64}\n- *a\n",
     "m.yaml:2: channel 'md': depth is gone: write bytes: 64K (64 messages of up to 984 "},
    {"channels:\n- depth: [64]\n",
     "m.yaml:2: channel '': depth is gone: write bytes: 16M, or another power of two"},
    {"depth: 64\nname: a\n", "m.yaml:1: unknown key 'depth': expected one of name, run_dir"},
    {"channels:\n- name: a\n- name: a\n", "m.yaml:3: channel 'a' is defined already, at m.yaml:2"},
    {"channels:\n- {name: a, per_program: yes,\n   consumers: 3}\n",
     "m.yaml:2: channel \"a\": with per_program it takes no `consumers`"},
    {"channels:\n- {per_program: yes, name: a23456789012345678901}\n",
     "m.yaml:2: channel \"a23456789012345678901\": the name of one with per_program has at most "
     "20"},
    {"include:\n- a.yaml\n- no/such.yaml\n", "m.yaml:2: a.yaml: cannot read it: No such file"},
};

static void a_mistake_is_reported_on_one_line_with_file_and_line(void **state)
{
	struct mcr_settings *s;
	struct mcr_error err;

	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
		const char *expected = bad_files[i].expected;

		assert_true(load_text(&s, bad_files[i].text, &err) < 0);
		if (strncmp(err.text, expected, strlen(expected)) != 0)
			fail_msg("%zu: '%s' does not begin with '%s'", i, err.text, expected);
		assert_null(strchr(err.text, '\n'));
		mcr_settings_destroy(s);
	}
}

static void an_empty_file_says_nothing(void **state)
{
	static const char *const texts[] = {"", "# only a comment\n", "{}\n"};
	struct mcr_settings *s;
	struct mcr_error err;

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(load_text(&s, texts[i], &err), 0);
		assert_int_equal(s->joins.n, 0);
		mcr_settings_destroy(s);
	}
}

static void a_mistake_that_shows_in_the_whole_still_has_its_line(void **state)
{
	struct mcr_settings *s;
	struct mcr_error err;

	assert_int_equal(load_text(&s,
				   "interfaces:\n- {name: a, port: 0}\n- {name: b, port: 1}\n"
				   "joins:\n- groups: [239.1.1.1]\n  interface: c\n",
				   &err),
			 0);
	assert_true(mcr_settings_complete(s, &err) < 0);
	assert_string_equal(err.text, "m.yaml:5: join '239.1.1.1,interface=c': no such interface; "
				      "there are: a, b");
	mcr_settings_destroy(s);
}

static void a_scalar_of_the_command_line_beats_the_files(void **state)
{
	struct mcr_settings *s, *file;
	struct mcr_error err;

	assert_int_equal(load_text(&file, everything, &err), 0);
	s = mcr_settings_create();
	strcpy(s->engine.name, "cli");
	s->engine.idle = (struct mcr_opt8){1, MCR_IDLE_BUSY};
	assert_int_equal(mcr_settings_add_joins(s, "239.9.9.9", (struct mcr_origin){0}, &err), 0);
	assert_int_equal(mcr_settings_add(s, file, &err), 0);
	assert_string_equal(s->engine.name, "cli");
	assert_string_equal(s->engine.run_dir, "/tmp/md");
	assert_int_equal(s->engine.idle.value, MCR_IDLE_BUSY);
	assert_int_equal(s->joins.n, 14);
	mcr_settings_destroy(file);
	/* origins outlive the settings that they came from */
	assert_string_equal(s->origins[13].file, "m.yaml");
	mcr_settings_destroy(s);
}

/* ---- files ---- */

struct files {
	char dir[64];
	char path[128];
};

static void put(struct files *f, const char *name, const char *text)
{
	FILE *out;

	snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, name);
	out = fopen(f->path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static int setup(void **state)
{
	struct files *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/mcring-config-XXXXXX");
	*state = f;
	return mkdtemp(f->dir) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = {"main.yaml", "sub/b.yaml", "sub/c.yaml", "sub"};
	struct files *f = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, names[i]);
		remove(f->path);
	}
	rmdir(f->dir);
	free(f);
	return 0;
}

static int load_tree(struct files *f, struct mcr_settings **s, const char *a, const char *b,
		     const char *c, struct mcr_error *err)
{
	char sub[80];

	snprintf(sub, sizeof(sub), "mkdir -p %s/sub", f->dir);
	assert_int_equal(system(sub), 0);
	put(f, "sub/c.yaml", c);
	put(f, "sub/b.yaml", b);
	put(f, "main.yaml", a);
	*s = mcr_settings_create();
	err->text[0] = '\0';
	return mcr_config_load(*s, f->path, err);
}

static void includes_are_relative_to_the_including_file(void **state)
{
	struct mcr_settings *s;
	struct mcr_error err;

	assert_int_equal(load_tree(*state, &s, "name: a\ninclude: [sub/b.yaml]\n",
				   "name: b\nidle: adaptive\ninclude: [c.yaml]\n",
				   "joins:\n- groups: [239.1.1.1]\n", &err),
			 0);
	assert_string_equal(s->engine.name, "a");
	assert_int_equal(s->engine.idle.value, MCR_IDLE_ADAPTIVE);
	assert_int_equal(s->joins.n, 1);
	assert_non_null(strstr(s->origins[0].file, "/sub/c.yaml"));
	assert_int_equal(s->origins[0].line, 2);
	mcr_settings_destroy(s);
}

static void a_mistake_in_an_included_file_has_that_files_line(void **state)
{
	struct mcr_settings *s;
	struct mcr_error err;

	assert_true(load_tree(*state, &s, "include: [sub/b.yaml]\n", "\ninclude: [c.yaml]\n",
			      "\n\njoins:\n- groups: [239.1.1.1]\n  id: -1\n", &err) < 0);
	assert_non_null(strstr(err.text, "/sub/c.yaml:5: id: '-1': expected a number"));
	assert_null(strstr(err.text, "main.yaml"));
	mcr_settings_destroy(s);
}

static void a_missing_include_is_reported_where_it_was_asked_for(void **state)
{
	struct mcr_settings *s;
	struct mcr_error err;

	assert_true(load_tree(*state, &s, "include: [sub/b.yaml]\n",
			      "\ninclude:\n- c.yaml\n- d.yaml\n", "", &err) < 0);
	assert_non_null(strstr(err.text, "/sub/b.yaml:4: "));
	assert_non_null(strstr(err.text, "/sub/d.yaml: cannot read it: No such file"));
	mcr_settings_destroy(s);
}

static void files_that_include_each_other_are_refused(void **state)
{
	struct mcr_settings *s;
	struct mcr_error err;

	assert_true(load_tree(*state, &s, "include: [sub/b.yaml]\n", "include: [c.yaml]\n",
			      "include:\n- b.yaml\n", &err) < 0);
	assert_non_null(strstr(err.text, "/sub/c.yaml:2: "));
	assert_non_null(strstr(err.text, "/sub/b.yaml includes itself"));
	mcr_settings_destroy(s);
}

static char *expansion(const struct mcr_settings *s)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	mcr_settings_print(out, s);
	fclose(out);
	return text;
}

static void the_expansion_reads_back_as_the_same_joins(void **state)
{
	struct mcr_settings *s, *again = mcr_settings_create();
	struct mcr_error err;
	char *text, *save = NULL;

	assert_int_equal(load_text(&s, everything, &err), 0);
	assert_int_equal(mcr_settings_complete(s, &err), 0);
	text = expansion(s);
	assert_non_null(strstr(text, "# channel md: bytes 65536, consumers 5, joins 6, "
				     "readers users 0 12001 groups 8; 9 joins, 0.1 MiB"));
	assert_non_null(strstr(text, "# 1 interfaces, 2 channels, 13 joins, 4 memberships\n"));
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (*l != '#')
			assert_int_equal(
			    mcr_settings_add_joins(again, l, (struct mcr_origin){0}, &err), 0);
	assert_int_equal(again->joins.n, s->joins.n);
	for (size_t i = 0; i < s->joins.n; i++)
		assert_true(mcr_join_equal(&again->joins.items[i], &s->joins.items[i]));
	free(text);
	mcr_settings_destroy(again);
	mcr_settings_destroy(s);
}

static void the_expansion_has_the_sizes_that_the_engine_will_choose(void **state)
{
	static const char channels[] = "channels: [{name: a, bytes: 64K}, {name: b}]\n";
	struct mcr_settings *s;
	struct mcr_error err;
	char *text;

	assert_int_equal(load_text(&s, channels, &err), 0);
	assert_int_equal(mcr_settings_complete(s, &err), 0);
	text = expansion(s);
	assert_non_null(strstr(text, "# channel a: bytes 65536;"));
	assert_non_null(strstr(text, "# channel b: bytes 16777216;"));
	free(text);
	mcr_settings_destroy(s);
}

static void the_example_of_the_documentation_is_right(void **state)
{
	struct mcr_settings *none = mcr_settings_create(), *s;
	struct mcr_error err = {""};

	if (mcr_config_assemble(&s, none, MCR_DOCS "/mcring.yaml", &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(s->n_interfaces, 3);
	assert_int_equal(s->n_feeds, 2);
	join_is(s, 0, "239.1.1.0:5000@10.0.0.7@10.0.0.8,interface=feed-a,channel=md,id=1");
	mcr_settings_destroy(none);
	mcr_settings_destroy(s);
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_key_is_read),
	    cmocka_unit_test(sources_of_ipv6_need_no_brackets_of_their_own),
	    cmocka_unit_test(a_mistake_is_reported_on_one_line_with_file_and_line),
	    cmocka_unit_test(an_empty_file_says_nothing),
	    cmocka_unit_test(a_mistake_that_shows_in_the_whole_still_has_its_line),
	    cmocka_unit_test(a_scalar_of_the_command_line_beats_the_files),
	    WITH_FILES(includes_are_relative_to_the_including_file),
	    WITH_FILES(a_mistake_in_an_included_file_has_that_files_line),
	    WITH_FILES(a_missing_include_is_reported_where_it_was_asked_for),
	    WITH_FILES(files_that_include_each_other_are_refused),
	    cmocka_unit_test(the_example_of_the_documentation_is_right),
	    cmocka_unit_test(the_expansion_has_the_sizes_that_the_engine_will_choose),
	    cmocka_unit_test(the_expansion_reads_back_as_the_same_joins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
