// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

/** Where reading begins in each ring. */
public enum Start {
    /** At what is published from now on. */
    NEWEST(Abi.MCR_START_NEWEST),
    /** At the oldest message that the ring still holds. */
    OLDEST(Abi.MCR_START_OLDEST);

    final int number;

    Start(int number) {
        this.number = number;
    }
}
