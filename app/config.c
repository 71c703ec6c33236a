/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "config_doc.h"
#include "config_schema.h"
#include "values.h"

/* One file that is being read; the chain of parents finds cycles. */
struct frame {
	const struct frame *parent;
	const char *file; /* kept by the settings */
	const char *real; /* canonical path; NULL = a text in memory */
	unsigned depth;
	unsigned *n_loaded; /* of the whole tree of files */
	struct mcr_settings *s;
	const struct mcr_config_doc *doc;
	struct mcr_error *err;
};

static int load_file(const struct frame *parent, struct mcr_settings *s, const char *path,
		     unsigned *n_loaded, struct mcr_error *err);

static struct mcr_origin origin_of(const struct frame *f, int node)
{
	return (struct mcr_origin){f->file, mcr_config_doc_line(f->doc, node)};
}

static int field(const struct frame *f, int node, const char *key)
{
	return mcr_config_doc_field(f->doc, node, key);
}

/* Puts "FILE:LINE: KEY: " in front of the error about the value of a key. */
static int located(const struct frame *f, int mapping, const char *key, int ret)
{
	if (ret >= 0)
		return ret;
	mcr_fail_prefix(f->err, ret, "%s: ", key);
	return mcr_settings_locate(origin_of(f, field(f, mapping, key)), f->err, ret);
}

/* The value functions of one scalar each; text NULL: the key is not there. */
#define APPLY(f, node, key, text, call)                           \
	do {                                                      \
		if (text) {                                       \
			int ret_ = located(f, node, key, (call)); \
			if (ret_ < 0)                             \
				return ret_;                      \
		}                                                 \
	} while (0)

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

static int apply_attach_mode(struct mcr_settings *s, const char *text, struct mcr_error *err)
{
	uint32_t mode;
	int ret = mcr_value_mode(&mode, text, err);

	if (ret == 0 && !s->attach_mode_set) {
		s->attach_mode_set = 1;
		s->attach_mode = mode;
	}
	return ret;
}

