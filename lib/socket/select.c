/* SPDX-License-Identifier: BSD-3-Clause */
/* select and pselect, by the rules of poll.c. The program's sets are changed only when the call
 * succeeds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "socket/link.h"
#include "socket/real.h"
#include "socket/wait.h"

#define WORD_BITS (8 * (int)sizeof(unsigned long))
#define SETS      3
#define FEW_WORDS (FD_SETSIZE / WORD_BITS)

enum which {
	IN,
	OUT,
	EXCEPT
};

/* What was asked for, and what there is: three sets each, one behind the other. */
struct selected {
	int n;        /* descriptors 0..n-1 */
	size_t words; /* of a set */
	unsigned long *asked, *found;
	unsigned long few[2 * SETS * FEW_WORDS];
};

static unsigned long *set_of(const struct selected *s, unsigned long *sets, enum which which)
{
	return sets + (size_t)which * s->words;
}

static int has(const unsigned long *set, int fd)
{
	return (int)(set[fd / WORD_BITS] >> (fd % WORD_BITS) & 1);
}

/* ---- the program's sets ---- */

/* The kernel reads no further than its table of the process's descriptors is long, and a program
 * that passes its limit instead of a descriptor has no larger sets than that. */
static int shorten(int n)
{
	char line[64];
	FILE *f;
	int size;

	if (n <= FD_SETSIZE)
		return n;
	f = fopen("/proc/self/status", "re");
	if (!f)
		return n;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "FDSize: %d", &size) == 1 && size < n)
			n = size;
	fclose(f);
	return n;
}

/* Whether something of ours is among descriptors first .. end-1 of the set. */
static int is_any_ours_of(const unsigned long *words, int first, int end)
{
	for (int at = first; at < end; at += WORD_BITS) {
		unsigned long word = words[at / WORD_BITS];

		if (end - at < WORD_BITS)
			word &= (1ul << (end - at)) - 1;
		for (; word; word &= word - 1)
			if (mcr_table_find(at + __builtin_ctzl(word)))
				return 1;
	}
	return 0;
}

/* Nothing of ours is in a part of the table that was never used, so that is not read. */
static int is_any_ours(const fd_set *set, int n)
{
	for (int leaf = 0; leaf < MCR_TABLE_LEAVES && leaf * MCR_TABLE_LEAF < n; leaf++) {
		int first = leaf * MCR_TABLE_LEAF, end = first + MCR_TABLE_LEAF;

		if (__atomic_load_n(&mcr_table[leaf], __ATOMIC_ACQUIRE) &&
		    is_any_ours_of((const unsigned long *)set, first, end < n ? end : n))
			return 1;
	}
	return 0;
}

static int copy_asked(struct selected *s, int n, fd_set *const sets[SETS])
{
	size_t words = ((size_t)n + WORD_BITS - 1) / WORD_BITS;

	s->n = n;
	s->words = words;
	s->asked = s->few;
	if (words > FEW_WORDS) {
		s->asked = malloc(2 * SETS * words * sizeof(unsigned long));
		if (!s->asked)
			return -ENOMEM;
	}
	s->found = s->asked + SETS * words;
	memset(s->asked, 0, SETS * words * sizeof(unsigned long));
	for (int i = 0; i < SETS; i++) {
		unsigned long *to = set_of(s, s->asked, (enum which)i);

		if (!sets[i])
			continue;
		memcpy(to, sets[i], words * sizeof(unsigned long));
		if (n % WORD_BITS)
			to[words - 1] &= (1ul << (n % WORD_BITS)) - 1;
	}
	return 0;
}

static void give_found(struct selected *s, fd_set *const sets[SETS])
{
	for (int i = 0; i < SETS; i++)
		if (sets[i])
			memcpy(sets[i], set_of(s, s->found, (enum which)i),
			       s->words * sizeof(unsigned long));
}

static void end(struct selected *s)
{
	if (s->asked != s->few)
		free(s->asked);
}

/* ---- looking ---- */

