// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Memory for messages and their payloads, which a consumer fills again and again. It is outside of
 * Java's heap, and freed when the batch is no longer reachable.
 */
public final class Batch implements Iterable<Message> {
    private static final int MESSAGES = 1000;
    private static final int OCTETS = 1 << 21;

    final ByteBuffer structs;
    final ByteBuffer octets;
    final Guard guard = new Guard("batch");
    private Object owner; // who filled it ...
    int attachment; // ... and under which of its attachments, or in which poll of a feed

    private final ByteBuffer window; // octets, for the program
    private final long structsAddress;
    private final long octetsAddress;
    private final Message message;
    private final Message checked;
    private boolean isCopied;
    private int size;

    /** For 1,000 messages, and 4 MiB of payloads. */
    public Batch() {
        this(MESSAGES, OCTETS);
    }

    /**
     * For less or more.
     *
     * @param messages at most so many
     * @param octets of payloads, each of which takes a multiple of 8. The batch has 2 MiB more than
     *     that, so that it need not be nearly full for what comes in one piece.
     */
    public Batch(int messages, int octets) {
        this(Struct.allocate(Math.multiplyExact(atLeast(1, messages), Abi.Msg.SIZEOF)),
            ByteBuffer.allocateDirect(Math.addExact(atLeast(0, octets), 32 * Abi.MCR_TAKE_ROOM) & ~7));
    }

    private static int atLeast(int least, int number) {
        if (number < least)
            throw new IllegalArgumentException(number + ": expected at least " + least);
        return number;
    }

    private Batch(ByteBuffer structs, ByteBuffer octets) {
        this.structs = structs;
        this.octets = octets;
        this.window = octets.asReadOnlyBuffer();
        this.structsAddress = Native.address(structs);
        this.octetsAddress = Native.address(octets);
        this.message = new Message(this);
        this.checked = new Message(this);
    }

    /** The guard is the caller's. */
    void fill(Object owner, int attachment, boolean isCopied, int size) {
        this.owner = owner;
        this.attachment = attachment;
        this.isCopied = isCopied;
        this.size = size;
    }

    /** The guard is the caller's. index: of a message that other threads may move meanwhile. */
    Message polledBy(Object reader, int index) {
        if (owner != reader || isCopied || index >= size)
            throw new IllegalStateException("not of what this reader polled last into the batch");
        return checked.move(index);
    }

    /** Valid as long as the caller has the guard. */
    long structAddress(int index) {
        return structsAddress + (long) index * Abi.Msg.SIZEOF;
    }

    ByteBuffer payload(long data, int length) {
        if (!isCopied)
            throw new IllegalStateException("the payload is in the ring: use read or view");
        int from = (int) (data - octetsAddress);
        window.limit(from + length).position(from);
        return window;
    }

    int capacity() {
        return structs.capacity() / Abi.Msg.SIZEOF;
    }

    /** How many of most it has room for. */
    int room(int most) {
        if (most < 0)
            throw new IllegalArgumentException("fewer than no messages: " + most);
        return Math.min(most, capacity());
    }

    /**
     * How many messages and events there are.
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
     * @return the same object each time, which shows this message now
     */
    public Message get(int index) {
        if (index < 0 || index >= size)
            throw new IndexOutOfBoundsException("message " + index + " of " + size);
        return message.move(index);
    }

    @Override
    public Iterator<Message> iterator() {
        return new Iterator<Message>() {
            private final Message each = new Message(Batch.this);
            private int next;

            @Override
            public boolean hasNext() {
                return next < size;
            }

            @Override
            public Message next() {
                if (next >= size)
                    throw new NoSuchElementException();
                return each.move(next++);
            }
        };
    }
}
