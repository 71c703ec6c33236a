// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The rings that a consumer has mapped in one attachment, for views of their payloads. They stay mapped
 * as long as this or a view is reachable. For the consumer's only user.
 *
 * <p>Where the rings begin and end is not known: a span is a part of the address space, of which only
 * slices over payloads get out.
 */
final class Mapped {
    private static final int SPAN = 1 << 30;
    private static final int MANY = 64; // holds
    private static final AtomicInteger HOLDS = new AtomicInteger(); // of the process

    private final Map<Long, ByteBuffer> spans = new HashMap<>();
    private long base; // of the span that was used last
    private ByteBuffer span;

    /** The payload of length octets at data. */
    ByteBuffer slice(long consumer, long data, int length) throws McringException {
        if (span == null || base != (data & -SPAN))
            use(consumer, data & -SPAN);
        int from = (int) (data - base);
        span.limit(from + length).position(from);
        return span.slice();
    }

    private void use(long consumer, long base) throws McringException {
        span = spans.get(base);
        this.base = base;
        if (span != null)
            return;
        ByteBuffer root = Native.buffer(base, SPAN + Abi.MCR_TAKE_ROOM);
        new Hold(root, consumer);
        span = root.asReadOnlyBuffer();
        spans.put(base, span);
    }

    /** Ends when no buffer of root is reachable: each refers to root. */
    private static final class Hold extends Reaped {
        private final long address;

        Hold(ByteBuffer root, long consumer) throws McringException {
            super(root);
            boolean isMany = HOLDS.incrementAndGet() % MANY == 0;
            address = Native.consumerHold(consumer); // else 0, of which nothing is released
            if (isMany)
                System.gc(); // it does not see how large they are, and else might not run for long
        }

        @Override
        void reap() {
            Native.holdRelease(address);
            HOLDS.decrementAndGet();
        }
    }
}
