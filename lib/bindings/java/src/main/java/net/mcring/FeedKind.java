// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

/** What a {@link FeedMessage} is: data, or an event in its place between the data. */
public enum FeedKind {
    /** A packet. */
    DATA(Abi.MCR_FEED_DATA),
    /** The first packet of a stream. */
    START(Abi.MCR_FEED_START),
    /** Numbers that came on no line in time, and are given up. */
    GAP(Abi.MCR_FEED_GAP),
    /** Of an earlier gap it is now known that it is perhaps the host's loss. */
    GAP_HOST(Abi.MCR_FEED_GAP_HOST),
    /** Numbers of a gap came after it was given up. */
    FILLED_LATE(Abi.MCR_FEED_FILLED_LATE),
    /** The stream's numbers start anew. */
    RESET(Abi.MCR_FEED_RESET),
    /** Nothing came on a line for too long, or its engine is gone. */
    LINE_DOWN(Abi.MCR_FEED_LINE_DOWN),
    /** A packet came on a line that was down. */
    LINE_UP(Abi.MCR_FEED_LINE_UP),
    /** Data come from another line now: not by default ({@link FeedOptions#events}). */
    LINE_SWITCH(Abi.MCR_FEED_LINE_SWITCH),
    /** All lines are down. */
    SILENCE(Abi.MCR_FEED_SILENCE),
    /** They no longer are. */
    SILENCE_END(Abi.MCR_FEED_SILENCE_END),
    /** Two lines had other octets under one number. */
    MISMATCH(Abi.MCR_FEED_MISMATCH),
    /** The session ended; {@link FeedMessage#seq} is the number that would have come next. */
    END_OF_SESSION(Abi.MCR_FEED_END_OF_SESSION),
    /** A number too far ahead to be believed, which moved nothing. */
    IMPLAUSIBLE(Abi.MCR_FEED_IMPLAUSIBLE),
    /** A packet of one stream more than {@link FeedOptions#keysMax}. */
    KEYS_FULL(Abi.MCR_FEED_KEYS_FULL),
    /** The engine has another declaration of this feed now: close and open for it. */
    CHANGED(Abi.MCR_FEED_CHANGED),
    /** A stream that is sent in a loop began again. */
    CYCLE(Abi.MCR_FEED_CYCLE);

    private static final FeedKind[] BY_NUMBER = values();

    static {
        for (FeedKind kind : BY_NUMBER)
            assert kind.ordinal() == kind.number;
    }

    private final int number;

    FeedKind(int number) {
        this.number = number;
    }

    static FeedKind of(int number) {
        return BY_NUMBER[number];
    }

    /**
     * The number that C has for it.
     *
     * @return of enum mcr_feed_kind
     */
    public int number() {
        return number;
    }
}
