// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

/** The order of messages from several rings. */
public enum Order {
    /** In order within each ring only. */
    RINGS(Abi.MCR_ORDER_RINGS),
    /** By the time of arrival. */
    MERGED(Abi.MCR_ORDER_MERGED);

    final int number;

    Order(int number) {
        this.number = number;
    }
}
