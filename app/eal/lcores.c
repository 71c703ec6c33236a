/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eal/given.h"
#include "eal/lcores.h"
#include "settings/fail.h"
#include "settings/values.h"

#define LCORES_MAX CPU_SETSIZE

/* What the arguments say. An option that is given twice makes them unclear. */
struct said {
	const char *list, *mask, *map, *main; /* -l, -c, --lcores, --main-lcore */
	bool is_unclear;
};

static void take(struct said *said, const char **value, const char *text)
{
	said->is_unclear |= *value || !text;
	*value = text;
}

/* Arguments that may change the lcores in a way that this file does not understand: service lcores,
 * which receive nothing; options of newer EALs (DPDK 25.11: -R, --coremask); abbreviations, which
 * getopt_long accepts; several letters in one word (-vl 0,1); the end of EAL's arguments. */
static bool is_of_lcores(const char *arg)
{
	static const char *const starts[] = {"-s",   "-S",   "-R",   "--r",
					     "--se", "--co", "--lc", "--mai"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(arg, starts[i], strlen(starts[i])) == 0)
			return true;
	return strcmp(arg, "--") == 0 ||
	       ((strncmp(arg, "-v", 2) == 0 || strncmp(arg, "-A", 2) == 0) && arg[2]);
}

static void read_arguments(struct said *said, const struct mcr_settings *s)
{
	const char *value;

	for (size_t i = 0; i < s->n_eal; i++) {
		if (mcr_eal_given(s, i, "-l", &value))
			take(said, &said->list, value);
		else if (mcr_eal_given(s, i, "-c", &value))
			take(said, &said->mask, value);
		else if (mcr_eal_given(s, i, "--lcores", &value))
			take(said, &said->map, value);
		else if (mcr_eal_given(s, i, "--main-lcore", &value))
			take(said, &said->main, value);
		else
			said->is_unclear |= is_of_lcores(s->eal[i]);
	}
	said->is_unclear |= !!said->list + !!said->mask + !!said->map > 1;
}

/* Reads N or N-M at *at. */
static bool add_range(cpu_set_t *set, const char **at)
{
	char *end;
	unsigned long first, last;

	if (!isdigit((unsigned char)**at))
		return false;
	first = last = strtoul(*at, &end, 10);
	if (*end == '-') {
		if (!isdigit((unsigned char)end[1]))
			return false;
		last = strtoul(end + 1, &end, 10);
	}
	*at = end;
	if (last >= LCORES_MAX || last < first)
		return false;
	for (; first <= last; first++)
		CPU_SET(first, set);
	return true;
}

/* Reads a list such as 0-2,5 up to the character end. */
static bool add_list(cpu_set_t *set, const char **at, char end)
{
	while (add_range(set, at)) {
		if (**at == end)
			return true;
		if (*(*at)++ != ',')
			return false;
	}
	return false;
}

/* Reads SET[@CPUS],...: a set is N, N-M or a list in parentheses. The lcores are those before the
 * @. */
static bool add_map(cpu_set_t *set, const char *at)
{
	for (;;) {
		if (*at == '(') {
			at++;
			if (!add_list(set, &at, ')'))
				return false;
			at++;
		} else if (!add_range(set, &at)) {
			return false;
		}
		if (*at == '@')
			at += at[1] == '(' ? strcspn(at, ")") : strcspn(at, ",");
		at += *at == ')';
		if (*at == '\0')
			return true;
		if (*at++ != ',')
			return false;
	}
}

static bool add_mask(cpu_set_t *set, const char *text)
{
	size_t n;

	text += strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0 ? 2 : 0;
	n = strlen(text);
	if (n == 0 || n > LCORES_MAX / 4 || strspn(text, "0123456789abcdefABCDEF") != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char digit[2] = {text[n - 1 - i], '\0'};
		unsigned long bits = strtoul(digit, NULL, 16);

		for (unsigned k = 0; k < 4; k++)
			if (bits >> k & 1)
				CPU_SET(4 * i + k, set);
	}
	return true;
}

/* With -l and -c, lcore N runs on CPU N. */
static int check_cpus(const cpu_set_t *set, const char *root, struct mcr_error *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/cpu0", root);
	if (access(path, F_OK) < 0)
		return 0;
	for (unsigned i = 0; i < LCORES_MAX; i++) {
		if (!CPU_ISSET(i, set))
			continue;
		snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/cpu%u", root, i);
		if (access(path, F_OK) < 0)
			return mcr_fail(err, -EINVAL, "EAL's lcore %u: this host has no CPU %u", i,
					i);
	}
	return 0;
}

static int all_but_main(struct mcr_placement *out, const cpu_set_t *set, const char *main,
			struct mcr_error *err)
{
	uint64_t main_lcore = 0;

	while (main_lcore < LCORES_MAX && !CPU_ISSET(main_lcore, set))
		main_lcore++;
	if (main && ((main[0] == '0' && main[1]) || /* octal, hexadecimal */
		     mcr_value_uint(&main_lcore, main, 0, LCORES_MAX - 1, NULL) < 0))
		return 0;
	if (main && !CPU_ISSET(main_lcore, set))
		return mcr_fail(err, -EINVAL, "EAL's --main-lcore %.16s is none of its lcores (-l)",
				main);
	for (unsigned i = 0; i < LCORES_MAX && out->n < MCR_LCORES_MAX; i++)
		if (CPU_ISSET(i, set) && i != main_lcore)
			out->lcores[out->n++] = i;
	if (out->n == 0)
		return mcr_fail(err, -EINVAL,
				"EAL has no worker lcore for receiving: give it two or more, as in "
				"-l 0,1");
	return 1;
}

int mcr_eal_lcores(struct mcr_placement *out, const struct mcr_settings *s, const char *root,
		   struct mcr_error *err)
{
	struct said said = {NULL, NULL, NULL, NULL, s->n_eal == 0};
	cpu_set_t set;
	bool ok;
	int ret;

	*out = (struct mcr_placement){.n = 0};
	read_arguments(&said, s);
	if (said.is_unclear)
		return 0;
	CPU_ZERO(&set);
	if (said.list)
		ok = add_list(&set, &said.list, '\0');
	else if (said.mask)
		ok = add_mask(&set, said.mask);
	else if (said.map)
		ok = add_map(&set, said.map);
	else
		ok = sched_getaffinity(0, sizeof(set), &set) == 0;
	if (!ok)
		return 0;
	ret = said.map ? 0 : check_cpus(&set, root, err);
	return ret < 0 ? ret : all_but_main(out, &set, said.main, err);
}