/* Adds what the rings have. Returns how much that is. */
static int add_rings(struct selected *s, int *asks_kernel)
{
	const unsigned long *asked = set_of(s, s->asked, IN);
	unsigned long *found = set_of(s, s->found, IN);
	int count = 0;

	for (size_t i = 0; i < s->words; i++)
		for (unsigned long word = asked[i] & ~found[i]; word; word &= word - 1) {
			int fd = (int)i * WORD_BITS + __builtin_ctzl(word);

			if (mcr_wait_rings(fd, asks_kernel) != MCR_RINGS_READY)
				continue;
			found[i] |= 1ul << (fd % WORD_BITS);
			count++;
		}
	return count;
}

static int is_more_asked(struct selected *s)
{
	const unsigned long *out = set_of(s, s->asked, OUT);

	for (size_t i = 0; i < 2 * s->words; i++)
		if (out[i])
			return 1;
	return 0;
}

/* Looks at the rings, and at the kernel if they are not all. Returns as select. */
static int look(struct selected *s, const sigset_t *mask)
{
	static const struct timespec none = {0};
	size_t size = SETS * s->words * sizeof(unsigned long);
	int asks_kernel = is_more_asked(s), count, kernels;

	memset(s->found, 0, size);
	count = add_rings(s, &asks_kernel);
	if (count > 0 && !asks_kernel)
		return count;
	memcpy(s->found, s->asked, size);
	kernels = mcr_real.pselect(
	    s->n, (fd_set *)set_of(s, s->found, IN), (fd_set *)set_of(s, s->found, OUT),
	    (fd_set *)set_of(s, s->found, EXCEPT), &none, count > 0 ? NULL : mask);
	if (kernels < 0 && (errno != EINTR || count == 0))
		return -1;
	if (kernels < 0) {
		memset(s->found, 0, size);
		kernels = 0;
	}
	return kernels + add_rings(s, &asks_kernel);
}

/* ---- sleeping ---- */

/* Returns what poll has to be asked about a descriptor. */
static short events_of(struct selected *s, int fd)
{
	short events = 0;

	if (has(set_of(s, s->asked, IN), fd))
		events |= POLLIN | POLLRDNORM | POLLRDBAND;
	if (has(set_of(s, s->asked, OUT), fd))
		events |= POLLOUT | POLLWRNORM | POLLWRBAND;
	if (has(set_of(s, s->asked, EXCEPT), fd))
		events |= POLLPRI;
	return events;
}

static nfds_t fill_entries(struct selected *s, struct pollfd *fds)
{
	nfds_t n = 0;

	for (int fd = 0; fd < s->n; fd++) {
		short events = events_of(s, fd);

		if (events)
			fds[n++] = (struct pollfd){.fd = fd, .events = events};
	}
	return n;
}

/* poll also reports errors and hang-ups that select does not report in the sets that were asked
 * for, and they stay. */
static int is_useless(const struct pollfd *p)
{
	short wanted = p->events;

	if (wanted & POLLIN)
		wanted |= POLLHUP | POLLERR;
	if (wanted & POLLOUT)
		wanted |= POLLERR;
	return p->revents != 0 && (p->revents & (wanted | POLLNVAL)) == 0;
}

static nfds_t leave_out_useless(struct pollfd *fds, nfds_t n)
{
	static const struct timespec none = {0};
	nfds_t kept = 0;

	if (mcr_real.ppoll(fds, n, &none, NULL) <= 0)
		return n;
	for (nfds_t i = 0; i < n; i++)
		if (!is_useless(&fds[i]))
			fds[kept++] = fds[i];
	return kept;
}

#define MOMENT_NS 10000000u

