// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/** A stream of a feed. */
public final class KeyInfo {
    /** From 0, as {@link FeedMessage#key}. */
    public final int key;
    /** The next number to hand out. */
    public final long next;
    /** Since when a number is missing; 0: none is. */
    public final long holeNs;
    /** The octets of the key fields, zeros behind: as two numbers of the machine. */
    public final long[] scope;
    /** Likewise of what makes an epoch, as the session. */
    public final long[] epoch;
    /** Resets. */
    public final long resets;
    /** Gaps that were declared. */
    public final long gaps;
    /** Messages in them. */
    public final long gapMessages;
    /** Messages of gaps that came later. */
    public final long lateMessages;
    /** The key for a person: "unit=15". */
    public final String text;

    KeyInfo(ByteBuffer struct) {
        key = struct.getInt(Abi.FeedKey.KEY);
        next = struct.getLong(Abi.FeedKey.NEXT);
        holeNs = struct.getLong(Abi.FeedKey.HOLE_NS);
        scope = Struct.longs(struct, Abi.FeedKey.SCOPE, Abi.FeedKey.SCOPE_LENGTH);
        epoch = Struct.longs(struct, Abi.FeedKey.EPOCH, Abi.FeedKey.EPOCH_LENGTH);
        resets = struct.getLong(Abi.FeedKey.RESETS);
        gaps = struct.getLong(Abi.FeedKey.GAPS);
        gapMessages = struct.getLong(Abi.FeedKey.GAP_MESSAGES);
        lateMessages = struct.getLong(Abi.FeedKey.LATE_MESSAGES);
        text = Text.at(struct, Abi.FeedKey.TEXT, Abi.FeedKey.TEXT_LENGTH);
    }
}
