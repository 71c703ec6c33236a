// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/**
 * A packet or an event of a {@link FeedBatch}. It shows a place in the batch, as {@link Message} does:
 * valid until the batch is filled again, and, from a loop over the batch, until the next step. What
 * does not apply to its kind means nothing.
 */
public final class FeedMessage {
    /** {@link #flags}: fills a gap that was declared. */
    public static final int LATE = Abi.MCR_FEED_FLAG_LATE;
    /** {@link #flags}: the first data behind a gap. */
    public static final int AFTER_GAP = Abi.MCR_FEED_FLAG_AFTER_GAP;
    /** {@link #flags}: waited for what was missing before it. */
    public static final int HELD = Abi.MCR_FEED_FLAG_HELD;
    /** {@link #flags}: from {@link Feed#insert}. */
    public static final int INSERTED = Abi.MCR_FEED_FLAG_INSERTED;
    /** {@link #flags}: all of it was handed out before ({@link FeedOptions#asTheyCome}). */
    public static final int DUPLICATE = Abi.MCR_FEED_FLAG_DUPLICATE;
    /** {@link #flags}: behind what is missing, or below what was handed out (likewise). */
    public static final int OUT_OF_ORDER = Abi.MCR_FEED_FLAG_OUT_OF_ORDER;
    /** {@link #flags}: it has no number. */
    public static final int UNSEQUENCED = Abi.MCR_FEED_FLAG_UNSEQUENCED;

    /** {@link #why} of a gap: it was not filled in time. */
    public static final int GAP_TIMEOUT = Abi.MCR_FEED_GAP_TIMEOUT;
    /** {@link #why} of a gap: every line that is not down has passed it. */
    public static final int GAP_PASSED = Abi.MCR_FEED_GAP_PASSED;
    /** {@link #why} of a gap: no room to hold more. */
    public static final int GAP_WINDOW = Abi.MCR_FEED_GAP_WINDOW;
    /** {@link #why} of a gap: before a reset, {@link Feed#resume} or the end of the session. */
    public static final int GAP_FLUSH = Abi.MCR_FEED_GAP_FLUSH;
    /** {@link #why} of a gap: in the ring, before {@link Feed#take} copied it. */
    public static final int GAP_OVERWRITTEN = Abi.MCR_FEED_GAP_OVERWRITTEN;

    /** {@link #whose}: it did not reach this host's ports, as far as known. */
    public static final int WIRE = Abi.MCR_FEED_WIRE;
    /** {@link #whose}: a port lost packets meanwhile ({@link #hostLost}). */
    public static final int HOST_MAYBE = Abi.MCR_FEED_HOST_MAYBE;
    /** {@link #whose}: this program was lapped. */
    public static final int RING = Abi.MCR_FEED_RING;

    /** {@link #why} of a RESET: a flag or a message said so. */
    public static final int RESET_EXPLICIT = Abi.MCR_FEED_RESET_EXPLICIT;
    /** {@link #why} of a RESET: the session, or what else makes an epoch, changed. */
    public static final int RESET_SESSION = Abi.MCR_FEED_RESET_SESSION;
    /** {@link #why} of a RESET: some packets in a row ascend far from the next. */
    public static final int RESET_IMPLICIT = Abi.MCR_FEED_RESET_IMPLICIT;
    /** {@link #why} of a RESET: {@link Feed#resume}. */
    public static final int RESET_RESUME = Abi.MCR_FEED_RESET_RESUME;

    /** {@link #why} of a LINE_DOWN: it is silent. */
    public static final int DOWN_SILENT = Abi.MCR_FEED_DOWN_SILENT;
    /** {@link #why} of a LINE_DOWN: it was never heard. */
    public static final int DOWN_NEVER = Abi.MCR_FEED_DOWN_NEVER;
    /** {@link #why} of a LINE_DOWN: its engine ended, hangs, or declares another feed. */
    public static final int DOWN_ENGINE = Abi.MCR_FEED_DOWN_ENGINE;
    /** {@link #why} of a LINE_DOWN: the link of its port is down, or the port was removed. */
    public static final int DOWN_LINK = Abi.MCR_FEED_DOWN_LINK;

    final FeedBatch batch;
    private final ByteBuffer structs;
    private final Message packet;
    private int index;
    private int at;

    FeedMessage(FeedBatch batch) {
        this.batch = batch;
        this.structs = batch.structs;
        this.packet = new Message(batch.packets);
    }

    FeedMessage move(int index) {
        this.index = index;
        this.at = index * Abi.FeedMsg.SIZEOF;
        packet.move(index);
        return this;
    }

    int index() {
        return index;
    }

    /**
     * What it is.
     *
     * @return data or an event
     */
    public FeedKind kind() {
        return FeedKind.of(structs.get(at + Abi.FeedMsg.KIND));
    }

    /**
     * Flags of data, such as {@link #AFTER_GAP}.
     *
     * @return bits
     */
    public int flags() {
        return Struct.unsigned(structs.getShort(at + Abi.FeedMsg.FLAGS));
    }

