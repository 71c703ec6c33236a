// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.util.ConcurrentModificationException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Who enters while another thread is inside gets an exception, and waits for nothing. */
final class Guard {
    private final AtomicBoolean busy = new AtomicBoolean();
    private final String name;

    Guard(String name) {
        this.name = name;
    }

    void enter() {
        if (!tryEnter())
            throw new ConcurrentModificationException("another thread uses this " + name);
    }

    boolean tryEnter() {
        return busy.compareAndSet(false, true);
    }

    void leave() {
        busy.set(false);
    }
}
