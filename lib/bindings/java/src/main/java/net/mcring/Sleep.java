// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.util.concurrent.TimeUnit;

/** Sleeps in short steps, in between which it looks whether the thread was interrupted. */
final class Sleep {
    private static final long STEP_NS = TimeUnit.MILLISECONDS.toNanos(200);

    /** Sleeps ns at most. Returns 1, or 0 when the time is over or a signal came. */
    interface Step {
        int sleep(long ns) throws McringException;
    }

    private Sleep() {
    }

    static boolean until(long timeout, TimeUnit unit, Step step) throws McringException {
        long since = System.nanoTime();
        long all = unit.toNanos(timeout);
        for (long left = all; ; left = all - (System.nanoTime() - since)) {
            if (Thread.currentThread().isInterrupted())
                throw McringException.interrupted();
            if (step.sleep(Math.max(0, Math.min(left, STEP_NS))) == 1)
                return true;
            if (left <= STEP_NS && all - (System.nanoTime() - since) <= 0)
                return false;
        }
    }
}
