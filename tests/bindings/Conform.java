// SPDX-License-Identifier: BSD-3-Clause
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import net.mcring.Address;
import net.mcring.Batch;
import net.mcring.Consumer;
import net.mcring.InterfaceInfo;
import net.mcring.Kind;
import net.mcring.McringException;
import net.mcring.Mcring;
import net.mcring.Message;
import net.mcring.Options;
import net.mcring.Order;
import net.mcring.RingInfo;
import net.mcring.Selection;
import net.mcring.Source;
import net.mcring.Start;
import net.mcring.View;

/** The Java binding for the scenarios of tests/bindings; README.md has the commands. */
final class Conform {
    /** What runs for a word; it gives what stands behind `ok`. */
    interface Command {
        String run(String rest) throws IOException;
    }

    /** An answer that is an error. */
    static final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1;
        final String name;

        Failed(String name, String text) {
            super(text);
            this.name = name;
        }
    }

    static final PrintStream OUT =
        new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16), false);
    static final ByteBuffer PAYLOAD = ByteBuffer.allocate(65536);
    private static final BufferedReader IN =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

    private final Map<String, Command> commands = new HashMap<>();
    private final Batch batch = new Batch();
    private Consumer consumer;
    private Consumer cursor;
    private View kept;

    private Conform() {
        ConformFeed feed = new ConformFeed();
        commands.put("open", this::open);
        commands.put("close", rest -> close(consumer));
        commands.put("poll", n -> poll(opened(consumer), n, false));
        commands.put("view", n -> poll(opened(consumer), n, true));
        commands.put("take", n -> take(opened(consumer), n));
        commands.put("follow", this::follow);
        commands.put("held", rest -> held());
        commands.put("keep", rest -> keep());
        commands.put("kept", rest -> kept());
        commands.put("wait", ms -> await(opened(consumer), ms));
        commands.put("sleep", ms -> sleep(opened(consumer), ms));
        commands.put("seek", this::seek);
        commands.put("select", this::select);
        commands.put("join", this::join);
        commands.put("leave", this::leave);
        commands.put("reattach", rest -> reattach(opened(consumer)));
        commands.put("skipped", rest -> unsigned(opened(consumer).skipped()));
        commands.put("rings", rest -> "" + opened(consumer).rings());
        commands.put("headroom", rest -> unsigned(opened(consumer).headroom()));
        commands.put("until", ring -> unsigned(opened(consumer).until(Integer.parseInt(ring))));
        commands.put("ring", this::ring);
        commands.put("interface", this::interfaceInfo);
        commands.put("cursor", this::cursor);
        commands.put("cpoll", n -> poll(opened(cursor), n, false));
        commands.put("ctake", n -> take(opened(cursor), n));
        commands.put("creattach", rest -> reattach(opened(cursor)));
        commands.put("cclose", rest -> close(cursor));
        commands.put("abi", rest -> Mcring.abi() + " " + Mcring.version());
        commands.put("address", text -> Address.parse(text).toString());
        commands.put("cycle", this::cycle);
        commands.put("fork", rest -> { throw new Failed("ENOTSUP", null); });
        commands.put("busy", rest -> busy());
        commands.put("feed", feed::run);
    }

    // ---- the consumer ----

    private String open(String rest) throws IOException {
        close(consumer);
        consumer = null;
        consumer = options(rest).open();
        return "";
    }

    private static String close(Consumer one) {
        if (one != null)
            one.close();
        return "";
    }

    private String cursor(String rest) throws IOException {
        close(cursor);
        cursor = opened(consumer).cursor(options(rest));
        return "";
    }

    private String poll(Consumer one, String n, boolean isInPlace) throws IOException {
        int got = seen(one.poll(batch, number(n)));
        awaitGo(n, got);
        for (Message m : batch) {
            if (m.kind() == Kind.DATA)
                sayData(m, isInPlace ? view(one, m) : read(one, m));
            else
                sayEvent(m);
        }
        one.release();
        return "" + got;
    }

    private static ByteBuffer read(Consumer one, Message m) throws IOException {
        PAYLOAD.clear();
        int length = one.read(m, PAYLOAD);
        PAYLOAD.flip();
        return length < 0 ? null : PAYLOAD;
    }

    private static ByteBuffer view(Consumer one, Message m) throws IOException {
        View view = one.view(m);
        PAYLOAD.clear();
        PAYLOAD.put(view.octets()).flip();
        return view.isIntact() ? PAYLOAD : null;
    }

    private String take(Consumer one, String n) throws IOException {
        if (number(n) == 0)
            return poll(one, n, false);
        int got = seen(one.take(batch, number(n)));
        for (Message m : batch) {
            if (m.kind() == Kind.DATA)
                sayData(m, m.payload());
            else
                sayEvent(m);
        }
        return "" + got;
    }

    private String follow(String rest) throws IOException {
        long want = Long.parseLong(rest);
        long data = 0;
        long lost = 0;
        long sum = 0;
        while (data + lost < want) {
            Batch taken = opened(consumer).nextBatch();
            if (taken == null)
                throw new Failed("EPIPE", null);
            for (Message m : taken) {
                if (m.kind() == Kind.LOST)
                    lost += m.lost();
                if (m.kind() != Kind.DATA)
                    continue;
                data++;
                for (ByteBuffer octets = m.payload(); octets.hasRemaining();)
                    sum += octets.get() & 0xff;
            }
        }
        return data + " " + lost + " " + unsigned(sum);
    }

    /** Polls a message of data. */
    private Message one() throws IOException {
        do {
            if (seen(opened(consumer).poll(batch, 1)) == 0)
                throw new Failed("EAGAIN", null);
        } while (batch.get(0).kind() != Kind.DATA);
        return batch.get(0);
    }

    private String held() throws IOException {
        Message m = one();
        View view = opened(consumer).view(m);
        OUT.println("held " + unsigned(m.seq()) + " " + hex(view.octets()));
        OUT.flush();
        IN.readLine();
        boolean isIntact = view.isIntact();
        opened(consumer).release();
        return isIntact ? "intact" : "overwritten";
    }

    private String keep() throws IOException {
        Message m = one();
        kept = opened(consumer).view(m);
        return unsigned(m.seq());
    }

    private String kept() {
        String octets = hex(opened(kept).octets());
        return kept.isIntact() ? "intact " + octets : "overwritten";
    }

    static String await(Source one, String ms) throws IOException {
        return one.await(Long.parseLong(ms), TimeUnit.MILLISECONDS) ? "1" : "0";
    }

    static String sleep(Source one, String ms) throws IOException {
        return Mcring.await(Long.parseLong(ms), TimeUnit.MILLISECONDS, one) ? "1" : "0";
    }

    private String seek(String where) throws IOException {
        opened(consumer).seek(Start.valueOf(where.toUpperCase()));
        return "";
    }

    private String select(String rest) throws IOException {
        Selection selection = new Selection();
        Words.each(rest, (key, value) -> Words.select(selection, key, value));
        opened(consumer).select(selection);
        return "";
    }

    private String join(String text) throws IOException {
        opened(consumer).join(text);
        return "";
    }

    private String leave(String text) throws IOException {
        opened(consumer).leave(text);
        return "";
    }

    private String reattach(Consumer one) throws IOException {
        one.reattach();
        return "";
    }

    private String ring(String i) throws IOException {
        RingInfo r = opened(consumer).ringInfo(Integer.parseUnsignedInt(i));
        return r.ring + " " + unsigned(r.epoch) + " " + unsigned(r.oldest) + " " + unsigned(r.next) + " "
            + unsigned(r.head) + " " + unsigned(r.watermarkNs) + " " + unsigned(r.hostLost);
    }

    private String interfaceInfo(String index) throws IOException {
        InterfaceInfo i = opened(consumer).interfaceInfo(Integer.parseUnsignedInt(index));
        return i.index + " " + orDash(i.name) + " " + i.address + "/" + i.prefixLength + " " + i.vlan + " "
            + i.dpdkPort + " " + orDash(i.port) + " " + orDash(i.netdev) + " " + orDash(i.kernel);
    }

    // ---- the process ----

    private String cycle(String rest) throws IOException {
        String[] words = rest.split(" ", 2);
        Options options = options(words.length > 1 ? words[1] : "");
        int opened = 0;
        for (int i = Integer.parseInt(words[0]); i > 0; i--) {
            try (Consumer one = options.open()) {
                opened++;
                one.poll(batch, 16);
                one.take(batch, 16);
            } catch (McringException e) {
                continue;
            }
        }
        return "" + opened;
    }

    /** Whoever comes second is refused: one of the two threads, sooner or later. */
    private String busy() throws IOException {
        Consumer one = opened(consumer);
        AtomicBoolean isRefused = new AtomicBoolean();
        Thread other = new Thread(() -> {
            try {
                while (!Thread.interrupted())
                    one.skipped();
            } catch (ConcurrentModificationException e) {
                isRefused.set(true);
            }
        });
        other.start();
        try {
            one.await(300, TimeUnit.MILLISECONDS);
        } catch (ConcurrentModificationException e) {
            isRefused.set(true);
        }
        other.interrupt();
        while (other.isAlive())
            Thread.yield();
        return isRefused.get() ? "refused" : "allowed";
    }

    // ---- options, items, answers ----

    static <T> T opened(T one) {
        if (one == null)
            throw new Failed("EBADF", "not open");
        return one;
    }

    private static Options options(String rest) {
        Options options = new Options();
        Selection selection = new Selection();
        Words.each(rest, (key, value) -> Words.set(options, selection, key, value));
        return options.select(selection);
    }

    private static void sayData(Message m, ByteBuffer payload) {
        if (payload == null) {
            OUT.println("overwritten " + m.ring() + " " + unsigned(m.seq()));
            return;
        }
        OUT.println("data " + m.ring() + " " + unsigned(m.seq()) + " " + m.group() + " " + m.port() + " " + m.source()
            + " " + m.sourcePort() + " " + m.id() + " " + m.vlan() + " " + m.interfaceIndex() + " " + m.ttl() + " "
            + m.trafficClass() + " " + m.flags() + " " + unsigned(m.rxNs()) + " " + unsigned(m.hwNs()) + " "
            + m.length() + " " + hex(payload));
    }

    private static void sayEvent(Message m) {
        String at = m.ring() + " ";
        switch (m.kind()) {
            case LOST:
                OUT.println("lost " + at + unsigned(m.seq()) + " " + unsigned(m.lost()));
                break;
            case LINK:
                OUT.println("link " + at + unsigned(m.seq()) + " " + m.id() + " " + m.flags());
                break;
            case RESTART:
                OUT.println("restart " + at + unsigned(m.sinceNs()) + " " + unsigned(m.rxNs()));
                break;
            case STALL:
                OUT.println("stall " + at + unsigned(m.rxNs()));
                break;
            default:
                OUT.println("engine_stall " + m.flags() + " " + unsigned(m.sinceNs()) + " " + unsigned(m.rxNs()));
        }
    }

    /** With `N go`, the test does something before anything of what was polled is read. */
    static void awaitGo(String n, int polled) throws IOException {
        if (!n.endsWith(" go"))
            return;
        OUT.println("polled " + polled);
        OUT.flush();
        IN.readLine();
    }

    /** N of a poll. */
    static int number(String n) {
        int number = Integer.parseInt(n.split(" ")[0]);
        if (number < 0 || number > 1000)
            throw new Failed("EINVAL", "N is 0 to 1000");
        return number;
    }

    /** What a poll gave, unless it is the end. */
    static int seen(int n) {
        if (n < 0)
            throw new Failed("EPIPE", null);
        return n;
    }

    static String unsigned(long number) {
        return Long.toUnsignedString(number);
    }

    static String orDash(String text) {
        return text == null || text.isEmpty() ? "-" : text;
    }

    static String hex(ByteBuffer octets) {
        StringBuilder hex = new StringBuilder();
        for (ByteBuffer rest = octets.duplicate(); rest.hasRemaining();) {
            int octet = rest.get() & 0xff;
            hex.append(Character.forDigit(octet >> 4, 16)).append(Character.forDigit(octet & 15, 16));
        }
        return orDash(hex.toString());
    }

    /** The last line of an answer. */
    private String answer(String line) throws IOException {
        String[] words = line.split(" ", 2);
        Command command = commands.get(words[0]);
        try {
            if (command == null)
                throw new Failed("EINVAL", "no such command");
            return ("ok " + command.run(words.length > 1 ? words[1] : "")).trim();
        } catch (Failed e) {
            return "error " + e.name + " " + orDash(e.getMessage());
        } catch (McringException e) {
            return "error " + e.name() + " " + orDash(e.text());
        } catch (IllegalArgumentException e) {
            return "error EINVAL " + (words[0].equals("address") ? "-" : e.getMessage());
        } catch (IllegalStateException e) {
            return "error EBADF " + e.getMessage();
        }
    }

    public static void main(String[] args) throws IOException {
        Conform conform = new Conform();
        for (String line; (line = IN.readLine()) != null;) {
            OUT.println(conform.answer(line));
            OUT.flush();
        }
        close(conform.cursor);
        close(conform.consumer);
        conform.commands.get("feed").run("close");
    }
}
