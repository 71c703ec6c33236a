// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Texts of Java and of C. */
final class Text {
    private Text() {
    }

    /** As C takes it, UTF-8 with a NUL; null remains null. */
    static byte[] c(String text) {
        if (text == null)
            return null;
        if (text.indexOf('\0') >= 0)
            throw new IllegalArgumentException("a NUL in a text");
        return octets(text + '\0');
    }

    /** The same of a text that has to be there. */
    static byte[] given(String text) {
        return c(Objects.requireNonNull(text));
    }

    static byte[] octets(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String string(byte[] octets) {
        return new String(octets, StandardCharsets.UTF_8);
    }

    /** An array of char in a struct of C, up to its NUL. */
    static String at(ByteBuffer struct, int offset, int length) {
        byte[] octets = new byte[length];
        int n = 0;
        while (n < length && struct.get(offset + n) != 0) {
            octets[n] = struct.get(offset + n);
            n++;
        }
        return new String(octets, 0, n, StandardCharsets.UTF_8);
    }
}