/* is_vain: the sleep before ended for nothing. */
static int sleep_on(struct mcr_waiter *w, struct selected *s, struct pollfd *fds, int is_vain)
{
	nfds_t n = fill_entries(s, fds), kept = is_vain ? leave_out_useless(fds, n) : n;
	uint64_t deadline_ns = w->deadline_ns, soon_ns;
	int ret;

	/* What is left out is looked at again after a moment. */
	soon_ns = kept < n ? mcr_link_now_ns() + MOMENT_NS : UINT64_MAX;
	if (soon_ns < deadline_ns)
		w->deadline_ns = soon_ns;
	ret = mcr_waiter_sleep_on(w, fds, kept);
	if (ret == 0 && w->deadline_ns < deadline_ns)
		ret = 1;
	w->deadline_ns = deadline_ns;
	return ret;
}

static int sleep_for(struct mcr_waiter *w, struct selected *s, int is_vain)
{
	struct pollfd few[FD_SETSIZE + 2], *fds = few;
	int ret;

	if (s->n > FD_SETSIZE)
		fds = malloc(((size_t)s->n + 2) * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	ret = sleep_on(w, s, fds, is_vain);
	if (fds != few)
		free(fds);
	return ret;
}

static int wait_for(struct selected *s, struct mcr_waiter *w)
{
	int is_over = w->timeout_ns == 0, is_vain = 0;

	for (;;) {
		int ret = look(s, w->timeout_ns == 0 ? w->mask : NULL);

		if (ret == 0)
			mcr_link_tend();
		if (ret != 0 || is_over)
			return ret;
		ret = sleep_for(w, s, is_vain);
		if (ret < 0) {
			/* Linux looks once more before it tells of the signal. */
			int last = ret == -EINTR ? look(s, NULL) : 0;

			if (last > 0)
				return last;
			errno = -ret;
			return -1;
		}
		is_over = ret == 0;
		is_vain = 1;
	}
}

/* Returns as select. *rest_ns becomes what is left of the timeout. */
static int select_ours(int n, fd_set *const sets[SETS], uint64_t timeout_ns, const sigset_t *mask,
		       uint64_t *rest_ns)
{
	struct selected s;
	struct mcr_waiter w;
	uint64_t now_ns;
	int ret;

	if (copy_asked(&s, n, sets) < 0) {
		errno = ENOMEM;
		return -1;
	}
	mcr_waiter_begin(&w, timeout_ns, mask);
	mcr_waiter_start(&w);
	ret = wait_for(&s, &w);
	if (ret >= 0)
		give_found(&s, sets);
	end(&s);
	mcr_waiter_end(&w);
	now_ns = mcr_link_now_ns();
	*rest_ns = now_ns < w.deadline_ns ? w.deadline_ns - now_ns : 0;
	return ret;
}

/* ---- the calls ---- */

int mcr_sock_select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
	fd_set *const sets[SETS] = {in, out, except};
	uint64_t timeout_ns = MCR_WAIT_FOREVER, rest_ns;
	int ret, saved;

	if (!in || n <= 0 || (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0)) ||
	    !is_any_ours(in, n))
		return mcr_real.select(n, in, out, except, timeout);
	if (timeout) {
		const struct timespec ts = {timeout->tv_sec + timeout->tv_usec / 1000000,
					    timeout->tv_usec % 1000000 * 1000};

		mcr_wait_timespec_ns(&ts, &timeout_ns);
	}
	ret = select_ours(shorten(n), sets, timeout_ns, NULL, &rest_ns);
	saved = errno;
	if (timeout && timeout_ns != MCR_WAIT_FOREVER)
		*timeout = (struct timeval){(time_t)(rest_ns / 1000000000u),
					    (suseconds_t)(rest_ns % 1000000000u / 1000u)};
	errno = saved;
	return ret;
}

int mcr_sock_pselect(int n, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
		     const sigset_t *mask)
{
	fd_set *const sets[SETS] = {in, out, except};
	uint64_t timeout_ns, rest_ns;

	if (!in || n <= 0 || mcr_wait_timespec_ns(timeout, &timeout_ns) < 0 || !is_any_ours(in, n))
		return mcr_real.pselect(n, in, out, except, timeout, mask);
	return select_ours(shorten(n), sets, timeout_ns, mask, &rest_ns);
}
