// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is to be freed when an object is no longer reachable. Java 8 has no Cleaner.
 *
 * <p>Threads: the reaper calls {@link #reap}.
 */
abstract class Reaped extends PhantomReference<Object> {
    private static final ReferenceQueue<Object> QUEUE = new ReferenceQueue<>();
    private static final Set<Reaped> ALL = ConcurrentHashMap.newKeySet(); // keeps them reachable

    static {
        Thread reaper = new Thread(Reaped::run, "mcring-reaper");
        reaper.setDaemon(true);
        reaper.setContextClassLoader(null);
        reaper.start();
    }

    Reaped(Object object) {
        super(object, QUEUE);
        ALL.add(this);
    }

    /** Frees what the object left. */
    abstract void reap();

    /** Nothing is left to free. */
    final void forget() {
        ALL.remove(this);
        clear();
    }

    private static void run() {
        while (true) {
            try {
                Reaped left = (Reaped) QUEUE.remove();
                left.forget();
                left.reap();
            } catch (InterruptedException e) {
                // Nobody ends this thread: it is a daemon.
            }
        }
    }
}
