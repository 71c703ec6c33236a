/* SPDX-License-Identifier: BSD-3-Clause */
/* test_mcring_run MCRING_RUN: what it says of a program, what it sets for it, how it ends. */
#include "joiner_rig.h"

#include <elf.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *run_path;
static char link_path[128];
static struct small_engine engine;
static struct joined engine_joined;
static char said[8192]; /* by the last run, standard error too */

/* Runs a shell line, with $RUN. Returns its exit status. */
static int run(const char *line)
{
	char command[1024];
	FILE *out;
	int status;

	snprintf(command, sizeof(command), "cd \"$DIR\"; { %s; } 2>&1", line);
	out = popen(command, "r");
	assert_non_null(out);
	said[fread(said, 1, sizeof(said) - 1, out)] = '\0';
	status = pclose(out);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_said(const char *text)
{
	if (!strstr(said, text))
		fail_msg("\"%s\" is not in \"%s\"", text, said);
}

static void the_status_is_the_programs(void **state)
{
	assert_int_equal(run("$RUN true"), 0);
	assert_string_equal(said, "");
	assert_int_equal(run("$RUN -- sh -c 'exit 7'"), 7);
	assert_int_equal(run("$RUN"), 125);
	assert_said("which program?");
	assert_int_equal(run("$RUN --nonsense true"), 125);
	assert_int_equal(run("$RUN --spin fast true"), 125);
	assert_int_equal(run("$RUN --fallback=perhaps true"), 125);
	assert_int_equal(run("$RUN --name ../x true"), 125);
	assert_int_equal(run("$RUN ./nonexistent"), 127);
	assert_int_equal(run("$RUN nonexistent-program"), 127);
	assert_int_equal(run("echo text >plain; chmod 755 plain; chmod -x plain; $RUN ./plain"),
			 126);
	assert_int_equal(run("$RUN --help"), 0);
	assert_said("usage: mcring-run");
}

static void options_become_variables(void **state)
{
	assert_int_equal(run("$RUN --name x --channel y --strict --spin 30 --fallback never --loop "
			     "--verbose env | grep -E '^(MCRING|LD_PRELOAD)' | sort"),
			 0);
	assert_said("libmcring-preload.so\nMCRING_CHANNEL=y\nMCRING_FALLBACK=never\n"
		    "MCRING_KERNEL_EVERY=1\nMCRING_LOG=2\nMCRING_LOOP=1\n"
		    "MCRING_RUN_DIR=/run/mcring/x\nMCRING_SPIN=30\n");
	assert_int_equal(run("$RUN --run-dir /a/b env"), 0);
	assert_said("MCRING_RUN_DIR=/a/b\n");
	assert_int_equal(run("$RUN $RUN env | grep LD_PRELOAD"), 0);
	assert_null(strchr(said, ':')); /* once is enough */
	assert_int_equal(run("LD_PRELOAD=libm.so.6 $RUN env | grep LD_PRELOAD"), 0);
	assert_said("libmcring-preload.so:libm.so.6\n");
}

/* Options behind the program's name are the program's. */
static void the_programs_options_are_left_alone(void **state)
{
	assert_int_equal(run("$RUN echo --help --require"), 0);
	assert_string_equal(said, "--help --require\n");
}

/* A copy of a program, with one note of Go's in place of its build id. */
static void make_go_program(void)
{
	static char octets[1 << 20];
	const struct {
		uint32_t name_len, len, type;
		char name[4];
	} gnu = {4, 20, NT_GNU_BUILD_ID, "GNU"}, go = {4, 20, 4, "Go"};
	FILE *file = fopen("/bin/true", "r");
	size_t len;
	char *note, path[256];

	assert_non_null(file);
	len = fread(octets, 1, sizeof(octets), file);
	fclose(file);
	note = memmem(octets, len, &gnu, sizeof(gnu));
	assert_non_null(note);
	memcpy(note, &go, sizeof(go));
	snprintf(path, sizeof(path), "%s/goes", engine.dir);
	file = fopen(path, "w");
	assert_int_equal(fwrite(octets, 1, len, file), len);
	fclose(file);
	assert_int_equal(chmod(path, 0755), 0);
}

static void a_program_that_cannot_is_told_of_and_runs(void **state)
{
	make_go_program();
	assert_int_equal(run("$RUN ./goes"), 0);
	assert_said("./goes: it is built by Go");
	assert_said("it goes on with the kernel's sockets\n");
	assert_int_equal(run("$RUN --require ./goes"), 123);
	assert_said("built by Go");
	assert_null(strstr(said, "goes on"));
	assert_int_equal(run("printf '#!%s/goes\\n' \"$DIR\" > goes-script; chmod +x goes-script; "
			     "PATH=$PATH:. $RUN goes-script"),
			 0);
	assert_said("./goes-script is run by");
	assert_said("/goes: it is built by Go");
	if (geteuid() != 0)
		return;
	assert_int_equal(
	    run("cp /bin/true other; chown 65534 other; chmod 4755 other; $RUN ./other"), 0);
	assert_said("set-user-ID");
}

static void an_engine_can_be_required(void **state)
{
	assert_int_equal(run("$RUN --require --run-dir /nonexistent true"), 123);
	assert_said("/nonexistent");
	assert_int_equal(run("$RUN --require --run-dir \"$DIR\" --channel md echo there"), 0);
	assert_string_equal(said, "there\n");
	assert_int_equal(run("$RUN --require --run-dir \"$DIR\" --channel none true"), 123);
}

static void under_an_exported_preload_others_are_silent(void **state)
{
	assert_int_equal(run("$RUN sh -c \"sh -c true; /bin/true; awk 'BEGIN {}' | cat; "
			     "(exec 3>&1)\""),
			 0);
	assert_string_equal(said, "");
}

static int begin(void **state)
{
	engine_create(&engine, &engine_joined, geteuid());
	setenv("DIR", engine.dir, 1);
	/* A path without a space, wherever it was built: $RUN stands in commands. */
	snprintf(link_path, sizeof(link_path), "%s/run", engine.dir);
	assert_int_equal(symlink(run_path, link_path), 0);
	setenv("RUN", link_path, 1);
	return 0;
}

static int end(void **state)
{
	assert_int_equal(run("rm -f goes other goes-script plain"), 0);
	assert_int_equal(unlink(link_path), 0);
	engine_destroy(&engine, &engine_joined);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_status_is_the_programs),
	    cmocka_unit_test(options_become_variables),
	    cmocka_unit_test(the_programs_options_are_left_alone),
	    cmocka_unit_test(a_program_that_cannot_is_told_of_and_runs),
	    cmocka_unit_test(an_engine_can_be_required),
	    cmocka_unit_test(under_an_exported_preload_others_are_silent),
	};

	assert_int_equal(argc, 2);
	run_path = realpath(argv[1], NULL);
	assert_non_null(run_path);
	return cmocka_run_group_tests(tests, begin, end);
}
