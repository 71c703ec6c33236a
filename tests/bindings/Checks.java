// SPDX-License-Identifier: BSD-3-Clause
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.ConcurrentModificationException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import net.mcring.Address;
import net.mcring.Batch;
import net.mcring.Consumer;
import net.mcring.Feed;
import net.mcring.FeedBatch;
import net.mcring.FeedKind;
import net.mcring.FeedOptions;
import net.mcring.Kind;
import net.mcring.Mcring;
import net.mcring.McringException;
import net.mcring.Message;
import net.mcring.Options;
import net.mcring.Start;
import net.mcring.View;

/**
 * What is Java's own. Reads "NAME RUN_DIR" from its input, one a line, runs that check against the
 * engine, and says "ok", "ready" where the test has to do something first, or what was wrong.
 */
final class Checks {
    private static final BufferedReader IN = new BufferedReader(new InputStreamReader(System.in));

    /** What should throw. */
    private interface Call {
        void run() throws Exception;
    }

    private static void require(boolean holds, String what) {
        if (!holds)
            throw new AssertionError(what);
    }

    private static <T extends Exception> T refused(Class<T> as, Call call) {
        try {
            call.run();
        } catch (Exception e) {
            require(as.isInstance(e), "refused by " + e);
            return as.cast(e);
        }
        throw new AssertionError("nothing was refused");
    }

    private static Options oldest(String runDir) {
        return new Options().runDir(runDir).start(Start.OLDEST);
    }

    private static String text(ByteBuffer octets) {
        byte[] copy = new byte[octets.remaining()];
        octets.get(copy);
        return new String(copy);
    }

    private static int count(String folder) {
        return new File(folder).list().length;
    }

    /** Until it holds, or 20 s are over. The collector runs meanwhile. */
    private static void await(BooleanSupplier holds, String what) throws InterruptedException {
        for (int i = 0; i < 400 && !holds.getAsBoolean(); i++) {
            System.gc();
            Thread.sleep(50);
        }
        require(holds.getAsBoolean(), what);
    }

    /** Two messages, "000000" and "000001", into buffers of each kind. */
    static void buffers(String runDir) throws Exception {
        Batch batch = new Batch(4, 100);
        try (Consumer consumer = oldest(runDir).open()) {
            require(consumer.poll(batch, 1) == 1, "one message");
            Message m = batch.get(0);
            byte[] array = "..........".getBytes();
            ByteBuffer wrapped = ByteBuffer.wrap(array, 2, 7);
            require(consumer.read(m, wrapped) == 6 && wrapped.position() == 8, "at the buffer's position");
            require(new String(array).equals("..000000.."), "in the array: " + new String(array));
            ByteBuffer slice = ((ByteBuffer) ByteBuffer.wrap(array).position(1)).slice();
            require(consumer.read(m, slice) == 6 && new String(array).equals(".0000000.."), "in a slice of an array");
            ByteBuffer direct = ByteBuffer.allocateDirect(9);
            direct.position(1);
            require(consumer.read(m, direct) == 6 && direct.position() == 7 && direct.get(6) == '0', "in direct memory");
            direct.clear().limit(4);
            require(consumer.read(m, direct) == 6 && direct.position() == 4, "as much as fits");
            refused(ReadOnlyBufferException.class, () -> consumer.read(m, direct.asReadOnlyBuffer()));
            refused(IllegalStateException.class, m::payload);

            require(consumer.take(batch) == 1 && text(batch.get(0).payload()).equals("000001"), "the next by take");
            ByteBuffer payload = batch.get(0).payload();
            require(payload.isReadOnly() && payload.order() == ByteOrder.BIG_ENDIAN, "read-only, in network order");
            refused(IllegalStateException.class, () -> consumer.read(batch.get(0), direct));
            refused(IllegalStateException.class, () -> consumer.view(batch.get(0)));
            refused(IndexOutOfBoundsException.class, () -> batch.get(1));
            Iterator<Message> messages = batch.iterator();
            messages.next();
            refused(NoSuchElementException.class, messages::next);
            refused(IllegalArgumentException.class, () -> consumer.poll(batch, -1));
            require(consumer.take(batch, 0) == 0 && batch.size() == 0, "none");
        }
    }

