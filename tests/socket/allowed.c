/* SPDX-License-Identifier: BSD-3-Clause */
#include "allowed.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/epoll.h>

#include "options.h"
#include "universe.h"
#include "worker.h"

int is_kernels(const struct step *s)
{
	return s->a[0] == OWN4 || s->a[0] == OWN6 || s->a[0] == GROUP3 || s->a[6] == KERNELS;
}

static int changes_sides(const struct step *s, int by_kernel)
{
	return s->code == STEP_ARRIVE && is_kernels(s) != by_kernel;
}

static int asks_late(const struct step *s, int by_kernel)
{
	return s->code == STEP_SET && options[s->a[0]].asks;
}

int changes_names(const struct step *s)
{
	return s->code == STEP_CLOSE || s->code == STEP_DUP || s->code == STEP_FCNTL ||
	       s->code == STEP_SOCKET || s->code == STEP_SET_NEW || s->code == STEP_PIPE ||
	       s->code == STEP_TIMER || s->code == STEP_IOCTL ||
	       (s->code == STEP_SET && options[s->a[0]].kind == OPTION_TIMEOUT);
}

static int closes_polled(const struct step *s, const struct step *sleeping, int names_changed)
{
	return (sleeping->code == STEP_SELECT || sleeping->code == STEP_POLL) && changes_names(s);
}

static int restarts_elsewhere(const struct step *s, const struct step *sleeping, int names_changed)
{
	return s->code == STEP_SIGNAL && names_changed;
}

static int adds_writable(const struct step *s, const struct step *sleeping, int names_changed)
{
	return sleeping->code == STEP_SET_WAIT && s->code == STEP_SET_CHANGE && s->a[1] & EPOLLOUT;
}

static int joins_under_mask(const struct step *s, const struct step *sleeping, int names_changed)
{
	return sleeping->code == STEP_SET_WAIT && sleeping->a[0] && sleeping->a[3] != MASK_NONE &&
	       (s->code == STEP_MEMBER || s->code == STEP_SET_CHANGE);
}

const struct allowed allowed[] = {
    {"the order between what the engine and what the kernel receives for one socket",
     "they are two queues, and the kernel says no time unless it is asked to", changes_sides, NULL},
    {"control messages with a datagram that came before they were asked for",
     "the kernel notes them when it comes and has 0 for some, the library has them always",
     asks_late, NULL},
    {"poll or select while another thread closes one of their descriptors",
     "the kernel finds the number closed when something else wakes it, the library at once", NULL,
     closes_polled},
    {"a call that SA_RESTART restarts after its descriptor, its timeout or O_NONBLOCK was changed",
     "the kernel begins it anew with what holds now", NULL, restarts_elsewhere},
    {"events of a member that another thread adds while epoll_wait sleeps may come in two parts",
     "the kernel reports that it is writable before the library knows the set", NULL,
     adds_writable},
    {"a signal that epoll_pwait's mask holds back may be handled before the call ends, when a "
     "member "
     "joins its first group meanwhile",
     "the call is begun anew then, without that cost for all others", NULL, joins_under_mask},
    {"epoll_wait with room for fewer events than there are: which come first, and of one which "
     "bits",
     "the kernel goes round its list of what became ready, the library round its own", NULL, NULL},
    {"a forked child that changes its memberships before it receives",
     "it attaches then, and judges what came before by the new ones", NULL, NULL},
    {"IPv6: what a socket receives once its connect was undone",
     "the kernel goes on to take multicast of IPv6 from the old peer only, which nothing shows",
     NULL, NULL},
    {"a member gets nothing that another socket has joined in the kernel alone",
     "the kernel's socket must not get again what comes out of the rings", NULL, NULL},
    {"IPv6: one group on an interface of the engine and on another, by one socket",
     "the kernel looks for a membership without regard to the interface, the library sees its own",
     NULL, NULL},
    {"when a send makes an edge of EPOLLOUT",
     "so it is on two kernels: it depends on who else looks at the packet", NULL, NULL},
    {"recvmmsg that a signal ends after its first datagram makes the next call fail",
     "with error 512, which Linux did not mean to give", NULL, NULL},
};
const unsigned n_allowed = sizeof(allowed) / sizeof(allowed[0]);
