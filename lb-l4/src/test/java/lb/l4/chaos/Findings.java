package lb.l4.chaos;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// What did not hold. The first ones are kept, and told at once.
///
/// Threading: any.
public final class Findings {

    private static final int MOST = 20;

    private final List<String> found = new CopyOnWriteArrayList<>();
    private final Consumer<String> tell;

    /// @param tell takes each at once, as those of a process that may be killed
    public Findings(Consumer<String> tell) {
        this.tell = tell;
    }

    /// @param invariant that did not hold
    public void add(String invariant, String what) {
        if (found.size() < MOST) {
            String finding = invariant + ": " + what;
            found.add(finding);
            tell.accept(finding);
        }
    }

    /// Says more of a session that was found fault with.
    ///
    /// @param what that its findings have in common
    void explain(String what, String more) {
        found.stream().filter(finding -> finding.contains(what)).findFirst().ifPresent(_ -> tell.accept(more));
    }

    /// Adds one if `holds` is false.
    public void check(boolean holds, String invariant, String what) {
        if (!holds) {
            add(invariant, what);
        }
    }

    public List<String> all() {
        return List.copyOf(found);
    }
}
