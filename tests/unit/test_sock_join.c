/* SPDX-License-Identifier: BSD-3-Clause */
/* Random scripts of joins and leaves, on a socket of the kernel's and on one of ours whose groups
 * are the engine's: every result, every errno, every list of sources is the same. */
#include "join_rig.h"

#include "core/address.h"
#include "core/rng.h"
#include "socket/table.h"

#define SCRIPTS  150
#define STEPS    60
#define VALUE    4096
#define SOURCES  12 /* one more than igmp_max_msf, and another */
#define ALL_LIST 40 /* room for sources */

static const char *const groups4[] = {"239.1.1.1", "239.1.1.2", "232.1.1.1", "10.0.0.1"};
static const char *const groups6[] = {"ff15::1", "ff15::2", "ff3e::8000:1", "2001:db8::1"};

/* One option. */
struct step {
	int level, name;
	socklen_t len;
	char value[VALUE] __attribute__((aligned(8)));
	char text[160];
};

static struct mcr_rng rng;
static unsigned long long seed; /* of this script */
static struct step step;
static int is_only_ipv4;

static unsigned pick(unsigned n)
{
	return (unsigned)(mcr_rng_next(&rng) % n);
}

static int often(void)
{
	return pick(12) != 0;
}

static uint32_t pick_ifindex(void)
{
	/* Of IPv6's memberships on several interfaces the kernel takes one when none is named; it
	 * cannot see ours. */
	const uint32_t all[] = {0, 0, eth1, eth1, eth1, eth2, is_only_ipv4 ? 1 : 99, 98};

	return all[pick(8)];
}

static uint32_t pick_address(void)
{
	static const char *const all[] = {"0.0.0.0", ETH1, ETH1, ETH2, "127.0.0.2", "10.77.0.1"};

	return inet_addr(all[pick(6)]);
}

/* Mostly the right length, else often one next to it. */
static socklen_t pick_len(size_t len)
{
	if (often())
		return (socklen_t)len;
	return pick(2) ? (socklen_t)len - 1 + pick(3) : pick((unsigned)len + 4);
}

static void note(const char *format, ...)
{
	size_t used = strlen(step.text);
	va_list args;

	va_start(args, format);
	vsnprintf(step.text + used, sizeof(step.text) - used, format, args);
	va_end(args);
}

static void put_group(struct sockaddr_storage *out, int is_ipv4, unsigned which)
{
	memset(out, 0, sizeof(*out));
	out->ss_family = is_ipv4 ? AF_INET : AF_INET6;
	if (is_ipv4)
		inet_pton(AF_INET, groups4[which], &((struct sockaddr_in *)out)->sin_addr);
	else
		inet_pton(AF_INET6, groups6[which], &((struct sockaddr_in6 *)out)->sin6_addr);
	if (!often() && !often())
		out->ss_family = AF_UNIX;
}

static void put_source(struct sockaddr_storage *out, int is_ipv4, unsigned which)
{
	struct in6_addr *in6 = &((struct sockaddr_in6 *)out)->sin6_addr;

	memset(out, 0, sizeof(*out));
	out->ss_family = is_ipv4 ? AF_INET : AF_INET6;
	if (is_ipv4) {
		((struct sockaddr_in *)out)->sin_addr.s_addr = htonl(0x0a000001 + which);
	} else {
		inet_pton(AF_INET6, "2001:db8::", in6);
		in6->s6_addr[15] = (uint8_t)(which + 1);
	}
	if (!often() && !often())
		out->ss_family = AF_UNIX;
}

static unsigned pick_group(void)
{
	return often() ? pick(3) : 3;
}

static unsigned pick_source(void)
{
	return pick(often() ? 3 : SOURCES);
}

