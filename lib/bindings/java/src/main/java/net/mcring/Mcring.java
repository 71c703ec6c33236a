// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.util.concurrent.TimeUnit;

/** What belongs to no consumer. */
public final class Mcring {
    private Mcring() {
    }

    /**
     * The ABI of the C libraries: the number of their SONAME.
     *
     * @return the number
     */
    public static int abi() {
        return Abi.ABI;
    }

    /**
     * The version of mcring that this is of.
     *
     * @return such as "0.1.0"
     */
    public static String version() {
        return Abi.VERSION;
    }

    /**
     * Sleeps until there may be something to poll in one of several consumers and feeds, which
     * nobody else may use meanwhile. Poll them all then, about once a second also without.
     *
     * @param timeout at most so long
     * @param unit of timeout
     * @param sources what to wait for
     * @return false: the time is over
     * @throws McringException EINTR: the thread was interrupted, and stays so; EINVAL: a cursor
     */
    public static boolean await(long timeout, TimeUnit unit, Source... sources) throws McringException {
        int[] fds = new int[sources.length];
        for (int i = 0; i < fds.length; i++) {
            if (!sources[i].arm())
                return true;
            fds[i] = sources[i].fd();
        }
        return Sleep.until(timeout, unit, ns -> Native.sleepOn(fds, ns));
    }
}
