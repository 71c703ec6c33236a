// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** Memory for the packets and events of a feed, which it fills again and again, as {@link Batch}. */
public final class FeedBatch implements Iterable<FeedMessage> {
    final ByteBuffer structs;
    final Batch packets;

    private final FeedMessage message;
    private int size;

    /** For 1,000 packets, and 4 MiB of payloads. */
    public FeedBatch() {
        this(new Batch());
    }

    /**
     * For less or more.
     *
     * @param items packets and events, at most so many
     * @param octets as of {@link Batch#Batch(int, int)}
     */
    public FeedBatch(int items, int octets) {
        this(new Batch(items, octets));
    }

    private FeedBatch(Batch packets) {
        this.packets = packets;
        this.structs = Struct.allocate(Math.multiplyExact(packets.capacity(), Abi.FeedMsg.SIZEOF));
        this.message = new FeedMessage(this);
    }

    /** The guard of packets is the caller's. */
    void fill(Object owner, int poll, boolean isCopied, int size) {
        packets.fill(owner, poll, isCopied, size);
        this.size = size;
    }

    /**
     * How many packets and events there are.
     *
     * @return 0 or more
     */
    public int size() {
        return size;
    }

    /**
     * One of them.
     *
     * @param index below {@link #size}
     * @return the same object each time, which shows this one now
     */
    public FeedMessage get(int index) {
        if (index < 0 || index >= size)
            throw new IndexOutOfBoundsException("item " + index + " of " + size);
        return message.move(index);
    }

    @Override
    public Iterator<FeedMessage> iterator() {
        return new Iterator<FeedMessage>() {
            private final FeedMessage each = new FeedMessage(FeedBatch.this);
            private int next;

            @Override
            public boolean hasNext() {
                return next < size;
            }

            @Override
            public FeedMessage next() {
                if (next >= size)
                    throw new NoSuchElementException();
                return each.move(next++);
            }
        };
    }
}
