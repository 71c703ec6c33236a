/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sock_exec MCRING_RUN: a program of Python's, started by mcring-run, on a small engine whose
 * one interface the kernel does not know. What it prints is what came out of a ring. */
#include "socket_rig.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

static const char *run_path;

struct program {
	pid_t pid;
	FILE *out; /* what it prints */
};

#define JOINED                                                         \
	"import os, signal, socket, struct, subprocess, sys\n"         \
	"def say(*what): print(*what, flush=True)\n"                   \
	"s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"       \
	"s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"    \
	"s.bind(('', 5000))\n"                                         \
	"s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,\n"  \
	"             socket.inet_aton('239.1.1.1') + bytes(4))\n"     \
	"again = 'import socket, sys\\n' \\\n"                         \
	"        's = socket.socket(fileno=int(sys.argv[1]))\\n' \\\n" \
	"        's.setblocking(False)\\n' \\\n"                       \
	"        'try: s.recv(9)\\n' \\\n"                             \
	"        'except BlockingIOError: pass\\n' \\\n"               \
	"        'print(\"here\", flush=True)\\n' \\\n"                \
	"        's.setblocking(True)\\n' \\\n"                        \
	"        'print(s.recv(99).decode(), flush=True)\\n'\n"

static struct program start(const char *text, ...)
{
	struct program p;
	int pipes[2];

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	p.pid = fork();
	assert_true(p.pid >= 0);
	if (p.pid == 0) {
		setenv("MCRING_LOG", "2", 1);
		/* Two writes of a line would mix with the other program's. */
		unsetenv("PYTHONUNBUFFERED");
		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		execl(run_path, run_path, "python3", "-c", text, NULL);
		_exit(1);
	}
	close(pipes[1]);
	p.out = fdopen(pipes[0], "r");
	return p;
}

/* Waits for a line that has this in it. */
static void await(const struct program *p, const char *text)
{
	char line[512], before[4096] = "";

	while (fgets(line, sizeof(line), p->out)) {
		if (getenv("MCR_TEST_ECHO"))
			fputs(line, stderr);
		if (strstr(line, text))
			return;
		strncat(before, line, sizeof(before) - strlen(before) - 1);
	}
	print_error("%s", before);
	fail_msg("\"%s\" did not come", text);
}

static void end(struct program *p)
{
	int status;

	fclose(p->out);
	kill(p->pid, SIGKILL);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	small_engine_await(&engine, 0);
}

static void a_program_receives(void **state)
{
	struct program p = start(JOINED "say('ready')\n"
					"say(s.recv(99).decode())\n");

	await(&p, "ready");
	arrive("hello");
	await(&p, "hello");
	end(&p);
}

static void a_program_that_takes_its_place_receives(void **state)
{
	struct program p =
	    start(JOINED "os.set_inheritable(s.fileno(), True)\n"
			 "other = os.dup(s.fileno())\n"
			 "os.set_inheritable(other, True)\n"
			 "os.execvp('python3', ['python3', '-c', again, str(other)])\n");

	await(&p, "here");
	arrive("to the second");
	await(&p, "to the second");
	end(&p);
}

static void a_child_receives_too_when_it_uses_the_socket(void **state)
{
	struct program p = start(JOINED "subprocess.Popen(['python3', '-c', again, '0'], stdin=s)\n"
					"say(s.recv(99).decode())\n");

	await(&p, "here");
	arrive("to both");
	await(&p, "to both");
	await(&p, "to both");
	end(&p);
}

/* Most programs that inherit a socket never use it: they do not attach. */
static void a_child_that_does_not_use_it_costs_nothing(void **state)
{
	struct program p =
	    start(JOINED "os.set_inheritable(s.fileno(), True)\n"
			 "subprocess.run(['sh', '-c', 'true; echo MCRING_SOCKETS=$MCRING_SOCKETS"
			 "'], close_fds=False)\n"
			 "say('ended')\n"
			 "s.recv(99)\n");

	await(&p, "MCRING_SOCKETS=\n");
	await(&p, "ended");
	assert_int_equal(small_engine_count(&engine), 1);
	end(&p);
}

