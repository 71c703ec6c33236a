/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/mcr_receive_kernel.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29 /* linux/in6.h */
#endif

#define DATAGRAM_MAX 65536
#define STRIDE       (DATAGRAM_MAX + 192) /* not all of a batch in the same sets of the cache */
#define TURNS        4                    /* batches of one socket before the next's turn */
#define BATCHES_LAST 65536                /* batches of one that is about to be closed */

struct mcr_kernel_socket {
	int fd;
	uint32_t text, number;
	unsigned ifindex;
	uint32_t drops; /* the kernel's count, as far as it was given */
	uint64_t seq;   /* of the last datagram, or the last one lost */
	uint16_t port;  /* host order */
	uint8_t is_ipv4, was_read;
};

struct mcr_kernel_batch {
	struct mmsghdr headers[MCR_KERNEL_BATCH];
	struct iovec parts[MCR_KERNEL_BATCH];
	struct sockaddr_storage from[MCR_KERNEL_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[MCR_KERNEL_BATCH][256];
	uint8_t payload[MCR_KERNEL_BATCH * STRIDE];
};

int mcr_kernel_init(struct mcr_kernel *k)
{
	k->epoll = epoll_create1(EPOLL_CLOEXEC);
	return k->epoll < 0 ? -errno : 0;
}

static void drop_socket(struct mcr_kernel *k, size_t i)
{
	close(k->sockets[i]->fd);
	free(k->sockets[i]);
	k->sockets[i] = k->sockets[--k->n];
}

static void drop_text(struct mcr_kernel *k, size_t text)
{
	for (size_t i = k->n; i-- > 0;)
		if (k->sockets[i]->text == text)
			drop_socket(k, i);
}

void mcr_kernel_fini(struct mcr_kernel *k)
{
	while (k->n > 0)
		drop_socket(k, k->n - 1);
	free(k->sockets);
	free(k->batch);
	if (k->epoll >= 0)
		close(k->epoll);
}

/* ---- open ---- */

static socklen_t write_address(struct sockaddr_storage *out, const struct mcr_address *address,
			       uint16_t port, unsigned ifindex, int is_ipv4)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memset(out, 0, sizeof(*out));
	if (is_ipv4) {
		v4.sin_addr.s_addr = address ? mcr_address_ipv4_be(*address) : 0;
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	if (address) {
		memcpy(&v6.sin6_addr, address->octets, sizeof(v6.sin6_addr));
		v6.sin6_scope_id = ifindex;
	}
	memcpy(out, &v6, sizeof(v6));
	return sizeof(v6);
}

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* What the socket receives, and what is told with it. The buffer may be smaller than wanted. */
static int set_options(const struct mcr_kernel *k, int fd, const struct mcr_received_place *place,
		       int is_ipv4)
{
	static const int all[][2] = {
	    {SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_TIMESTAMPNS}, {SOL_SOCKET, SO_RXQ_OVFL}};
	static const int ipv4[][2] = {
	    {IPPROTO_IP, IP_PKTINFO}, {IPPROTO_IP, IP_RECVTTL}, {IPPROTO_IP, IP_RECVTOS}};
	static const int ipv6[][2] = {{IPPROTO_IPV6, IPV6_V6ONLY},
				      {IPPROTO_IPV6, IPV6_RECVPKTINFO},
				      {IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
				      {IPPROTO_IPV6, IPV6_RECVTCLASS}};
	const int bytes = k->buffer_bytes > INT32_MAX ? INT32_MAX : (int)k->buffer_bytes;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(all) / sizeof(all[0]); i++)
		ret = set(fd, all[i][0], all[i][1], 1);
	for (size_t i = 0; ret == 0 && is_ipv4 && i < sizeof(ipv4) / sizeof(ipv4[0]); i++)
		ret = set(fd, ipv4[i][0], ipv4[i][1], 1);
	for (size_t i = 0; ret == 0 && !is_ipv4 && i < sizeof(ipv6) / sizeof(ipv6[0]); i++)
		ret = set(fd, ipv6[i][0], ipv6[i][1], 1);
	if (ret < 0)
		return ret;
	/* Else it would get what others on this host have joined. A kernel that does not know it
	 * for IPv6 has us look at the group, and at the interface: there it does not compare that.
	 */
	set(fd, is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
	    is_ipv4 ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL, 0);
	if (!is_ipv4)
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, place->device, sizeof(place->device));
	if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0)
		set(fd, SOL_SOCKET, SO_RCVBUF, bytes);
	return 0;
}

