/* SPDX-License-Identifier: BSD-3-Clause */
/* Control messages, in the order in which Linux writes them. */
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <linux/errqueue.h> /* needs struct timespec */
#include <linux/net_tstamp.h>

#include "socket/interface.h"
#include "socket/real.h"
#include "socket/receive.h"

/* ---- what is wanted ---- */

struct option {
	int level, name;
	uint32_t bit;
};

static const struct option options[] = {
    {SOL_SOCKET, SO_TIMESTAMP, MCR_WANT_TIMESTAMP},
    {SOL_SOCKET, SO_TIMESTAMPNS, MCR_WANT_TIMESTAMPNS},
    {SOL_SOCKET, SO_RXQ_OVFL, MCR_WANT_RXQ_OVFL},
    {IPPROTO_IP, IP_PKTINFO, MCR_WANT_PKTINFO},
    {IPPROTO_IP, IP_RECVTTL, MCR_WANT_TTL},
    {IPPROTO_IP, IP_RECVTOS, MCR_WANT_TOS},
    {IPPROTO_IP, IP_RECVORIGDSTADDR, MCR_WANT_ORIGDSTADDR},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, MCR_WANT_PKTINFO6},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, MCR_WANT_HOPLIMIT},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, MCR_WANT_TCLASS},
    {IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, MCR_WANT_ORIGDSTADDR6},
};

static int read_option(const struct mcr_socket *s, int level, int name)
{
	int value[2] = {0};
	socklen_t len = sizeof(value);

	return mcr_real.getsockopt(s->fd, level, name, value, &len) == 0 ? value[0] : 0;
}

void mcr_socket_wants(struct mcr_socket *s)
{
	s->wanted = 0;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if ((s->family == AF_INET6 || options[i].level != IPPROTO_IPV6) &&
		    read_option(s, options[i].level, options[i].name))
			s->wanted |= options[i].bit;
	s->timestamping = (uint32_t)read_option(s, SOL_SOCKET, SO_TIMESTAMPING);
	if (s->timestamping & (SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RAW_HARDWARE))
		s->wanted |= MCR_WANT_TIMESTAMPING;
}

/* ---- what is written ---- */

struct control {
	char *at;
	size_t left;
	int is_cut;
};

/* As put_cmsg of Linux: what does not fit is cut, and a header that does not fit is left out. */
static void put(struct control *c, int level, int type, const void *data, size_t len)
{
	struct cmsghdr header = {.cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
	size_t space = CMSG_SPACE(len);

	if (c->left < sizeof(header)) {
		c->is_cut = 1;
		return;
	}
	if (c->left < header.cmsg_len) {
		c->is_cut = 1;
		header.cmsg_len = c->left;
	}
	memcpy(c->at, &header, sizeof(header));
	memcpy(c->at + CMSG_LEN(0), data, header.cmsg_len - CMSG_LEN(0));
	space = space < c->left ? space : c->left;
	c->at += space;
	c->left -= space;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
}

static void put_times(const struct mcr_socket *s, const struct mcr_msg *m, struct control *c)
{
	struct timespec ts = timespec_of(m->rx_ns);

	if (s->wanted & MCR_WANT_TIMESTAMPNS) {
		put(c, SOL_SOCKET, SCM_TIMESTAMPNS, &ts, sizeof(ts));
	} else if (s->wanted & MCR_WANT_TIMESTAMP) {
		struct timeval tv = {ts.tv_sec, ts.tv_nsec / 1000};

		put(c, SOL_SOCKET, SCM_TIMESTAMP, &tv, sizeof(tv));
	}
	if (s->wanted & MCR_WANT_TIMESTAMPING) {
		struct scm_timestamping stamps = {0};
		int is_any = 0;

		if (s->timestamping & SOF_TIMESTAMPING_SOFTWARE) {
			stamps.ts[0] = ts;
			is_any = 1;
		}
		if ((s->timestamping & SOF_TIMESTAMPING_RAW_HARDWARE) && m->hw_ns != 0) {
			stamps.ts[2] = timespec_of(m->hw_ns);
			is_any = 1;
		}
		if (is_any)
			put(c, SOL_SOCKET, SCM_TIMESTAMPING, &stamps, sizeof(stamps));
	}
}

static void put_ipv4(const struct mcr_socket *s, const struct mcr_msg *m, struct control *c)
{
	struct in_addr group = {mcr_address_ipv4_be(m->group)};
	int ttl = m->ttl;

	if (s->wanted & MCR_WANT_PKTINFO) {
		struct in_pktinfo info = {.ipi_ifindex = (int)mcr_interface_ifindex(m->interface),
					  .ipi_addr = group};

		info.ipi_spec_dst.s_addr = mcr_interface_ipv4_be(m->interface);
		put(c, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	}
	if (s->wanted & MCR_WANT_TTL)
		put(c, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	if (s->wanted & MCR_WANT_TOS)
		put(c, IPPROTO_IP, IP_TOS, &m->traffic_class, 1);
	if (s->wanted & MCR_WANT_ORIGDSTADDR) {
		struct sockaddr_in to = {
		    .sin_family = AF_INET, .sin_addr = group, .sin_port = htons(m->dst_port)};

		put(c, IPPROTO_IP, IP_ORIGDSTADDR, &to, sizeof(to));
	}
}

/* Of an IPv4 datagram on an IPv6 socket there is PKTINFO only, with mapped addresses. */
static void put_ipv6(const struct mcr_socket *s, const struct mcr_msg *m, struct control *c)
{
	int is_ipv4 = mcr_address_is_ipv4(m->group), value;

	if (s->wanted & MCR_WANT_PKTINFO6) {
		struct in6_pktinfo info = {.ipi6_ifindex = mcr_interface_ifindex(m->interface)};

		memcpy(&info.ipi6_addr, &m->group, sizeof(info.ipi6_addr));
		put(c, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	}
	if (is_ipv4)
		return;
	if (s->wanted & MCR_WANT_HOPLIMIT) {
		value = m->ttl;
		put(c, IPPROTO_IPV6, IPV6_HOPLIMIT, &value, sizeof(value));
	}
	if (s->wanted & MCR_WANT_TCLASS) {
		value = m->traffic_class;
		put(c, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof(value));
	}
	if (s->wanted & MCR_WANT_ORIGDSTADDR6) {
		struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(m->dst_port)};

		memcpy(&to.sin6_addr, &m->group, sizeof(to.sin6_addr));
		if (IN6_IS_ADDR_MC_LINKLOCAL(&to.sin6_addr))
			to.sin6_scope_id = mcr_interface_ifindex(m->interface);
		put(c, IPPROTO_IPV6, IPV6_ORIGDSTADDR, &to, sizeof(to));
	}
}

void mcr_socket_control(struct mcr_socket *s, const struct mcr_msg *m, struct msghdr *msg)
{
	struct control c = {msg->msg_control, msg->msg_control ? msg->msg_controllen : 0, 0};

	if (s->wanted == 0) {
		msg->msg_controllen = 0;
		return;
	}
	put_times(s, m, &c);
	if ((s->wanted & MCR_WANT_RXQ_OVFL) && s->lost > 0) {
		uint32_t lost = (uint32_t)s->lost;

		put(&c, SOL_SOCKET, SO_RXQ_OVFL, &lost, sizeof(lost));
	}
	if (s->family == AF_INET6)
		put_ipv6(s, m, &c);
	if (mcr_address_is_ipv4(m->group))
		put_ipv4(s, m, &c);
	msg->msg_controllen = (size_t)(c.at - (char *)msg->msg_control);
	if (c.is_cut)
		msg->msg_flags |= MSG_CTRUNC;
}
