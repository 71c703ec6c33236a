/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel vouches for the peer's user and groups, as they were when it connected: SO_PEERCRED
 * (unix(7)) has the effective ones, SO_PEERGROUPS (Linux 4.13) the supplementary ones. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "engine/attach/attach_access.h"

static int contains(const uint32_t *ids, uint32_t n, uint32_t id)
{
	for (uint32_t i = 0; i < n; i++)
		if (ids[i] == id)
			return 1;
	return 0;
}

/* Returns 1 or 0; -errno when the kernel cannot list the groups now. A kernel without
 * SO_PEERGROUPS lists none. */
static int has_group(int fd, const struct mcr_access *access)
{
	socklen_t len = 0;
	gid_t *groups;
	int found = 0;

	/* Without room, the kernel returns how much it would take. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE)
		return 0;
	groups = malloc(len);
	if (!groups)
		return -ENOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		found = -errno;
	for (size_t i = 0; i < len / sizeof(*groups) && found == 0; i++)
		found = contains(access->gids, access->n_gids, groups[i]);
	free(groups);
	return found;
}

int mcr_attach_may_join(const struct mcr_attach_slot *slot, const struct mcr_access *joiners)
{
	if (!slot->own && joiners->n_uids == 0 && joiners->n_gids == 0)
		return 0;
	return mcr_attach_may_read(slot, joiners);
}

int mcr_attach_may_read(const struct mcr_attach_slot *slot, const struct mcr_access *access)
{
	if (slot->own || (access->n_uids == 0 && access->n_gids == 0))
		return 1;
	if (contains(access->uids, access->n_uids, slot->uid) ||
	    contains(access->gids, access->n_gids, slot->gid))
		return 1;
	return access->n_gids > 0 ? has_group(slot->fd, access) : 0;
}