static int keep_socket(struct mcr_kernel *k, struct mcr_kernel_socket *s)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};

	if (k->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 16;
		struct mcr_kernel_socket **more = realloc(k->sockets, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		k->sockets = more;
		k->cap = cap;
	}
	if (epoll_ctl(k->epoll, EPOLL_CTL_ADD, s->fd, &event) < 0)
		return -errno;
	k->sockets[k->n++] = s;
	return 0;
}

/* A socket of one port. With only one group it is bound to that, and takes nobody's unicast. */
static int open_socket(struct mcr_kernel *k, size_t text, const struct mcr_join *join,
		       struct mcr_kernel_socket **out)
{
	const struct mcr_received_join *j = &k->joins->items[text];
	const int is_ipv4 = mcr_address_is_ipv4(join->group);
	struct mcr_kernel_socket *s = calloc(1, sizeof(*s));
	struct sockaddr_storage bound;
	socklen_t len = write_address(&bound, j->n_groups == 1 ? &join->group : NULL, join->port,
				      j->place.ifindex, is_ipv4);
	int ret;

	if (!s)
		return -ENOMEM;
	*s = (struct mcr_kernel_socket){.text = (uint32_t)text,
					.number = k->numbered++,
					.ifindex = j->place.ifindex,
					.port = join->port,
					.is_ipv4 = (uint8_t)is_ipv4};
	s->fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ret = s->fd < 0 ? -errno : set_options(k, s->fd, &j->place, is_ipv4);
	if (ret == 0 && bind(s->fd, (struct sockaddr *)&bound, len) < 0)
		ret = -errno;
	if (ret == 0)
		ret = keep_socket(k, s);
	if (ret < 0) {
		if (s->fd >= 0)
			close(s->fd);
		free(s);
		return ret;
	}
	*out = s;
	return 0;
}

static int change_group(const struct mcr_kernel_socket *s, int option,
			const struct mcr_address *group, const struct mcr_address *source)
{
	struct group_source_req with_source = {.gsr_interface = s->ifindex};
	struct group_req alone = {.gr_interface = s->ifindex};
	const int level = s->is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
	int ret;

	write_address(&alone.gr_group, group, 0, 0, s->is_ipv4);
	with_source.gsr_group = alone.gr_group;
	if (source)
		write_address(&with_source.gsr_source, source, 0, 0, s->is_ipv4);
	ret = source ? setsockopt(s->fd, level, option, &with_source, sizeof(with_source))
		     : setsockopt(s->fd, level, option, &alone, sizeof(alone));
	return ret < 0 ? -errno : 0;
}

/* Joins a group on the socket, from source *done on. Returns -ENOBUFS when the socket is full. */
static int join_group(const struct mcr_kernel_socket *s, const struct mcr_join *join,
		      uint32_t *done)
{
	int ret = 0;

	if (join->mode == MCR_FILTER_INCLUDE) {
		for (; ret == 0 && *done < join->n_sources; *done += ret == 0)
			ret = change_group(s, MCAST_JOIN_SOURCE_GROUP, &join->group,
					   &join->sources[*done]);
		return ret;
	}
	ret = change_group(s, MCAST_JOIN_GROUP, &join->group, NULL);
	/* The kernel may block fewer sources than were named. The rest is sorted out here. */
	for (uint32_t i = 0; ret == 0 && i < join->n_sources; i++)
		if (change_group(s, MCAST_BLOCK_SOURCE, &join->group, &join->sources[i]))
			break;
	return ret;
}