static void make_old(void)
{
	static const int names[] = {IP_ADD_MEMBERSHIP, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP};
	unsigned group = pick_group();
	struct ip_mreqn mreq = {.imr_ifindex = (int)pick_ifindex(),
				.imr_address.s_addr = pick_address()};

	if (mreq.imr_ifindex == 1) /* joined in the kernel: it cannot see the order of all */
		mreq.imr_address.s_addr = 0;
	inet_pton(AF_INET, groups4[group], &mreq.imr_multiaddr);
	step.level = IPPROTO_IP;
	step.name = names[pick(3)];
	step.len = pick_len(sizeof(mreq));
	if (pick(2)) {
		mreq.imr_ifindex = 0;
		step.len = step.len == sizeof(mreq) ? sizeof(struct ip_mreq) : step.len;
	}
	memcpy(step.value, &mreq, sizeof(mreq));
	note("%s %s ifindex %d address %08x len %u",
	     step.name == IP_ADD_MEMBERSHIP ? "ADD" : "DROP", groups4[group], mreq.imr_ifindex,
	     ntohl(mreq.imr_address.s_addr), step.len);
}

static void make_old_source(void)
{
	static const int names[] = {IP_ADD_SOURCE_MEMBERSHIP, IP_ADD_SOURCE_MEMBERSHIP,
				    IP_DROP_SOURCE_MEMBERSHIP, IP_BLOCK_SOURCE, IP_UNBLOCK_SOURCE};
	unsigned group = pick_group(), source = pick_source();
	struct ip_mreq_source mreq = {.imr_interface.s_addr = pick_address(),
				      .imr_sourceaddr.s_addr = htonl(0x0a000001 + source)};

	inet_pton(AF_INET, groups4[group], &mreq.imr_multiaddr);
	step.level = IPPROTO_IP;
	step.name = names[pick(5)];
	step.len = pick_len(sizeof(mreq));
	memcpy(step.value, &mreq, sizeof(mreq));
	note("option %d %s source %u address %08x len %u", step.name, groups4[group], source,
	     ntohl(mreq.imr_interface.s_addr), step.len);
}

static void make_old_filter(void)
{
	struct ip_msfilter *f = (struct ip_msfilter *)step.value;
	unsigned group = pick_group(), n = often() ? pick(4) : pick(SOURCES + 1);

	inet_pton(AF_INET, groups4[group], &f->imsf_multiaddr);
	f->imsf_interface.s_addr = pick_address();
	f->imsf_fmode = often() ? pick(2) : 7;
	f->imsf_numsrc = n;
	for (unsigned i = 0; i < n; i++) {
		uint32_t source_be = htonl(0x0a000001 + pick_source());

		memcpy(step.value + IP_MSFILTER_SIZE(i), &source_be, sizeof(source_be));
	}
	step.level = IPPROTO_IP;
	step.name = IP_MSFILTER;
	step.len = pick_len(IP_MSFILTER_SIZE(n));
	note("MSFILTER %s mode %u sources %u address %08x len %u", groups4[group], f->imsf_fmode, n,
	     ntohl(f->imsf_interface.s_addr), step.len);
}

static void make_ipv6(void)
{
	unsigned group = pick_group();
	struct ipv6_mreq mreq = {.ipv6mr_interface = pick_ifindex()};

	inet_pton(AF_INET6, groups6[group], &mreq.ipv6mr_multiaddr);
	step.level = IPPROTO_IPV6;
	step.name = pick(3) ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP;
	step.len = pick_len(sizeof(mreq));
	memcpy(step.value, &mreq, sizeof(mreq));
	note("IPV6 %d %s ifindex %u len %u", step.name, groups6[group], mreq.ipv6mr_interface,
	     step.len);
}

static void make_group(int is_ipv4)
{
	struct group_req req = {.gr_interface = pick_ifindex()};
	unsigned group = pick_group();

	put_group(&req.gr_group, is_ipv4, group);
	step.level = is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
	step.name = pick(3) ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP;
	step.len = pick_len(sizeof(req));
	memcpy(step.value, &req, sizeof(req));
	note("MCAST %d group %u ifindex %u family %u len %u", step.name, group, req.gr_interface,
	     req.gr_group.ss_family, step.len);
}

