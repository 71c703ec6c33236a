// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** An IPv4 or IPv6 address, or none. Immutable. */
public final class Address {
    /** No address, "::". */
    public static final Address NONE = new Address(0, 0);

    private static final long MAPPED = 0xffff; // ::ffff:a.b.c.d, RFC 4291 §2.5.5.2

    private final long high;
    private final long low;

    /** high, low: of the 128 bits, as numbers. */
    Address(long high, long low) {
        this.high = high;
        this.low = low;
    }

    /**
     * Reads an address from its text.
     *
     * @param text "239.1.1.1" or "ff3e::1", without a zone
     * @return the address
     * @throws IllegalArgumentException it is not an address
     */
    public static Address parse(String text) {
        byte[] octets = new byte[16];
        if (Native.addressParse(octets, Text.octets(text)) != 0)
            throw new IllegalArgumentException("not an address: " + text);
        return of(octets);
    }

    /**
     * Java's own address as one of these.
     *
     * @param address of either family; its scope does not count
     * @return the address
     */
    public static Address of(InetAddress address) {
        byte[] octets = address.getAddress();
        if (octets.length == 16)
            return of(octets);
        return new Address(0, MAPPED << 32 | ByteBuffer.wrap(octets).getInt() & 0xffffffffL);
    }

    private static Address of(byte[] octets) {
        ByteBuffer number = ByteBuffer.wrap(octets);
        return new Address(number.getLong(), number.getLong());
    }

    /**
     * The address as Java has it. It asks no name server.
     *
     * @return an Inet4Address or Inet6Address
     */
    public InetAddress toInetAddress() {
        try {
            return InetAddress.getByAddress(octets());
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // of a wrong length
        }
    }

    /**
     * Whether it is of IPv4.
     *
     * @return true or false
     */
    public boolean isIpv4() {
        return high == 0 && low >>> 32 == MAPPED;
    }

    /**
     * Whether it is of IPv6.
     *
     * @return true or false
     */
    public boolean isIpv6() {
        return !isIpv4() && !isNone();
    }

    /**
     * Whether it is none.
     *
     * @return true or false
     */
    public boolean isNone() {
        return high == 0 && low == 0;
    }

    boolean is(long high, long low) {
        return this.high == high && this.low == low;
    }

    /** The 16 octets; an IPv4 address as a mapped one. */
    byte[] octets() {
        return ByteBuffer.allocate(16).putLong(high).putLong(low).array();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Address && ((Address) other).is(high, low);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(high) * 31 + Long.hashCode(low);
    }

    /** As the engine writes it: IPv4 as 10.0.0.7, IPv6 as RFC 5952 says. */
    @Override
    public String toString() {
        return Text.string(Native.addressFormat(octets()));
    }
}
