/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/frame.h"
#include "settings/fail.h"
#include "settings/values.h"
#include "settings/words.h"

static int load_file(const struct mcr_config_frame *parent, struct mcr_settings *s,
		     const char *path, struct mcr_config_total *total, struct mcr_error *err);

static int apply_opt8(struct mcr_opt8 *opt, const char *text,
		      int (*fn)(uint8_t *, const char *, struct mcr_error *), struct mcr_error *err)
{
	uint8_t value;
	int ret = fn(&value, text, err);

	if (ret == 0 && !opt->set)
		*opt = (struct mcr_opt8){1, value};
	return ret;
}

static int apply_name(struct mcr_settings *s, const char *text, struct mcr_error *err)
{
	char name[MCR_NAME_MAX];
	int ret = mcr_value_name(name, text, err);

	if (ret == 0 && !s->name[0])
		memcpy(s->name, name, sizeof(name));
	return ret;
}

static int apply_run_dir(struct mcr_settings *s, const char *text, struct mcr_error *err)
{
	char dir[sizeof(s->run_dir)];
	int ret = mcr_value_string(dir, sizeof(dir), text, "a path", err);

	if (ret == 0 && dir[0] != '/')
		return mcr_fail(err, -EINVAL, "'%s': expected an absolute path", dir);
	if (ret == 0 && !s->run_dir[0])
		memcpy(s->run_dir, dir, sizeof(dir));
	return ret;
}

static int apply_opt32(struct mcr_opt32 *opt, const char *text,
		       int (*fn)(uint32_t *, const char *, struct mcr_error *),
		       struct mcr_error *err)
{
	uint32_t value;
	int ret = fn(&value, text, err);

	if (ret == 0 && !opt->set)
		*opt = (struct mcr_opt32){1, value};
	return ret;
}

static int apply_attach(const struct mcr_config_frame *f, const struct mcr_attach_yaml *y)
{
	int node = mcr_config_field(f, mcr_config_doc_root(f->doc), "attach");
	struct mcr_attach_setting *a = &f->s->attach;

	MCR_CONFIG_APPLY(f, node, "mode", y->mode,
			 apply_opt32(&a->mode, y->mode, mcr_value_mode, f->err));
	MCR_CONFIG_APPLY(f, node, "group", y->group,
			 apply_opt32(&a->gid, y->group, mcr_value_group, f->err));
	MCR_CONFIG_APPLY(f, node, "consumers", y->consumers,
			 apply_opt32(&a->consumers, y->consumers, mcr_value_consumers, f->err));
	MCR_CONFIG_APPLY(
	    f, node, "consumers_per_user", y->consumers_per_user,
	    apply_opt32(&a->consumers_per_uid, y->consumers_per_user, mcr_value_consumers, f->err));
	return 0;
}

static int apply_scalars(const struct mcr_config_frame *f, const struct mcr_config_yaml *y)
{
	int root = mcr_config_doc_root(f->doc);
	struct mcr_settings *s = f->s;

	MCR_CONFIG_APPLY(f, root, "name", y->name, apply_name(s, y->name, f->err));
	MCR_CONFIG_APPLY(f, root, "run_dir", y->run_dir, apply_run_dir(s, y->run_dir, f->err));
	MCR_CONFIG_APPLY(f, root, "idle", y->idle,
			 apply_opt8(&s->idle, y->idle, mcr_value_idle, f->err));
	MCR_CONFIG_APPLY(
	    f, root, "keep_memberships", y->keep_memberships,
	    apply_opt8(&s->keep_memberships, y->keep_memberships, mcr_value_bool, f->err));
	MCR_CONFIG_APPLY(f, root, "log_level", y->log_level,
			 apply_opt8(&s->log_level, y->log_level, mcr_value_log_level, f->err));
	return y->attach ? apply_attach(f, y->attach) : 0;
}

