// SPDX-License-Identifier: BSD-3-Clause
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import net.mcring.Batch;
import net.mcring.Kind;
import net.mcring.McringException;
import net.mcring.Message;
import net.mcring.Options;
import net.mcring.Start;
import net.mcring.View;

/** Consumer RUN_DIR ROUNDS take|read|place, by the rules that tools/benchmarks/bindings.py states. */
final class Consumer {
    private static final int BATCH = 1000;
    private static final int WARM_UP = 200; // rounds before the first, in which the JVM compiles

    /** Reads a batch, and returns how many messages there were. */
    private interface Way {
        int read() throws McringException;
    }

    private final net.mcring.Consumer consumer;
    private final Batch batch = new Batch(BATCH, 2 << 20);
    private final ByteBuffer octets = ByteBuffer.allocateDirect(65536).order(ByteOrder.LITTLE_ENDIAN);
    private long messages;
    private long sum;

    private Consumer(net.mcring.Consumer consumer) {
        this.consumer = consumer;
    }

    private static void require(boolean holds, String what) {
        if (!holds)
            throw new IllegalStateException(what);
    }

    private int take() throws McringException {
        int n = consumer.take(batch);
        for (Message m : batch) {
            require(m.kind() == Kind.DATA, "an event came");
            ByteBuffer payload = m.payload();
            sum += Long.reverseBytes(payload.getLong()) + m.length();
        }
        return n;
    }

    private int read() throws McringException {
        int n = consumer.poll(batch, BATCH);
        for (Message m : batch) {
            require(m.kind() == Kind.DATA, "an event came");
            octets.clear();
            require(consumer.read(m, octets) == m.length(), "overwritten");
            sum += octets.getLong(0) + m.length();
        }
        consumer.release();
        return n;
    }

    private int inPlace() throws McringException {
        int n = consumer.poll(batch, BATCH);
        for (Message m : batch) {
            require(m.kind() == Kind.DATA, "an event came");
            View view = consumer.view(m);
            sum += Long.reverseBytes(view.octets().getLong()) + m.length();
            require(view.isIntact(), "overwritten");
        }
        consumer.release();
        return n;
    }

    private Way way(String name) {
        switch (name) {
            case "take":
                return this::take;
            case "read":
                return this::read;
            case "place":
                return this::inPlace;
            default:
                throw new IllegalArgumentException("usage: Consumer RUN_DIR ROUNDS take|read|place");
        }
    }

    /** Nanoseconds a message. */
    private double round(Way way) throws McringException {
        consumer.seek(Start.OLDEST);
        long here = 0;
        long since = System.nanoTime();
        int n;
        while ((n = way.read()) > 0)
            here += n;
        double ns = (double) (System.nanoTime() - since) / here;
        require(n == 0, "the engine has ended");
        messages += here;
        return ns;
    }

    private void measure(int rounds, Way way) throws McringException {
        for (int i = 0; i < WARM_UP; i++)
            round(way);
        messages = 0;
        sum = 0;
        double[] ns = new double[rounds];
        for (int i = 0; i < rounds; i++)
            ns[i] = round(way);
        Arrays.sort(ns);
        System.out.printf("messages %d sum %s ns %.2f%n", messages, Long.toUnsignedString(sum), ns[rounds / 2]);
    }

    public static void main(String[] args) throws McringException {
        try (net.mcring.Consumer consumer = new Options().runDir(args[0]).start(Start.OLDEST).open()) {
            Consumer reader = new Consumer(consumer);
            reader.measure(Integer.parseInt(args[1]), reader.way(args[2]));
        }
    }
}
