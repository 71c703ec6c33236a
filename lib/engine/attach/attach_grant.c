/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/attach/attach_grant.h"
#include "engine/attach/attach_log.h"
#include "engine/attach/attach_reply.h"
#include "engine/attach/attach_slots.h"

/* The page that a consumer writes. Nobody may resize it, so the engine's reads never fault. */
static int page_create(const struct mcr_consumer_page **page, int *page_fd)
{
	int fd = memfd_create("mcring-consumer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ret;
	void *map;

	if (fd < 0)
		return -errno;
	/* The descriptor makes it the consumer's: nobody else may open it in /proc. */
	if (fchmod(fd, 0600) < 0 || ftruncate(fd, MCR_CONSUMER_PAGE_BYTES) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		goto fail;
	map = mmap(NULL, MCR_CONSUMER_PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		goto fail;
	*page = map;
	*page_fd = fd;
	return 0;
fail:
	ret = -errno;
	close(fd);
	return ret;
}

/* Too many descriptors are open or in flight. */
static int is_shortage(int code)
{
	return code == -EMFILE || code == -ENFILE || code == -ETOOMANYREFS;
}

void mcr_attach_refuse_for_now(struct mcr_attach_server *s, uint64_t now_ns,
			       struct mcr_welcome *welcome, int code)
{
	if (is_shortage(code))
		mcr_attach_warn_descriptors(s, now_ns, -code, "a consumer was refused");
	mcr_attach_set_refusal(welcome, is_shortage(code) ? -EBUSY : code,
			       "the engine cannot attach now: %s", strerror(-code));
}

void mcr_attach_grant(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
		      struct mcr_attach_channel *channel, const char *label, uint64_t now_ns,
		      struct mcr_welcome *welcome)
{
	const struct mcr_consumer_page *page = NULL;
	int fds[MCR_RINGS_MAX + 1], ret;

	memcpy(fds, channel->fds, sizeof(int) * channel->n_rings);
	ret = page_create(&page, &fds[channel->n_rings]);
	if (ret == 0) {
		welcome->n_rings = channel->n_rings;
		welcome->epoch = channel->epoch;
		ret = mcr_attach_send_welcome(slot->fd, welcome, fds, channel->n_rings + 1);
		close(fds[channel->n_rings]);
		if (ret < 0)
			munmap((void *)(uintptr_t)page, MCR_CONSUMER_PAGE_BYTES);
	}
	if (ret < 0) {
		mcr_attach_refuse_for_now(s, now_ns, welcome, ret);
		return;
	}
	mcr_attach_slot_attach(s, slot, channel, page, label, now_ns);
}