static int apply_scalars(const struct frame *f, const struct mcr_config_yaml *y)
{
	int root = mcr_config_doc_root(f->doc);
	struct mcr_settings *s = f->s;

	APPLY(f, root, "name", y->name, apply_name(s, y->name, f->err));
	APPLY(f, root, "run_dir", y->run_dir, apply_run_dir(s, y->run_dir, f->err));
	APPLY(f, root, "idle", y->idle, apply_opt8(&s->idle, y->idle, mcr_value_idle, f->err));
	APPLY(f, root, "keep_memberships", y->keep_memberships,
	      apply_opt8(&s->keep_memberships, y->keep_memberships, mcr_value_bool, f->err));
	APPLY(f, root, "log_level", y->log_level,
	      apply_opt8(&s->log_level, y->log_level, mcr_value_log_level, f->err));
	APPLY(f, root, "attach_mode", y->attach_mode, apply_attach_mode(s, y->attach_mode, f->err));
	return 0;
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

static int apply_eal(const struct frame *f, const struct mcr_config_yaml *y)
{
	int node = field(f, mcr_config_doc_root(f->doc), "eal");

	for (unsigned i = 0; i < y->n_eal; i++) {
		int ret = check_eal(y->eal[i], f->err);

		if (ret == 0)
			ret = mcr_settings_add_eal(f->s, y->eal[i], f->err);
		if (ret < 0) {
			mcr_fail_prefix(f->err, ret, "eal: ");
			return mcr_settings_locate(
			    origin_of(f, mcr_config_doc_item(f->doc, node, i)), f->err, ret);
		}
	}
	return 0;
}

static int apply_igmp(const struct frame *f, int node, const struct mcr_interface_yaml *y,
		      struct mcr_interface_config *cfg)
{
	APPLY(f, node, "igmp", y->igmp, mcr_value_igmp(&cfg->igmp, y->igmp, f->err));
	APPLY(f, node, "igmp_strict", y->igmp_strict,
	      mcr_value_bool(&cfg->igmp_strict, y->igmp_strict, f->err));
	APPLY(f, node, "igmp_robustness", y->igmp_robustness,
	      mcr_value_robustness(&cfg->igmp_robustness, y->igmp_robustness, f->err));
	APPLY(f, node, "igmp_robustness_floor", y->igmp_robustness_floor,
	      mcr_value_robustness(&cfg->igmp_robustness_floor, y->igmp_robustness_floor, f->err));
	APPLY(
	    f, node, "igmp_compat_timeout", y->igmp_compat_timeout,
	    mcr_value_compat_timeout(&cfg->igmp_compat_timeout_s, y->igmp_compat_timeout, f->err));
	APPLY(f, node, "igmp_repeat", y->igmp_repeat,
	      mcr_value_repeat(&cfg->igmp_repeat_s, y->igmp_repeat, f->err));
	return 0;
}

static int apply_interface(const struct frame *f, int node, const struct mcr_interface_yaml *y)
{
	struct mcr_interface_config cfg = {.vlan = 0};
	int ret;

	APPLY(f, node, "name", y->name, mcr_value_name(cfg.name, y->name, f->err));
	APPLY(
	    f, node, "port", y->port,
	    mcr_value_string(cfg.port, sizeof(cfg.port), y->port, "a DPDK device or port", f->err));
	APPLY(f, node, "address", y->address,
	      mcr_value_address(&cfg.address_be, &cfg.prefix_len, y->address, f->err));
	APPLY(f, node, "vlan", y->vlan, mcr_value_vlan(&cfg.vlan, y->vlan, f->err));
	APPLY(f, node, "tx", y->tx, mcr_value_tx(&cfg.tx_never, y->tx, f->err));
	APPLY(f, node, "udp_checksum", y->udp_checksum,
	      mcr_value_udp_checksum(&cfg.udp_checksum, y->udp_checksum, f->err));
	ret = apply_igmp(f, node, y, &cfg);
	if (ret < 0)
		return ret;
	ret = mcr_settings_add_interface(f->s, &cfg, origin_of(f, node), f->err);
	return mcr_settings_locate(origin_of(f, node), ret < 0 ? f->err : NULL, ret);
}

static int apply_channel(const struct frame *f, int node, const struct mcr_channel_yaml *y)
{
	struct mcr_channel_config cfg = {.depth = 0};
	int ret;

	APPLY(f, node, "name", y->name, mcr_value_name(cfg.name, y->name, f->err));
	APPLY(f, node, "depth", y->depth, mcr_value_depth(&cfg.depth, y->depth, f->err));
	APPLY(f, node, "bytes", y->bytes, mcr_value_bytes(&cfg.bytes, y->bytes, f->err));
	ret = mcr_settings_add_channel(f->s, &cfg, origin_of(f, node), f->err);
	return mcr_settings_locate(origin_of(f, node), ret < 0 ? f->err : NULL, ret);
}

/* ---- joins ---- */

/* What follows the group and its port in a join text; checked piece by piece, so that a mistake has
 * its own line and what is left over is the group's. */
struct join_tail {
	char sources[MCR_JOIN_SOURCES_MAX * 20];
	char keys[128];
};

static int add_sources(const struct frame *f, int node, const char *key, char **sources, unsigned n,
		       const char *mark, struct join_tail *tail)
{
	int list = field(f, node, key);
	size_t used = 0;

	for (unsigned i = 0; i < n; i++) {
		int ret = i < MCR_JOIN_SOURCES_MAX
			      ? mcr_value_source(sources[i], f->err)
			      : mcr_fail(f->err, -E2BIG, "more than %d sources in one join",
					 MCR_JOIN_SOURCES_MAX);

		if (ret < 0)
			return mcr_settings_locate(
			    origin_of(f, mcr_config_doc_item(f->doc, list, i)), f->err, ret);
		used += (size_t)snprintf(tail->sources + used, sizeof(tail->sources) - used, "%s%s",
					 mark, sources[i]);
	}
	return 0;
}

static int make_tail(const struct frame *f, int node, const struct mcr_join_yaml *y,
		     struct join_tail *tail)
{
	char name[MCR_NAME_MAX];
	uint64_t id = 0;
	size_t used = 0;

	tail->sources[0] = tail->keys[0] = '\0';
	if (y->n_sources && y->n_exclude) {
		mcr_fail(f->err, -EINVAL, "expected sources or exclude, not both in one join");
		return mcr_settings_locate(origin_of(f, field(f, node, "exclude")), f->err,
					   -EINVAL);
	}
	APPLY(f, node, "interface", y->interface, mcr_value_name(name, y->interface, f->err));
	APPLY(f, node, "channel", y->channel, mcr_value_name(name, y->channel, f->err));
	APPLY(f, node, "id", y->id, mcr_value_uint(&id, y->id, 0, UINT32_MAX, f->err));
	if (y->interface)
		used += (size_t)sprintf(tail->keys + used, ",interface=%s", y->interface);
	if (y->channel)
		used += (size_t)sprintf(tail->keys + used, ",channel=%s", y->channel);
	if (id)
		sprintf(tail->keys + used, ",id=%u", (unsigned)id);
	if (y->n_exclude)
		return add_sources(f, node, "exclude", y->exclude, y->n_exclude, "@!", tail);
	return add_sources(f, node, "sources", y->sources, y->n_sources, "@", tail);
}

static int check_ports(const struct frame *f, int node, const struct mcr_join_yaml *y)
{
	int list = field(f, node, "ports");

	for (unsigned i = 0; i < y->n_ports; i++) {
		int ret = mcr_value_port_range(y->ports[i], f->err);

		if (ret < 0)
			return mcr_settings_locate(
			    origin_of(f, mcr_config_doc_item(f->doc, list, i)), f->err, ret);
	}
	return 0;
}

static int check_group(const struct mcr_join_yaml *y, const char *group, struct mcr_error *err)
{
	if (strlen(group) > 64 || strpbrk(group, ",@"))
		return mcr_fail(err, -EINVAL,
				"group '%.64s': expected GROUP[/LEN][:PORT[-PORT]]; sources, "
				"interface, channel and id have keys of their own",
				group);
	if (y->n_ports && group[0] != '[' && strchr(group, ':'))
		return mcr_fail(err, -EINVAL,
				"group '%.64s': a UDP port here and ports beside it: expected one "
				"of them",
				group);
	return 0;
}

static int apply_group(const struct frame *f, const struct mcr_join_yaml *y, const char *group,
		       const struct join_tail *tail, struct mcr_origin origin)
{
	char text[sizeof(tail->sources) + sizeof(tail->keys) + 96];
	int ret = check_group(y, group, f->err);

	for (unsigned i = 0; ret == 0 && i < (y->n_ports ? y->n_ports : 1); i++) {
		snprintf(text, sizeof(text), "%s%s%s%s%s", group, y->n_ports ? ":" : "",
			 y->n_ports ? y->ports[i] : "", tail->sources, tail->keys);
		ret = mcr_settings_add_joins(f->s, text, origin, f->err);
	}
	return mcr_settings_locate(origin, ret < 0 ? f->err : NULL, ret);
}

static int apply_join(const struct frame *f, int node, const struct mcr_join_yaml *y)
{
	int list = field(f, node, "groups");
	struct join_tail tail;
	int ret = make_tail(f, node, y, &tail);

	if (ret == 0)
		ret = check_ports(f, node, y);
	for (unsigned i = 0; ret == 0 && i < y->n_groups; i++)
		ret = apply_group(f, y, y->groups[i], &tail,
				  origin_of(f, mcr_config_doc_item(f->doc, list, i)));
	return ret;
}

/* ---- files ---- */

static int apply_includes(const struct frame *f, const struct mcr_config_yaml *y)
{
	int list = field(f, mcr_config_doc_root(f->doc), "include");
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
			ret = load_file(f, f->s, path, f->n_loaded, &inner);
		}
		/* What is wrong inside the file has its own line; a file that could not be read
		 * is reported where it was asked for. */
		if (ret < 0 && f->err)
			*f->err = inner;
		if (ret == -ENOENT || ret == -EACCES || ret == -ELOOP || ret == -ENAMETOOLONG)
			mcr_settings_locate(origin_of(f, mcr_config_doc_item(f->doc, list, i)),
					    f->err, ret);
		if (ret < 0)
			return ret == -EEXIST ? ret : -EINVAL;
	}
	return 0;
}