/* "-l 0-1" in one entry would reach EAL as one argument, which it does not understand. */
static int check_eal(const char *text, struct mcr_error *err)
{
	if (text[0] == '-' && text[1] && text[1] != '-' && text[2] == ' ')
		return mcr_fail(err, -EINVAL,
				"'%.64s': expected one argument an entry: write '%.2s' and '%.48s'",
				text, text, text + 3);
	if (strcmp(text, "--") == 0)
		return mcr_fail(err, -EINVAL, "'--' ends EAL's arguments: leave it out");
	return 0;
}

static int apply_eal(const struct mcr_config_frame *f, const struct mcr_config_yaml *y)
{
	int node = mcr_config_field(f, mcr_config_doc_root(f->doc), "eal");

	for (unsigned i = 0; i < y->n_eal; i++) {
		int ret = check_eal(y->eal[i], f->err);

		if (ret == 0)
			ret = mcr_settings_add_eal(f->s, y->eal[i], f->err);
		if (ret < 0) {
			mcr_fail_prefix(f->err, ret, "eal: ");
			return mcr_settings_locate(
			    mcr_config_origin(f, mcr_config_doc_item(f->doc, node, i)), f->err,
			    ret);
		}
	}
	return 0;
}

static int apply_igmp(const struct mcr_config_frame *f, int node,
		      const struct mcr_interface_yaml *y, struct mcr_interface_config *cfg)
{
	MCR_CONFIG_APPLY(f, node, "igmp", y->igmp, mcr_value_igmp(&cfg->igmp, y->igmp, f->err));
	MCR_CONFIG_APPLY(f, node, "igmp_strict", y->igmp_strict,
			 mcr_value_bool(&cfg->igmp_strict, y->igmp_strict, f->err));
	MCR_CONFIG_APPLY(f, node, "igmp_robustness", y->igmp_robustness,
			 mcr_value_robustness(&cfg->igmp_robustness, y->igmp_robustness, f->err));
	MCR_CONFIG_APPLY(
	    f, node, "igmp_robustness_floor", y->igmp_robustness_floor,
	    mcr_value_robustness(&cfg->igmp_robustness_floor, y->igmp_robustness_floor, f->err));
	MCR_CONFIG_APPLY(
	    f, node, "igmp_compat_timeout", y->igmp_compat_timeout,
	    mcr_value_compat_timeout(&cfg->igmp_compat_timeout_s, y->igmp_compat_timeout, f->err));
	MCR_CONFIG_APPLY(f, node, "igmp_repeat", y->igmp_repeat,
			 mcr_value_repeat(&cfg->igmp_repeat_s, y->igmp_repeat, f->err));
	return 0;
}

static int apply_queues(const struct mcr_config_frame *f, int node,
			const struct mcr_interface_yaml *y, struct mcr_interface_config *cfg)
{
	int list = mcr_config_field(f, node, "lcores");

	MCR_CONFIG_APPLY(f, node, "queues", y->queues,
			 mcr_value_queues(&cfg->n_queues, y->queues, f->err));
	for (unsigned i = 0; i < y->n_lcores; i++) {
		int ret = mcr_value_add_lcore(cfg, y->lcores[i], f->err);

		if (ret < 0) {
			mcr_fail_prefix(f->err, ret, "lcores: ");
			return mcr_settings_locate(
			    mcr_config_origin(f, mcr_config_doc_item(f->doc, list, i)), f->err,
			    ret);
		}
	}
	return 0;
}