/* All groups of the text's port number `port`, on as many sockets as that takes. */
static int open_port(struct mcr_kernel *k, size_t text, size_t port)
{
	const struct mcr_received_join *j = &k->joins->items[text];
	const struct mcr_join *items = &k->joins->list.items[j->first];
	struct mcr_kernel_socket *s = NULL;
	int ret = 0;

	for (size_t g = 0; g < j->n_groups; g++) {
		const struct mcr_join *join = &items[g * j->n_ports + port];
		uint32_t done = 0;

		ret = s ? join_group(s, join, &done) : -ENOBUFS;
		while (ret == -ENOBUFS) { /* a new socket takes at least one source */
			const uint32_t before = done;

			ret = open_socket(k, text, join, &s);
			if (ret == 0)
				ret = join_group(s, join, &done);
			if (ret == -ENOBUFS && done == before)
				return ret;
		}
		if (ret < 0)
			return ret;
	}
	return 0;
}

int mcr_kernel_open(struct mcr_kernel *k, size_t text, struct mcr_error *err)
{
	const struct mcr_received_join *j = &k->joins->items[text];
	int ret = 0;

	if (k->joins->list.items[j->first].port == 0)
		return mcr_error_set(
		    err, -EINVAL,
		    "join \"%s\" is for any port, which only an engine can receive: "
		    "name one, as in 239.1.1.1:5000",
		    j->text);
	if (!k->batch)
		k->batch = calloc(1, sizeof(*k->batch));
	if (!k->batch)
		return mcr_error_set(err, -ENOMEM, "join \"%s\": no memory", j->text);
	for (size_t port = 0; ret == 0 && port < j->n_ports; port++)
		ret = open_port(k, text, port);
	if (ret < 0) {
		drop_text(k, text);
		if (ret == -EMFILE)
			return mcr_error_set(
			    err, ret,
			    "join \"%s\": the kernel needs a socket for each port, "
			    "and for each 20 groups: more than this process may "
			    "have open (ulimit -n)",
			    j->text);
		return mcr_error_set(err, ret, "join \"%s\": the kernel on %s: %s", j->text,
				     j->place.device, strerror(-ret));
	}
	return 0;
}

/* ---- read ---- */

static int give_lost(struct mcr_kernel *k, struct mcr_kernel_socket *s, uint32_t drops)
{
	struct mcr_msg m = {.kind = MCR_LOST,
			    .flags = MCR_FLAG_KERNEL,
			    .data = (const uint8_t *)"",
			    .pos = {.ring = s->number, .seq = s->seq + 1},
			    .dst_port = s->port,
			    .lost = drops - s->drops};

	s->drops = drops;
	s->seq += m.lost;
	return k->give(k->ctx, &m, m.data);
}

static struct mcr_address address_of(const struct sockaddr_storage *from, uint16_t *port)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	struct mcr_address address;

	memcpy(&v4, from, sizeof(v4));
	memcpy(&v6, from, sizeof(v6));
	*port = ntohs(v4.sin_port); /* it is in the same place in both */
	if (from->ss_family == AF_INET)
		return mcr_address_from_ipv4(v4.sin_addr.s_addr);
	memcpy(address.octets, &v6.sin6_addr, sizeof(address.octets));
	return address;
}

/* Takes what a control message says; *drops if it is that. */
static void take_control(struct mcr_msg *m, uint32_t *drops, const struct cmsghdr *c)
{
	const void *data = CMSG_DATA(c);
	struct in6_pktinfo info6;
	struct in_pktinfo info;
	struct timespec time;
	int value;

	memcpy(&value, data, sizeof(value));
	if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
		memcpy(&time, data, sizeof(time));
		m->rx_ns = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
	} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
		*drops = (uint32_t)value;
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&info, data, sizeof(info));
		m->group = mcr_address_from_ipv4(info.ipi_addr.s_addr);
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) {
		m->ttl = (uint8_t)value;
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
		m->traffic_class = *(const uint8_t *)data;
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&info6, data, sizeof(info6));
		memcpy(m->group.octets, &info6.ipi6_addr, sizeof(m->group.octets));
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
		m->ttl = (uint8_t)value;
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
		m->traffic_class = (uint8_t)value;
	}
}

