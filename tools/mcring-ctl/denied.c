/* SPDX-License-Identifier: BSD-3-Clause */
#include "denied.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

#define NAME_MAX_ 64 /* of a user or a group */

static const char *user_of(const struct stat *st, char buf[NAME_MAX_])
{
	const struct passwd *user = getpwuid(st->st_uid);

	if (user)
		snprintf(buf, NAME_MAX_, "%s", user->pw_name);
	else
		snprintf(buf, NAME_MAX_, "%u", st->st_uid);
	return buf;
}

static const char *group_of(const struct stat *st, char buf[NAME_MAX_])
{
	const struct group *group = getgrgid(st->st_gid);

	if (group)
		snprintf(buf, NAME_MAX_, "%s", group->gr_name);
	else
		snprintf(buf, NAME_MAX_, "%u", st->st_gid);
	return buf;
}

void ctl_denied_explain(char *buf, size_t cap, const char *control, const char *origin,
			const char *stats)
{
	char user[NAME_MAX_], group[NAME_MAX_], cure[3 * NAME_MAX_];
	struct stat c, s;

	if (stat(control, &c) < 0) { /* nor may we look into the directory */
		snprintf(buf, cap, "%s%s: permission denied: run as the user that runs mcring",
			 control, origin);
		return;
	}
	user_of(&c, user);
	if (!stats || stat(stats, &s) < 0) {
		snprintf(buf, cap, "%s%s: permission denied: its mode is %04o: run as user %s",
			 control, origin, c.st_mode & 0777, user);
		return;
	}
	group_of(&s, group);
	if ((s.st_mode & S_IWGRP) && s.st_gid != 0) /* nobody should join root's for this */
		snprintf(cure, sizeof(cure), "as a member of group %s (sudo usermod -aG %s USER)",
			 group, group);
	else
		snprintf(cure, sizeof(cure), "give mcring --stats mode=0660,group=GROUP");
	snprintf(buf, cap,
		 "%s%s: permission denied: its mode is %04o, of user %s; and so is %s, mode %04o, "
		 "group %s: run as user %s, or %s",
		 control, origin, c.st_mode & 0777, user, stats, s.st_mode & 0777, group, user,
		 cure);
}
