/* SPDX-License-Identifier: BSD-3-Clause */
/* Every handler of the program is entered by way of on_signal. If the thread is inside the library,
 * the signal is kept, and later ones stay with the kernel, blocked, until the thread is outside: so
 * the kernel's rules of order and merging hold. Kept are more than one when the kernel delivers
 * several before the first line of on_signal.
 *
 * A handler that waited runs on the thread's own stack, also with SA_ONSTACK, and its third
 * argument is the context where the library was left. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "socket/calls.h"
#include "socket/real.h"
#include "socket/signals.h"

#define SIGNALS 65
#define IN_A_MASK                                                                                \
	8           /* octets of a sigset_t that the kernel knows; behind them is something else \
		     */
#define IN_INFO  48 /* octets of a siginfo_t that the kernel fills; 0 behind them */
#define KEPT_MAX 8

typedef void (*full_handler)(int sig, siginfo_t *info, void *context);

/* What the program has set. It stays when it sets SIG_DFL or SIG_IGN, which the kernel knows: a
 * child of vfork may do that, whose memory is its parent's. */
struct action {
	full_handler handler;
	int flags;
	uint64_t mask;
};

struct known_action {
	uint32_t version; /* odd while it is written */
	struct action action;
};

struct kept {
	struct action action;
	uint64_t mask; /* of the thread, before */
	uint8_t info[IN_INFO];
};

_Thread_local struct mcr_signal_state mcr_signal_state __attribute__((tls_model("initial-exec")));
static _Thread_local struct kept kept[KEPT_MAX] __attribute__((tls_model("initial-exec")));
static _Thread_local uint64_t outer_mask __attribute__((tls_model("initial-exec")));

static struct known_action actions[SIGNALS];
static uint64_t interrupting; /* signals for which siginterrupt was called: bit sig - 1 */
static int writer;            /* taken by who writes an action, with all signals blocked */

/* ---- masks: sigset_t with IN_A_MASK octets ---- */

static uint64_t mask_of(const sigset_t *set)
{
	uint64_t mask;

	memcpy(&mask, set, IN_A_MASK);
	return mask;
}

static sigset_t set_of(uint64_t mask)
{
	sigset_t set;

	sigemptyset(&set);
	memcpy(&set, &mask, IN_A_MASK);
	return set;
}

/* What is raised by the thread's own instruction cannot wait. */
static int is_at_once(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL ||
	       sig == SIGTRAP || sig == SIGSYS || sig == SIGABRT;
}

static uint64_t mask_of_signal(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return mask_of(&set);
}

static uint64_t mask_of_all(void)
{
	sigset_t set;

	sigfillset(&set);
	for (int sig = 1; sig < SIGNALS; sig++)
		if (is_at_once(sig))
			sigdelset(&set, sig);
	return mask_of(&set);
}

/* ---- the actions ---- */

static sigset_t begin_change(void)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	while (__atomic_exchange_n(&writer, 1, __ATOMIC_ACQUIRE))
		;
	return before;
}

static void end_change(const sigset_t *before)
{
	__atomic_store_n(&writer, 0, __ATOMIC_RELEASE);
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static struct action read_action(int sig)
{
	struct known_action *k = &actions[sig];
	struct action a;
	uint32_t version;

	do {
		version = __atomic_load_n(&k->version, __ATOMIC_ACQUIRE);
		a.handler = __atomic_load_n(&k->action.handler, __ATOMIC_ACQUIRE);
		a.flags = __atomic_load_n(&k->action.flags, __ATOMIC_ACQUIRE);
		a.mask = __atomic_load_n(&k->action.mask, __ATOMIC_ACQUIRE);
	} while (version % 2 || __atomic_load_n(&k->version, __ATOMIC_RELAXED) != version);
	return a;
}

static void write_action(int sig, const struct action *a)
{
	struct known_action *k = &actions[sig];

	__atomic_store_n(&k->version, k->version + 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&k->action.handler, a->handler, __ATOMIC_RELEASE);
	__atomic_store_n(&k->action.flags, a->flags, __ATOMIC_RELEASE);
	__atomic_store_n(&k->action.mask, a->mask, __ATOMIC_RELEASE);
	__atomic_store_n(&k->version, k->version + 1, __ATOMIC_RELEASE);
}

/* ---- handlers ---- */

static void run(int sig, siginfo_t *info, void *context, const struct action *a)
{
	mcr_signal_state.ran++;
	if (a->flags & SA_RESTART)
		mcr_signal_state.restarting++;
	if (a->flags & SA_SIGINFO)
		a->handler(sig, info, context);
	else
		((mcr_handler)(void (*)(void))a->handler)(sig);
}

/* keep returns 0 when there is no room. */
static int keep(const siginfo_t *info, const struct action *a, uint64_t mask)
{
	struct kept *k = &kept[mcr_signal_state.waiting];

	if (mcr_signal_state.waiting == KEPT_MAX)
		return 0;
	k->action = *a;
	k->mask = mask;
	memcpy(k->info, info, IN_INFO);
	mcr_signal_state.waiting++;
	return 1;
}

/* The kernel has set the mask that the program wants, and does the rest of what its flags say. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	struct action a = read_action(sig);
	ucontext_t *interrupted = context;
	uint64_t mask, blocked;
	sigset_t all;

	if (mcr_signal_state.depth == 0 || is_at_once(sig)) {
		run(sig, info, context, &a);
		return;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	mask = mask_of(&interrupted->uc_sigmask);
	outer_mask = mask; /* of several frames the outermost comes last */
	blocked = mask | mask_of_all();
	memcpy(&interrupted->uc_sigmask, &blocked, IN_A_MASK);
	if (!keep(info, &a, mask))
		raise(sig); /* it waits in the kernel; where it came from is lost */
}

