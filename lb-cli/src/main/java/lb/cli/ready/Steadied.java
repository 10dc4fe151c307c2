package lb.cli.ready;

import org.jspecify.annotations.Nullable;

/// What is found again and again, made steady: it takes several looks in a row to change the answer, but for the first.
///
/// Threading: confined to one thread.
final class Steadied {

    private boolean isGood;
    private boolean hasLooked;
    /// Looks in a row that have found something else than what is said.
    private int otherwise;
    private String fault = "";

    /// @param found what is wrong now, or null
    void look(@Nullable String found, int rise, int fall) {
        boolean isFine = found == null;
        if (!hasLooked) {
            hasLooked = true;
            isGood = isFine;
        } else if (isFine == isGood) {
            otherwise = 0;
        } else if (++otherwise >= (isFine ? rise : fall)) {
            isGood = isFine;
            otherwise = 0;
        }
        if (found != null) {
            fault = found;
        } else if (!isGood) {
            fault = "fine again in " + otherwise + " of " + rise + " looks";
        }
    }

    Verdict verdict() {
        return isGood ? Verdict.READY : Verdict.not(fault);
    }
}
