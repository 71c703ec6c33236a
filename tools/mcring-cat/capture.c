/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"

#include <stdio.h>
#include <string.h>

/* ---- interfaces ---- */

/* Writes an interface. Returns its number in the file. */
static unsigned write_interface(struct cat_capture *c, int32_t index,
				const struct mcr_consumer_interface *it)
{
	const unsigned number =
	    pcapng_interface(&c->file, it->name, it->netdev[0] ? it->netdev : it->port, 0);

	memcpy(c->names[number], it->name, sizeof(it->name));
	c->indices[number] = index;
	return number;
}

/* Which interface of the file the engine's is. An engine that has ended cannot say how it is called
 * any more. */
static unsigned interface_of(struct cat_capture *c, int32_t index)
{
	struct mcr_consumer_interface it = {.size = sizeof(it)};

	for (unsigned i = 0; i < c->file.n_interfaces; i++)
		if (c->indices[i] == index)
			return i;
	if (mcr_consumer_interface_info(c->consumer, (uint32_t)index, &it, NULL) < 0)
		snprintf(it.name, sizeof(it.name), "interface-%d", index);
	for (unsigned i = 0; i < c->file.n_interfaces; i++)
		if (c->indices[i] < 0 && strcmp(c->names[i], it.name) == 0) {
			c->indices[i] = index;
			return i;
		}
	return c->file.n_interfaces < CAT_INTERFACES_MAX ? write_interface(c, index, &it) : 0;
}

/* All that the engine has: some readers want to know them before the first packet. */
static void write_interfaces(struct cat_capture *c)
{
	struct mcr_consumer_interface it = {.size = sizeof(it)};

	for (uint32_t i = 0;
	     i < CAT_INTERFACES_MAX && mcr_consumer_interface_info(c->consumer, i, &it, NULL) == 0;
	     i++)
		write_interface(c, (int32_t)i, &it);
}

void cat_capture_begin(struct cat_capture *c, int fd, struct mcr_consumer *consumer)
{
	const char *const made_up = pcapng_headers_comment;

	c->consumer = consumer;
	pcapng_begin(&c->file, fd, "mcring-cat " MCR_VERSION,
		     (struct pcapng_comments){&made_up, 1});
	write_interfaces(c);
}

void cat_capture_restart(struct cat_capture *c)
{
	memset(c->indices, 0xff, sizeof(c->indices));
}

/* ---- packets, and what stands beside them ---- */

/* Texts of what is to be said. */
static struct pcapng_comments take_comments(struct cat_capture *c,
					    const char *list[CAT_COMMENTS_MAX])
{
	const struct pcapng_comments comments = {list, c->n_comments};

	for (unsigned i = 0; i < c->n_comments; i++)
		list[i] = c->comments[i];
	c->n_comments = 0;
	return comments;
}

void cat_capture_packet(struct cat_capture *c, const struct mcr_msg *m, const uint8_t *payload)
{
	const unsigned interface = interface_of(c, m->interface);
	const char *list[CAT_COMMENTS_MAX];
	const struct pcapng_remarks remarks = {.drops = c->lost,
					       .comments = take_comments(c, list)};

	pcapng_packet(&c->file, interface, m, payload, m->len, &remarks);
	c->lost = 0;
}

void cat_capture_comment(struct cat_capture *c, const char *text)
{
	if (c->n_comments < CAT_COMMENTS_MAX)
		snprintf(c->comments[c->n_comments++], CAT_COMMENT_LEN, "%s", text);
}

void cat_capture_lost(struct cat_capture *c, uint64_t lost)
{
	c->lost += lost;
}

/* With the statistics of the first interface: those of an interface that is not in the file have no
 * place. */
void cat_capture_end(struct cat_capture *c)
{
	struct pcapng_statistics s = {.ns = UINT64_MAX,
				      .start_ns = UINT64_MAX,
				      .end_ns = UINT64_MAX,
				      .received = UINT64_MAX,
				      .dropped = UINT64_MAX,
				      .not_read = c->lost > 0 ? c->lost : UINT64_MAX,
				      .in_the_file = UINT64_MAX};
	const char *list[CAT_COMMENTS_MAX];

	if ((c->n_comments > 0 || c->lost > 0) && c->file.n_interfaces > 0)
		pcapng_statistics(&c->file, 0, &s, take_comments(c, list));
	c->lost = 0;
	pcapng_flush(&c->file);
}
