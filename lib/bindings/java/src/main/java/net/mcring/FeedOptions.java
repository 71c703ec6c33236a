// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;

/** How to open a {@link Feed}. What is not set is as in C: often what the declaration says. */
public final class FeedOptions {
    private final ByteBuffer struct = Struct.sized(Abi.FeedOpts.SIZEOF);
    private String feed;
    private String config;
    private String runDir;
    private String name;
    private String label;
    private boolean stay;

    /** The only feed of the engine that the environment names. */
    public FeedOptions() {
        struct.putInt(Abi.FeedOpts.MSG_SIZE, Abi.FeedMsg.SIZEOF);
    }

    /**
     * The feed's name.
     *
     * @param feed null: the only feed of the engine, or of {@link #config}
     * @return this
     */
    public FeedOptions feed(String feed) {
        this.feed = feed;
        return this;
    }

    /**
     * The declaration, for a program that brings its own.
     *
     * @param config null: the engine's
     * @return this
     */
    public FeedOptions config(String config) {
        this.config = config;
        return this;
    }

    /**
     * The run directory of the engine that is asked.
     *
     * @param runDir null: /run/mcring/NAME
     * @return this
     */
    public FeedOptions runDir(String runDir) {
        this.runDir = runDir;
        return this;
    }

    /**
     * The name of the engine that is asked.
     *
     * @param name null: what MCRING_RUN_DIR says, else "mcring"
     * @return this
     */
    public FeedOptions name(String name) {
        this.name = name;
        return this;
    }

    /**
     * What statistics show for the program.
     *
     * @param label null: the program's name, "java"
     * @return this
     */
    public FeedOptions label(String label) {
        this.label = label;
        return this;
    }

    /**
     * Each packet when it comes, duplicates too, with flags; otherwise each message once, in the order
     * of the numbers.
     *
     * @param asTheyCome true or false
     * @return this
     */
    public FeedOptions asTheyCome(boolean asTheyCome) {
        return put(Abi.FeedOpts.ORDER, asTheyCome ? Abi.MCR_FEED_AS_THEY_COME : Abi.MCR_FEED_IN_ORDER);
    }

    /**
     * Data that fills a declared gap is handed out, with {@link FeedMessage#LATE}.
     *
     * @param late true or false
     * @return this
     */
    public FeedOptions late(boolean late) {
        return put(Abi.FeedOpts.LATE, late ? 1 : 0);
    }

    /**
     * Payloads under one number are compared.
     *
     * @param compare true or false
     * @return this
     */
    public FeedOptions compare(boolean compare) {
        return put(Abi.FeedOpts.COMPARE, compare ? 1 : 0);
    }

    /**
     * A stream stops at its gap until {@link Feed#insert} fills it or {@link Feed#resume} gives it up.
     *
     * @param holdOnGap true or false
     * @return this
     */
    public FeedOptions holdOnGap(boolean holdOnGap) {
        return put(Abi.FeedOpts.HOLD_ON_GAP, holdOnGap ? 1 : 0);
    }

    /**
     * Packets without a number are handed out, too.
     *
     * @param unsequenced true or false
     * @return this
     */
    public FeedOptions unsequenced(boolean unsequenced) {
        return put(Abi.FeedOpts.UNSEQUENCED, unsequenced ? 1 : 0);
    }

    /**
     * The events that are wanted.
     *
     * @param bits 1 &lt;&lt; {@link FeedKind#number} of each; 0: all but LINE_SWITCH
     * @return this
     */
    public FeedOptions events(int bits) {
        return put(Abi.FeedOpts.EVENTS, bits);
    }

    /**
     * Packets held at a time.
     *
     * @param packets 0: 4,096
     * @return this
     */
    public FeedOptions heldMax(int packets) {
        return put(Abi.FeedOpts.HELD_MAX, packets);
    }

    /**
     * Streams at most.
     *
     * @param keys 0: 1,024
     * @return this
     */
    public FeedOptions keysMax(int keys) {
        return put(Abi.FeedOpts.KEYS_MAX, keys);
    }

    /**
     * Memory for payloads of held packets that leave the ring.
     *
     * @param octets 0: 4 MiB
     * @return this
     */
    public FeedOptions arenaBytes(long octets) {
        struct.putLong(Abi.FeedOpts.ARENA_BYTES, octets);
        return this;
    }

    /**
     * How long a missing number is waited for.
     *
     * @param ns 0: what the declaration says
     * @return this
     */
    public FeedOptions gapTimeoutNs(long ns) {
        struct.putLong(Abi.FeedOpts.GAP_TIMEOUT_NS, ns);
        return this;
    }

    /**
     * The first number wanted, of every stream.
     *
     * @param seq 0: the first that comes
     * @return this
     */
    public FeedOptions startSeq(long seq) {
        struct.putLong(Abi.FeedOpts.START_SEQ, seq);
        return this;
    }

    /**
     * Where reading begins in the rings.
     *
     * @param start newest or oldest
     * @return this
     */
    public FeedOptions start(Start start) {
        return put(Abi.FeedOpts.START, start.number);
    }

    /**
     * {@link Feed#nextBatch} waits for the next engine where it would return null.
     *
     * @param stay true or false
     * @return this
     */
    public FeedOptions stay(boolean stay) {
        this.stay = stay;
        return this;
    }

    private FeedOptions put(int offset, int value) {
        struct.putInt(offset, value);
        return this;
    }

    /**
     * Asks for the declaration and attaches to the lines.
     *
     * @return the feed, to be closed
     * @throws McringException as {@link Options#open}; ENOENT: no such feed; EBADMSG: the text of
     *     config; ESTALE: two engines declare the feed in different ways
     */
    public Feed open() throws McringException {
        long f = Native.feedOpen(struct, Text.c(feed), Text.c(config), Text.c(runDir), Text.c(name), Text.c(label));
        return new Feed(f, stay);
    }
}