    /**
     * Whether one of the flags is set.
     *
     * @param flags such as {@link #AFTER_GAP}
     * @return true or false
     */
    public boolean has(int flags) {
        return (flags() & flags) != 0;
    }

    /**
     * The packet as it was received: addresses, times.
     *
     * @return the same object each time for this one; null of an event
     */
    public Message packet() {
        return structs.getLong(at + Abi.FeedMsg.MSG) == 0 ? null : packet;
    }

    /**
     * The packet's payload, all messages of it, as {@link Message#payload}.
     *
     * @return the octets; null of an event
     */
    public ByteBuffer payload() {
        return structs.getLong(at + Abi.FeedMsg.MSG) == 0 ? null : packet.payload();
    }

    /**
     * The number of the first message to take.
     *
     * @return unwrapped to 64 bits
     */
    public long seq() {
        return structs.getLong(at + Abi.FeedMsg.SEQ);
    }

    /**
     * Messages to take, behind {@link #skip}.
     *
     * @return 1 where a number counts packets
     */
    public int count() {
        return structs.getInt(at + Abi.FeedMsg.COUNT);
    }

    /**
     * Messages at the packet's start that were handed out before.
     *
     * @return 0 or more
     */
    public int skip() {
        return structs.getInt(at + Abi.FeedMsg.SKIP);
    }

    /**
     * The stream ({@link Feed#keyInfo}).
     *
     * @return from 0, in the order of START
     */
    public int key() {
        return structs.getInt(at + Abi.FeedMsg.KEY);
    }

    /**
     * The line ({@link Feed#lineInfo}).
     *
     * @return from 0; 8 of what was inserted
     */
    public int line() {
        return structs.get(at + Abi.FeedMsg.LINE) & 0xff;
    }

    /**
     * Of an event: when, in the time of the feed.
     *
     * @return CLOCK_REALTIME of arrivals, ns
     */
    public long ns() {
        return structs.getLong(at + Abi.FeedMsg.NS);
    }

    /**
     * Of a GAP, GAP_HOST or FILLED_LATE: the first number.
     *
     * @return inclusive
     */
    public long first() {
        boolean isLate = kind() == FeedKind.FILLED_LATE;
        return structs.getLong(at + (isLate ? Abi.FeedMsg.LATE_FIRST : Abi.FeedMsg.GAP_FIRST));
    }

    /**
     * Of a GAP, GAP_HOST or FILLED_LATE: the last number.
     *
     * @return inclusive
     */
    public long last() {
        boolean isLate = kind() == FeedKind.FILLED_LATE;
        return structs.getLong(at + (isLate ? Abi.FeedMsg.LATE_LAST : Abi.FeedMsg.GAP_LAST));
    }

    /**
     * Of a GAP or GAP_HOST: since when the first number is missing.
     *
     * @return ns, as {@link #ns}
     */
    public long openedNs() {
        return structs.getLong(at + Abi.FeedMsg.GAP_OPENED_NS);
    }

    /**
     * Of a GAP or GAP_HOST: when it was given up.
     *
     * @return ns, as {@link #ns}
     */
    public long declaredNs() {
        return structs.getLong(at + Abi.FeedMsg.GAP_DECLARED_NS);
    }

    /**
     * Of a GAP or GAP_HOST: packets that ports lost meanwhile, over all groups.
     *
     * @return packets
     */
    public long hostLost() {
        return structs.getLong(at + Abi.FeedMsg.GAP_HOST_LOST);
    }

    /**
     * Of a GAP, GAP_HOST, RESET or LINE_DOWN: why.
     *
     * @return such as {@link #GAP_TIMEOUT}, {@link #RESET_SESSION}, {@link #DOWN_SILENT}
     */
    public int why() {
        switch (kind()) {
            case RESET:
                return structs.getInt(at + Abi.FeedMsg.RESET_WHY);
            case LINE_DOWN:
                return structs.getInt(at + Abi.FeedMsg.DOWN_WHY);
            default:
                return structs.getInt(at + Abi.FeedMsg.GAP_WHY);
        }
    }

    /**
     * Of a GAP or GAP_HOST: whose loss it is.
     *
     * @return such as {@link #WIRE}
     */
    public int whose() {
        return structs.getInt(at + Abi.FeedMsg.GAP_WHOSE);
    }

    /**
     * Of a RESET or CYCLE: the number that was next.
     *
     * @return the number
     */
    public long oldNext() {
        return structs.getLong(at + Abi.FeedMsg.RESET_OLD_NEXT);
    }

    /**
     * Of a RESET or CYCLE: the number that is next now.
     *
     * @return the number
     */
    public long newNext() {
        return structs.getLong(at + Abi.FeedMsg.RESET_NEW_NEXT);
    }

    /**
     * Of a MISMATCH or IMPLAUSIBLE: the number.
     *
     * @return the number
     */
    public long mismatchSeq() {
        return structs.getLong(at + Abi.FeedMsg.MISMATCH_SEQ);
    }

    /**
     * Of a MISMATCH: the line whose copy stands.
     *
     * @return from 0
     */
    public int firstLine() {
        return structs.getInt(at + Abi.FeedMsg.MISMATCH_FIRST_LINE);
    }
}
