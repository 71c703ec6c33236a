/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/apply.h"
#include "config/config.h"
#include "config/reader.h"
#include "settings/depth.h"
#include "settings/fail.h"

static int load_file(const struct mcr_config_reader *parent, struct mcr_settings *s,
		     const char *path, struct mcr_config_tree *tree, struct mcr_error *err);

static int apply_includes(const struct mcr_config_reader *f, const struct mcr_config_yaml *y)
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
			ret = load_file(f, f->s, path, f->tree, &inner);
		}
		/* An error inside the file names its own line. A file that cannot be read is
		 * reported at the line that includes it. */
		if (ret < 0 && f->err)
			*f->err = inner;
		if (ret == -ENOENT || ret == -EACCES || ret == -ELOOP || ret == -ENAMETOOLONG)
			mcr_config_located(f, mcr_config_doc_item(f->doc, list, i), NULL, ret);
		if (ret < 0)
			return ret == -EEXIST ? ret : -EINVAL;
	}
	return 0;
}

/* Before the shape is checked, which takes `depth` for any unknown key. More channels than an
 * engine has are refused anyway. */
static int refuse_depth(const struct mcr_config_reader *f)
{
	const struct mcr_config_doc *doc = f->doc;
	int list = mcr_config_field(f, mcr_config_doc_root(doc), "channels");

	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++) {
		int channel = mcr_config_doc_item(doc, list, i);
		int depth = mcr_config_field(f, channel, "depth");
		const char *name, *bytes;

		if (!depth)
			continue;
		name = mcr_config_doc_text(doc, mcr_config_field(f, channel, "name"));
		bytes = mcr_config_doc_text(doc, mcr_config_field(f, channel, "bytes"));
		return mcr_config_located(f, depth, NULL,
					  mcr_depth_refuse(name ? name : "",
							   mcr_config_doc_text(doc, depth), bytes,
							   ": ", f->err));
	}
	return 0;
}

static int parse(struct mcr_config_reader *f, const char *text, size_t len)
{
	const struct mcr_config_schema *schema = &f->tree->schema;
	struct mcr_config_yaml *y = NULL;
	struct mcr_config_doc *doc;
	int ret = mcr_config_doc_create(&doc, f->file, text, len, f->err);

	if (ret < 0)
		return ret;
	f->doc = doc;
	ret = refuse_depth(f);
	if (ret == 0)
		ret = mcr_config_doc_check(doc, &schema->file, f->err);
	if (ret == 0)
		ret = mcr_config_yaml_load(&y, schema, f->file, text, len, f->err);
	if (ret == 0 && y)
		ret = mcr_config_apply(f, y);
	if (ret == 0 && y)
		ret = apply_includes(f, y);
	mcr_config_yaml_free(y, schema);
	mcr_config_doc_destroy(doc);
	return ret;
}

/* Reads the whole file into *out, to be freed. Returns its length or -errno. */
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

static int check_chain(const struct mcr_config_reader *f)
{
	for (const struct mcr_config_reader *p = f->parent; p; p = p->parent)
		if (f->real && p->real && strcmp(p->real, f->real) == 0)
			return mcr_fail(f->err, -ELOOP, "%s includes itself", f->file);
	if (f->depth > MCR_CONFIG_INCLUDE_DEPTH)
		return mcr_fail(f->err, -ELOOP, "%s: files include each other more than %d deep",
				f->file, MCR_CONFIG_INCLUDE_DEPTH);
	if (++f->tree->n_files > MCR_CONFIG_FILES_MAX)
		return mcr_fail(f->err, -ELOOP, "%s: more than %d files", f->file,
				MCR_CONFIG_FILES_MAX);
	return 0;
}

static int load_file(const struct mcr_config_reader *parent, struct mcr_settings *s,
		     const char *path, struct mcr_config_tree *tree, struct mcr_error *err)
{
	char real[PATH_MAX], *text = NULL;
	struct mcr_config_reader f = {.parent = parent,
				      .file = mcr_settings_add_file(s, path),
				      .real = realpath(path, real),
				      .depth = parent ? parent->depth + 1 : 0,
				      .tree = tree,
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
	tree->n_octets += (size_t)len;
	if (tree->n_octets > MCR_CONFIG_TOTAL_MAX)
		ret = mcr_fail(err, -EFBIG, "%s: more than %u octets in all files", path,
			       MCR_CONFIG_TOTAL_MAX);
	else
		ret = parse(&f, text, (size_t)len);
	free(text);
	return ret;
}

int mcr_config_load(struct mcr_settings *s, const char *path, struct mcr_error *err)
{
	struct mcr_config_tree tree = {.n_files = 0};

	mcr_config_schema_init(&tree.schema);
	return load_file(NULL, s, path, &tree, err);
}

int mcr_config_parse(struct mcr_settings *s, const char *file, const char *text, size_t len,
		     struct mcr_error *err)
{
	struct mcr_config_tree tree = {.n_files = 0};
	struct mcr_config_reader f = {
	    .file = mcr_settings_add_file(s, file), .tree = &tree, .s = s, .err = err};

	mcr_config_schema_init(&tree.schema);
	return f.file ? parse(&f, text, len) : mcr_fail(err, -ENOMEM, "%s: out of memory", file);
}

int mcr_config_assemble(struct mcr_settings **out, const struct mcr_settings *command_line,
			const char *path, struct mcr_error *err)
{
	struct mcr_settings *all = mcr_settings_create(), *file = mcr_settings_create();
	int ret = 0;

	if (!all || !file)
		ret = mcr_fail_memory(err);
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