static void a_child_that_is_forked_reads_from_the_same_position(void **state)
{
	struct program p = start(JOINED "import select\n"
					"say('ready')\n"
					"select.select([s], [], [])\n"
					"if os.fork() == 0:\n"
					"    say('child', s.recv(99).decode())\n"
					"    select.select([s], [], [], 0)\n"
					"    say('child waits')\n"
					"    say('child', s.recv(99).decode())\n"
					"    os._exit(0)\n"
					"say('parent', s.recv(99).decode())\n"
					"say('parent', s.recv(99).decode())\n"
					"os.wait()\n"
					"say('over')\n");

	await(&p, "ready");
	arrive("one");
	await(&p, "child waits");
	arrive("two");
	await(&p, "two");
	await(&p, "two");
	await(&p, "over");
	end(&p);
}

/* The kernel knows no interface of the engine's. */
static void a_program_without_the_library_is_told_of(void **state)
{
	struct program p =
	    start(JOINED "os.set_inheritable(s.fileno(), True)\n"
			 "os.execve('/bin/echo', ['echo', 'done'], {'MCRING_LOG': '2'})\n");

	await(&p, "runs without the library");
	await(&p, "239.1.1.1: the kernel cannot receive it");
	await(&p, "done");
	end(&p);
}

static void an_exec_that_fails_leaves_all_as_it_was(void **state)
{
	struct program p = start(JOINED "os.set_inheritable(s.fileno(), True)\n"
					"for env in {}, os.environ:\n"
					"    try: os.execve('/dev/null', ['x'], env)\n"
					"    except PermissionError: pass\n"
					"say('ready')\n"
					"say(s.recv(99).decode())\n");

	await(&p, "ready");
	arrive("hello");
	await(&p, "hello");
	end(&p);
}

static void a_program_that_gives_up_privileges_goes_on(void **state)
{
	struct program p;

	if (geteuid() != 0)
		skip();
	p = start(JOINED "import resource\n"
			 "os.chroot('/tmp')\n"
			 "os.setgid(65534)\n"
			 "os.setuid(65534)\n"
			 "resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))\n"
			 "say('ready')\n"
			 "say(s.recv(99).decode())\n");
	await(&p, "ready");
	arrive("hello");
	await(&p, "hello");
	end(&p);
}

static void words_that_make_no_sense_are_ignored(void **state)
{
	static const char *const words[] = {
	    "",
	    "2 now s:1:1:1",
	    "1 now s:",
	    "1 now s:x:1:1",
	    "1 now s:99999999999999999999999999:1:1",
	    "1 later j:4:0:0:x,239.1.1.1",
	    "1 now s:1:1:1 j:4:0:0:x,239.1.1.1 s:2:1:1 j:9 j j:4:0:0:x, s:3:1:1",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct program p;

		setenv("MCRING_SOCKETS", words[i], 1);
		p = start("import os\nprint(os.environ.get('MCRING_SOCKETS'), flush=True)\n");
		unsetenv("MCRING_SOCKETS");
		await(&p, "None");
		end(&p);
	}
}

/* Somebody who can set the variable can have a program join what it has open anyway, and nothing
 * else. */
static void words_for_a_socket_that_is_no_udp_socket_are_ignored(void **state)
{
	struct program p =
	    start("import os, socket, sys\n"
		  "s = socket.socket()\n"
		  "os.set_inheritable(s.fileno(), True)\n"
		  "inode = os.fstat(s.fileno()).st_ino\n"
		  "os.environ['MCRING_SOCKETS'] = "
		  "f'1 now s:{inode}:1:1 j:4:0:0:x,239.1.1.1 j:4:0:0:y,bad j:6:0:0:i,239.1.1.1,x'\n"
		  "os.execvp('python3', ['python3', '-c', 'print(\"alive\", flush=True)'])\n");

	await(&p, "alive");
	end(&p);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_program_receives),
	    cmocka_unit_test(a_program_that_takes_its_place_receives),
	    cmocka_unit_test(a_child_receives_too_when_it_uses_the_socket),
	    cmocka_unit_test(a_child_that_does_not_use_it_costs_nothing),
	    cmocka_unit_test(a_child_that_is_forked_reads_from_the_same_position),
	    cmocka_unit_test(a_program_without_the_library_is_told_of),
	    cmocka_unit_test(an_exec_that_fails_leaves_all_as_it_was),
	    cmocka_unit_test(a_program_that_gives_up_privileges_goes_on),
	    cmocka_unit_test(words_that_make_no_sense_are_ignored),
	    cmocka_unit_test(words_for_a_socket_that_is_no_udp_socket_are_ignored),
	};

	assert_int_equal(argc, 2);
	run_path = argv[1];
	return cmocka_run_group_tests(tests, engine_begin, engine_end);
}