void mcr_signal_run(void)
{
	int saved = errno;
	unsigned n = mcr_signal_state.waiting;
	sigset_t after = set_of(outer_mask);
	struct kept now[KEPT_MAX];
	ucontext_t context;

	memcpy(now, kept, n * sizeof(now[0]));
	mcr_signal_state.waiting = 0; /* a handler may leave by siglongjmp: the rest is void then */
	memset(&context, 0, sizeof(context));
	getcontext(&context);
	for (unsigned i = 0; i < n; i++) {
		const struct action *a = &now[i].action;
		siginfo_t info = {0};
		sigset_t set;

		memcpy(&info, now[i].info, IN_INFO);
		set = set_of(now[i].mask | a->mask |
			     (a->flags & SA_NODEFER ? 0 : mask_of_signal(info.si_signo)));
		memcpy(&context.uc_sigmask, &now[i].mask, IN_A_MASK);
		pthread_sigmask(SIG_SETMASK, &set, NULL);
		run(info.si_signo, &info, &context, a);
	}
	pthread_sigmask(SIG_SETMASK, &after, NULL);
	errno = saved;
}

/* ---- the calls ---- */

static int is_handler(const struct sigaction *action)
{
	return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* The kernel's action as the program set it. */
static void show(struct sigaction *old, const struct sigaction *kernel, const struct action *known)
{
	int is_ours = kernel->sa_sigaction == on_signal;
	int is_reset =
	    known->handler && kernel->sa_handler == SIG_DFL && kernel->sa_flags & (int)SA_RESETHAND;

	*old = *kernel;
	if (is_ours)
		old->sa_sigaction = known->handler;
	if ((is_ours || is_reset) && !(known->flags & SA_SIGINFO))
		old->sa_flags &= ~SA_SIGINFO;
}

static int change(int sig, const struct sigaction *action, struct sigaction *old)
{
	struct action before = actions[sig].action, after;
	struct sigaction wanted, was;
	int has_handler = action && is_handler(action);

	if (action)
		wanted = *action;
	if (has_handler) {
		after.handler =
		    action->sa_sigaction == on_signal ? before.handler : action->sa_sigaction;
		after.flags = action->sa_flags;
		after.mask = mask_of(&action->sa_mask);
		write_action(sig, &after);
		wanted.sa_sigaction = on_signal;
		wanted.sa_flags |= SA_SIGINFO;
	}
	if (mcr_real.sigaction(sig, action ? &wanted : NULL, &was) < 0) {
		if (has_handler)
			write_action(sig, &before);
		return -1;
	}
	if (old)
		show(old, &was, &before);
	return 0;
}

int mcr_sock_sigaction(int sig, const struct sigaction *action, struct sigaction *old)
{
	sigset_t mask;
	int ret;

	if (sig <= 0 || sig >= SIGNALS)
		return mcr_real.sigaction(sig, action, old);
	mask = begin_change();
	ret = change(sig, action, old);
	end_change(&mask);
	return ret;
}

static mcr_handler set_handler(int sig, mcr_handler handler, int flags, uint64_t mask)
{
	struct sigaction action = {.sa_flags = flags, .sa_mask = set_of(mask)}, old;

	if (handler == SIG_ERR || sig <= 0 || sig >= SIGNALS) {
		errno = EINVAL;
		return SIG_ERR;
	}
	action.sa_handler = handler;
	return mcr_sock_sigaction(sig, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

mcr_handler mcr_sock_signal(int sig, mcr_handler handler)
{
	uint64_t interrupts = __atomic_load_n(&interrupting, __ATOMIC_RELAXED);
	int is_known = sig > 0 && sig < SIGNALS;

	return set_handler(sig, handler, is_known && interrupts >> (sig - 1) & 1 ? 0 : SA_RESTART,
			   is_known ? mask_of_signal(sig) : 0);
}

mcr_handler mcr_sock_sysv_signal(int sig, mcr_handler handler)
{
	return set_handler(sig, handler, (int)SA_RESETHAND | SA_NODEFER, 0);
}

/* SIG_HOLD is a mask, not an action. */
mcr_handler mcr_sock_sigset(int sig, mcr_handler handler)
{
	sigset_t set, before;
	struct sigaction old;
	mcr_handler was;

	sigemptyset(&set);
	if (sigaddset(&set, sig) < 0)
		return SIG_ERR;
	if (handler != SIG_HOLD) {
		was = set_handler(sig, handler, 0, 0);
	} else {
		was = mcr_sock_sigaction(sig, NULL, &old) < 0 ? SIG_ERR : old.sa_handler;
	}
	if (was == SIG_ERR)
		return SIG_ERR;
	pthread_sigmask(handler == SIG_HOLD ? SIG_BLOCK : SIG_UNBLOCK, &set, &before);
	return sigismember(&before, sig) ? SIG_HOLD : was;
}

int mcr_sock_siginterrupt(int sig, int interrupts)
{
	struct sigaction action;
	uint64_t bit = sig > 0 && sig < SIGNALS ? UINT64_C(1) << (sig - 1) : 0;

	if (mcr_sock_sigaction(sig, NULL, &action) < 0)
		return -1;
	if (interrupts) {
		__atomic_fetch_or(&interrupting, bit, __ATOMIC_RELAXED);
		action.sa_flags &= ~SA_RESTART;
	} else {
		__atomic_fetch_and(&interrupting, ~bit, __ATOMIC_RELAXED);
		action.sa_flags |= SA_RESTART;
	}
	return mcr_sock_sigaction(sig, &action, NULL);
}

/* ---- fork ---- */

void mcr_signal_fork_begin(sigset_t *mask)
{
	*mask = begin_change();
}

void mcr_signal_fork_end(const sigset_t *mask)
{
	end_change(mask);
}
