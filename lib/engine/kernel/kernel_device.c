/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>

#include "core/address.h"
#include "core/error.h"
#include "engine/kernel/kernel_device.h"

#define TUN_PATH     "/dev/net/tun"
#define GROUPS_PATH  "/proc/thread-self/net/dev_mcast"
#define GROUPS_BYTES 65536
/* How many frames may wait for the control thread: a TCP window of some megabytes. The kernel's
 * default, 1,000, would be too little for a millisecond. */
#define QUEUE_FRAMES 4096

static struct ifreq request_of(const char *name)
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, name, strnlen(name, sizeof(request.ifr_name) - 1));
	return request;
}

static void put_mac(struct ifreq *request, const uint8_t mac[6])
{
	request->ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request->ifr_hwaddr.sa_data, mac, 6);
}

static int open_failed(struct mcr_error *err, const char *name, int code)
{
	if (code == EACCES || code == EPERM)
		return mcr_error_set(
		    err, -EPERM,
		    "kernel=%s: a device in the kernel needs root or CAP_NET_ADMIN, "
		    "and access to " TUN_PATH,
		    name);
	if (code == ENOENT || code == ENODEV || code == ENXIO)
		return mcr_error_set(err, -ENODEV,
				     "kernel=%s: there is no " TUN_PATH
				     ": load the kernel's module (modprobe tun)",
				     name);
	return mcr_error_set(err, -code, "kernel=%s: " TUN_PATH ": %s", name, strerror(code));
}

/* IFF_TUN_EXCL: a persistent tap of somebody else's must not be taken over. */
static int make(const struct mcr_kernel_device *d, struct mcr_error *err)
{
	struct ifreq request = request_of(d->name);

	request.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL);
	if (ioctl(d->fd, TUNSETIFF, &request) == 0)
		return 0;
	if (errno == EBUSY || errno == EEXIST || errno == EINVAL)
		return mcr_error_set(err, -EEXIST,
				     "kernel=%s: there is a network device of this name already: "
				     "choose another name, or remove it (ip link del %s)",
				     d->name, d->name);
	return open_failed(err, d->name, errno);
}

static int configure(struct mcr_kernel_device *d, const uint8_t mac[6], unsigned mtu, int fd)
{
	struct ifreq request = request_of(d->name);

	if (ioctl(fd, SIOCGIFINDEX, &request) < 0)
		return -errno;
	d->index = (unsigned)request.ifr_ifindex;
	put_mac(&request, mac);
	if (ioctl(fd, SIOCSIFHWADDR, &request) < 0)
		return -errno;
	request.ifr_mtu = (int)mtu;
	if (ioctl(fd, SIOCSIFMTU, &request) < 0)
		return -errno;
	request.ifr_qlen = QUEUE_FRAMES;
	if (ioctl(fd, SIOCSIFTXQLEN, &request) < 0)
		return -errno;
	request.ifr_flags = IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

int mcr_kernel_device_open(struct mcr_kernel_device *d, const char *name, const uint8_t mac[6],
			   unsigned mtu, struct mcr_error *err)
{
	int ret, fd;

	*d = (struct mcr_kernel_device){.fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC)};
	snprintf(d->name, sizeof(d->name), "%s", name);
	if (d->fd < 0)
		return open_failed(err, name, errno);
	ret = make(d, err);
	if (ret < 0)
		goto fail;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ret = fd < 0 ? -errno : configure(d, mac, mtu, fd);
	if (fd >= 0)
		close(fd);
	if (ret == 0)
		return 0;
	mcr_error_set(err, ret, "kernel=%s: cannot set its address and MTU (%u): %s", name, mtu,
		      strerror(-ret));
fail:
	mcr_kernel_device_close(d);
	return ret;
}

void mcr_kernel_device_close(struct mcr_kernel_device *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

/* EBADFD: the descriptor has lost its device. */
static int result(ssize_t ret)
{
	if (ret >= 0)
		return (int)ret;
	return errno == EBADFD ? -ENODEV : -errno;
}

int mcr_kernel_device_write(const struct mcr_kernel_device *d, const struct iovec *iov, int n)
{
	return d->fd < 0 ? -ENODEV : result(writev(d->fd, iov, n));
}

int mcr_kernel_device_read(const struct mcr_kernel_device *d, const struct iovec *iov, int n)
{
	return d->fd < 0 ? -ENODEV : result(readv(d->fd, iov, n));
}

int mcr_kernel_device_set_mac(const struct mcr_kernel_device *d, const uint8_t mac[6])
{
	struct ifreq request = request_of(d->name);

	put_mac(&request, mac);
	return d->fd < 0 ? -ENODEV : result(ioctl(d->fd, SIOCSIFHWADDR, &request));
}

int mcr_kernel_device_set_carrier(const struct mcr_kernel_device *d, int up)
{
	return d->fd < 0 ? -ENODEV : result(ioctl(d->fd, TUNSETCARRIER, &up));
}

/* ---- multicast addresses ---- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* From twelve hexadecimal digits. */
static int mac_of(uint64_t *out, const char *text)
{
	uint8_t mac[6];

	for (unsigned i = 0; i < 6; i++)
		if (sscanf(text + (size_t)2 * i, "%2" SCNx8, &mac[i]) != 1)
			return 0;
	*out = mcr_mac_number(mac);
	return 1;
}

/* A line has index, name, users, global users, address. Returns 0 for another device's line. */
static int parse_line(uint64_t *mac, const char *line, unsigned index, const char *name)
{
	char device[MCR_DEVICE_NAME_MAX], address[13];
	unsigned i;

	return sscanf(line, "%u %15s %*u %*u %12[0-9a-f]", &i, device, address) == 3 &&
	       i == index && strcmp(device, name) == 0 && strlen(address) == 12 &&
	       mac_of(mac, address);
}

size_t mcr_kernel_groups_parse(const char *text, unsigned index, const char *name, uint64_t *macs,
			       size_t cap)
{
	size_t n = 0;

	while (*text != '\0' && n < cap) {
		size_t len = strcspn(text, "\n");
		char line[128];

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		n += (size_t)parse_line(&macs[n], line, index, name);
		text += len + (text[len] == '\n');
	}
	qsort(macs, n, sizeof(*macs), by_number);
	return n;
}

/* Reads all of it or fails: with half of the list, the groups in the other half would be lost. */
static int read_groups(char *text, size_t cap)
{
	int fd = open(GROUPS_PATH, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	do {
		got = read(fd, text + len, cap - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	} while (got > 0 && len < cap - 1);
	close(fd);
	text[len] = '\0';
	return got < 0 ? -EIO : len == cap - 1 ? -EFBIG : 0;
}

int mcr_kernel_device_groups(const struct mcr_kernel_device *d, uint64_t *macs, size_t cap)
{
	char *text = malloc(GROUPS_BYTES);
	int ret = text ? read_groups(text, GROUPS_BYTES) : -ENOMEM;

	if (ret == 0)
		ret = (int)mcr_kernel_groups_parse(text, d->index, d->name, macs, cap);
	free(text);
	return ret;
}
