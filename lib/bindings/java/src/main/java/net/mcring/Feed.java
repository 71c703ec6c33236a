// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * The same numbered messages on one to eight lines, handed out once and in order, with what is missing
 * named. {@link FeedOptions#open} makes one.
 */
public final class Feed implements Source, Closeable {
    private final Handle handle;
    private final boolean stays;
    private int poll; // counts what ends the life of items; under the handle's guard
    private FeedBatch batch; // of nextBatch
    private boolean isLost; // all engines have ended, and the next one is waited for

    Feed(long f, boolean stays) {
        this.handle = new Handle(this, "feed", f, Native::feedClose);
        this.stays = stays;
    }

    /**
     * Waits for packets and events and takes them.
     *
     * @return the feed's batch, which is not empty and valid until the next call; null: no engine of
     *     any line runs any more
     * @throws McringException EINTR: the thread was interrupted, and stays so
     */
    public FeedBatch nextBatch() throws McringException {
        if (batch == null)
            batch = new FeedBatch();
        while (true) {
            if (!isLost || reattachSoon()) {
                int n = take(batch);
                if (n > 0)
                    return batch;
                isLost = n < 0;
                if (isLost && !stays)
                    return null;
            }
            await(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
        }
    }

    /** What the next engine refuses, the one after it may give, unless it is invalid. */
    private boolean reattachSoon() throws McringException {
        try {
            reattach();
            return true;
        } catch (McringException e) {
            if (e.isInvalid())
                throw e;
            return false;
        }
    }

    /**
     * Fills a batch with copies, in one call, and releases what it copied. What the writer overwrote
     * before it was copied is a {@link FeedKind#GAP} in its place, {@link FeedMessage#GAP_OVERWRITTEN}.
     *
     * @param batch filled
     * @return how many packets and events, 0 if nothing is due; -1: no engine runs any more
     * @throws McringException an error of the library
     */
    public int take(FeedBatch batch) throws McringException {
        return take(batch, batch.packets.capacity());
    }

    /**
     * The same with fewer packets than the batch has room for.
     *
     * @param batch filled
     * @param n packets and events, at most so many
     * @return how many, 0 if nothing is due; -1: no engine runs any more
     * @throws McringException an error of the library
     */
    public int take(FeedBatch batch, int n) throws McringException {
        return fill(batch, n, true);
    }

    /**
     * Fills a batch without the payloads, which {@link #read} copies one by one until the next take,
     * poll, insert, resume or reattach.
     *
     * @param batch filled
     * @param n at most so many
     * @return how many packets and events, 0 if nothing is due; -1: no engine runs any more
     * @throws McringException an error of the library
     */
    public int poll(FeedBatch batch, int n) throws McringException {
        return fill(batch, n, false);
    }

    private int fill(FeedBatch batch, int most, boolean copies) throws McringException {
        Batch packets = batch.packets;
        int n = packets.room(most);
        packets.guard.enter();
        try {
            return handle.get(f -> {
                batch.fill(this, ++poll, copies, 0);
                int got = copies ? Native.feedTake(f, batch.structs, packets.structs, n, packets.octets)
                    : Native.feedPoll(f, batch.structs, packets.structs, n);
                batch.fill(this, poll, copies, Math.max(got, 0));
                return got;
            });
        } finally {
            packets.guard.leave();
        }
    }

    /**
     * Copies the payload of a packet after {@link #poll}, as much as there is room for, and moves the
     * position of the buffer behind it.
     *
     * @param m an item of the last poll
     * @param to direct or an array
     * @return the payload's length, which may exceed what was copied; -1: the writer overwrote it
     * @throws McringException EINVAL: an event
     */
    public int read(FeedMessage m, ByteBuffer to) throws McringException {
        Struct.requireWritable(to);
        Batch packets = m.batch.packets;
        packets.guard.enter();
        try {
            int index = packets.polledBy(this, m.index()).index();
            int length = handle.get(f -> {
                if (packets.attachment != poll)
                    throw new IllegalStateException("not an item of this feed's last poll");
                return Native.feedRead(f, m.batch.structs, index, to, Struct.array(to), Struct.position(to),
                    Struct.limit(to));
            });
            Struct.advance(to, length);
            return length;
        } finally {
            packets.guard.leave();
        }
    }

    /** Marks what was polled as done. */
    public void release() {
        handle.run(Native::feedRelease);
    }

    @Override
    public boolean await(long timeout, TimeUnit unit) throws McringException {
        return handle.get(f -> Sleep.until(timeout, unit, ns -> Native.feedWait(f, ns)));
    }

    @Override
    public int fd() throws McringException {
        return handle.get(Native::feedFd);
    }

    @Override
    public boolean arm() throws McringException {
        return handle.get(f -> Native.feedArm(f) == 0);
    }

    /**
     * Attaches again the lines whose engines ended: one step, as {@link Consumer#reattach}.
     *
     * @throws McringException until at least one line is attached
     */
    public void reattach() throws McringException {
        handle.run(f -> {
            poll++;
            Native.feedReattach(f);
        });
    }

    /**
     * A number as the feed's packets write it, which is how a request for retransmission names it.
     *
     * @param seq as it was handed out
     * @return of fewer bits, perhaps
     */
    public long wire(long seq) {
        return handle.get(f -> Native.feedWire(f, seq));
    }

    /**
     * Gives the feed messages that were retransmitted, as if they had come on a line.
     *
     * @param key the stream
     * @param seq the number of the first message
     * @param count messages
     * @param payload 65,535 octets at most between position and limit, which are copied
     * @throws McringException ENOENT: no such stream; ENOSPC: no room to hold them; EALREADY: all were
     *     handed out before; EINVAL; EAGAIN: poll, then call again
     */
    public void insert(int key, long seq, int count, ByteBuffer payload) throws McringException {
        ByteBuffer octets = Struct.readable(payload);
        handle.run(f -> {
            poll++;
            Native.feedInsert(f, key, seq, count, octets, Struct.array(octets), Struct.position(octets),
                Struct.limit(octets));
        });
    }

    /**
     * Goes on after a snapshot that covers all below: what is below is given up without a gap.
     *
     * @param key the stream
     * @param next the number to go on at
     * @throws McringException ENOENT: no such stream; EAGAIN: poll, then call again
     */
    public void resume(int key, long next) throws McringException {
        handle.run(f -> {
            poll++;
            Native.feedResume(f, key, next);
        });
    }

    /**
     * Describes a stream.
     *
     * @param key from 0
     * @return as it is now
     * @throws McringException ENOENT: no such stream
     */
    public KeyInfo keyInfo(int key) throws McringException {
        ByteBuffer struct = Struct.sized(Abi.FeedKey.SIZEOF);
        handle.run(f -> Native.feedKey(f, key, struct));
        return new KeyInfo(struct);
    }

    /**
     * Describes a line.
     *
     * @param line from 0
     * @return as it is now
     * @throws McringException ENOENT: no such line
     */
    public LineInfo lineInfo(int line) throws McringException {
        ByteBuffer struct = Struct.sized(Abi.FeedLine.SIZEOF);
        handle.run(f -> Native.feedLine(f, line, struct));
        return new LineInfo(struct);
    }

    /**
     * Describes the feed as a whole.
     *
     * @return as it is now
     * @throws McringException never with the library inside of the jar
     */
    public FeedStats stats() throws McringException {
        ByteBuffer struct = Struct.sized(Abi.FeedStats.SIZEOF);
        handle.run(f -> Native.feedStats(f, struct));
        return new FeedStats(struct);
    }

    /**
     * The declaration as the engine gave it.
     *
     * @return the text
     */
    public String config() {
        return Text.string(handle.get(Native::feedConfig));
    }

    /** Detaches. Once more does nothing. */
    @Override
    public void close() {
        handle.close();
    }
}