static int apply_interface(const struct mcr_config_frame *f, int node,
			   const struct mcr_interface_yaml *y)
{
	struct mcr_interface_config cfg = {.vlan = 0};
	int ret;

	MCR_CONFIG_APPLY(f, node, "name", y->name, mcr_value_name(cfg.name, y->name, f->err));
	MCR_CONFIG_APPLY(
	    f, node, "port", y->port,
	    mcr_value_string(cfg.port, sizeof(cfg.port), y->port, "a DPDK device or port", f->err));
	MCR_CONFIG_APPLY(f, node, "address", y->address,
			 mcr_value_address(&cfg.address_be, &cfg.prefix_len, y->address, f->err));
	MCR_CONFIG_APPLY(f, node, "vlan", y->vlan, mcr_value_vlan(&cfg.vlan, y->vlan, f->err));
	MCR_CONFIG_APPLY(f, node, "tx", y->tx, mcr_value_tx(&cfg.tx_never, y->tx, f->err));
	MCR_CONFIG_APPLY(f, node, "kernel", y->kernel,
			 mcr_value_device(cfg.kernel, y->kernel, f->err));
	MCR_CONFIG_APPLY(f, node, "udp_checksum", y->udp_checksum,
			 mcr_value_udp_checksum(&cfg.udp_checksum, y->udp_checksum, f->err));
	MCR_CONFIG_APPLY(f, node, "hw_time", y->hw_time,
			 mcr_value_hw_time(&cfg.hw_time, y->hw_time, f->err));
	ret = apply_igmp(f, node, y, &cfg);
	if (ret == 0)
		ret = apply_queues(f, node, y, &cfg);
	if (ret < 0)
		return ret;
	ret = mcr_settings_add_interface(f->s, &cfg, mcr_config_origin(f, node), f->err);
	return mcr_settings_locate(mcr_config_origin(f, node), ret < 0 ? f->err : NULL, ret);
}

static int apply_access(const struct mcr_config_frame *f, int channel, const char *key,
			const struct mcr_access_yaml *y, struct mcr_access *access)
{
	int node = mcr_config_field(f, channel, key);
	int users = mcr_config_field(f, node, "users"),
	    groups = mcr_config_field(f, node, "groups");
	int ret = 0, at = node;

	/* Nobody listed is everybody: not what somebody means who begins a list. */
	if (y->n_users == 0 && y->n_groups == 0)
		ret = mcr_fail(f->err, -EINVAL,
			       "%s: expected users or groups; without readers everybody may "
			       "read, without joiners nobody may join",
			       key);
	for (unsigned i = 0; ret == 0 && i < y->n_users; i++) {
		at = mcr_config_doc_item(f->doc, users, i);
		ret = mcr_access_add_user(access, y->users[i], f->err);
	}
	for (unsigned i = 0; ret == 0 && i < y->n_groups; i++) {
		at = mcr_config_doc_item(f->doc, groups, i);
		ret = mcr_access_add_group(access, y->groups[i], f->err);
	}
	return mcr_settings_locate(mcr_config_origin(f, at), ret < 0 ? f->err : NULL, ret);
}

static int apply_channel(const struct mcr_config_frame *f, int node,
			 const struct mcr_channel_yaml *y)
{
	struct mcr_channel_config cfg = {.depth = 0};
	int ret = 0;

	MCR_CONFIG_APPLY(f, node, "name", y->name, mcr_value_name(cfg.name, y->name, f->err));
	MCR_CONFIG_APPLY(f, node, "depth", y->depth, mcr_value_depth(&cfg.depth, y->depth, f->err));
	MCR_CONFIG_APPLY(f, node, "bytes", y->bytes, mcr_value_bytes(&cfg.bytes, y->bytes, f->err));
	MCR_CONFIG_APPLY(f, node, "lcore", y->lcore, mcr_value_lcore(&cfg.lcore, y->lcore, f->err));
	cfg.has_lcore = y->lcore != NULL;
	MCR_CONFIG_APPLY(f, node, "consumers", y->consumers,
			 mcr_value_consumers(&cfg.consumers_max, y->consumers, f->err));
	if (y->readers && ret == 0)
		ret = apply_access(f, node, "readers", y->readers, &cfg.readers);
	if (y->joiners && ret == 0)
		ret = apply_access(f, node, "joiners", y->joiners, &cfg.joiners);
	if (ret < 0)
		return ret;
	ret = mcr_settings_add_channel(f->s, &cfg, mcr_config_origin(f, node), f->err);
	return mcr_settings_locate(mcr_config_origin(f, node), ret < 0 ? f->err : NULL, ret);
}

