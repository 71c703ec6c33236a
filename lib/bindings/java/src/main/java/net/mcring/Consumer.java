// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * Reads the rings of one channel, or is a cursor of such a consumer. {@link Options#open} makes one.
 *
 * <p>A consumer never holds up the engine. When it falls a whole ring behind, the writer laps it,
 * and the next message is a {@link Kind#LOST}.
 */
public final class Consumer implements Source, Closeable {
    private final Handle handle;
    private final boolean stays;
    private int attachment; // counts them; under the handle's guard, as the next
    private Mapped mapped = new Mapped(); // by this attachment
    private Batch batch; // of nextBatch
    private boolean isLost; // the engine has ended, and the next one is waited for

    Consumer(long c, boolean stays) {
        this.handle = new Handle(this, "consumer", c, Native::consumerClose);
        this.stays = stays;
    }

    /**
     * Makes a cursor: another consumer over what this one has mapped, with a position, a selection and
     * an order of its own. It may be used by a thread of its own, and be closed in any order. It has
     * no connection: join, leave, interfaceInfo, cursor and all that sleeps are EINVAL.
     *
     * @param options of which only start, ring, order, selection and holdNs count
     * @return the cursor
     * @throws McringException EINVAL, ERANGE, E2BIG, EPROTO, ENOMEM
     */
    public Consumer cursor(Options options) throws McringException {
        return handle.get(c -> options.cursor(c));
    }

    /**
     * Waits for messages and takes them. An engine's messages come all before its end.
     *
     * @return the consumer's batch, which is not empty and valid until the next call; null: the
     *     engine has ended
     * @throws McringException EINTR: the thread was interrupted, and stays so; EPROTO
     */
    public Batch nextBatch() throws McringException {
        if (batch == null)
            batch = new Batch();
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
     * before it was copied is a {@link Kind#LOST} in its place.
     *
     * @param batch filled
     * @return how many messages and events, 0 if there is nothing new; -1: the engine has ended
     * @throws McringException EPROTO: the ring's content makes no sense
     */
    public int take(Batch batch) throws McringException {
        return take(batch, batch.capacity());
    }

    /**
     * The same with fewer messages than the batch has room for.
     *
     * @param batch filled
     * @param n messages and events, at most so many
     * @return how many, 0 if there is nothing new; -1: the engine has ended
     * @throws McringException EPROTO: the ring's content makes no sense
     */
    public int take(Batch batch, int n) throws McringException {
        return fill(batch, n, true);
    }

    /**
     * Fills a batch without the payloads, which stay in the ring: {@link #read} copies one,
     * {@link #view} shows one. Less than what fits does not mean that there is no more.
     *
     * @param batch filled
     * @param n at most so many
     * @return how many messages and events, 0 if there is nothing new; -1: the engine has ended
     * @throws McringException EPROTO: the ring's content makes no sense
     */
    public int poll(Batch batch, int n) throws McringException {
        return fill(batch, n, false);
    }

    private int fill(Batch batch, int most, boolean copies) throws McringException {
        int n = batch.room(most);
        batch.guard.enter();
        try {
            long c = handle.enter();
            try {
                batch.fill(this, attachment, copies, 0);
                int got = copies ? Native.consumerTake(c, batch.structs, n, batch.octets)
                    : Native.consumerPoll(c, batch.structs, n);
                batch.fill(this, attachment, copies, Math.max(got, 0));
                return got;
            } finally {
                handle.leave();
            }
        } finally {
            batch.guard.leave();
        }
    }

    /**
     * Copies a payload after {@link #poll}, as much as there is room for, and moves the position of
     * the buffer behind it.
     *
     * @param m a message of this consumer
     * @param to direct or an array
     * @return the payload's length, which may exceed what was copied; -1: the writer overwrote it
     * @throws McringException EINVAL: not data
     */
    public int read(Message m, ByteBuffer to) throws McringException {
        Struct.requireWritable(to);
        int length = inRing(m, (c, polled) -> Native.consumerRead(c, polled.structAddress(), to, Struct.array(to),
            Struct.position(to), Struct.limit(to)), -1);
        Struct.advance(to, length);
        return length;
    }

    /**
     * Shows a payload in place after {@link #poll}.
     *
     * @param m a message of this consumer
     * @return the view; null: the consumer was attached again since
     * @throws McringException EINVAL: not data; ENOMEM
     */
    public View view(Message m) throws McringException {
        return inRing(m, (c, polled) -> {
            if (polled.kind() != Kind.DATA)
                throw McringException.invalid("an event has no payload");
            return new View(this, attachment, polled.struct(), mapped.slice(c, polled.data(), polled.length()));
        }, null);
    }

    /** What is done with a polled message while nobody else uses the batch or the consumer. */
    private interface InRing<T> {
        T with(long c, Message polled) throws McringException;
    }

    /** otherwise: the message's ring is mapped no longer. */
    private <T> T inRing(Message m, InRing<T> action, T otherwise) throws McringException {
        Batch from = m.batch;
        from.guard.enter();
        try {
            Message polled = from.polledBy(this, m.index());
            return handle.get(c -> from.attachment == attachment ? action.with(c, polled) : otherwise);
        } finally {
            from.guard.leave();
        }
    }

    boolean isIntact(int attachment, long[] struct) {
        long c = handle.enterEvenClosed();
        try {
            return c != 0 && attachment == this.attachment && Native.consumerIntact(c, struct);
        } finally {
            handle.leave();
        }
    }

    /** Marks what was polled as done, from which headroom and the engine's statistics count. */
    public void release() {
        handle.run(Native::consumerRelease);
    }

    /**
     * Attaches again after the end of an engine, to the one that runs now: one step, which waits for
     * nobody. Call it until it throws nothing, and {@link #await} in between.
     *
     * @throws McringException EAGAIN: an engine has been asked; ENOENT: no engine runs; another of
     *     {@link Options#open}, which the next engine may not give
     */
    public void reattach() throws McringException {
        handle.run(c -> {
            Native.consumerReattach(c);
            attachment++;
            mapped = new Mapped();
        });
    }

    /**
     * Goes to another place in each ring. Messages polled before are done with.
     *
     * @param start where
     * @throws McringException EPROTO: a ring's content makes no sense
     */
    public void seek(Start start) throws McringException {
        handle.run(c -> Native.consumerSeek(c, start.number));
    }

    /**
     * Limits what is polled next to a part of the channel.
     *
     * @param selection the part; an empty one is everything
     * @throws McringException EINVAL: not multicast; E2BIG, ENOMEM
     */
    public void select(Selection selection) throws McringException {
        handle.run(c -> Native.consumerSelect(c, selection.groupStructs(), selection.groupCount(),
                selection.idNumbers(), selection.idCount()));
    }

    /**
     * Messages that were passed over because they were not selected.
     *
     * @return since the consumer was opened
     */
    public long skipped() {
        return handle.get(c -> Native.consumerSkipped(c));
    }

    @Override
    public boolean await(long timeout, TimeUnit unit) throws McringException {
        return handle.get(c -> Sleep.until(timeout, unit, ns -> Native.consumerWait(c, ns)));
    }

    @Override
    public int fd() throws McringException {
        return handle.get(c -> Native.consumerFd(c));
    }

    @Override
    public boolean arm() throws McringException {
        return handle.get(c -> Native.consumerArm(c) == 0);
    }

    /**
     * Makes the engine join groups into the channel, until {@link #leave} with the same text, or until
     * the consumer ends.
     *
     * @param join such as "239.1.1.1:5000,id=3"
     * @throws McringException EACCES, EINVAL, ENOENT, ENOSPC, E2BIG, ENOMEM, ESHUTDOWN, EPIPE,
     *     ETIMEDOUT; EAGAIN with {@link Options#noWait}
     */
    public void join(String join) throws McringException {
        handle.run(c -> Native.consumerJoin(c, Text.given(join)));
    }

    /**
     * Ends a join.
     *
     * @param join the text of {@link #join}
     * @throws McringException as join
     */
    public void leave(String join) throws McringException {
        handle.run(c -> Native.consumerLeave(c, Text.given(join)));
    }

    /**
     * Asks the engine for one of its interfaces.
     *
     * @param index from 0
     * @return the interface
     * @throws McringException ENOENT: past the last; EPIPE, ETIMEDOUT
     */
    public InterfaceInfo interfaceInfo(int index) throws McringException {
        ByteBuffer struct = Struct.sized(Abi.ConsumerInterface.SIZEOF);
        handle.run(c -> Native.consumerInterface(c, index, struct));
        return new InterfaceInfo(struct);
    }

    /**
     * Describes a ring that the consumer reads.
     *
     * @param ring from 0
     * @return as it is now
     * @throws McringException ENOENT: no such ring
     */
    public RingInfo ringInfo(int ring) throws McringException {
        ByteBuffer struct = Struct.sized(Abi.ConsumerRing.SIZEOF);
        handle.run(c -> Native.consumerRing(c, ring, struct));
        return new RingInfo(struct);
    }

    /**
     * How many rings the channel has.
     *
     * @return 0 if it was never attached
     */
    public int rings() {
        return handle.get(c -> Native.consumerRings(c));
    }

    /**
     * The time up to which everything that arrived in a ring has been polled.
     *
     * @param ring from 0
     * @return CLOCK_REALTIME, ns; 0: unknown, or no such ring
     */
    public long until(int ring) {
        return handle.get(c -> Native.consumerUntil(c, ring));
    }

    /**
     * An estimate: how many messages the writer can publish before it overwrites one that was not
     * released.
     *
     * @return messages
     */
    public long headroom() {
        return handle.get(c -> Native.consumerHeadroom(c));
    }

    /**
     * Detaches. Views that the program still has stay readable. Once more does nothing.
     *
     * @throws java.util.ConcurrentModificationException another thread uses it: interrupt that first
     */
    @Override
    public void close() {
        handle.close();
    }
}
