/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's end of an interface: a tap device (/dev/net/tun) with the port's MAC address and
 * MTU, up, without offloads, so that whole frames with whole checksums pass both ways. The device
 * ends when its descriptor is closed. Only the open needs capabilities. Thread: control; but
 * set_mac, set_carrier and groups may wait for the kernel and are the device thread's
 * (kernel_path.h).
 */
#ifndef MCR_ENGINE_KERNEL_DEVICE_H
#define MCR_ENGINE_KERNEL_DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <mcring/engine.h>

struct mcr_kernel_device {
	int fd;         /* never blocks; -1 = no device, or no longer */
	unsigned index; /* in the network namespace where it was made */
	char name[MCR_DEVICE_NAME_MAX];
};

/* mcr_kernel_device_open makes the device. Errors, with err filled: -EEXIST (the name is taken),
 * -EPERM (needs CAP_NET_ADMIN), -ENODEV (no /dev/net/tun), or what a system call gave. */
int mcr_kernel_device_open(struct mcr_kernel_device *d, const char *name, const uint8_t mac[6],
			   unsigned mtu, struct mcr_error *err);
void mcr_kernel_device_close(struct mcr_kernel_device *d);

/* mcr_kernel_device_write and _read move one frame, in n pieces. They return its octets, -EAGAIN
 * (nothing to read), -ENODEV (the device was removed), or another -errno (-EIO: it is down). A
 * frame that is longer than iov is cut; its length shows that. */
int mcr_kernel_device_write(const struct mcr_kernel_device *d, const struct iovec *iov, int n);
int mcr_kernel_device_read(const struct mcr_kernel_device *d, const struct iovec *iov, int n);

/* mcr_kernel_device_set_mac and _set_carrier return 0, -ENODEV (the device was removed) or what the
 * system call gave. */
int mcr_kernel_device_set_mac(const struct mcr_kernel_device *d, const uint8_t mac[6]);
int mcr_kernel_device_set_carrier(const struct mcr_kernel_device *d, int up);

/* mcr_kernel_device_groups fills macs with the multicast addresses that the kernel's programs want
 * from the device (mcr_mac_number, ascending, cap at most). Returns how many, 0 when the device is
 * in another network namespace, or -errno when nothing could be read. */
int mcr_kernel_device_groups(const struct mcr_kernel_device *d, uint64_t *macs, size_t cap);

/* mcr_kernel_groups_parse does the same from the text of /proc/net/dev_mcast. */
size_t mcr_kernel_groups_parse(const char *text, unsigned index, const char *name, uint64_t *macs,
			       size_t cap);

#endif
