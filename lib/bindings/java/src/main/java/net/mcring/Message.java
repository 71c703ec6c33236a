// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/**
 * A message or an event of a {@link Batch}. It has no memory of its own but shows a place in the
 * batch: valid until the batch is filled again, and, from a loop over the batch, until the next step.
 * What does not apply to its kind means nothing.
 */
public final class Message {
    /** {@link #flags}: {@link #rxNs} is one clock reading for several messages. */
    public static final int RX_TIME_TSC = Abi.MCR_FLAG_RX_TIME_TSC;
    /** {@link #flags}: the host's clock was stepped since the ring's message before this one. */
    public static final int CLOCK_STEP = Abi.MCR_FLAG_CLOCK_STEP;
    /** {@link #flags}: {@link #hwNs} is valid. */
    public static final int HW_TIME = Abi.MCR_FLAG_HW_TIME;
    /** {@link #flags}: the operator vouches for the NIC's clock. */
    public static final int HW_TIME_SYNCED = Abi.MCR_FLAG_HW_TIME_SYNCED;
    /** {@link #flags} of a LINK: the link is up now. */
    public static final int LINK_UP = Abi.MCR_FLAG_LINK_UP;
    /** {@link #flags} of a LINK: the port was removed and will not return. */
    public static final int LINK_GONE = Abi.MCR_FLAG_LINK_GONE;
    /** {@link #flags}: {@link Order#MERGED}: it arrived before one that was returned earlier. */
    public static final int LATE = Abi.MCR_FLAG_LATE;
    /** {@link #flags} of an ENGINE_STALL: it is over. */
    public static final int STALL_OVER = Abi.MCR_FLAG_STALL_OVER;

    final Batch batch;
    private final ByteBuffer structs;
    private int index;
    private int at;

    Message(Batch batch) {
        this.batch = batch;
        this.structs = batch.structs;
    }

    Message move(int index) {
        this.index = index;
        this.at = index * Abi.Msg.SIZEOF;
        return this;
    }

    int index() {
        return index;
    }

    long data() {
        return structs.getLong(at + Abi.Msg.DATA);
    }

    long structAddress() {
        return batch.structAddress(index);
    }

    /** A copy of the struct. */
    long[] struct() {
        return Struct.longs(structs, at, Abi.Msg.SIZEOF / Long.BYTES);
    }

    /**
     * What it is.
     *
     * @return data or an event
     */
    public Kind kind() {
        return Kind.of(structs.getShort(at + Abi.Msg.KIND));
    }

    /**
     * Flags, such as {@link #LATE}.
     *
     * @return bits
     */
    public int flags() {
        return Struct.unsigned(structs.getShort(at + Abi.Msg.FLAGS));
    }

    /**
     * Whether one of the flags is set.
     *
     * @param flags such as {@link #LATE}
     * @return true or false
     */
    public boolean has(int flags) {
        return (flags() & flags) != 0;
    }

    /**
     * The payload of data that {@link Consumer#take} or {@link Consumer#nextBatch} copied. The buffer
     * is the batch's and the same each time: its position is at the first octet and its limit
     * behind the last. It is read-only, and its order is BIG_ENDIAN until the program changes it.
     *
     * @return the octets, intact until the batch is filled again; null of an event
     * @throws IllegalStateException the batch is of {@link Consumer#poll}, which copies nothing
     */
    public ByteBuffer payload() {
        if (structs.getShort(at + Abi.Msg.KIND) != Abi.MCR_DATA)
            return null;
        return batch.payload(data(), length());
    }

    /**
     * Octets of payload.
     *
     * @return 0 to 65,535
     */
    public int length() {
        return structs.getInt(at + Abi.Msg.LEN);
    }

    /**
     * The number of the message in its ring; of a LOST the first that is missing.
     *
     * @return from 1, without gaps
     */
    public long seq() {
        return structs.getLong(at + Abi.Msg.POS_SEQ);
    }