static void make_group_source(int is_ipv4)
{
	static const int names[] = {MCAST_JOIN_SOURCE_GROUP, MCAST_JOIN_SOURCE_GROUP,
				    MCAST_LEAVE_SOURCE_GROUP, MCAST_BLOCK_SOURCE,
				    MCAST_UNBLOCK_SOURCE};
	struct group_source_req req = {.gsr_interface = pick_ifindex()};
	unsigned group = pick_group(), source = pick_source();

	put_group(&req.gsr_group, is_ipv4, group);
	put_source(&req.gsr_source, is_ipv4, source);
	step.level = is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
	step.name = names[pick(5)];
	step.len = pick_len(sizeof(req));
	memcpy(step.value, &req, sizeof(req));
	note("MCAST %d group %u source %u ifindex %u families %u %u len %u", step.name, group,
	     source, req.gsr_interface, req.gsr_group.ss_family, req.gsr_source.ss_family,
	     step.len);
}

static void make_group_filter(int is_ipv4)
{
	struct group_filter *f = (struct group_filter *)step.value;
	unsigned group = pick_group(), n = often() ? pick(4) : pick(SOURCES + 1);

	f->gf_interface = pick_ifindex();
	f->gf_fmode = often() ? pick(2) : 7;
	f->gf_numsrc = n;
	put_group(&f->gf_group, is_ipv4, group);
	for (unsigned i = 0; i < n; i++) {
		struct sockaddr_storage source;

		put_source(&source, is_ipv4, pick_source());
		memcpy(step.value + GROUP_FILTER_SIZE(i), &source, sizeof(source));
	}
	step.level = is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
	step.name = MCAST_MSFILTER;
	step.len = pick_len(GROUP_FILTER_SIZE(n));
	note("MCAST_MSFILTER group %u mode %u sources %u ifindex %u family %u len %u", group,
	     f->gf_fmode, n, f->gf_interface, f->gf_group.ss_family, step.len);
}

static void make_step(void)
{
	int is_ipv4 = is_only_ipv4 || pick(2);

	memset(&step, 0, sizeof(step));
	switch (pick(8)) {
	case 0:
	case 1:
		if (is_ipv4)
			make_old();
		else
			make_ipv6();
		break;
	case 2:
		if (is_ipv4)
			make_old_source();
		else
			make_group_source(0);
		break;
	case 3:
		if (is_ipv4)
			make_old_filter();
		else
			make_group_filter(0);
		break;
	case 4:
	case 5:
		make_group(is_ipv4);
		break;
	case 6:
		make_group_source(is_ipv4);
		break;
	default:
		make_group_filter(is_ipv4);
	}
}

/* ---- compare ---- */

static void compare_answers(int kernel, int ours, int level, int name, const void *question,
			    socklen_t len, const char *what)
{
	char a[VALUE * 2] = {0}, b[VALUE * 2] = {0};
	socklen_t a_len = len, b_len = len;
	int a_ret, b_ret, a_errno, b_errno;

	memcpy(a, question, len);
	memcpy(b, question, len);
	a_ret = getsockopt(kernel, level, name, a, &a_len);
	a_errno = a_ret < 0 ? errno : 0;
	b_ret = mcr_sock_getsockopt(ours, level, name, b, &b_len);
	b_errno = b_ret < 0 ? errno : 0;
	if (a_errno != b_errno || a_len != b_len || memcmp(a, b, sizeof(a)) != 0)
		fail_msg(
		    "seed %llu, after %s: %s: the kernel answers %d, %u octets, ours %d, %u octets",
		    seed, step.text, what, a_errno, a_len, b_errno, b_len);
}

static void compare_group(int kernel, int ours, int is_ipv4, unsigned group, uint32_t ifindex)
{
	char buf[VALUE] __attribute__((aligned(8))) = {0}, what[64];
	struct group_filter *f = (struct group_filter *)buf;
	unsigned room = pick(2) ? 16 : pick(4);

	snprintf(what, sizeof(what), "group %u of IPv%d on %u", group, is_ipv4 ? 4 : 6, ifindex);
	f->gf_interface = ifindex;
	f->gf_numsrc = room;
	f->gf_group.ss_family = is_ipv4 ? AF_INET : AF_INET6;
	if (is_ipv4)
		inet_pton(AF_INET, groups4[group], &((struct sockaddr_in *)&f->gf_group)->sin_addr);
	else
		inet_pton(AF_INET6, groups6[group],
			  &((struct sockaddr_in6 *)&f->gf_group)->sin6_addr);
	compare_answers(kernel, ours, is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6, MCAST_MSFILTER, buf,
			(socklen_t)GROUP_FILTER_SIZE(room), what);
}

