// SPDX-License-Identifier: BSD-3-Clause
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import net.mcring.Feed;
import net.mcring.FeedBatch;
import net.mcring.FeedKind;
import net.mcring.FeedMessage;
import net.mcring.FeedOptions;
import net.mcring.FeedStats;
import net.mcring.KeyInfo;
import net.mcring.LineInfo;

/** The feed's half of Conform. */
final class ConformFeed {
    private final Map<String, Conform.Command> commands = new HashMap<>();
    private final FeedBatch batch = new FeedBatch();
    private Feed feed;

    ConformFeed() {
        commands.put("open", this::open);
        commands.put("close", rest -> close());
        commands.put("poll", this::poll);
        commands.put("view", this::poll); // a feed's payloads can be copied only: nothing holds its rings
        commands.put("take", this::take);
        commands.put("insert", this::insert);
        commands.put("resume", this::resume);
        commands.put("wire", seq -> Conform.unsigned(opened().wire(Long.parseUnsignedLong(seq))));
        commands.put("key", this::key);
        commands.put("line", this::line);
        commands.put("stats", rest -> stats());
        commands.put("config", rest -> opened().config().trim().replaceAll("\n+", "; "));
        commands.put("wait", ms -> Conform.await(opened(), ms));
        commands.put("sleep", ms -> Conform.sleep(opened(), ms));
        commands.put("reattach", rest -> reattach());
    }

    String run(String rest) throws IOException {
        String[] words = rest.split(" ", 2);
        Conform.Command command = commands.get(words[0]);
        if (command == null)
            throw new Conform.Failed("EINVAL", "no such command");
        return command.run(words.length > 1 ? words[1] : "");
    }

    private String open(String rest) throws IOException {
        close();
        feed = null;
        FeedOptions options = new FeedOptions();
        Words.each(rest, (key, value) -> Words.set(options, key, value));
        feed = options.open();
        return "";
    }

    private Feed opened() {
        return Conform.opened(feed);
    }

    private String close() {
        if (feed != null)
            feed.close();
        return "";
    }

    private String poll(String n) throws IOException {
        int got = Conform.seen(opened().poll(batch, Conform.number(n)));
        Conform.awaitGo(n, got);
        for (FeedMessage m : batch) {
            if (m.kind() == FeedKind.DATA)
                sayData(m, read(m));
            else
                sayEvent(m);
        }
        opened().release();
        return "" + got;
    }

    private ByteBuffer read(FeedMessage m) throws IOException {
        Conform.PAYLOAD.clear();
        int length = opened().read(m, Conform.PAYLOAD);
        Conform.PAYLOAD.flip();
        return length < 0 ? null : Conform.PAYLOAD;
    }

    private String take(String n) throws IOException {
        if (Conform.number(n) == 0)
            return poll(n);
        int got = Conform.seen(opened().take(batch, Conform.number(n)));
        for (FeedMessage m : batch) {
            if (m.kind() == FeedKind.DATA)
                sayData(m, m.payload());
            else
                sayEvent(m);
        }
        return "" + got;
    }

    private String insert(String rest) throws IOException {
        String[] words = rest.split(" ");
        String hex = words[3].equals("-") ? "" : words[3];
        byte[] payload = new byte[hex.length() / 2];
        for (int i = 0; i < payload.length; i++)
            payload[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        opened().insert(Integer.parseUnsignedInt(words[0]), Long.parseUnsignedLong(words[1]),
            Integer.parseUnsignedInt(words[2]), ByteBuffer.wrap(payload));
        return "";
    }

    private String resume(String rest) throws IOException {
        String[] words = rest.split(" ");
        opened().resume(Integer.parseUnsignedInt(words[0]), Long.parseUnsignedLong(words[1]));
        return "";
    }

    private String key(String i) throws IOException {
        KeyInfo k = opened().keyInfo(Integer.parseUnsignedInt(i));
        return Conform.unsigned(k.next) + " " + k.gaps + " " + Conform.orDash(k.text);
    }

    private String line(String i) throws IOException {
        LineInfo l = opened().lineInfo(Integer.parseUnsignedInt(i));
        return l.name + " " + (l.isUp ? 1 : 0) + " " + l.packets + " " + l.lost;
    }

    private String stats() throws IOException {
        FeedStats s = opened().stats();
        return s.lines + " " + s.keys + " " + s.packets + " " + s.messages + " " + s.gaps;
    }

    private String reattach() throws IOException {
        opened().reattach();
        return "";
    }

    private static void sayData(FeedMessage m, ByteBuffer payload) {
        if (payload == null)
            say("overwritten", m.key(), m.seq());
        else
            say("data", m.key(), m.line(), m.seq(), m.count(), m.skip(), m.flags(), m.packet().length(),
                Conform.hex(payload));
    }

    private static void sayEvent(FeedMessage m) {
        String word = m.kind().name().toLowerCase(Locale.ROOT);
        switch (m.kind()) {
            case START:
                say(word, m.key(), m.line(), m.seq());
                break;
            case GAP:
            case GAP_HOST:
                say(word, m.key(), m.first(), m.last(), m.why(), m.whose(), m.hostLost(), m.openedNs(), m.declaredNs());
                break;
            case FILLED_LATE:
                say(word, m.key(), m.first(), m.last());
                break;
            case RESET:
                say(word, m.key(), m.oldNext(), m.newNext(), m.why());
                break;
            case CYCLE:
                say(word, m.key(), m.oldNext(), m.newNext());
                break;
            case LINE_DOWN:
                say(word, m.line(), m.why());
                break;
            case LINE_UP:
                say(word, m.line());
                break;
            case LINE_SWITCH:
                say(word, m.key(), m.line());
                break;
            case MISMATCH:
            case IMPLAUSIBLE:
                say(word, m.key(), m.mismatchSeq(), m.firstLine());
                break;
            case END_OF_SESSION:
                say(word, m.key(), m.seq());
                break;
            default:
                say(word);
        }
    }

    private static void say(Object... words) {
        StringBuilder line = new StringBuilder();
        for (Object word : words)
            line.append(' ').append(word instanceof Long ? Conform.unsigned((Long) word) : word);
        Conform.OUT.println(line.substring(1));
    }
}
