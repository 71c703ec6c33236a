/* SPDX-License-Identifier: BSD-3-Clause */
#include "engines.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine_path.h"

#define NAMES_MAX 8 /* of engines of one state that are shown */
#define WHO_MAX   64

enum state {
	NONE,
	RUNNING,
	DENIED, /* it cannot be asked */
	ENDED,
	STATES,
};

/* ---- which there are ---- */

static enum state ask(const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int ret, fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return NONE;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ret = connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
	close(fd);
	switch (ret) {
	case 0:
	case EAGAIN: /* it has others to answer first */
		return RUNNING;
	case EACCES:
		return DENIED;
	case ECONNREFUSED:
		return ENDED;
	default:
		return NONE;
	}
}

/* What may be connected to is asked first, and the socket that costs the engine least. */
static enum state state_of(const char *root, const char *name)
{
	char dir[ENGINE_PATH_MAX], path[ENGINE_PATH_MAX];
	enum state stats, attach;
	const char *origin;
	int n = snprintf(dir, sizeof(dir), "%s/%s", root, name);

	if (n < 0 || (size_t)n >= sizeof(dir) || engine_path(path, dir, NULL, "stats", &origin) < 0)
		return NONE;
	stats = ask(path, SOCK_STREAM);
	/* mcring-watch has a directory there too, without this one. */
	if (engine_path(path, dir, NULL, "attach", &origin) < 0 ||
	    (access(path, F_OK) < 0 && errno == ENOENT))
		return NONE;
	if (stats == RUNNING)
		return stats;
	attach = ask(path, SOCK_SEQPACKET);
	return attach == RUNNING || stats == NONE ? attach : stats;
}

struct names {
	char text[ENGINES_TEXT];
	size_t used;
	unsigned n;
};

static void add(struct names *names, const char *before, const char *name)
{
	const char *comma = names->n > 0 ? ", " : "";

	if (++names->n > NAMES_MAX || names->used + 3 * WHO_MAX > sizeof(names->text))
		return;
	names->used +=
	    (size_t)snprintf(names->text + names->used, sizeof(names->text) - names->used,
			     "%s%s%.32s", comma, before, name);
}

static int is_a_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

const char *engines_list(char text[ENGINES_TEXT], const char *root)
{
	static const char *const words[STATES] = {
	    NULL, "running: ", "not to be asked by you: ", "ended: "};
	struct names names[STATES] = {{.n = 0}};
	struct dirent **entries;
	const char *before = " (";
	int n = scandir(root, &entries, is_a_name, alphasort);
	size_t used = 0;

	for (int i = 0; i < n; i++) {
		enum state state = state_of(root, entries[i]->d_name);

		if (state != NONE)
			add(&names[state], state == RUNNING ? "--name " : "", entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	text[0] = '\0';
	for (int s = RUNNING; s < STATES && used < ENGINES_TEXT; s++) {
		if (names[s].n == 0)
			continue;
		used +=
		    (size_t)snprintf(text + used, ENGINES_TEXT - used, "%s%s%s%s", before, words[s],
				     names[s].text, names[s].n > NAMES_MAX ? ", ..." : "");
		before = "; ";
	}
	if (used == 0)
		snprintf(text, ENGINES_TEXT, " (below %.64s none is running)", root);
	else if (used + 1 < ENGINES_TEXT)
		strcpy(text + used, ")");
	return text;
}

/* ---- who may ---- */

static const char *user_of(const struct stat *st, char buf[WHO_MAX])
{
	const struct passwd *user = getpwuid(st->st_uid);

	if (user)
		snprintf(buf, WHO_MAX, "%s", user->pw_name);
	else
		snprintf(buf, WHO_MAX, "%u", st->st_uid);
	return buf;
}

static const char *group_of(const struct stat *st, char buf[WHO_MAX])
{
	const struct group *group = getgrgid(st->st_gid);

	if (group)
		snprintf(buf, WHO_MAX, "%s", group->gr_name);
	else
		snprintf(buf, WHO_MAX, "%u", st->st_gid);
	return buf;
}

const char *engines_denied(char text[ENGINES_TEXT], const char *path)
{
	char user[WHO_MAX], group[WHO_MAX], cure[2 * WHO_MAX];
	struct stat st;

	text[0] = '\0';
	if (stat(path, &st) < 0)
		return text;
	group_of(&st, group);
	/* root's own group is not for people. */
	if (st.st_mode & S_IWGRP && st.st_gid != 0)
		snprintf(cure, sizeof(cure), "sudo usermod -aG %s USER, and log in again", group);
	else
		snprintf(cure, sizeof(cure),
			 "start mcring with --attach mode=0660,group=GROUP, of which you are one");
	snprintf(text, ENGINES_TEXT, "; its mode is %04o, its group %s: %s, or run as user %s",
		 st.st_mode & 0777, group, cure, user_of(&st, user));
	return text;
}

const char *engines_hint(char text[ENGINES_TEXT], const char *run_dir, const char *name)
{
	char path[ENGINE_PATH_MAX];
	const char *origin;

	text[0] = '\0';
	if (engine_path(path, run_dir, name, "attach", &origin) < 0)
		return text;
	switch (ask(path, SOCK_SEQPACKET)) {
	case RUNNING: /* the engine has refused, and said why */
	case STATES:
		return text;
	case DENIED:
		return engines_denied(text, path);
	case NONE:
	case ENDED:
		break;
	}
	return engines_list(text, ENGINES_ROOT);
}
