// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.util.concurrent.TimeUnit;

/** What can be waited for, alone or with others ({@link Mcring#await}): a consumer or a feed. */
public interface Source {
    /**
     * The descriptor for poll and epoll, the same for as long as this is open. It is not to be read
     * or closed.
     *
     * @return the descriptor
     * @throws McringException EINVAL: a cursor has none
     */
    int fd() throws McringException;

    /**
     * Announces that the program is about to sleep on {@link #fd}. The next poll withdraws it.
     *
     * @return false: there may be something already, so poll in place of sleeping
     * @throws McringException EINVAL: a cursor has no descriptor
     */
    boolean arm() throws McringException;

    /**
     * Sleeps until there may be something to poll.
     *
     * @param timeout at most so long
     * @param unit of timeout
     * @return false: the time is over
     * @throws McringException EINTR: the thread was interrupted, and stays so; found within 200 ms
     */
    boolean await(long timeout, TimeUnit unit) throws McringException;
}
