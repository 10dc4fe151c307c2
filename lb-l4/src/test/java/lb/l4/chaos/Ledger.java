package lb.l4.chaos;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Compares records with what clients saw: every session has exactly one, and it says what was relayed.
///
/// Threading: one thread.
public final class Ledger {

    private static final String ONE_RECORD = "every session has exactly one record";
    private static final String COUNTED = "a record counts what was relayed";

    private final Disturbance disturbance;
    private final Findings findings;
    private final Map<String, List<Entry>> byClient = new HashMap<>();

    public Ledger(Collection<Entry> entries, Disturbance disturbance, Findings findings) {
        this.disturbance = disturbance;
        this.findings = findings;
        entries.stream().sorted(Comparator.comparingLong(Entry::millis))
                .forEach(entry -> byClient.computeIfAbsent(key(entry.isUdp(), entry.client()), _ -> new ArrayList<>())
                        .add(entry));
        checkIds(entries);
    }

    private static String key(boolean isUdp, String client) {
        return (isUdp ? "udp " : "tcp ") + client;
    }

    /// Each worker counts its sessions: a number that is missing is a record that is missing. Flows that found no backend
    /// take a number too.
    private void checkIds(Collection<Entry> entries) {
        Set<String> ids = new HashSet<>();
        Map<String, BitSet> numbers = new HashMap<>();
        for (Entry entry : entries) {
            findings.check(ids.add(entry.id()), ONE_RECORD, "two of " + entry);
            if (!entry.isUdp()) {
                numbers.computeIfAbsent(entry.series(), _ -> new BitSet()).set((int) entry.number());
            }
        }
        numbers.forEach((series, seen) -> findings.check(seen.cardinality() == seen.length(), ONE_RECORD,
                "none of session " + series + Integer.toHexString(seen.nextClearBit(0)) + " and others, "
                        + (seen.length() - seen.cardinality()) + " in all"));
    }

    /// @param unknown connections of which no client knows whether there was a session
    public void check(Collection<Visit> visits, long unknown) {
        Map<String, List<Visit>> ofClients = new HashMap<>();
        visits.forEach(
                visit -> ofClients.computeIfAbsent(key(false, Entry.text(visit.client())), _ -> new ArrayList<>())
                        .add(visit));
        ofClients.forEach((client, own) -> {
            List<Entry> entries = byClient.getOrDefault(client, List.of());
            if (entries.size() == own.size()) {
                for (int i = 0; i < own.size(); i++) {
                    check(own.get(i), entries.get(i));
                }
            } else if (entries.size() < own.size() || unknown == 0) {
                findings.add(ONE_RECORD, own.size() + " sessions of " + client + ", " + entries.size() + " records: "
                        + own + " " + entries);
            }
        });
        long recorded = byClient.entrySet().stream().filter(each -> each.getKey().startsWith("tcp"))
                .mapToLong(each -> each.getValue().size()).sum();
        findings.check(recorded <= visits.size() + unknown, ONE_RECORD,
                visits.size() + " sessions, " + recorded + " records");
    }

    private void check(Visit visit, Entry entry) {
        Script script = visit.script();
        // What its client had sent may have been on its way to the backend still.
        boolean isWhole = visit.isWhole() && disturbance.isUntouched(visit.fromMillis(), entry.endMillis());
        boolean isRight = isWhole
                ? entry.isNormal() && entry.bytesUp() == Script.HEADER_BYTES + script.client().bytes()
                        && entry.bytesDown() == script.backend().bytes()
                : entry.bytesUp() <= Script.HEADER_BYTES + script.client().bytes()
                        && entry.bytesDown() >= visit.received() && entry.bytesDown() <= script.backend().bytes();
        findings.check(isRight, COUNTED, visit + " and " + entry);
        findings.explain("seed=" + script.seed(), visit + " and " + entry);
    }

    public void check(Collection<Conversation> conversations) {
        // The kernel gives a port to one client after another.
        Map<String, Conversation> ofPorts = new HashMap<>();
        conversations.forEach(one -> ofPorts.merge(Entry.text(one.client()), one, Conversation::and));
        for (Conversation one : ofPorts.values()) {
            List<Entry> flows = byClient.getOrDefault(key(true, Entry.text(one.client())), List.of());
            // A first datagram that was refused went to another backend, whose flow has it, too.
            long up = flows.stream().filter(flow -> !flow.mayHavePassedOn()).mapToLong(Entry::datagramsUp).sum();
            long down = flows.stream().mapToLong(Entry::datagramsDown).sum();
            boolean isRight = one.isWhole()
                    ? up == one.sent() && down == one.sent()
                    : up <= one.sent() && down >= one.received() && down <= up;
            findings.check(isRight, COUNTED, one + " and " + flows);
        }
    }
}
