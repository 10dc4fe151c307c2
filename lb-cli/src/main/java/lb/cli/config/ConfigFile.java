package lb.cli.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import lb.core.config.ConfigProblem;
import org.jspecify.annotations.Nullable;

/// Reads a file as HOCON, with its includes and substitutions. Each file is read
/// once, so that it may be a pipe.
final class ConfigFile {

    /// `-` is standard input, and is called so in messages.
    static final Path STDIN = Path.of("-");

    private final Findings findings;
    /// The files that are being read: the last one is included by the one before.
    private final Deque<Path> open = new ArrayDeque<>();
    private boolean failed;

    private ConfigFile(Findings findings) {
        this.findings = findings;
    }

    /// What the file holds, or null with the reasons noted.
    static @Nullable ConfigObject read(Path file, Findings findings) {
        ConfigFile reading = new ConfigFile(findings);
        ConfigObject parsed;
        try {
            parsed = reading.parse(file, bytes(file));
        } catch (IOException e) {
            findings.problem(new ConfigProblem(null, nameOf(file), null, "cannot be read: " + reason(file, e)));
            return null;
        }
        return reading.failed ? null : Substitutions.resolve(parsed, findings);
    }

    static String nameOf(Path file) {
        return file.equals(STDIN) ? "stdin" : file.toString();
    }

    /// What can be used of it; the rest is noted.
    private ConfigObject parse(Path file, byte[] bytes) throws CharacterCodingException {
        String name = nameOf(file);
        String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        open.push(file.toAbsolutePath().normalize());
        try {
            ConfigParseOptions options = ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF)
                    .setOriginDescription(name).setIncluder(new Includes(file, text));
            ConfigObject parsed = ConfigFactory.parseString(text, options).root();
            DuplicateKeys.find(name, text).forEach(findings::problem);
            return parsed;
        } catch (ConfigException e) {
            problem(SyntaxProblem.of(name, text, e));
            return ConfigFactory.empty().root();
        } finally {
            open.pop();
        }
    }

    private void problem(ConfigProblem problem) {
        findings.problem(problem);
        failed = true;
    }

    private static byte[] bytes(Path file) throws IOException {
        return file.equals(STDIN) ? System.in.readAllBytes() : Files.readAllBytes(file);
    }

    private static String reason(Path file, IOException e) {
        if (e instanceof CharacterCodingException) {
            return "it is not UTF-8 text";
        }
        if (!Files.exists(file)) {
            return "no such file";
        }
        return Files.isDirectory(file) ? "it is a directory" : "no permission, or a failing disk";
    }

    /// Takes files in, relative to the one that includes them. One that is not there
    /// is an error: HOCON would go on without it.
    private final class Includes
            implements
                ConfigIncluder,
                ConfigIncluderFile,
                ConfigIncluderURL,
                ConfigIncluderClasspath {

        private final Path from;
        private final List<String> lines;

        Includes(Path from, String text) {
            this.from = from;
            this.lines = text.lines().toList();
        }

        @Override
        public ConfigIncluder withFallback(ConfigIncluder fallback) {
            return this;
        }

        @Override
        public ConfigObject include(ConfigIncludeContext context, String what) {
            Path file;
            try {
                file = from.resolveSibling(what);
            } catch (InvalidPathException e) {
                return refuse(what, "expected the name of a file");
            }
            try {
                if (open.contains(file.toAbsolutePath().normalize())) {
                    return refuse(what, "this file is being read already: it would include itself");
                }
                return parse(file, Files.readAllBytes(file));
            } catch (IOException e) {
                String reason = "cannot be read: " + reason(file, e);
                return refuse(what, file.equals(Path.of(what)) ? reason : reason + " (looked for " + file + ")");
            }
        }

        @Override
        public ConfigObject includeFile(ConfigIncludeContext context, File what) {
            return include(context, what.toString());
        }

        @Override
        public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
            return refuse(what.toString(), "expected the name of a file");
        }

        @Override
        public ConfigObject includeResources(ConfigIncludeContext context, String what) {
            return refuse(what, "expected the name of a file");
        }

        private ConfigObject refuse(String what, String rule) {
            problem(new ConfigProblem(nameOf(from) + ":" + lineOf(what), "include \"" + what + "\"", null, rule));
            return ConfigFactory.empty().root();
        }

        /// The library does not tell.
        private int lineOf(String what) {
            for (int i = 0; i < lines.size(); i++) {
                int include = lines.get(i).indexOf("include");
                int comment = lines.get(i).indexOf('#');
                if (include >= 0 && (comment < 0 || include < comment)
                        && lines.get(i).indexOf("\"" + what + "\"", include) >= 0) {
                    return i + 1;
                }
            }
            return 1;
        }
    }
}
