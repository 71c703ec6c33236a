// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/** How to open a {@link Consumer}, or a cursor of one. What is not set is as in C. */
public final class Options {
    private final ByteBuffer struct = Struct.sized(Abi.ConsumerOpts.SIZEOF);
    private String runDir;
    private String name;
    private String channel;
    private String label;
    private Selection selection = new Selection();
    private boolean stay;

    /** The channel "default" of the engine that the environment names, all of it, from now on. */
    public Options() {
        struct.putInt(Abi.ConsumerOpts.MSG_SIZE, Abi.Msg.SIZEOF);
        struct.putInt(Abi.ConsumerOpts.FD, -1);
        struct.putInt(Abi.ConsumerOpts.RING, Abi.MCR_ALL_RINGS);
    }

    /**
     * The engine's run directory.
     *
     * @param runDir null: /run/mcring/NAME
     * @return this
     */
    public Options runDir(String runDir) {
        this.runDir = runDir;
        return this;
    }

    /**
     * The engine's name.
     *
     * @param name null: what MCRING_RUN_DIR says, else "mcring"
     * @return this
     */
    public Options name(String name) {
        this.name = name;
        return this;
    }

    /**
     * The channel.
     *
     * @param channel null: "default"
     * @return this
     */
    public Options channel(String channel) {
        this.channel = channel;
        return this;
    }

    /**
     * What statistics show for the consumer.
     *
     * @param label null: the program's name, "java"
     * @return this
     */
    public Options label(String label) {
        this.label = label;
        return this;
    }

    /**
     * Where reading begins.
     *
     * @param start in each ring
     * @return this
     */
    public Options start(Start start) {
        struct.putInt(Abi.ConsumerOpts.START, start.number);
        return this;
    }

    /**
     * Begins at a message, which the ring must hold, or at the next one to be published. A channel
     * of several rings needs {@link #ring}, too.
     *
     * @param seq its number
     * @return this
     */
    public Options startAt(long seq) {
        struct.putInt(Abi.ConsumerOpts.START, Abi.MCR_START_SEQ);
        struct.putLong(Abi.ConsumerOpts.SEQ, seq);
        return this;
    }

    /**
     * The only ring to read.
     *
     * @param ring from 0
     * @return this
     */
    public Options ring(int ring) {
        struct.putInt(Abi.ConsumerOpts.RING, ring);
        return this;
    }

    /**
     * The order of messages from several rings.
     *
     * @param order by ring, or by time
     * @return this
     */
    public Options order(Order order) {
        struct.putInt(Abi.ConsumerOpts.ORDER, order.number);
        return this;
    }

    /**
     * The part of the channel to read.
     *
     * @param selection used when the consumer is opened
     * @return this
     */
    public Options select(Selection selection) {
        this.selection = selection;
        return this;
    }

    /**
     * {@link Order#MERGED}: how long the others wait for a silent ring.
     *
     * @param ns 0: 100 ms
     * @return this
     */
    public Options holdNs(long ns) {
        struct.putLong(Abi.ConsumerOpts.HOLD_NS, ns);
        return this;
    }

    /**
     * How long an engine that exists may show no sign of life before its end is taken for granted.
     *
     * @param ns 0: 10 s; -1: for ever
     * @return this
     */
    public Options stallNs(long ns) {
        struct.putLong(Abi.ConsumerOpts.STALL_NS, ns);
        return this;
    }

    /**
     * How long the connection, and each answer of the engine, may take.
     *
     * @param ns 0: 5 s
     * @return this
     */
    public Options answerNs(long ns) {
        struct.putLong(Abi.ConsumerOpts.ANSWER_NS, ns);
        return this;
    }

    /**
     * No call waits for the engine: {@link #open} attaches nowhere, {@link Consumer#reattach} does.
     *
     * @param noWait true or false
     * @return this
     */
    public Options noWait(boolean noWait) {
        struct.putInt(Abi.ConsumerOpts.NO_WAIT, noWait ? 1 : 0);
        return this;
    }

    /**
     * {@link Consumer#nextBatch} waits for the next engine where it would return null, and gives
     * its messages behind a {@link Kind#RESTART}.
     *
     * @param stay true or false
     * @return this
     */
    public Options stay(boolean stay) {
        this.stay = stay;
        return this;
    }

    /**
     * Attaches to the engine.
     *
     * @return the consumer, to be closed
     * @throws McringException ENOENT: no such engine or channel; ECONNREFUSED, EACCES, EINVAL,
     *     ERANGE, EPROTO, EBUSY, E2BIG, ETIMEDOUT
     */
    public Consumer open() throws McringException {
        long c = Native.consumerOpen(struct, Text.c(runDir), Text.c(name), Text.c(channel), Text.c(label),
            selection.groupStructs(), selection.groupCount(), selection.idNumbers(), selection.idCount());
        return new Consumer(c, stay);
    }

    /** c: a consumer, of which the caller is the only user. */
    Consumer cursor(long c) throws McringException {
        long cursor = Native.consumerCursor(c, struct, selection.groupStructs(), selection.groupCount(),
            selection.idNumbers(), selection.idCount());
        return new Consumer(cursor, false);
    }
}
