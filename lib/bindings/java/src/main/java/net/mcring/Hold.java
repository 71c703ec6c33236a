// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** Keeps the rings of one attachment mapped for the views of their payloads. */
final class Hold {
    private final long address;
    private final AtomicInteger users = new AtomicInteger(1); // the views

    /** For the first view. consumer: of which the caller is the only user. */
    Hold(long consumer) throws McringException {
        address = Native.consumerHold(consumer);
    }

    /** For one view more. Returns false if the last one has gone: this hold is over. */
    boolean retain() {
        return users.getAndUpdate(n -> n == 0 ? 0 : n + 1) > 0;
    }

    /** For one view as long as its octets are reachable. All buffers made of them refer to them. */
    void keepFor(ByteBuffer octets) {
        new Reaped(octets) {
            @Override
            void reap() {
                drop();
            }
        };
    }

    private void drop() {
        if (users.decrementAndGet() == 0)
            Native.holdRelease(address);
    }
}
