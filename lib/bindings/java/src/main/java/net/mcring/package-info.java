// SPDX-License-Identifier: BSD-3-Clause
/**
 * Reads UDP multicast from the rings of an mcring engine.
 *
 * <pre>{@code
 * try (Consumer consumer = new Options().channel("md").open()) {
 *     for (Batch batch; (batch = consumer.nextBatch()) != null;)
 *         for (Message m : batch)
 *             if (m.kind() == Kind.DATA)
 *                 handle(m.payload());
 * }
 * }</pre>
 *
 * <p>{@link net.mcring.Consumer} reads a channel, {@link net.mcring.Feed} a market data feed of
 * several lines. The manual pages mcr_consumer and mcr_feed say what each call does; these pages
 * say what is Java's.
 *
 * <p>An object is for one thread at a time: who uses it while another thread does gets a
 * {@link java.util.ConcurrentModificationException}, and who uses what is closed an
 * {@link IllegalStateException}. Numbers of 64 bits are unsigned in C; print those that may exceed
 * 2^63 with {@link Long#toUnsignedString(long)}. Times are nanoseconds.
 */
package net.mcring;
