package lb.cli.config;

import com.typesafe.config.ConfigException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.core.config.ConfigProblem;

/// Says in plain words why a text is no HOCON. The library's words are those of
/// its parser, and its advice is aimed at programmers.
final class SyntaxProblem {

    private static final Pattern RESERVED = Pattern.compile("Reserved character '(.+?)'");
    private static final Pattern NO_VALUE = Pattern.compile("Key '(.+?)' may not be followed by");
    private static final Pattern NO_COMMA = Pattern.compile("Expecting .* or a comma, got (.*)");
    private static final Pattern ADVICE = Pattern
            .compile(" \\(if you (intended|want).*?(\\.conf|quotes|double-quote it)\\)");

    private SyntaxProblem() {}

    static ConfigProblem of(String file, String text, ConfigException e) {
        Brackets.Fault fault = Brackets.check(text);
        if (fault != null) {
            return at(file, fault.line(), fault.rule());
        }
        int line = e.origin() == null ? 0 : e.origin().lineNumber();
        return at(file, line, inWords(e));
    }

    private static ConfigProblem at(String file, int line, String rule) {
        return new ConfigProblem(line > 0 ? file + ":" + line : file, "syntax", null, rule);
    }

    private static String inWords(ConfigException e) {
        String message = String.valueOf(e.getMessage());
        if (e.origin() != null && message.startsWith(e.origin().description() + ": ")) {
            message = message.substring(e.origin().description().length() + 2);
        }
        message = ADVICE.matcher(message.lines().findFirst().orElse("cannot be read")).replaceFirst("");
        if (message.contains("':'")) {
            return "found ':' in a value without quotes; write addresses in quotes, such as \"127.0.0.1:5432\"";
        }
        Matcher reserved = RESERVED.matcher(message);
        if (reserved.find()) {
            return "found '" + reserved.group(1) + "' outside quotes; write the value in quotes";
        }
        Matcher noValue = NO_VALUE.matcher(message);
        if (noValue.find()) {
            return noValue.group(1) + " has no value; expected " + noValue.group(1) + " = VALUE";
        }
        Matcher noComma = NO_COMMA.matcher(message);
        if (noComma.find()) {
            return "found " + noComma.group(1) + " where a comma or a new line was expected";
        }
        if (message.startsWith("expecting include parameter")) {
            return "expected include \"FILE\", with the name in quotes";
        }
        return message;
    }
}
