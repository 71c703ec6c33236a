/* SPDX-License-Identifier: BSD-3-Clause */
/* Capabilities belong to threads, and most threads here are made by DPDK. libpsx can change all
 * threads at once, but only those whose pthread_create it wrapped at link time; DPDK calls
 * pthread_create inside a shared library. So this file does what glibc does for setuid: it sends a
 * signal to each thread, and the handler makes the system calls. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>

#include "privileges.h"
#include "settings/fail.h"

#define BIT(cap)        (UINT64_C(1) << (cap))
#define DROP_SIGNAL     (SIGRTMAX - 1)
#define WAIT_MS         100
#define ROUNDS_MAX      10
#define STATUS_FILE_CAP 4096

uint64_t mcr_privileges_needed(const char *driver)
{
	static const struct {
		const char *driver;
		uint64_t mask;
	} needs[] = {
	    /* ioctls on the kernel's interface: promiscuous mode, MTU */
	    {"net_af_packet", BIT(CAP_NET_ADMIN)},
	    /* the same, and netlink to take the XDP program off at the end */
	    {"net_af_xdp", BIT(CAP_NET_ADMIN)},
	    /* the same on the interface that the driver made, and its addresses */
	    {"net_tap", BIT(CAP_NET_ADMIN)},
	    {"net_tun", BIT(CAP_NET_ADMIN)},
	    /* the verbs drivers ask the kernel for each flow rule (CAP_NET_RAW), and set the
	     * netdev's MTU, flags and addresses by ioctl and netlink (CAP_NET_ADMIN) */
	    {"mlx5", BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW)},
	    {"net_mlx4", BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW)},
	    {"net_mana", BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW)},
	};

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (strncmp(driver, needs[i].driver, strlen(needs[i].driver)) == 0)
			return needs[i].mask;
	return 0;
}

void mcr_privileges_names(uint64_t mask, char *buf, uint32_t cap)
{
	static const struct {
		unsigned cap;
		const char *name;
	} names[] = {{CAP_NET_ADMIN, "net_admin"}, {CAP_NET_RAW, "net_raw"}};
	size_t used = 0;

	snprintf(buf, cap, "none");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && used < cap; i++)
		if (mask & BIT(names[i].cap))
			used += (size_t)snprintf(buf + used, cap - used, "%s%s", used ? ", " : "",
						 names[i].name);
}

/* ---- one thread ---- */

/* A signal handler gets no argument but the queued value, which points to this. It lives while
 * mcr_privileges_drop waits. When a thread never answers, it is leaked, because that thread may
 * still answer. */
struct order {
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t done, failed; /* threads; atomic */
};

static int apply(const struct order *order)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return syscall(SYS_capset, &header, order->data) < 0 ? -errno : 0;
}

/* Only async-signal-safe calls. */
static void on_signal(int signal, siginfo_t *info, void *context)
{
	struct order *order = info->si_value.sival_ptr;
	int saved = errno;

	(void)signal;
	(void)context;
	if (info->si_code != SI_QUEUE || info->si_pid != getpid() || !order)
		return;
	if (apply(order) < 0)
		__atomic_add_fetch(&order->failed, 1, __ATOMIC_RELAXED);
	/* Pairs with the load in wait_for. */
	__atomic_add_fetch(&order->done, 1, __ATOMIC_RELEASE);
	errno = saved;
}

/* ---- all of them ---- */

/* Returns the hexadecimal mask in a field of /proc/self/task/TID/status; all ones when it cannot be
 * read. */
static uint64_t thread_mask(int tid, const char *field)
{
	char path[64], text[STATUS_FILE_CAP];
	const char *at;
	size_t n;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	in = fopen(path, "re");
	if (!in)
		return errno == ENOENT ? 0 : UINT64_MAX; /* the thread has ended */
	n = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[n] = '\0';
	at = strstr(text, field);
	return at ? strtoull(at + strlen(field), NULL, 16) : UINT64_MAX;
}

static int send_order(int tid, struct order *order)
{
	siginfo_t info = {.si_signo = DROP_SIGNAL, .si_code = SI_QUEUE};

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_ptr = order;
	return (int)syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, DROP_SIGNAL, &info);
}

/* Returns 1 when all threads answered in time. */
static int wait_for(const struct order *order, uint32_t sent)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	for (int i = 0; i < WAIT_MS; i++) {
		if (__atomic_load_n(&order->done, __ATOMIC_ACQUIRE) >= sent)
			return 1;
		nanosleep(&ms, NULL);
	}
	return 0;
}

/* Returns whether the thread has a capability outside keep, or may still gain one. */
static int is_privileged(int tid, uint64_t keep)
{
	uint64_t caps =
	    thread_mask(tid, "CapPrm:") | thread_mask(tid, "CapEff:") | thread_mask(tid, "CapInh:");

	return (caps & ~keep) != 0 || thread_mask(tid, "NoNewPrivs:") != 1;
}

/* Sends the order to every privileged thread. Returns how many there were, or -errno. */
static int round_of_orders(struct order *order, uint64_t keep)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)) != NULL) {
		int tid = atoi(entry->d_name);

		if (tid <= 0 || !is_privileged(tid, keep))
			continue;
		n += send_order(tid, order) == 0;
	}
	closedir(dir);
	return n;
}

/* *all_back: whether every signal that was sent has been handled. */
static int drop_everywhere(struct order *order, uint64_t keep, int *all_back, struct mcr_error *err)
{
	uint32_t sent = 0;

	/* Repeat until no thread is left: one that has not had its order yet may have made
	 * another. */
	for (int round = 0; round < ROUNDS_MAX; round++) {
		int n = round_of_orders(order, keep);

		if (n < 0)
			return mcr_fail(err, n, "/proc/self/task: %s", strerror(-n));
		if (n == 0)
			return 0;
		sent += (uint32_t)n;
		*all_back = wait_for(order, sent);
	}
	return mcr_fail(err, -EBUSY, "a thread kept its capabilities: %u of %u could not drop them",
			__atomic_load_n(&order->failed, __ATOMIC_RELAXED), sent);
}

int mcr_privileges_drop(uint64_t keep, struct mcr_error *err)
{
	struct order *order = calloc(1, sizeof(*order));
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct sigaction before;
	sigset_t set;
	int ret, all_back = 1;

	if (!order)
		return mcr_fail_memory(err);
	keep &= thread_mask((int)gettid(), "CapPrm:"); /* a thread cannot gain any */
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		order->data[i].effective = order->data[i].permitted = (uint32_t)(keep >> (32 * i));
	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	sigaddset(&set, DROP_SIGNAL);
	if (sigaction(DROP_SIGNAL, &action, &before) < 0 ||
	    pthread_sigmask(SIG_UNBLOCK, &set, NULL) != 0) {
		free(order);
		return mcr_fail(err, -EINVAL, "sigaction: %s", strerror(errno));
	}
	ret = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
		  ? mcr_fail(err, -errno, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno))
		  : drop_everywhere(order, keep, &all_back, err);
	/* A late signal must still find the handler, and the handler its order. */
	if (!all_back)
		return ret;
	sigaction(DROP_SIGNAL, &before, NULL);
	free(order);
	return ret;
}
