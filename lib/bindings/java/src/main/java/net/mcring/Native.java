// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/**
 * The C libraries. Addresses are of objects that the caller alone uses; structs and octets are direct
 * buffers. What returns int gives what C does, -EPIPE as -1; errors are thrown, and the text with
 * them.
 */
final class Native {
    static {
        Loader.load();
    }

    private Native() {
    }

    static native String errnoName(int errno);

    static native String errnoText(int errno);

    static native long address(ByteBuffer octets);

    /** The memory at address. */
    static native ByteBuffer buffer(long address, int size);

    /** 0 or -EINVAL; to: 16 octets. */
    static native int addressParse(byte[] to, byte[] text);

    static native byte[] addressFormat(byte[] address);

    /** 1: one of the descriptors is readable; 0. */
    static native int sleepOn(int[] fds, long ns);

    static native long consumerOpen(ByteBuffer opts, byte[] runDir, byte[] name, byte[] channel, byte[] label,
        ByteBuffer groups, int groupCount, ByteBuffer ids, int idCount) throws McringException;

    static native long consumerCursor(long c, ByteBuffer opts, ByteBuffer groups, int groupCount, ByteBuffer ids,
        int idCount) throws McringException;

    static native int consumerPoll(long c, ByteBuffer msgs, int n) throws McringException;

    static native int consumerTake(long c, ByteBuffer msgs, int n, ByteBuffer octets) throws McringException;

    /**
     * msg: its address. To positions at to end of array or, if that is null, of direct. Returns the
     * length; -1: overwritten.
     */
    static native int consumerRead(long c, long msg, ByteBuffer direct, byte[] array, int at, int end)
        throws McringException;

    /** msg: a copy. */
    static native boolean consumerIntact(long c, long[] msg);

    static native long consumerHold(long c) throws McringException;

    static native void holdRelease(long hold);

    static native void consumerRelease(long c);

    static native void consumerReattach(long c) throws McringException;

    static native void consumerSeek(long c, int start) throws McringException;

    static native void consumerSelect(long c, ByteBuffer groups, int groupCount, ByteBuffer ids, int idCount)
        throws McringException;

    static native long consumerSkipped(long c);

    /** 1: poll; 0: the time is over, or a signal came. */
    static native int consumerWait(long c, long ns) throws McringException;

    static native int consumerFd(long c) throws McringException;

    static native int consumerArm(long c) throws McringException;

    static native void consumerJoin(long c, byte[] join) throws McringException;

    static native void consumerLeave(long c, byte[] join) throws McringException;

    static native void consumerInterface(long c, int index, ByteBuffer to) throws McringException;

    static native void consumerRing(long c, int ring, ByteBuffer to) throws McringException;

    static native long consumerUntil(long c, int ring);

    static native long consumerHeadroom(long c);

    static native int consumerRings(long c);

    static native void consumerClose(long c);

    static native long feedOpen(ByteBuffer opts, byte[] feed, byte[] config, byte[] runDir, byte[] name,
        byte[] label) throws McringException;

    static native int feedPoll(long f, ByteBuffer items, ByteBuffer msgs, int n) throws McringException;

    static native int feedTake(long f, ByteBuffer items, ByteBuffer msgs, int n, ByteBuffer octets)
        throws McringException;

    /** As consumerRead. */
    static native int feedRead(long f, ByteBuffer items, int index, ByteBuffer direct, byte[] array, int at, int end)
        throws McringException;

    static native void feedRelease(long f);

    /** As consumerWait. */
    static native int feedWait(long f, long ns) throws McringException;

    static native int feedFd(long f) throws McringException;

    static native int feedArm(long f) throws McringException;

    static native void feedReattach(long f) throws McringException;

    static native long feedWire(long f, long seq);

    /** From positions at to end of array or, if that is null, of direct. */
    static native void feedInsert(long f, int key, long seq, int count, ByteBuffer direct, byte[] array, int at,
        int end) throws McringException;

    static native void feedResume(long f, int key, long next) throws McringException;

    static native void feedKey(long f, int key, ByteBuffer to) throws McringException;

    static native void feedLine(long f, int line, ByteBuffer to) throws McringException;

    static native void feedStats(long f, ByteBuffer to) throws McringException;

    static native byte[] feedConfig(long f);

    static native void feedClose(long f);
}