static int apply_all(const struct frame *f, const struct mcr_config_yaml *y)
{
	int root = mcr_config_doc_root(f->doc), node, ret = apply_scalars(f, y);

	if (ret == 0)
		ret = apply_eal(f, y);
	node = field(f, root, "interfaces");
	for (unsigned i = 0; ret == 0 && i < y->n_interfaces; i++)
		ret = apply_interface(f, mcr_config_doc_item(f->doc, node, i), &y->interfaces[i]);
	node = field(f, root, "channels");
	for (unsigned i = 0; ret == 0 && i < y->n_channels; i++)
		ret = apply_channel(f, mcr_config_doc_item(f->doc, node, i), &y->channels[i]);
	node = field(f, root, "joins");
	for (unsigned i = 0; ret == 0 && i < y->n_joins; i++)
		ret = apply_join(f, mcr_config_doc_item(f->doc, node, i), &y->joins[i]);
	return ret == 0 ? apply_includes(f, y) : ret;
}

static int parse(struct frame *f, const char *text, size_t len)
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

static int check_chain(const struct frame *f)
{
	for (const struct frame *p = f->parent; p; p = p->parent)
		if (f->real && p->real && strcmp(p->real, f->real) == 0)
			return mcr_fail(f->err, -ELOOP, "%s includes itself", f->file);
	if (f->depth > MCR_CONFIG_INCLUDE_DEPTH)
		return mcr_fail(f->err, -ELOOP, "%s: files include each other more than %d deep",
				f->file, MCR_CONFIG_INCLUDE_DEPTH);
	if (++*f->n_loaded > MCR_CONFIG_FILES_MAX)
		return mcr_fail(f->err, -ELOOP, "%s: more than %d files", f->file,
				MCR_CONFIG_FILES_MAX);
	return 0;
}

static int load_file(const struct frame *parent, struct mcr_settings *s, const char *path,
		     unsigned *n_loaded, struct mcr_error *err)
{
	char real[PATH_MAX], *text = NULL;
	struct frame f = {.parent = parent,
			  .file = mcr_settings_add_file(s, path),
			  .real = realpath(path, real),
			  .depth = parent ? parent->depth + 1 : 0,
			  .n_loaded = n_loaded,
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
	ret = parse(&f, text, (size_t)len);
	free(text);
	return ret;
}

int mcr_config_load(struct mcr_settings *s, const char *path, struct mcr_error *err)
{
	unsigned n_loaded = 0;

	return load_file(NULL, s, path, &n_loaded, err);
}

int mcr_config_parse(struct mcr_settings *s, const char *file, const char *text, size_t len,
		     struct mcr_error *err)
{
	unsigned n_loaded = 0;
	struct frame f = {
	    .file = mcr_settings_add_file(s, file), .n_loaded = &n_loaded, .s = s, .err = err};

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
