package lb.cli.config;

import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Reads one value.
@FunctionalInterface
interface ValueParser<T> {

    T parse(ConfigValue value) throws Rejected;

    /// Why a value cannot be used: the rule that it breaks.
    final class Rejected extends Exception {
        private static final long serialVersionUID = 1;

        private final String rule;

        Rejected(String rule) {
            super(rule, null, false, false);
            this.rule = rule;
        }

        String rule() {
            return rule;
        }
    }

    /// Reads a text, or a number as it was written.
    @FunctionalInterface
    interface OfText<T> {
        T parse(String text) throws Rejected;
    }

    static <T> ValueParser<T> text(String expected, OfText<T> parser) {
        return value -> switch (value.valueType()) {
            case STRING, NUMBER, BOOLEAN -> parser.parse(String.valueOf(value.unwrapped()));
            case OBJECT, LIST, NULL -> throw new Rejected("expected " + expected);
        };
    }

    /// One of some words.
    static <T> ValueParser<T> word(Map<String, T> words) {
        String expected = words.size() == 1
                ? words.keySet().iterator().next()
                : "one of " + String.join(", ", words.keySet());
        return text(expected, text -> {
            T meaning = words.get(text);
            if (meaning == null) {
                throw new Rejected("expected " + expected + Suggestion.phrase(text, words.keySet()));
            }
            return meaning;
        });
    }

    /// Also takes a word in place of a value.
    default ValueParser<T> or(String word, T meaning) {
        return value -> {
            if (word.equals(value.unwrapped())) {
                return meaning;
            }
            try {
                return parse(value);
            } catch (Rejected e) {
                throw new Rejected(e.rule() + ", or " + word);
            }
        };
    }

    /// A list, or one value in place of a list of one.
    default ValueParser<List<T>> list() {
        return value -> {
            if (!(value instanceof com.typesafe.config.ConfigList list)) {
                return List.of(parse(value));
            }
            List<T> result = new ArrayList<>();
            for (ConfigValue element : list) {
                result.add(parse(element));
            }
            return result;
        };
    }
}
