// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/** An interface of the engine. */
public final class InterfaceInfo {
    /** From 0, as {@link Message#interfaceIndex}. */
    public final int index;
    /** Its name. */
    public final String name;
    /** Its own address; {@link Address#NONE}: it has none. */
    public final Address address;
    /** Of the address, in bits. */
    public final int prefixLength;
    /** The VLAN; 0: untagged. */
    public final int vlan;
    /** DPDK's number of the port, as in a {@link Kind#LINK}. */
    public final int dpdkPort;
    /** DPDK's name of the port. */
    public final String port;
    /** The kernel's interface below the port; "": there is none. */
    public final String netdev;
    /** The device that the engine made in the kernel for it; "": none. */
    public final String kernel;

    InterfaceInfo(ByteBuffer struct) {
        index = struct.getInt(Abi.ConsumerInterface.INDEX);
        name = Text.at(struct, Abi.ConsumerInterface.NAME, Abi.ConsumerInterface.NAME_LENGTH);
        address = Struct.address(struct, Abi.ConsumerInterface.ADDRESS);
        prefixLength = struct.get(Abi.ConsumerInterface.PREFIX_LEN) & 0xff;
        vlan = Struct.unsigned(struct.getShort(Abi.ConsumerInterface.VLAN));
        dpdkPort = Struct.unsigned(struct.getShort(Abi.ConsumerInterface.DPDK_PORT));
        port = Text.at(struct, Abi.ConsumerInterface.PORT, Abi.ConsumerInterface.PORT_LENGTH);
        netdev = Text.at(struct, Abi.ConsumerInterface.NETDEV, Abi.ConsumerInterface.NETDEV_LENGTH);
        kernel = Text.at(struct, Abi.ConsumerInterface.KERNEL, Abi.ConsumerInterface.KERNEL_LENGTH);
    }
}
