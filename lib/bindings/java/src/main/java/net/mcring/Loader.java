// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Loads the native part: out of the jar, or from where the property mcring.library says it is. */
final class Loader {
    private Loader() {
    }

    static void load() {
        String path = System.getProperty("mcring.library");
        if (path != null)
            System.load(path);
        else
            unpack("native/" + platform() + "/libmcring-java.so");
    }

    /** As the jar's folders are called: "linux-amd64", "linux-aarch64". */
    private static String platform() {
        return (System.getProperty("os.name") + "-" + System.getProperty("os.arch")).toLowerCase(java.util.Locale.ROOT);
    }

    /** The file is removed at once: the mapping needs no name. */
    private static void unpack(String resource) {
        try (InputStream library = Loader.class.getResourceAsStream(resource)) {
            if (library == null)
                throw new UnsatisfiedLinkError("mcring.jar has no " + resource + ": it was built on another platform");
            Path file = Files.createTempFile("mcring", ".so");
            try {
                Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
                System.load(file.toString());
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw (Error) new UnsatisfiedLinkError("cannot unpack mcring's library: java.io.tmpdir or "
                + "mcring.library names another place: " + e).initCause(e);
        }
    }
}