    /**
     * The ring of the channel.
     *
     * @return from 0
     */
    public int ring() {
        return structs.getInt(at + Abi.Msg.POS_RING);
    }

    /**
     * Tells apart what {@link #seq} counts in: positions of different epochs cannot be compared.
     *
     * @return a random number
     */
    public long epoch() {
        return structs.getLong(at + Abi.Msg.POS_EPOCH);
    }

    /**
     * When it arrived.
     *
     * @return CLOCK_REALTIME, ns
     */
    public long rxNs() {
        return structs.getLong(at + Abi.Msg.RX_NS);
    }

    /**
     * When it arrived by the NIC's clock.
     *
     * @return CLOCK_REALTIME, ns; 0: unknown
     */
    public long hwNs() {
        return structs.getLong(at + Abi.Msg.HW_NS);
    }

    /**
     * The group. For a comparison {@link #isGroup} makes no object.
     *
     * @return the address
     */
    public Address group() {
        return Struct.address(structs, at + Abi.Msg.GROUP);
    }

    /**
     * Whether it is of a group.
     *
     * @param group the address
     * @return true or false
     */
    public boolean isGroup(Address group) {
        return group.is(Struct.number(structs, at + Abi.Msg.GROUP), Struct.number(structs, at + Abi.Msg.GROUP + 8));
    }

    /**
     * The sender.
     *
     * @return the address
     */
    public Address source() {
        return Struct.address(structs, at + Abi.Msg.SOURCE);
    }

    /**
     * Whether it is of a sender.
     *
     * @param source the address
     * @return true or false
     */
    public boolean isSource(Address source) {
        return source.is(Struct.number(structs, at + Abi.Msg.SOURCE), Struct.number(structs, at + Abi.Msg.SOURCE + 8));
    }

    /**
     * The port of UDP that it was sent to.
     *
     * @return 0 to 65,535
     */
    public int port() {
        return Struct.unsigned(structs.getShort(at + Abi.Msg.DST_PORT));
    }

    /**
     * The sender's port of UDP.
     *
     * @return 0 to 65,535
     */
    public int sourcePort() {
        return Struct.unsigned(structs.getShort(at + Abi.Msg.SRC_PORT));
    }

    /**
     * The id of the join that took it; of a LINK: DPDK's number of the port.
     *
     * @return 0 to 2^32 - 1
     */
    public long id() {
        return Integer.toUnsignedLong(structs.getInt(at + Abi.Msg.ID));
    }

    /**
     * The VLAN.
     *
     * @return 0: untagged
     */
    public int vlan() {
        return Struct.unsigned(structs.getShort(at + Abi.Msg.VLAN));
    }

    /**
     * The interface on which it arrived, as {@link Consumer#interfaceInfo} counts them.
     *
     * @return from 0
     */
    public int interfaceIndex() {
        return Struct.unsigned(structs.getShort(at + Abi.Msg.INTERFACE));
    }

    /**
     * TTL of IPv4, hop limit of IPv6.
     *
     * @return 0 to 255
     */
    public int ttl() {
        return structs.get(at + Abi.Msg.TTL) & 0xff;
    }

    /**
     * TOS of IPv4, traffic class of IPv6.
     *
     * @return 0 to 255
     */
    public int trafficClass() {
        return structs.get(at + Abi.Msg.TRAFFIC_CLASS) & 0xff;
    }

    /**
     * Of a LOST: how many messages are missing.
     *
     * @return at least 1
     */
    public long lost() {
        return structs.getLong(at + Abi.Msg.LOST);
    }

    /**
     * Of a RESTART or an ENGINE_STALL: since when, up to {@link #rxNs}.
     *
     * @return CLOCK_REALTIME, ns; 0: unknown
     */
    public long sinceNs() {
        return structs.getLong(at + Abi.Msg.SINCE_NS);
    }
}
