// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/** A feed as a whole, since it was opened. */
public final class FeedStats {
    /** Lines. */
    public final int lines;
    /** Streams. */
    public final int keys;
    /** Packets held now. */
    public final int held;
    /** Packets handed out. */
    public final long packets;
    /** Messages handed out. */
    public final long messages;
    /** Holes that were seen. */
    public final long gapsOpened;
    /** Holes that were filled in time. */
    public final long gapsFilled;
    /** Gaps that were declared. */
    public final long gaps;
    /** Messages in gaps. */
    public final long gapMessages;
    /** Messages of gaps that came later. */
    public final long lateMessages;
    /** Resets. */
    public final long resets;
    /** Cycles. */
    public final long cycles;
    /** Changes of the line that data come from. */
    public final long switches;
    /** Numbers under which two lines had other octets. */
    public final long mismatches;
    /** Packets that could not be compared. */
    public final long notComparable;
    /** Times at which all lines were down. */
    public final long silences;
    /** Packets of streams beyond {@link FeedOptions#keysMax}. */
    public final long keysRefused;
    /** Packets that left the ring for the arena. */
    public final long heldCopied;
    /** Packets that were overwritten while they were held. */
    public final long heldLost;
    /** The feed's time: everything that arrived before was read; CLOCK_REALTIME. */
    public final long timeNs;
    /** Of the declaration. */
    public final long digest;

    FeedStats(ByteBuffer struct) {
        lines = struct.getInt(Abi.FeedStats.LINES);
        keys = struct.getInt(Abi.FeedStats.KEYS);
        held = struct.getInt(Abi.FeedStats.HELD);
        packets = struct.getLong(Abi.FeedStats.PACKETS);
        messages = struct.getLong(Abi.FeedStats.MESSAGES);
        gapsOpened = struct.getLong(Abi.FeedStats.GAPS_OPENED);
        gapsFilled = struct.getLong(Abi.FeedStats.GAPS_FILLED);
        gaps = struct.getLong(Abi.FeedStats.GAPS);
        gapMessages = struct.getLong(Abi.FeedStats.GAP_MESSAGES);
        lateMessages = struct.getLong(Abi.FeedStats.LATE_MESSAGES);
        resets = struct.getLong(Abi.FeedStats.RESETS);
        cycles = struct.getLong(Abi.FeedStats.CYCLES);
        switches = struct.getLong(Abi.FeedStats.SWITCHES);
        mismatches = struct.getLong(Abi.FeedStats.MISMATCHES);
        notComparable = struct.getLong(Abi.FeedStats.NOT_COMPARABLE);
        silences = struct.getLong(Abi.FeedStats.SILENCES);
        keysRefused = struct.getLong(Abi.FeedStats.KEYS_REFUSED);
        heldCopied = struct.getLong(Abi.FeedStats.HELD_COPIED);
        heldLost = struct.getLong(Abi.FeedStats.HELD_LOST);
        timeNs = struct.getLong(Abi.FeedStats.TIME_NS);
        digest = struct.getLong(Abi.FeedStats.DIGEST);
    }
}