    /** Messages of another consumer, of an attachment before, of what is closed; an event. */
    static void stale(String runDir) throws Exception {
        Batch batch = new Batch(2, 100);
        ByteBuffer octets = ByteBuffer.allocate(100);
        Consumer closed;
        Consumer consumer = oldest(runDir).noWait(true).open();
        require(consumer.poll(batch, 1) == -1, "attached nowhere");
        reattach(consumer);
        try (Consumer other = oldest(runDir).open()) {
            require(consumer.poll(batch, 1) == 1, "a message");
            refused(IllegalStateException.class, () -> other.view(batch.get(0)));
            refused(IllegalStateException.class, () -> other.read(batch.get(0), octets));
            Message m = batch.get(0);
            View view = consumer.view(m);
            require(view.isIntact() && text(view.octets().duplicate()).equals("000000"), "a view");
            refused(ReadOnlyBufferException.class, () -> view.octets().put((byte) 0));
            require(view.octets().capacity() == 6, "it shows the payload alone");
            require(other.poll(batch, 1) == 1, "a message of the other");
            refused(IllegalStateException.class, () -> consumer.read(m, octets));
            closed = other;
        }
        refused(IllegalStateException.class, () -> closed.view(batch.get(0)));
        refused(IllegalStateException.class, closed::rings);
        refused(IllegalStateException.class, () -> closed.await(0, TimeUnit.SECONDS));
        refused(IllegalStateException.class, () -> Mcring.await(0, TimeUnit.SECONDS, closed, consumer));
        closed.close();
        try (Consumer cursor = consumer.cursor(new Options().start(Start.OLDEST))) {
            require(cursor.take(batch) == 2, "a cursor");
            require(refused(McringException.class, cursor::fd).name().equals("EINVAL"), "it has no descriptor");
            require(refused(McringException.class, cursor::arm).name().equals("EINVAL"), "nor can it be armed");
        }
        consumer.seek(Start.OLDEST);
        require(!consumer.arm() && Mcring.await(1, TimeUnit.HOURS, consumer), "nothing to sleep for");
        consumer.seek(Start.NEWEST);
        require(consumer.take(batch) == 0 && consumer.arm(), "nothing to poll");
        refused(NullPointerException.class, () -> consumer.join(null));
        refused(IllegalArgumentException.class, () -> new Batch(0, 0));
        refused(IllegalArgumentException.class, () -> new FeedBatch(1, -1));
        consumer.close();
    }

    private static void reattach(Consumer consumer) throws McringException {
        while (true) {
            try {
                consumer.reattach();
                return;
            } catch (McringException e) {
                consumer.await(1, TimeUnit.SECONDS);
            }
        }
    }

    /** The engine is another one after "ready": a message and a view of the old one, and the way to the new. */
    static void restart(String runDir) throws Exception {
        Batch batch = new Batch(1, 100);
        ByteBuffer octets = ByteBuffer.allocate(100);
        try (Consumer consumer = oldest(runDir).open(); Consumer stays = oldest(runDir).stay(true).open()) {
            require(consumer.poll(batch, 1) == 1, "a message");
            View view = consumer.view(batch.get(0));
            require(stays.nextBatch().size() == 2, "both");
            System.out.println("ready");
            IN.readLine();
            Batch next = stays.nextBatch();
            require(next.get(0).kind() == Kind.RESTART, "stay: " + next.get(0).kind());
            reattach(consumer);
            require(consumer.read(batch.get(0), octets) == -1 && consumer.view(batch.get(0)) == null, "of before");
            require(!view.isIntact() && text(view.octets()).equals("000000"), "its view can be read");
            Batch first = consumer.nextBatch();
            require(first.get(0).kind() == Kind.RESTART && first.get(0).payload() == null, "a restart comes first");
        }
    }

    /** What nobody closed, and views that nobody has any more. */
    static void forgotten(String runDir) throws Exception {
        oldest(runDir).open().close(); // so that what Java opens once is open
        int descriptors = count("/proc/self/fd");
        long rings = mapped();
        ByteBuffer[] octets = {forget(runDir)};
        require(count("/proc/self/fd") > descriptors + 20, "they are open");
        await(() -> count("/proc/self/fd") <= descriptors, "descriptors that nobody has");
        await(() -> mapped() < rings + 5, "rings that nobody has");
        require(text(octets[0].duplicate()).equals("00000"), "a part of a view keeps its ring mapped");
        octets[0] = null;
        await(() -> mapped() <= rings, "the last ring");
    }

