// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/** A line of a feed. Counters are packets since the feed was opened, unless they say otherwise. */
public final class LineInfo {
    /** From 0, as {@link FeedMessage#line}. */
    public final int line;
    /** Its name. */
    public final String name;
    /** It is up. */
    public final boolean isUp;
    /** A packet has come on it. */
    public final boolean wasHeard;
    /** When the last packet arrived; CLOCK_REALTIME. */
    public final long lastNs;
    /** All. */
    public final long packets;
    /** Octets of them. */
    public final long bytes;
    /** Heartbeats. */
    public final long heartbeats;
    /** Handed out from this line. */
    public final long first;
    /** Another line had it before. */
    public final long duplicates;
    /** Other octets than another line's under one number. */
    public final long mismatches;
    /** Of a gap that was declared. */
    public final long late;
    /** With a number below one before. */
    public final long outOfOrder;
    /** Of an epoch that has ended. */
    public final long stale;
    /** Below the first number wanted. */
    public final long beforeStart;
    /** With a number too far ahead to be believed. */
    public final long implausible;
    /** Which make no sense. */
    public final long malformed;
    /** Without a number. */
    public final long unsequenced;
    /** Of streams beyond {@link FeedOptions#keysMax}. */
    public final long notTracked;
    /** After the end of the session. */
    public final long ended;
    /** Messages missing on this line. */
    public final long lost;
    /** Messages of which nobody can say, because the reader was lapped meanwhile. */
    public final long unsettled;
    /** Messages of its rings that this program was lapped by. */
    public final long ringLost;
    /**
     * By how much this line was behind the one that had a number first: behind[i] counts those of less
     * than 2^i * 16 ns and not less than half of that.
     */
    public final long[] behind;
    /** The most of it. */
    public final long behindMaxNs;
    /** Messages handed out from this line that another one, which had passed them, lacked. */
    public final long filled;

    LineInfo(ByteBuffer struct) {
        line = struct.getInt(Abi.FeedLine.LINE);
        name = Text.at(struct, Abi.FeedLine.NAME, Abi.FeedLine.NAME_LENGTH);
        isUp = struct.getInt(Abi.FeedLine.IS_UP) != 0;
        wasHeard = struct.getInt(Abi.FeedLine.WAS_HEARD) != 0;
        lastNs = struct.getLong(Abi.FeedLine.LAST_NS);
        packets = struct.getLong(Abi.FeedLine.PACKETS);
        bytes = struct.getLong(Abi.FeedLine.BYTES);
        heartbeats = struct.getLong(Abi.FeedLine.HEARTBEATS);
        first = struct.getLong(Abi.FeedLine.FIRST);
        duplicates = struct.getLong(Abi.FeedLine.DUPLICATES);
        mismatches = struct.getLong(Abi.FeedLine.MISMATCHES);
        late = struct.getLong(Abi.FeedLine.LATE);
        outOfOrder = struct.getLong(Abi.FeedLine.OUT_OF_ORDER);
        stale = struct.getLong(Abi.FeedLine.STALE);
        beforeStart = struct.getLong(Abi.FeedLine.BEFORE_START);
        implausible = struct.getLong(Abi.FeedLine.IMPLAUSIBLE);
        malformed = struct.getLong(Abi.FeedLine.MALFORMED);
        unsequenced = struct.getLong(Abi.FeedLine.UNSEQUENCED);
        notTracked = struct.getLong(Abi.FeedLine.NOT_TRACKED);
        ended = struct.getLong(Abi.FeedLine.ENDED);
        lost = struct.getLong(Abi.FeedLine.LOST);
        unsettled = struct.getLong(Abi.FeedLine.UNSETTLED);
        ringLost = struct.getLong(Abi.FeedLine.RING_LOST);
        behind = Struct.longs(struct, Abi.FeedLine.BEHIND, Abi.FeedLine.BEHIND_LENGTH);
        behindMaxNs = struct.getLong(Abi.FeedLine.BEHIND_MAX_NS);
        filled = struct.getLong(Abi.FeedLine.FILLED);
    }
}
