/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>

#include "engine/netdev/netdev_feature.h"

#define FEATURES_MAX 1024 /* Linux 6.18 has 64 */
#define BLOCKS_MAX   (FEATURES_MAX / 32)

static int call(int fd, const char *interface, void *command)
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, interface, strnlen(interface, sizeof(request.ifr_name) - 1));
	request.ifr_data = command;
	return ioctl(fd, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}

/* The answer ends in an array, which needs room after the struct. */
static int count_features(int fd, const char *interface)
{
	_Alignas(struct ethtool_sset_info) uint8_t room[sizeof(struct ethtool_sset_info) + 4] = {0};
	struct ethtool_sset_info *info = (struct ethtool_sset_info *)room;
	int ret;

	info->cmd = ETHTOOL_GSSET_INFO;
	info->sset_mask = UINT64_C(1) << ETH_SS_FEATURES;
	ret = call(fd, interface, info);
	if (ret < 0)
		return ret;
	return info->sset_mask == 0 || info->data[0] > FEATURES_MAX ? -EOPNOTSUPP
								    : (int)info->data[0];
}

/* Returns the feature's number, or -ENOENT. */
static int find_feature(int fd, const char *interface, const char *feature, int n)
{
	struct ethtool_gstrings *names;
	int ret;

	names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
	if (!names)
		return -ENOMEM;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = (uint32_t)n;
	ret = call(fd, interface, names);
	for (int i = 0; ret == 0 && i < n; i++)
		if (strncmp((const char *)names->data + (size_t)i * ETH_GSTRING_LEN, feature,
			    ETH_GSTRING_LEN) == 0)
			ret = i + 1;
	free(names);
	return ret == 0 ? -ENOENT : ret < 0 ? ret : ret - 1;
}

static int is_active(int fd, const char *interface, int number, int n)
{
	_Alignas(struct ethtool_gfeatures)
	    uint8_t room[sizeof(struct ethtool_gfeatures) +
			 BLOCKS_MAX * sizeof(struct ethtool_get_features_block)] = {0};
	struct ethtool_gfeatures *all = (struct ethtool_gfeatures *)room;
	int ret;

	all->cmd = ETHTOOL_GFEATURES;
	all->size = (uint32_t)(n + 31) / 32;
	ret = call(fd, interface, all);
	return ret < 0 ? ret : (int)(all->features[number / 32].active >> number % 32 & 1);
}

int mcr_netdev_feature_is_on(const char *interface, const char *feature)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), n, ret;

	if (fd < 0)
		return -errno;
	ret = n = count_features(fd, interface);
	if (ret >= 0)
		ret = find_feature(fd, interface, feature, n);
	if (ret >= 0)
		ret = is_active(fd, interface, ret, n);
	close(fd);
	return ret == -ENOENT ? 0 : ret;
}
