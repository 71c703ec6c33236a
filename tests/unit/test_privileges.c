/* SPDX-License-Identifier: BSD-3-Clause */
/* Each test drops in a child process. Root shows that capabilities go; anybody else shows that
 * nothing can be gained any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privileges.h"

#define THREADS 8

static void *wait_forever(void *arg)
{
	while (arg)
		pause();
	return NULL;
}

static void *spin(void *arg)
{
	uint32_t *stop = arg;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED))
		;
	return NULL;
}

static uint64_t field(const char *tid, const char *name)
{
	char path[300], text[4096];
	const char *at;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/self/task/%s/status", tid);
	in = fopen(path, "r");
	if (!in)
		return 0;
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	at = strstr(text, name);
	return at ? strtoull(at + strlen(name), NULL, 16) : UINT64_MAX;
}

/* 0 when each of at least `threads` threads has exactly `permitted` and can gain nothing. */
static int check_threads(int threads, uint64_t permitted)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (field(entry->d_name, "CapPrm:") != permitted ||
		    field(entry->d_name, "CapEff:") != permitted ||
		    field(entry->d_name, "NoNewPrivs:") != 1)
			return 2;
		threads--;
	}
	closedir(dir);
	return threads > 0 ? 3 : 0;
}

/* Runs in the child; its result is the exit status. */
static int drop_in_child(uint64_t keep)
{
	struct mcr_error err = {""};
	pthread_t thread;
	uint32_t stop = 0;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, i ? wait_forever : spin, &stop);
	if (mcr_privileges_drop(keep, &err) < 0)
		return 1;
	return check_threads(THREADS + 1, geteuid() == 0 ? keep : 0);
}

static int result_of(int (*fn)(uint64_t), uint64_t arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void every_thread_loses_everything(void **state)
{
	assert_int_equal(result_of(drop_in_child, 0), 0);
}

static void what_is_to_be_kept_is_kept_by_every_thread(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(result_of(drop_in_child, UINT64_C(1) << CAP_NET_ADMIN), 0);
}

static int drop_then_thread(uint64_t keep)
{
	pthread_t thread;

	if (mcr_privileges_drop(keep, NULL) < 0)
		return 1;
	pthread_create(&thread, NULL, wait_forever, (void *)1);
	return check_threads(2, 0);
}

static void a_later_thread_inherits_it(void **state)
{
	assert_int_equal(result_of(drop_then_thread, 0), 0);
}

static int drop_with_deaf_thread(uint64_t keep)
{
	sigset_t all, before;
	pthread_t thread;
	struct mcr_error err = {""};

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pthread_create(&thread, NULL, wait_forever, (void *)1);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return mcr_privileges_drop(keep, &err) < 0 && strstr(err.text, "kept its capabilities") ? 0
												: 1;
}

static void a_thread_that_does_not_listen_is_an_error_not_a_gap(void **state)
{
	assert_int_equal(result_of(drop_with_deaf_thread, 0), 0);
}

static void only_drivers_that_ask_the_kernel_keep_anything(void **state)
{
	char names[64];

	assert_int_equal(mcr_privileges_needed("net_pcap"), 0);
	assert_int_equal(mcr_privileges_needed("net_null"), 0);
	assert_int_equal(mcr_privileges_needed("net_vhost"), 0);
	assert_int_equal(mcr_privileges_needed("net_ixgbe"), 0);
	assert_true(mcr_privileges_needed("net_af_packet") == UINT64_C(1) << CAP_NET_ADMIN);
	mcr_privileges_names(mcr_privileges_needed("mlx5_pci"), names, sizeof(names));
	assert_string_equal(names, "net_admin, net_raw");
	mcr_privileges_names(0, names, sizeof(names));
	assert_string_equal(names, "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_thread_loses_everything),
	    cmocka_unit_test(what_is_to_be_kept_is_kept_by_every_thread),
	    cmocka_unit_test(a_later_thread_inherits_it),
	    cmocka_unit_test(a_thread_that_does_not_listen_is_an_error_not_a_gap),
	    cmocka_unit_test(only_drivers_that_ask_the_kernel_keep_anything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
