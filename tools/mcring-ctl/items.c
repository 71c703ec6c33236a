/* SPDX-License-Identifier: BSD-3-Clause */
#include "items.h"

#include <stdarg.h>
#include <string.h>

#include "../common/wrap.h"

#define ITEM_MAX 192

void ctl_items_add(struct ctl_items *items, const char *format, ...)
{
	char item[ITEM_MAX];
	size_t len;
	va_list ap;

	va_start(ap, format);
	vsnprintf(item, sizeof(item), format, ap);
	va_end(ap);
	len = strlen(item);
	if (items->used == 0 || items->used + 2 + len > CTL_COLUMNS) {
		if (items->used > 0)
			fputc('\n', items->out);
		items->used = strlen(items->head) + 2;
		fprintf(items->out, "%s: ", items->head);
	} else {
		items->used += 2;
		fputs(", ", items->out);
	}
	items->used += len;
	fputs(item, items->out);
}

void ctl_items_end(const struct ctl_items *items)
{
	if (items->used > 0)
		fputc('\n', items->out);
}
