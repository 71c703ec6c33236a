/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_link.h>

#include "engine/netdev/xdp_pass.h"

/* Linux 5.18; older headers than those of Debian 12 lack it. */
#define PROG_XDP_HAS_FRAGS (1U << 5)

static int call(enum bpf_cmd command, union bpf_attr *attr)
{
	long ret = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return ret < 0 ? -errno : (int)ret;
}

static int load(uint32_t flags)
{
	static const struct bpf_insn pass[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.expected_attach_type = BPF_XDP;
	attr.insns = (uintptr_t)pass;
	attr.insn_cnt = sizeof(pass) / sizeof(pass[0]);
	attr.license = (uintptr_t) "BSD";
	attr.prog_flags = flags;
	memcpy(attr.prog_name, "mcring_pass", sizeof("mcring_pass"));
	return call(BPF_PROG_LOAD, &attr);
}

int mcr_xdp_pass_attach(uint32_t interface)
{
	union bpf_attr attr;
	int link, program = load(PROG_XDP_HAS_FRAGS); /* without it veth takes the program up to an
							 MTU of 3,5xx only */

	if (program == -EINVAL)
		program = load(0);
	if (program < 0)
		return program;
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_ifindex = interface;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	link = call(BPF_LINK_CREATE, &attr);
	close(program); /* the link keeps the program; bpf() makes every descriptor close-on-exec */
	return link;
}
