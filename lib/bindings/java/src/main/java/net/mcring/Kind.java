// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

/** What a {@link Message} is: data, or an event. */
public enum Kind {
    /** A message. */
    DATA(Abi.MCR_DATA),
    /** The writer was a whole ring ahead: {@link Message#lost} messages are gone. */
    LOST(Abi.MCR_LOST),
    /** The link of a port changed. */
    LINK(Abi.MCR_LINK),
    /** {@link Consumer#reattach} found a new engine. */
    RESTART(Abi.MCR_RESTART),
    /** {@link Order#MERGED}: a ring is silent, and the others no longer wait for it. */
    STALL(Abi.MCR_STALL),
    /** The engine has shown no sign of life for more than a second, or does again. */
    ENGINE_STALL(Abi.MCR_ENGINE_STALL);

    private static final Kind[] BY_NUMBER = values();

    static {
        for (Kind kind : BY_NUMBER)
            assert kind.ordinal() == kind.number;
    }

    private final int number;

    Kind(int number) {
        this.number = number;
    }

    static Kind of(int number) {
        return BY_NUMBER[number];
    }

    /**
     * The number that C has for it.
     *
     * @return of enum mcr_kind
     */
    public int number() {
        return number;
    }
}
