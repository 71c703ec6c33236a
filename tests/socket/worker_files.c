/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps on descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "worker.h"

static int do_fcntl(int fd, int command, long argument)
{
	return call(fcntl)(fd, command, (void *)argument);
}

static int do_ioctl(int fd, unsigned long request, void *argument)
{
	return call(ioctl)(fd, request, argument);
}

/* SIOCGSTAMP's times are long ago only if nobody set them. */
static void say_stamp(struct text *t, time_t seconds)
{
	time_t now = time(NULL);

	say(t, " %s", seconds > now - 120 && seconds <= now ? "now" : "wrong");
}

/* a[0]: which, [1]: its argument */
void run_ioctl(struct text *t, const struct step *s)
{
	static const struct {
		const char *text;
		unsigned long request;
	} requests[] = {{"FIONREAD", FIONREAD},     {"FIONBIO", FIONBIO},
			{"SIOCGSTAMP", SIOCGSTAMP}, {"SIOCGSTAMPNS", SIOCGSTAMPNS},
			{"FIOCLEX", FIOCLEX},       {"FIONCLEX", FIONCLEX}};
	union {
		int number;
		struct timeval tv;
		struct timespec ts;
	} v;
	int result;

	memset(&v, 0, sizeof(v));
	if (requests[s->a[0]].request == FIONBIO)
		v.number = s->a[1];
	say(t, "ioctl(");
	say_slot(t, s->slot);
	say(t, ", %s, %d)", requests[s->a[0]].text, v.number);
	result = do_ioctl(slot_fds[s->slot], requests[s->a[0]].request, &v);
	say_result(t, result);
	if (result < 0)
		return;
	if (requests[s->a[0]].request == SIOCGSTAMP || requests[s->a[0]].request == SIOCGSTAMPNS)
		say_stamp(t, v.ts.tv_sec);
	else
		say(t, " %d", v.number);
}

/* a[0]: which, [1]: its argument; duplicates go to slot2 */
void run_fcntl(struct text *t, const struct step *s)
{
	static const struct {
		const char *text;
		int command;
	} commands[] = {{"F_GETFL", F_GETFL}, {"F_SETFL", F_SETFL},
			{"F_GETFD", F_GETFD}, {"F_SETFD", F_SETFD},
			{"F_DUPFD", F_DUPFD}, {"F_DUPFD_CLOEXEC", F_DUPFD_CLOEXEC}};
	int command = commands[s->a[0]].command, result;
	long argument = s->a[1];

	if (command == F_SETFL)
		argument = argument ? O_NONBLOCK | O_RDWR : O_RDWR;
	say(t, "fcntl(");
	say_slot(t, s->slot);
	say(t, ", %s, 0x%lx)", commands[s->a[0]].text, argument);
	result = do_fcntl(slot_fds[s->slot], command, argument);
	if (command != F_DUPFD && command != F_DUPFD_CLOEXEC) {
		say_result(t, result);
		return;
	}
	if (result < 0)
		say_result(t, result);
	else
		say(t, "%s", result >= argument ? " >= it" : " < it");
	if (result >= 0) {
		slot_put(t, s->slot2, result);
		say(t, " in ");
		say_slot(t, s->slot2);
	}
}

/* a[0]: dup, dup2, dup3; the copy goes to slot2, dup2 and dup3 take the number that it has */
void run_dup(struct text *t, const struct step *s)
{
	static const char *const names[] = {"dup", "dup2", "dup3"};
	int fd = slot_fds[s->slot], to = slot_fds[s->slot2], result;

	say(t, "%s(", names[s->a[0]]);
	say_slot(t, s->slot);
	if (s->a[0]) {
		say(t, ", ");
		say_slot(t, s->slot2);
	}
	if (s->a[0] == 0)
		result = call(dup)(fd);
	else if (s->a[0] == 1)
		result = call(dup2)(fd, to);
	else
		result = call(dup3)(fd, to, s->a[1] ? O_CLOEXEC : 0);
	say(t, ")");
	if (result < 0) {
		say_result(t, result);
		return;
	}
	say(t, " in ");
	say_slot(t, s->slot2);
	if (s->a[0] && result != to)
		say(t, " another number");
	if (s->a[0] == 0)
		slot_put(t, s->slot2, result);
}

void run_close(struct text *t, const struct step *s)
{
	say(t, "close(");
	say_slot(t, s->slot);
	say(t, ")");
	say_result(t, call(close)(slot_fds[s->slot]));
	if (s->slot != SLOT_NO_FILE)
		slot_fds[s->slot] = -1;
}

/* a[0]: write into it instead */
void run_pipe(struct text *t, const struct step *s)
{
	int ends[2];

	if (s->a[0]) {
		say(t, "write(");
		say_slot(t, s->slot2);
		say(t, ", 1)");
		say_result(t, write(slot_fds[s->slot2], "x", 1));
		return;
	}
	say(t, "pipe({");
	say_slot(t, s->slot);
	say(t, ", ");
	say_slot(t, s->slot2);
	say(t, "})");
	if (pipe2(ends, O_NONBLOCK) < 0)
		return;
	slot_put(t, s->slot, ends[0]);
	slot_put(t, s->slot2, ends[1]);
}

/* a[0]: 0 disarmed, 1 expired */
void run_timer(struct text *t, const struct step *s)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	const struct itimerspec at = {.it_value.tv_nsec = s->a[0]};
	struct pollfd ready = {fd, POLLIN, 0};

	say_slot(t, s->slot);
	say(t, " = timerfd, %s", s->a[0] ? "expired" : "disarmed");
	timerfd_settime(fd, 0, &at, NULL);
	while (s->a[0] && poll(&ready, 1, -1) < 0 && errno == EINTR)
		;
	slot_put(t, s->slot, fd);
}
