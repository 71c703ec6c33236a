// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/**
 * A payload in the ring. The writer may overwrite it at any time, so what was made of its octets
 * counts only if {@link #isIntact} says so afterwards. Its memory stays mapped as long as the view
 * or a buffer of it is reachable, also after the consumer was closed.
 */
public final class View {
    private final Consumer consumer;
    private final int attachment;
    private final long[] struct;
    private final ByteBuffer octets;

    View(Consumer consumer, int attachment, long[] struct, ByteBuffer octets) {
        this.consumer = consumer;
        this.attachment = attachment;
        this.struct = struct;
        this.octets = octets;
    }

    /**
     * The octets, all between the buffer's position and limit.
     *
     * @return the same read-only buffer each time, of order BIG_ENDIAN until the program changes it
     */
    public ByteBuffer octets() {
        return octets;
    }

    /**
     * Checks what was read.
     *
     * @return true if nothing that was read before had been overwritten; false also if nobody knows,
     *     because the consumer was closed or attached again
     */
    public boolean isIntact() {
        return consumer.isIntact(attachment, struct);
    }
}