/* ---- files ---- */

static int apply_includes(const struct mcr_config_frame *f, const struct mcr_config_yaml *y)
{
	int list = mcr_config_field(f, mcr_config_doc_root(f->doc), "include");
	const char *slash = strrchr(f->file, '/');
	int dir_len = slash ? (int)(slash - f->file + 1) : 0;
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < y->n_include; i++) {
		const char *name = y->include[i];
		char path[PATH_MAX];
		struct mcr_error inner;

		if ((size_t)dir_len + strlen(name) >= sizeof(path))
			ret = mcr_fail(&inner, -ENAMETOOLONG, "%.64s...: path too long", name);
		else {
			snprintf(path, sizeof(path), "%.*s%s", name[0] == '/' ? 0 : dir_len,
				 f->file, name);
			ret = load_file(f, f->s, path, f->total, &inner);
		}
		/* What is wrong inside the file has its own line; a file that could not be read
		 * is reported where it was asked for. */
		if (ret < 0 && f->err)
			*f->err = inner;
		if (ret == -ENOENT || ret == -EACCES || ret == -ELOOP || ret == -ENAMETOOLONG)
			mcr_settings_locate(
			    mcr_config_origin(f, mcr_config_doc_item(f->doc, list, i)), f->err,
			    ret);
		if (ret < 0)
			return ret == -EEXIST ? ret : -EINVAL;
	}
	return 0;
}

static int apply_all(const struct mcr_config_frame *f, const struct mcr_config_yaml *y)
{
	int root = mcr_config_doc_root(f->doc), node, ret = apply_scalars(f, y);

	if (ret == 0)
		ret = apply_eal(f, y);
	node = mcr_config_field(f, root, "interfaces");
	for (unsigned i = 0; ret == 0 && i < y->n_interfaces; i++)
		ret = apply_interface(f, mcr_config_doc_item(f->doc, node, i), &y->interfaces[i]);
	node = mcr_config_field(f, root, "channels");
	for (unsigned i = 0; ret == 0 && i < y->n_channels; i++)
		ret = apply_channel(f, mcr_config_doc_item(f->doc, node, i), &y->channels[i]);
	node = mcr_config_field(f, root, "joins");
	for (unsigned i = 0; ret == 0 && i < y->n_joins; i++)
		ret = mcr_config_apply_join(f, mcr_config_doc_item(f->doc, node, i), &y->joins[i]);
	return ret == 0 ? apply_includes(f, y) : ret;
}

static int parse(struct mcr_config_frame *f, const char *text, size_t len)
{
	struct mcr_config_yaml *y = NULL;
	struct mcr_config_doc *doc;
	int ret = mcr_config_doc_create(&doc, f->file, text, len, f->err);

	if (ret < 0)
		return ret;
	f->doc = doc;
	ret = mcr_config_doc_check(doc, mcr_config_schema(), f->err);
	if (ret == 0)
		ret = mcr_config_yaml_load(&y, f->file, text, len, f->err);
	if (ret == 0 && y)
		ret = apply_all(f, y);
	mcr_config_yaml_free(y);
	mcr_config_doc_destroy(doc);
	return ret;
}

/* Reads the whole of path into *out, to be freed. Returns its length or -errno. */
static int64_t read_file(char **out, const char *path, struct mcr_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int64_t len = 0, ret = 0;
	struct stat st;
	char *buf = NULL;

	if (fd < 0 || fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && (errno = EACCES))) {
		ret = mcr_fail(err, -errno, "%s: cannot read it: %s", path,
			       fd < 0 ? strerror(errno) : "not a regular file");
		goto out;
	}
	buf = malloc(MCR_CONFIG_FILE_MAX + 1);
	if (!buf) {
		ret = mcr_fail(err, -ENOMEM, "%s: out of memory", path);
		goto out;
	}
	do {
		ret = read(fd, buf + len, MCR_CONFIG_FILE_MAX + 1 - (size_t)len);
		len += ret > 0 ? ret : 0;
	} while (ret > 0 && len <= MCR_CONFIG_FILE_MAX);
	if (ret < 0)
		ret = mcr_fail(err, -errno, "%s: cannot read it: %s", path, strerror(errno));
	else if (len > MCR_CONFIG_FILE_MAX)
		ret = mcr_fail(err, -EFBIG, "%s: larger than %u octets", path, MCR_CONFIG_FILE_MAX);
