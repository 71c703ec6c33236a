/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/attach/declared_feeds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* All that ask for a feed share it, so nobody may change it. Returns the descriptor, or -errno. */
static int make_file(const char *text)
{
	int fd = memfd_create("mcring-feed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write_all(fd, text, strlen(text));
	if (ret == 0 &&
	    (fchmod(fd, 0400) < 0 ||
	     fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0))
		ret = -errno;
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return fd;
}

const struct mcr_declared_feed *mcr_feeds_find(const struct mcr_feeds *feeds, const char *name)
{
	for (size_t i = 0; feeds && i < feeds->n; i++)
		if (strcmp(feeds->feeds[i].config.name, name) == 0)
			return &feeds->feeds[i];
	return NULL;
}

static int add_feed(struct mcr_feeds *feeds, const char *text, struct mcr_error *err)
{
	struct mcr_declared_feed *feed = &feeds->feeds[feeds->n];
	struct mcr_feed_config config;
	char *canonical;
	int ret = mcr_feed_config_parse(&config, text, strlen(text), NULL, err);

	if (ret == 0 && mcr_feeds_find(feeds, config.name))
		ret = mcr_error_set(err, -EEXIST, "there are two feeds %s", config.name);
	if (ret < 0) {
		mcr_feed_config_clear(&config);
		return ret;
	}
	canonical = mcr_feed_config_format(&config);
	ret = canonical ? make_file(canonical) : -ENOMEM;
	if (ret < 0) {
		mcr_error_set(err, ret, "feed %s: %s", config.name, strerror(-ret));
		mcr_feed_config_clear(&config);
	} else {
		*feed = (struct mcr_declared_feed){config, mcr_feed_config_digest(canonical), ret};
		feeds->n++;
		ret = 0;
	}
	free(canonical);
	return ret;
}

int mcr_feeds_create(struct mcr_feeds **out, const char *const *texts, size_t n,
		     struct mcr_error *err)
{
	struct mcr_feeds *feeds;
	int ret = 0;

	if (n > MCR_FEEDS_MAX)
		return mcr_error_set(err, -ENOSPC, "%zu feeds: expected at most %d", n,
				     MCR_FEEDS_MAX);
	feeds = calloc(1, sizeof(*feeds) + n * sizeof(feeds->feeds[0]));
	if (!feeds)
		return mcr_error_set(err, -ENOMEM, "no memory for %zu feeds", n);
	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = add_feed(feeds, texts[i], err);
	if (ret < 0) {
		mcr_feeds_destroy(feeds);
		return ret;
	}
	*out = feeds;
	return 0;
}

void mcr_feeds_destroy(struct mcr_feeds *feeds)
{
	if (!feeds)
		return;
	for (size_t i = 0; i < feeds->n; i++) {
		mcr_feed_config_clear(&feeds->feeds[i].config);
		close(feeds->feeds[i].fd);
	}
	free(feeds);
}
