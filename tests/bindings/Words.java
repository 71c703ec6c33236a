// SPDX-License-Identifier: BSD-3-Clause
import net.mcring.Address;
import net.mcring.FeedOptions;
import net.mcring.Options;
import net.mcring.Order;
import net.mcring.Selection;
import net.mcring.Start;

/** The options K=V of Conform's commands. */
final class Words {
    private static final long MS = 1_000_000;

    interface Pair {
        void set(String key, String value);
    }

    private Words() {
    }

    /** config comes last and goes to the end of the line. */
    static void each(String rest, Pair pair) {
        int at = rest.startsWith("config=") ? 0 : rest.indexOf(" config=");
        String words = at < 0 ? rest : rest.substring(0, at);
        for (String word : words.isEmpty() ? new String[0] : words.split(" ")) {
            String[] halves = word.split("=", 2);
            pair.set(halves[0], halves.length > 1 ? halves[1] : "");
        }
        if (at >= 0)
            pair.set("config", rest.substring(rest.indexOf('=', at) + 1).replace("; ", "\n"));
    }

    static void select(Selection selection, String key, String value) {
        for (String one : value.split(",")) {
            String[] halves = one.split("/", 2);
            if (key.equals("ids"))
                selection.id(Long.parseLong(one));
            else if (key.equals("groups"))
                selection.group(Address.parse(halves[0]), halves.length > 1 ? Integer.parseInt(halves[1]) : 0);
            else
                throw new Conform.Failed("EINVAL", key);
        }
    }

    static void set(Options options, Selection selection, String key, String value) {
        switch (key) {
            case "run_dir": options.runDir(value); break;
            case "name": options.name(value); break;
            case "channel": options.channel(value); break;
            case "label": options.label(value); break;
            case "start":
                if (value.matches("[0-9]+"))
                    options.startAt(Long.parseUnsignedLong(value));
                else
                    options.start(Start.valueOf(value.toUpperCase()));
                break;
            case "ring": options.ring(Integer.parseUnsignedInt(value)); break;
            case "order": options.order(Order.valueOf(value.toUpperCase())); break;
            case "hold_ms": options.holdNs(Long.parseLong(value) * MS); break;
            case "stall_ms": options.stallNs(Long.parseLong(value) * MS); break;
            case "answer_ms": options.answerNs(Long.parseLong(value) * MS); break;
            case "no_wait": options.noWait(value.equals("1")); break;
            default: select(selection, key, value);
        }
    }

    static void set(FeedOptions options, String key, String value) {
        switch (key) {
            case "run_dir": options.runDir(value); break;
            case "name": options.name(value); break;
            case "feed": options.feed(value); break;
            case "label": options.label(value); break;
            case "order": options.asTheyCome(value.equals("as_they_come")); break;
            case "start": options.start(Start.valueOf(value.toUpperCase())); break;
            case "start_seq": options.startSeq(Long.parseUnsignedLong(value)); break;
            case "gap_timeout_ms": options.gapTimeoutNs(Long.parseLong(value) * MS); break;
            case "late": options.late(value.equals("1")); break;
            case "compare": options.compare(value.equals("1")); break;
            case "hold_on_gap": options.holdOnGap(value.equals("1")); break;
            case "unsequenced": options.unsequenced(value.equals("1")); break;
            case "events": options.events(Integer.parseUnsignedInt(value)); break;
            case "held_max": options.heldMax(Integer.parseInt(value)); break;
            case "keys_max": options.keysMax(Integer.parseInt(value)); break;
            case "config": options.config(value); break;
            default: throw new Conform.Failed("EINVAL", key);
        }
    }
}
