/* SPDX-License-Identifier: BSD-3-Clause */
/* After fork both processes read: each its own copy of what the rings hold, from the same position
 * on. The child has no attachment; it gets one of its own when it first receives. With
 * MCRING_FORK=kernel both read the kernel's socket instead, and what comes goes to one of them. */
#include <pthread.h>
#include <unistd.h>

#include "socket/epoll.h"
#include "socket/link.h"
#include "socket/process.h"
#include "socket/settings.h"
#include "socket/signals.h"
#include "socket/socket.h"
#include "socket/table.h"

static pid_t owner;  /* the process that this memory belongs to; 0 = it was never looked at */
static pid_t parent; /* that forked it; 0 = none */
static sigset_t mask;

static void hand_over(struct mcr_object *o, void *ctx)
{
	struct mcr_socket *s = mcr_socket_of(o);

	s->owner->hand_over(s);
}

/* In the order in which one may be held while another is taken. */
static void begin(void)
{
	if (mcr_settings_get()->forks_to_kernel)
		mcr_table_each(MCR_OBJECT_SOCKET, hand_over, NULL);
	mcr_signal_fork_begin(&mask);
	mcr_table_fork_begin();
	mcr_link_fork_begin();
	mcr_table_fork_lock();
}

static void end_in_parent(void)
{
	mcr_link_fork_end();
	mcr_table_fork_end(0);
	mcr_signal_fork_end(&mask);
}

static void end_in_child(void)
{
	owner = getpid();
	parent = getppid();
	mcr_link_fork_end();
	mcr_table_fork_end(1);
	mcr_set_forked();
	mcr_link_forget();
	mcr_signal_fork_end(&mask);
}

__attribute__((constructor)) static void begin_process(void)
{
	owner = getpid();
	pthread_atfork(begin, end_in_parent, end_in_child);
}

int mcr_process_is_borrowed(void)
{
	return owner != 0 && getpid() != owner;
}

int mcr_process_has_parent(void)
{
	return parent != 0 && getppid() == parent && mcr_link_state() != MCR_LINK_ATTACHED;
}