static int take_datagram(struct mcr_kernel *k, struct mcr_kernel_socket *s, unsigned i)
{
	const struct mcr_received_place *place = &k->joins->items[s->text].place;
	struct msghdr *header = &k->batch->headers[i].msg_hdr;
	struct mcr_msg m = {.kind = MCR_DATA,
			    .flags = MCR_FLAG_KERNEL,
			    .len = k->batch->headers[i].msg_len,
			    .data = k->batch->parts[i].iov_base,
			    .dst_port = s->port,
			    .interface = place->interface};
	const struct mcr_join *join;
	uint32_t drops = s->drops;
	size_t text = 0;
	int ret;

	m.source = address_of(&k->batch->from[i], &m.src_port);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
		take_control(&m, &drops, c);
	if ((int32_t)(drops - s->drops) > 0) {
		ret = give_lost(k, s, drops);
		if (ret != 0)
			return ret;
	}
	m.pos = (struct mcr_pos){.ring = s->number, .seq = ++s->seq};
	join = mcr_received_joins_match(k->joins, place->slot, &m, &text);
	if (!join || text != s->text)
		return 0;
	m.id = join->id;
	return k->give(k->ctx, &m, m.data);
}

static int receive_batch(struct mcr_kernel *k, const struct mcr_kernel_socket *s)
{
	struct mcr_kernel_batch *b = k->batch;

	for (unsigned i = 0; i < MCR_KERNEL_BATCH; i++) {
		b->parts[i] = (struct iovec){b->payload + (size_t)i * STRIDE, DATAGRAM_MAX};
		b->headers[i].msg_hdr = (struct msghdr){.msg_name = &b->from[i],
							.msg_namelen = sizeof(b->from[i]),
							.msg_iov = &b->parts[i],
							.msg_iovlen = 1,
							.msg_control = b->control[i],
							.msg_controllen = sizeof(b->control[i])};
	}
	return recvmmsg(s->fd, b->headers, MCR_KERNEL_BATCH, MSG_DONTWAIT, NULL);
}

/* Takes a batch of a socket. *n: how many that were; 0 or less: none are left. */
static int read_batch(struct mcr_kernel *k, struct mcr_kernel_socket *s, int *n)
{
	int ret = 0;

	*n = receive_batch(k, s);
	for (int i = 0; ret == 0 && i < *n; i++)
		ret = take_datagram(k, s, (unsigned)i);
	return ret;
}

int mcr_kernel_read(struct mcr_kernel *k, struct mcr_kernel_socket *s)
{
	int n = MCR_KERNEL_BATCH, ret = 0;

	s->was_read = 1;
	for (int turn = 0; ret == 0 && n == MCR_KERNEL_BATCH && turn < TURNS; turn++)
		ret = read_batch(k, s, &n);
	return ret;
}

static int look_at(struct mcr_kernel *k, struct mcr_kernel_socket *s)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t len = sizeof(memory);

	s->was_read = 0;
	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, memory, &len) < 0 || len < sizeof(memory) ||
	    (int32_t)(memory[SK_MEMINFO_DROPS] - s->drops) <= 0)
		return 0;
	return give_lost(k, s, memory[SK_MEMINFO_DROPS]);
}

int mcr_kernel_look(struct mcr_kernel *k)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < k->n; i++)
		if (k->sockets[i]->was_read)
			ret = look_at(k, k->sockets[i]);
	return ret;
}

/* ---- close ---- */

/* Nothing comes any more after this. */
static void leave_groups(const struct mcr_kernel *k, const struct mcr_kernel_socket *s)
{
	const struct mcr_received_join *j = &k->joins->items[s->text];

	for (size_t g = 0; g < j->n_groups; g++)
		change_group(s, MCAST_LEAVE_GROUP,
			     &k->joins->list.items[j->first + g * j->n_ports].group, NULL);
}

int mcr_kernel_close(struct mcr_kernel *k, size_t text)
{
	int ret = 0;

	for (size_t i = 0; i < k->n; i++) {
		struct mcr_kernel_socket *s = k->sockets[i];
		int n = 1;

		if (s->text != text)
			continue;
		leave_groups(k, s);
		/* With an end, though somebody may flood it with unicast. */
		for (int batch = 0; ret == 0 && n > 0 && batch < BATCHES_LAST; batch++)
			ret = read_batch(k, s, &n);
		if (ret == 0)
			ret = look_at(k, s);
	}
	drop_text(k, text);
	return ret;
}
