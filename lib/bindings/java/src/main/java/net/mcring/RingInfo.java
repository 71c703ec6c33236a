// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/** Where a ring is, and where a consumer is in it. */
public final class RingInfo {
    /** Its index in the channel. */
    public final int ring;
    /** As {@link Message#epoch}. */
    public final long epoch;
    /** The number of the oldest message that is offered; {@link #head}: none is. */
    public final long oldest;
    /** The number that is polled next. */
    public final long next;
    /** The number that the engine publishes next. */
    public final long head;
    /** Everything that arrived before is published; CLOCK_REALTIME, 0: unknown. */
    public final long watermarkNs;
    /** Packets of any group that reached the host and were lost before the ring. */
    public final long hostLost;
    /** All that were lost before are counted in {@link #hostLost}; CLOCK_REALTIME, 0: unknown. */
    public final long hostLookedNs;

    RingInfo(ByteBuffer struct) {
        ring = struct.getInt(Abi.ConsumerRing.RING);
        epoch = struct.getLong(Abi.ConsumerRing.EPOCH);
        oldest = struct.getLong(Abi.ConsumerRing.OLDEST);
        next = struct.getLong(Abi.ConsumerRing.NEXT);
        head = struct.getLong(Abi.ConsumerRing.HEAD);
        watermarkNs = struct.getLong(Abi.ConsumerRing.WATERMARK_NS);
        hostLost = struct.getLong(Abi.ConsumerRing.HOST_LOST);
        hostLookedNs = struct.getLong(Abi.ConsumerRing.HOST_LOOKED_NS);
    }
}
