// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A part of a channel: the messages of some groups, and those with some ids. Empty, it is everything. */
public final class Selection {
    private final List<Address> groups = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final List<Long> ids = new ArrayList<>();

    /** Selects everything, until groups or ids are added. */
    public Selection() {
    }

    /**
     * Adds a group's messages to all ports.
     *
     * @param group a multicast address
     * @return this
     */
    public Selection group(Address group) {
        return group(group, 0);
    }

    /**
     * Adds a group's messages to one port.
     *
     * @param group a multicast address
     * @param port of UDP; 0: any
     * @return this
     */
    public Selection group(Address group, int port) {
        if (port < 0 || port > 65535)
            throw new IllegalArgumentException("not a port: " + port);
        groups.add(group);
        ports.add(port);
        return this;
    }

    /**
     * Adds the messages of the joins that bear an id.
     *
     * @param id 0 to 2^32 - 1
     * @return this
     */
    public Selection id(long id) {
        if (id < 0 || id > 0xffffffffL)
            throw new IllegalArgumentException("not an id: " + id);
        ids.add(id);
        return this;
    }

    int groupCount() {
        return groups.size();
    }

    int idCount() {
        return ids.size();
    }

    /** An array of struct mcr_select_group, or null. */
    ByteBuffer groupStructs() {
        if (groups.isEmpty())
            return null;
        ByteBuffer structs = Struct.allocate(groups.size() * Abi.SelectGroup.SIZEOF);
        for (int i = 0; i < groups.size(); i++) {
            int at = i * Abi.SelectGroup.SIZEOF;
            byte[] octets = groups.get(i).octets();
            for (int k = 0; k < octets.length; k++)
                structs.put(at + Abi.SelectGroup.GROUP + k, octets[k]);
            structs.putShort(at + Abi.SelectGroup.PORT, ports.get(i).shortValue());
        }
        return structs;
    }

    /** An array of uint32_t, or null. */
    ByteBuffer idNumbers() {
        if (ids.isEmpty())
            return null;
        ByteBuffer numbers = Struct.allocate(ids.size() * Integer.BYTES);
        for (int i = 0; i < ids.size(); i++)
            numbers.putInt(i * Integer.BYTES, ids.get(i).intValue());
        return numbers;
    }
}
