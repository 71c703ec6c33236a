/* SPDX-License-Identifier: BSD-3-Clause */
/* Questions to the kernel by rtnetlink (rtnetlink(7)), and what it says unasked. The kernel is not
 * trusted to get lengths right. */
#ifndef MCR_ENGINE_NETLINK_H
#define MCR_ENGINE_NETLINK_H

#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

struct mcr_netlink {
	int fd;          /* never blocks; -1 = none */
	uint32_t serial; /* of the last question */
	uint32_t port;   /* the socket's own address (nl_pid) */
};

/* mcr_netlink_open hears of groups (RTMGRP_LINK, ...). Does not wait. Returns 0 or -errno. */
int mcr_netlink_open(struct mcr_netlink *n, uint32_t groups);
void mcr_netlink_close(struct mcr_netlink *n);

/* Reads len octets of messages. Returns 1 when the answer to the last question ends in them, else
 * 0, or -errno: it has to be asked again. */
typedef int (*mcr_netlink_input)(void *ctx, const void *msgs, size_t len);

/* mcr_netlink_hear reads what the kernel said unasked. Returns 0, or -ENOBUFS: some was lost. */
int mcr_netlink_hear(struct mcr_netlink *n, mcr_netlink_input input, void *ctx);

/* mcr_netlink_ask sends a question, whose nlmsg_seq it sets, and reads until the answer has come.
 * May wait for the kernel's RTNL lock. Returns 0 or -errno (-ETIMEDOUT: the kernel did not answer
 * within a second). */
int mcr_netlink_ask(struct mcr_netlink *n, struct nlmsghdr *question, mcr_netlink_input input,
		    void *ctx);

/* mcr_netlink_is_answer: to the last question. News carries the serial and the port of whoever made
 * the change, and other programs count their questions from 1, too. */
int mcr_netlink_is_answer(const struct mcr_netlink *n, const struct nlmsghdr *message);

/* mcr_netlink_next_message returns the next whole message of [*at, *at + *len), or NULL. */
const struct nlmsghdr *mcr_netlink_next_message(const uint8_t **at, size_t *len);

/* mcr_netlink_next_attr returns the next attribute of [*at, end), or NULL: there is none, or it
 * does not end there. */
const struct rtattr *mcr_netlink_next_attr(const uint8_t **at, const uint8_t *end);

/* mcr_netlink_payload: the octets of an attribute. mcr_netlink_take copies the first `size` of
 * them; it returns 0, and leaves out as it is, when there are fewer, else 1. */
size_t mcr_netlink_payload(const struct rtattr *a);
int mcr_netlink_take(void *out, size_t size, const struct rtattr *a);

/* mcr_netlink_first_attr: where the attributes of a message begin, behind a header of this size. */
const uint8_t *mcr_netlink_first_attr(const struct nlmsghdr *message, size_t size);

#endif
