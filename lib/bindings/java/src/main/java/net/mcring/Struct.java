// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;

/** Memory that C reads and writes: structs at offsets of {@link Abi}. */
final class Struct {
    private Struct() {
    }

    static ByteBuffer allocate(int octets) {
        return ByteBuffer.allocateDirect(octets).order(ByteOrder.nativeOrder());
    }

    /** A struct that begins with its own size. */
    static ByteBuffer sized(int octets) {
        return allocate(octets).putInt(0, octets);
    }

    static Address address(ByteBuffer struct, int offset) {
        return new Address(number(struct, offset), number(struct, offset + 8));
    }

    /** Eight octets in network order as a number. */
    static long number(ByteBuffer struct, int offset) {
        long octets = struct.getLong(offset);
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? octets : Long.reverseBytes(octets);
    }

    /** Where C finds a buffer's octets: in this array, or at its address if it is null. */
    static byte[] array(ByteBuffer buffer) {
        return buffer.hasArray() ? buffer.array() : null;
    }

    /** Where the buffer's position is there. */
    static int position(ByteBuffer buffer) {
        return buffer.position() + (buffer.hasArray() ? buffer.arrayOffset() : 0);
    }

    /** Where its limit is. Each is within the memory, so what is between them is, even if a thread moves the two. */
    static int limit(ByteBuffer buffer) {
        return buffer.limit() + (buffer.hasArray() ? buffer.arrayOffset() : 0);
    }

    static void requireWritable(ByteBuffer buffer) {
        if (buffer.isReadOnly())
            throw new ReadOnlyBufferException();
    }

    /** Behind a payload of length octets, or as many as there was room for. */
    static void advance(ByteBuffer buffer, int length) {
        if (length > 0)
            buffer.position(buffer.position() + Math.min(length, buffer.remaining()));
    }

    /** The same octets where C can read them: not in an array that Java hides. */
    static ByteBuffer readable(ByteBuffer buffer) {
        if (buffer.isDirect() || buffer.hasArray())
            return buffer;
        ByteBuffer copy = allocate(buffer.remaining());
        copy.put(buffer.duplicate()).flip();
        return copy;
    }

    static long[] longs(ByteBuffer struct, int offset, int length) {
        long[] numbers = new long[length];
        for (int i = 0; i < length; i++)
            numbers[i] = struct.getLong(offset + i * Long.BYTES);
        return numbers;
    }

    static int unsigned(short value) {
        return value & 0xffff;
    }
}
