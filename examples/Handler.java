// SPDX-License-Identifier: BSD-3-Clause
import net.mcring.*;

public class Handler {
    public static void main(String[] args) {
        try (Consumer consumer = new Options().runDir(args.length > 0 ? args[0] : null).open()) {
            for (Batch batch; (batch = consumer.nextBatch()) != null;) { // waits, and ends with the engine
                for (Message m : batch) {
                    if (m.kind() == Kind.LOST)
                        System.out.println("lost " + m.lost() + " from " + m.seq() + " on");
                    else if (m.kind() == Kind.DATA)
                        System.out.println(m.seq() + ": " + m.payload().remaining() + " octets");
                }
            }
        } catch (McringException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}
