// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A call failed: with an errno, and often with a text that says what failed, where, and what to do. */
public final class McringException extends IOException {
    private static final long serialVersionUID = 1;
    private static final int EINTR = 4; // these are the same on all machines
    private static final int EINVAL = 22;

    /** As errno. */
    private final int errno;
    /** The library's, or null. */
    private final String text;

    /** Called by the native part. text: UTF-8, or null. */
    McringException(int errno, byte[] text) {
        this(errno, text == null ? null : new String(text, StandardCharsets.UTF_8));
    }

    private McringException(int errno, String text) {
        super(text != null ? text : Native.errnoText(errno));
        this.errno = errno;
        this.text = text;
    }

    static McringException invalid(String text) {
        return new McringException(EINVAL, text);
    }

    /** Whether another engine would refuse the same. */
    boolean isInvalid() {
        return errno == EINVAL;
    }

    static McringException interrupted() {
        return new McringException(EINTR, "the thread was interrupted");
    }

    /**
     * The error's number, as errno has it.
     *
     * @return above 0
     */
    public int errno() {
        return errno;
    }

    /**
     * The error's name, such as "ENOENT".
     *
     * @return the name, which is the same on all machines
     */
    public String name() {
        return Native.errnoName(errno);
    }

    /**
     * The library's text.
     *
     * @return the text, or null if there is none; {@link #getMessage} is never null
     */
    public String text() {
        return text;
    }
}
