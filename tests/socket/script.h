/* SPDX-License-Identifier: BSD-3-Clause */
/* A script: socket calls of a program, and what others do to it meanwhile. A step is numbers only;
 * whoever runs it says in words what it did, so a script is read from the account of its run. */
#ifndef MCR_TEST_SCRIPT_H
#define MCR_TEST_SCRIPT_H

#include <stdint.h>

/* Slots hold descriptors of the program. By habit: 0 to 3 sockets, 4 and 5 epoll sets, 6 and 7 a
 * pipe, 8 a timer, 9 to 11 copies of others. The last two are -1 and a number that is not open. */
#define SLOTS        14
#define SLOT_SETS    4
#define SLOT_PIPE    6
#define SLOT_TIMER   8
#define SLOT_COPIES  9
#define SLOT_NONE    12
#define SLOT_NO_FILE 13

/* X(code, function of the worker): the values of a step's a[] are explained there. */
#define STEPS_OF_THE_PROGRAM(X)            \
	X(STEP_SOCKET, run_socket)         \
	X(STEP_BIND, run_bind)             \
	X(STEP_CONNECT, run_connect)       \
	X(STEP_NAME, run_name)             \
	X(STEP_SET, run_set)               \
	X(STEP_GET, run_get)               \
	X(STEP_MEMBER, run_member)         \
	X(STEP_SOURCES, run_sources)       \
	X(STEP_SHUTDOWN, run_shutdown)     \
	X(STEP_SEND_OUT, run_send_out)     \
	X(STEP_IOCTL, run_ioctl)           \
	X(STEP_FCNTL, run_fcntl)           \
	X(STEP_DUP, run_dup)               \
	X(STEP_CLOSE, run_close)           \
	X(STEP_PIPE, run_pipe)             \
	X(STEP_TIMER, run_timer)           \
	X(STEP_RECEIVE, run_receive)       \
	X(STEP_DRAIN, run_drain)           \
	X(STEP_POLL, run_poll)             \
	X(STEP_SELECT, run_select)         \
	X(STEP_SET_NEW, run_set_new)       \
	X(STEP_SET_CHANGE, run_set_change) \
	X(STEP_SET_WAIT, run_set_wait)     \
	X(STEP_ACTION, run_action)         \
	X(STEP_MASK, run_mask)             \
	X(STEP_RAISE, run_raise)           \
	X(STEP_FORK, run_fork)

enum step_code {
#define STEP_CODE(code, function) code,
	STEPS_OF_THE_PROGRAM(STEP_CODE)
#undef STEP_CODE
	STEP_ARRIVE, /* a[0]: place of the destination, [1]: its port, [2]: sender, [3]: its port,
		      * [4]: length, [5]: how many, [6]: interface, [7]: TTL, [8]: TOS */
	STEP_SIGNAL, /* to the thread that sleeps */
	STEP_KICK,   /* whatever it sleeps in ends with EINTR */
	STEP_CODES,
};

#define STEP_ARGUMENTS 9

struct step {
	uint8_t code;
	uint8_t slot, slot2;
	uint8_t may_sleep; /* it runs in the second thread */
	uint8_t is_kept;   /* it goes with the step before it: shrinking keeps the script allowed */
	int32_t a[STEP_ARGUMENTS];
};

#define SCRIPT_MAX 128

struct script {
	uint64_t seed;
	unsigned n;
	struct step steps[SCRIPT_MAX];
};

/* What scripts may contain. Bits of script_make's features. */
enum feature {
	FEATURE_IPV6 = 1 << 0,
	FEATURE_UNICAST = 1 << 1,
	FEATURE_FORK = 1 << 2,
	FEATURE_SIGNALS = 1 << 3,
	FEATURE_EPOLL = 1 << 4,
	FEATURE_DUP = 1 << 5,
	FEATURE_SECOND = 1 << 6,  /* the interface that the engine does not have, and its groups */
	FEATURE_STRANGE = 1 << 7, /* wrong arguments */
	FEATURE_SLEEP = 1 << 8,   /* calls that sleep */
	FEATURE_CONNECT = 1 << 9,
	FEATURE_SOURCES = 1 << 10,
	FEATURE_FEW = 1 << 11,    /* room for fewer events than there are */
	FEATURE_OTHERS = 1 << 12, /* sockets that live off what others of the program join */
	FEATURE_ALL = (1 << 13) - 1,
	FEATURE_ALLOWED = FEATURE_FEW, /* comes to what may differ: allowed.c */
};

/* script_make writes the script of a seed: n steps, the last ones look at what is left. */
void script_make(struct script *s, uint64_t seed, unsigned n, unsigned features);

#endif