static void compare_old(int kernel, int ours, unsigned group, uint32_t address_be)
{
	char buf[VALUE] __attribute__((aligned(8))) = {0}, what[64];
	struct ip_msfilter *f = (struct ip_msfilter *)buf;
	unsigned room = pick(2) ? 16 : pick(4);

	snprintf(what, sizeof(what), "IP_MSFILTER %s at %08x", groups4[group], ntohl(address_be));
	f->imsf_interface.s_addr = address_be;
	f->imsf_numsrc = room;
	inet_pton(AF_INET, groups4[group], &f->imsf_multiaddr);
	compare_answers(kernel, ours, IPPROTO_IP, IP_MSFILTER, buf,
			(socklen_t)IP_MSFILTER_SIZE(room), what);
}

static void compare_states(int kernel, int ours)
{
	const uint32_t ifindexes[] = {0, 1, eth1, eth2};

	for (unsigned group = 0; group < 4; group++) {
		for (unsigned i = 0; i < 4; i++) {
			compare_group(kernel, ours, 1, group, ifindexes[i]);
			if (!is_only_ipv4)
				compare_group(kernel, ours, 0, group, ifindexes[i]);
		}
		compare_old(kernel, ours, group, 0);
		compare_old(kernel, ours, group, inet_addr(ETH2));
	}
}

static void run_script(int family)
{
	int kernel = socket(family, SOCK_DGRAM, 0), ours = socket(family, SOCK_DGRAM, 0);

	mcr_rng_seed(&rng, seed);
	is_only_ipv4 = family == AF_INET;
	for (int i = 0; i < STEPS; i++) {
		int a, b, a_errno, b_errno;

		make_step();
		errno = 0;
		a = setsockopt(kernel, step.level, step.name, step.value, step.len);
		a_errno = a < 0 ? errno : 0;
		b = mcr_sock_setsockopt(ours, step.level, step.name, step.value, step.len);
		b_errno = b < 0 ? errno : 0;
		if (a_errno != b_errno)
			fail_msg("seed %llu, step %d: %s: the kernel says %s, ours %s", seed, i,
				 step.text, strerror(a_errno), strerror(b_errno));
		compare_states(kernel, ours);
	}
	close(kernel);
	mcr_table_forget(ours);
	close(ours);
	if (fake.n > 0)
		fail_msg("seed %llu: %s stays joined", seed, fake.joins[0]);
}

static void two_interfaces_of_the_engines(void)
{
	memset(&settings, 0, sizeof(settings));
	settings.run_dir = "/nonexistent";
	fake.n_interfaces = 0;
	add_interface("feed", "eth1", ETH1);
	add_interface("other", "eth2", ETH2);
	engine_is(0);
}

static void scripts_of_a_family_end_as_on_the_kernel(int family)
{
	const char *from = getenv("MCR_SEED");

	if (eth1 == 0)
		skip();
	two_interfaces_of_the_engines();
	for (seed = from ? strtoull(from, NULL, 10) : 1; seed <= SCRIPTS; seed++)
		run_script(family);
}

static void scripts_of_ipv4_end_as_on_the_kernel(void **state)
{
	scripts_of_a_family_end_as_on_the_kernel(AF_INET);
}

static void scripts_of_ipv6_end_as_on_the_kernel(void **state)
{
	scripts_of_a_family_end_as_on_the_kernel(AF_INET6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scripts_of_ipv4_end_as_on_the_kernel),
	    cmocka_unit_test(scripts_of_ipv6_end_as_on_the_kernel),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
