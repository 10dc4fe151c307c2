package lb.cli.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigParseable;
import com.typesafe.config.ConfigSyntax;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import lb.core.config.ConfigProblem;
import org.jspecify.annotations.Nullable;

/// Reads a file as HOCON, with its includes and substitutions.
final class ConfigFile {

    private ConfigFile() {}

    /// What the file holds, or null with the reason noted.
    static @Nullable ConfigObject read(Path file, Findings findings) {
        String text = text(file, findings);
        if (text == null) {
            return null;
        }
        try {
            ConfigParseOptions options = ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF)
                    .setAllowMissing(false).setIncluder(new RequiredInclude());
            ConfigObject parsed = ConfigFactory.parseFile(file.toFile(), options).resolve().root();
            DuplicateKeys.find(file.toString(), text).forEach(findings::problem);
            return parsed;
        } catch (ConfigException e) {
            findings.problem(problem(file, e));
            return null;
        }
    }

    private static @Nullable String text(Path file, Findings findings) {
        String rule;
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            rule = "cannot be read: it is not UTF-8 text";
        } catch (IOException e) {
            rule = "cannot be read: " + (!Files.exists(file)
                    ? "no such file"
                    : Files.isDirectory(file) ? "it is a directory" : "no permission, or a failing disk");
        }
        findings.problem(new ConfigProblem(null, file.toString(), null, rule));
        return null;
    }

    /// The library's messages begin with the place, and its advice is aimed
    /// at programmers.
    private static ConfigProblem problem(Path file, ConfigException e) {
        String where = e.origin() == null ? file.toString() : Findings.where(e.origin());
        String message = String.valueOf(e.getMessage());
        if (e.origin() != null && message.startsWith(e.origin().description() + ": ")) {
            message = message.substring(e.origin().description().length() + 2);
        }
        if (message.contains("Reserved character ':'") || message.contains("':'")) {
            message = "found ':' in a value without quotes; write addresses in quotes, such as \"127.0.0.1:5432\"";
        }
        return new ConfigProblem(where, "syntax", null, message.lines().findFirst().orElse("cannot be read"));
    }

    /// Takes files in relative to the one that includes them. A file that is not
    /// there is an error: HOCON would go on without it.
    private static final class RequiredInclude implements ConfigIncluder {
        @Override
        public ConfigIncluder withFallback(ConfigIncluder fallback) {
            return this;
        }

        @Override
        public ConfigObject include(ConfigIncludeContext context, String what) {
            ConfigParseable file = context.relativeTo(what);
            if (file == null) {
                throw new ConfigException.Generic("include \"" + what + "\": no such file");
            }
            return file.parse(context.parseOptions().setAllowMissing(false).setSyntax(ConfigSyntax.CONF));
        }
    }
}