out:
	if (fd >= 0)
		close(fd);
	if (ret < 0) {
		free(buf);
		return ret;
	}
	*out = buf;
	return len;
}

static int check_chain(const struct mcr_config_frame *f)
{
	for (const struct mcr_config_frame *p = f->parent; p; p = p->parent)
		if (f->real && p->real && strcmp(p->real, f->real) == 0)
			return mcr_fail(f->err, -ELOOP, "%s includes itself", f->file);
	if (f->depth > MCR_CONFIG_INCLUDE_DEPTH)
		return mcr_fail(f->err, -ELOOP, "%s: files include each other more than %d deep",
				f->file, MCR_CONFIG_INCLUDE_DEPTH);
	if (++f->total->n_files > MCR_CONFIG_FILES_MAX)
		return mcr_fail(f->err, -ELOOP, "%s: more than %d files", f->file,
				MCR_CONFIG_FILES_MAX);
	return 0;
}

static int load_file(const struct mcr_config_frame *parent, struct mcr_settings *s,
		     const char *path, struct mcr_config_total *total, struct mcr_error *err)
{
	char real[PATH_MAX], *text = NULL;
	struct mcr_config_frame f = {.parent = parent,
				     .file = mcr_settings_add_file(s, path),
				     .real = realpath(path, real),
				     .depth = parent ? parent->depth + 1 : 0,
				     .total = total,
				     .s = s,
				     .err = err};
	int64_t len;
	int ret;

	if (!f.file)
		return mcr_fail(err, -ENOMEM, "%s: out of memory", path);
	ret = check_chain(&f);
	if (ret < 0)
		return ret;
	len = read_file(&text, path, err);
	if (len < 0)
		return (int)len;
	total->n_octets += (size_t)len;
	if (total->n_octets > MCR_CONFIG_TOTAL_MAX)
		ret = mcr_fail(err, -EFBIG, "%s: more than %u octets in all files", path,
			       MCR_CONFIG_TOTAL_MAX);
	else
		ret = parse(&f, text, (size_t)len);
	free(text);
	return ret;
}

int mcr_config_load(struct mcr_settings *s, const char *path, struct mcr_error *err)
{
	struct mcr_config_total total = {0};

	return load_file(NULL, s, path, &total, err);
}

int mcr_config_parse(struct mcr_settings *s, const char *file, const char *text, size_t len,
		     struct mcr_error *err)
{
	struct mcr_config_total total = {0};
	struct mcr_config_frame f = {
	    .file = mcr_settings_add_file(s, file), .total = &total, .s = s, .err = err};

	return f.file ? parse(&f, text, len) : mcr_fail(err, -ENOMEM, "%s: out of memory", file);
}

int mcr_config_assemble(struct mcr_settings **out, const struct mcr_settings *command_line,
			const char *path, struct mcr_error *err)
{
	struct mcr_settings *all = mcr_settings_create(), *file = mcr_settings_create();
	int ret = 0;

	if (!all || !file)
		ret = mcr_fail(err, -ENOMEM, "out of memory");
	if (ret == 0 && path)
		ret = mcr_config_load(file, path, err);
	if (ret == 0)
		ret = mcr_settings_add(all, command_line, err);
	if (ret == 0)
		ret = mcr_settings_add(all, file, err);
	if (ret == 0)
		ret = mcr_settings_complete(all, err);
	mcr_settings_destroy(file);
	if (ret == 0)
		*out = all;
	else
		mcr_settings_destroy(all);
	return ret;
}
