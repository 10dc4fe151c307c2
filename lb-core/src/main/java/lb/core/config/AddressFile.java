package lb.core.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A file of networks, as it was read: one in each line, `#` begins a comment, empty lines do not count.
///
/// Threading: immutable; reading blocks, so it is never done on an event loop.
public record AddressFile(Path path, List<Cidr> networks) {

    /// Of one that cannot be used, at most so many lines are told.
    private static final int MOST_PROBLEMS = 5;
    /// Far above any list of attackers; a larger file is not a list of networks.
    private static final long MOST_BYTES = 256L << 20;

    public AddressFile {
        networks = List.copyOf(networks);
    }

    /// Why a file cannot be used, one line for each reason.
    public static final class Unusable extends Exception {
        private static final long serialVersionUID = 1;

        private final transient List<String> reasons;

        Unusable(List<String> reasons) {
            super(String.join("; ", reasons), null, false, false);
            this.reasons = List.copyOf(reasons);
        }

        public List<String> reasons() {
            return reasons;
        }
    }

    /// Reads a file, all of it or nothing.
    public static AddressFile read(Path path) throws Unusable {
        List<Cidr> networks = new ArrayList<>();
        List<String> reasons = new ArrayList<>();
        int number = 0;
        for (String line : lines(path)) {
            number++;
            int comment = line.indexOf('#');
            String text = (comment < 0 ? line : line.substring(0, comment)).strip();
            if (!text.isEmpty()) {
                try {
                    networks.add(Cidr.parse(text));
                } catch (IllegalArgumentException e) {
                    reasons.add(path + ":" + number + ": " + e.getMessage());
                }
            }
            if (reasons.size() == MOST_PROBLEMS) {
                reasons.add(path + ": further lines were not looked at");
                break;
            }
        }
        if (!reasons.isEmpty()) {
            throw new Unusable(reasons);
        }
        return new AddressFile(path, networks);
    }

    private static List<String> lines(Path path) throws Unusable {
        try {
            if (!Files.isRegularFile(path)) {
                throw unusable(path, Files.exists(path) ? "is not a file" : "no such file");
            }
            if (Files.size(path) > MOST_BYTES) {
                throw unusable(path, "has more than " + (MOST_BYTES >> 20) + "m bytes");
            }
            return Files.readAllLines(path, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw unusable(path, "is not UTF-8 text");
        } catch (NoSuchFileException e) {
            throw unusable(path, "no such file");
        } catch (IOException e) {
            throw unusable(path, "cannot be read: no permission, or a failing disk");
        }
    }

    private static Unusable unusable(Path path, String reason) {
        return new Unusable(List.of(path + ": " + reason));
    }

    /// The networks of a list and of files.
    static List<Cidr> all(List<Cidr> written, List<AddressFile> files) {
        if (files.isEmpty()) {
            return written;
        }
        List<Cidr> all = new ArrayList<>(written);
        files.forEach(file -> all.addAll(file.networks));
        return all;
    }
}