    /** Gives a part of the last view. */
    private static ByteBuffer forget(String runDir) throws Exception {
        Batch batch = new Batch(1, 100);
        View last = null;
        for (int i = 0; i < 20; i++) {
            Consumer cursor = oldest(runDir).open().cursor(new Options().start(Start.OLDEST));
            cursor.poll(batch, 1);
            last = cursor.view(batch.get(0));
            new FeedOptions().runDir(runDir).open();
        }
        return ((ByteBuffer) last.octets().duplicate().position(1)).slice();
    }

    /** A view in each of many attachments: the rings of what is closed are not left to pile up. */
    static void many(String runDir) throws Exception {
        Batch batch = new Batch(1, 100);
        long before = mapped();
        for (int i = 0; i < 200; i++) {
            try (Consumer consumer = oldest(runDir).open()) {
                consumer.poll(batch, 1);
                require(consumer.view(batch.get(0)).isIntact(), "a view");
            }
        }
        require(mapped() - before < 250, "mapped still: " + (mapped() - before));
    }

    private static long mapped() {
        try (Stream<String> lines = Files.lines(Paths.get("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("mcring")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A thread that waits is interrupted, and refuses others meanwhile. */
    static void interrupted(String runDir) throws Exception {
        Throwable[] ended = new Throwable[1];
        boolean[] stayed = new boolean[1];
        Consumer consumer = new Options().runDir(runDir).open();
        Thread reader = new Thread(() -> {
            try {
                consumer.nextBatch();
            } catch (McringException e) {
                ended[0] = e;
                stayed[0] = Thread.currentThread().isInterrupted();
            }
        });
        reader.start();
        await(() -> isRefused(consumer), "the reader waits");
        refused(ConcurrentModificationException.class, consumer::close);
        reader.interrupt();
        reader.join();
        require(((McringException) ended[0]).name().equals("EINTR") && stayed[0], "interrupted: " + ended[0]);
        require(consumer.take(new Batch()) == 0, "it goes on");
        consumer.close();
    }

    private static boolean isRefused(Consumer consumer) {
        try {
            consumer.rings();
            return false;
        } catch (ConcurrentModificationException e) {
            return true;
        }
    }

    /** Many threads with one consumer and its batch: refused or served, and nothing else. */
    static void crowd(String runDir) throws Exception {
        Batch batch = new Batch(2, 100);
        AtomicInteger served = new AtomicInteger();
        List<Throwable> wrong = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        Consumer consumer = oldest(runDir).open();
        for (int i = 0; i < 8; i++) {
            int way = i;
            threads.add(new Thread(() -> {
                for (int n = 0; n < 3000; n++) {
                    try {
                        use(consumer, batch, way);
                        served.incrementAndGet();
                    } catch (ConcurrentModificationException | IllegalStateException | IndexOutOfBoundsException e) {
                        Thread.yield();
                    } catch (Throwable e) {
                        if (e instanceof McringException && ((McringException) e).name().equals("EAGAIN"))
                            continue;
                        synchronized (wrong) {
                            wrong.add(e);
                        }
                    }
                }
            }));
        }
        for (Thread thread : threads)
            thread.start();
        for (Thread thread : threads)
            thread.join();
        require(wrong.isEmpty() && served.get() > 1000, served + " served, wrong: " + wrong);
        consumer.close();
    }

    private static void use(Consumer consumer, Batch batch, int way) throws Exception {
        switch (way % 5) {
            case 0:
                consumer.seek(Start.OLDEST);
                consumer.poll(batch, 2);
                break;
            case 1:
                consumer.seek(Start.OLDEST);
                consumer.take(batch);
                break;
            case 2:
                consumer.read(batch.get(0), ByteBuffer.allocate(6));
                break;
            case 3:
                View view = consumer.view(batch.get(1)); // null after a reattach
                require(view == null || text(view.octets()).startsWith("00000"), "a view");
                break;
            default:
                consumer.reattach();
        }
    }

    /** One thread waits for a consumer and a feed. The test publishes after "ready". */
    static void several(String runDir) throws Exception {
        try (Consumer consumer = new Options().runDir(runDir).open();
             Consumer idle = new Options().runDir(runDir).channel("idle").open();
             Feed feed = new FeedOptions().runDir(runDir).open()) {
            FeedBatch items = new FeedBatch(8, 1000);
            while (feed.take(items) > 0)
                continue;
            require(!Mcring.await(50, TimeUnit.MILLISECONDS, idle, consumer, feed), "nothing is there");
            require(!Mcring.await(1, TimeUnit.NANOSECONDS) && !idle.await(-1, TimeUnit.SECONDS), "no time");
            System.out.println("ready");
            require(Mcring.await(30, TimeUnit.SECONDS, idle, consumer, feed), "something is there");
            Batch batch = consumer.nextBatch();
            require(batch.size() == 1 && idle.take(batch) == 0, "of the one");
            FeedBatch next = feed.nextBatch();
            require(next.get(0).kind() == FeedKind.START && next.get(0).payload() == null, "a stream starts");
        }
    }

    /** Items of a feed end with the next poll; what was inserted comes from any buffer. */
    static void feed(String runDir) throws Exception {
        ByteBuffer octets = ByteBuffer.allocate(100);
        try (Feed feed = new FeedOptions().runDir(runDir).start(Start.OLDEST).holdOnGap(true).open()) {
            FeedBatch batch = new FeedBatch(1, 100);
            FeedBatch other = new FeedBatch(1, 100);
            while (feed.poll(batch, 1) == 0 || batch.get(0).kind() != FeedKind.DATA)
                feed.await(1, TimeUnit.SECONDS);
            require(batch.get(0).packet().group().equals(Address.parse("239.1.1.1")), "its packet");
            require(feed.read(batch.get(0), octets) == 8 && octets.getLong(0) == 1, "its payload");
            feed.poll(other, 1);
            refused(IllegalStateException.class, () -> feed.read(batch.get(0), octets));
            ByteBuffer hidden = ByteBuffer.wrap(new byte[] {9, 0, 0, 0, 0, 0, 0, 0, 2, 9}, 1, 8).asReadOnlyBuffer();
            feed.insert(0, 2, 1, hidden);
            require(hidden.remaining() == 8, "the program's buffer stays as it is");
            while (feed.poll(other, 1) == 0 || other.get(0).seq() != 2)
                feed.await(1, TimeUnit.SECONDS);
            octets.clear();
            require(feed.read(other.get(0), octets) == 8 && octets.getLong(0) == 2, "what was inserted");
        }
    }

    static void addresses(String runDir) throws Exception {
        for (String text : new String[] {"239.1.1.1", "10.0.0.7", "ff3e::1", "2001:db8::ffff"}) {
            Address address = Address.parse(text);
            InetAddress java = InetAddress.getByName(text);
            require(address.toString().equals(text) && address.toInetAddress().equals(java), text);
            require(Address.of(java).equals(address) && Address.of(java).hashCode() == address.hashCode(), text);
            require(address.isIpv4() == text.contains(".") && address.isIpv6() == text.contains(":"), text);
        }
        require(Address.parse("::").equals(Address.NONE) && Address.NONE.isNone(), "none");
        require(!Address.NONE.isIpv4() && !Address.NONE.isIpv6(), "none is of no family");
        refused(IllegalArgumentException.class, () -> Address.parse("010.0.0.7"));
        refused(IllegalArgumentException.class, () -> new Options().runDir("a\0b").open());
        try (Consumer consumer = oldest(runDir).open()) {
            Message m = consumer.nextBatch().get(0);
            require(m.isGroup(m.group()) && m.isSource(m.source()) && !m.isGroup(m.source()), "of a message");
        }
    }

    /** A thousand messages again and again: what is made of them on Java's heap is a few octets each. */
    static void garbage(String runDir) throws Exception {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        Batch batch = new Batch();
        Address group = Address.parse("239.1.1.1");
        long messages = 0;
        long octets = 0;
        try (Consumer consumer = oldest(runDir).open()) {
            long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
            for (int i = 0; i < 50; i++) {
                consumer.seek(Start.OLDEST);
                require(consumer.take(batch) == 1000, "all at once");
                for (Message m : batch) {
                    if (m.kind() == Kind.DATA && m.isGroup(group) && m.rxNs() > 0)
                        octets += m.payload().remaining();
                    messages++;
                }
            }
            long each = (threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before) / messages;
            require(octets == 6 * messages && each < 4, each + " octets of garbage a message");
        }
    }

    public static void main(String[] args) throws Exception {
        for (String line; (line = IN.readLine()) != null;) {
            String[] words = line.split(" ");
            try {
                Checks.class.getDeclaredMethod(words[0], String.class).invoke(null, words[1]);
                System.out.println("ok");
            } catch (java.lang.reflect.InvocationTargetException e) {
                System.out.println(e.getCause() + " at " + e.getCause().getStackTrace()[1]);
            }
        }
    }
}
