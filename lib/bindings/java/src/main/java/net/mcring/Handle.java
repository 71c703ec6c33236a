// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.util.function.LongConsumer;

/** An object of C for one thread at a time, freed by {@link #close} or after its Java object. */
final class Handle extends Reaped {
    private final Guard guard;
    private final String name;
    private final LongConsumer free;
    private long address; // 0: closed; under the guard

    Handle(Object object, String name, long address, LongConsumer free) {
        super(object);
        this.guard = new Guard(name);
        this.name = name;
        this.address = address;
        this.free = free;
    }

    /** What is done with the object's address. */
    interface Get<T, E extends Exception> {
        T with(long address) throws E;
    }

    /** The same without a result. */
    interface Run<E extends Exception> {
        void with(long address) throws E;
    }

    <T, E extends Exception> T get(Get<T, E> call) throws E {
        long address = enter();
        try {
            return call.with(address);
        } finally {
            leave();
        }
    }

    <E extends Exception> void run(Run<E> call) throws E {
        long address = enter();
        try {
            call.with(address);
        } finally {
            leave();
        }
    }

    /** The object's address, valid until {@link #leave}. */
    long enter() {
        long address = enterEvenClosed();
        if (address == 0) {
            leave();
            throw new IllegalStateException("this " + name + " is closed");
        }
        return address;
    }

    /** The same, or 0. */
    long enterEvenClosed() {
        guard.enter();
        return address;
    }

    void leave() {
        guard.leave();
    }

    void close() {
        if (enterEvenClosed() != 0)
            free();
        leave();
    }

    /** The object may be unreachable while its last call still runs. */
    @Override
    void reap() {
        while (!guard.tryEnter())
            Thread.yield();
        if (address != 0)
            free();
        guard.leave();
    }

    private void free() {
        forget();
        free.accept(address);
        address = 0;
    }
}
