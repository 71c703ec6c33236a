/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel has one route of a source and a group, with one input. The engine has one for each
 * interface by which packets came in; all but one of them are of the wrong interface. */
#include "mroute.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static int is_same(const json_t *a, const json_t *b)
{
	return strcmp(text_of(a, "group"), text_of(b, "group")) == 0 &&
	       strcmp(text_of(a, "source"), text_of(b, "source")) == 0;
}

static int is_output(const json_t *output)
{
	return json_is_true(json_object_get(output, "forwarded"));
}

/* The higher, the more it is the route that the kernel would have. 0: it is none. */
static int rank(const json_t *route)
{
	const json_t *output;
	size_t i;

	json_array_foreach(json_object_get(route, "outputs"), i, output)
	{
		if (is_output(output))
			return 3;
	}
	if (number(route, "packets") > 0)
		return 2;
	return number(route, "wrong_interface") == 0;
}

static void print_outputs(FILE *out, const json_t *route)
{
	const char *before = "Oifs: ";
	const json_t *output;
	size_t i;

	json_array_foreach(json_object_get(route, "outputs"), i, output)
	{
		long long ttl = number(output, "ttl_threshold");

		if (!is_output(output))
			continue;
		fprintf(out, "%s%s", before, text_of(output, "interface"));
		if (ttl > 1)
			fprintf(out, "(ttl %lld)", ttl);
		before = " ";
	}
	if (before[0] == ' ')
		fputc(' ', out);
}

static void print_counts(FILE *out, const json_t *route, long long wrong, uint64_t now_ns)
{
	const long long last = number(route, "last_ns");

	fprintf(out, "  %lld packets, %lld bytes", number(route, "packets"),
		number(route, "bytes"));
	if (wrong > 0)
		fprintf(out, ", %lld arrived on wrong iif.", wrong);
	if (last > 0 && (uint64_t)last <= now_ns)
		fprintf(out, ", Age %.2f", (double)(now_ns - (uint64_t)last) / 1e9);
	fputc('\n', out);
}

/* route NULL: packets came by a wrong interface only. first: one of them. */
static void print_route(FILE *out, const json_t *first, const json_t *route, long long wrong,
			uint64_t now_ns)
{
	const char *group = text_of(first, "group"), *source = text_of(first, "source");
	char name[160];

	if (source[0] == '\0')
		source = strchr(group, ':') ? "::" : "0.0.0.0";
	snprintf(name, sizeof(name), "(%s,%s)", source, group);
	fprintf(out, "%-32s Iif: ", name);
	if (!route) {
		fputs("unresolved  State: unresolved\n", out);
		return;
	}
	fprintf(out, "%-10s ", text_of(route, "interface"));
	print_outputs(out, route);
	fputs(" State: resolved\n", out);
	print_counts(out, route, wrong, now_ns);
}

static void print_family(FILE *out, const json_t *list, int is_ipv6, uint64_t now_ns)
{
	for (size_t i = 0, next; i < json_array_size(list); i = next) {
		const json_t *first = json_array_get(list, i), *route = NULL;
		long long wrong = 0;
		int best = 0;

		for (next = i; next < json_array_size(list); next++) {
			const json_t *one = json_array_get(list, next);

			if (!is_same(first, one))
				break;
			wrong += number(one, "wrong_interface");
			if (rank(one) > best) {
				best = rank(one);
				route = one;
			}
		}
		if ((strchr(text_of(first, "group"), ':') != NULL) == is_ipv6)
			print_route(out, first, route, wrong, now_ns);
	}
}

void ctl_print_mroute(FILE *out, const json_t *reply, uint64_t now_ns)
{
	const json_t *list = json_object_get(reply, "routes");

	print_family(out, list, 0, now_ns);
	print_family(out, list, 1, now_ns);
}
