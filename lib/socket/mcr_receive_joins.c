/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/mcr_receive_joins.h"

#include <errno.h>
#include <stdlib.h>

#include "core/error.h"

static int parse(struct mcr_received_joins *joins, struct mcr_received_join *j,
		 struct mcr_error *err)
{
	struct mcr_join_list *list = &joins->list;
	const struct mcr_join *items;
	size_t n;
	int ret;

	j->first = list->n;
	ret = mcr_join_parse(list, j->text, err);
	if (ret < 0)
		return ret;
	items = &list->items[j->first];
	n = list->n - j->first;
	if (items->channel[0] != '\0')
		return mcr_error_set(err, -EINVAL,
				     "join \"%s\" names a channel: that is an option of its own",
				     j->text);
	for (j->n_ports = 1; j->n_ports < n; j->n_ports++)
		if (!mcr_address_is_equal(items->group, items[j->n_ports].group))
			break;
	j->n_groups = n / j->n_ports;
	return 0;
}

int mcr_received_joins_parse(struct mcr_received_joins *joins, const char *const *texts, size_t n,
			     struct mcr_error *err)
{
	*joins = (struct mcr_received_joins){.n = n};
	if (n == 0 || n > MCR_JOIN_EXPANSION_MAX - MCR_INTERFACES_MAX)
		return mcr_error_set(err, -EINVAL, "%zu joins: give one or more", n);
	joins->items = calloc(n, sizeof(*joins->items));
	if (!joins->items)
		return mcr_error_set(err, -ENOMEM, "joins: no memory");
	for (size_t i = 0; i < n; i++) {
		int ret;

		joins->items[i].text = texts[i];
		ret = parse(joins, &joins->items[i], err);
		if (ret < 0)
			return ret;
	}
	joins->owner = calloc(joins->list.n, sizeof(*joins->owner));
	if (!joins->owner)
		return mcr_error_set(err, -ENOMEM, "joins: no memory");
	for (size_t i = 0; i < n; i++) {
		const struct mcr_received_join *j = &joins->items[i];

		for (size_t k = 0; k < j->n_groups * j->n_ports; k++)
			joins->owner[j->first + k] = (uint32_t)i;
	}
	return 0;
}

/* The table gives the id of the join that matched: here its index. */
int mcr_received_joins_index(struct mcr_received_joins *joins)
{
	struct mcr_rule *rules = calloc(joins->list.n, sizeof(*rules));
	struct mcr_join *indexed = calloc(joins->list.n, sizeof(*indexed));
	struct mcr_group_table *table;
	int ret = rules && indexed ? 0 : -ENOMEM;
	size_t n = 0;

	for (size_t i = 0; ret == 0 && i < joins->list.n; i++) {
		const struct mcr_received_join *j = &joins->items[joins->owner[i]];

		if (j->way != MCR_RECEIVE_ENGINE && j->way != MCR_RECEIVE_KERNEL)
			continue;
		indexed[n] = joins->list.items[i];
		indexed[n].id = (uint32_t)i;
		rules[n].join = &indexed[n];
		rules[n++].interface = j->place.slot;
	}
	if (ret == 0)
		ret = mcr_group_table_create(&table, rules, n);
	if (ret == 0) {
		mcr_group_table_destroy(joins->table);
		joins->table = table;
	}
	free(rules);
	free(indexed);
	return ret;
}

void mcr_received_joins_clear(struct mcr_received_joins *joins)
{
	mcr_group_table_destroy(joins->table);
	mcr_join_list_clear(&joins->list);
	free(joins->owner);
	free(joins->items);
}

const struct mcr_join *mcr_received_joins_match(const struct mcr_received_joins *joins,
						uint16_t slot, const struct mcr_msg *m,
						size_t *text)
{
	struct mcr_target target; /* there is one channel, 0 */
	uint32_t membership;
	int n;

	if (mcr_address_is_ipv4(m->group))
		n = mcr_group_table_match(joins->table, slot, mcr_address_ipv4_be(m->group),
					  m->dst_port, mcr_address_ipv4_be(m->source), &target,
					  &membership);
	else
		n = mcr_group_table_match_ipv6(joins->table, slot, m->group.octets, m->dst_port,
					       m->source.octets, &target, &membership);
	if (n <= 0)
		return NULL;
	*text = joins->owner[target.id];
	return &joins->list.items[target.id];
}
