package lb.cli.config;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lb.cli.config.Addresses.Target;
import lb.cli.config.ValueParser.Rejected;
import lb.core.config.BackendConfig;
import lb.core.config.ConfigProblem;
import lb.core.config.Endpoint;
import lb.core.config.IpText;
import lb.core.config.Place;
import org.jspecify.annotations.Nullable;

/// Reads the backends of pools, in two steps: first what is written, so that
/// all names of all pools are asked for at once, then what they resolve to.
final class BackendReader {

    private static final ValueParser<Integer> WEIGHT = Values.integer(0, BackendConfig.MAX_WEIGHT);

    private static final ValueParser<Integer> PRIORITY = Values.integer(0, Place.LAST_PRIORITY);

    private final Findings findings;
    private final HostNames names;
    private final ConfigObject defaults;
    private final IdentityHashMap<BackendConfig, ConfigValue> written = new IdentityHashMap<>();

    BackendReader(Findings findings, HostNames names, ConfigObject defaults) {
        this.findings = findings;
        this.names = names;
        this.defaults = defaults;
    }

    /// A backend as written, with the value that it was written in.
    record Draft(ConfigValue at, String path, String address, Target target, @Nullable String name, int weight,
            boolean backup, long serverId, int maxConnections, Place place) {}

    List<Draft> drafts(Block pool) {
        List<ConfigValue> entries = pool.readRequired("backends",
                value -> value instanceof ConfigList list ? List.copyOf(list) : List.of(value));
        if (entries == null) {
            return List.of();
        }
        if (entries.isEmpty()) {
            pool.problem("backends", "expected at least one backend");
        }
        List<Draft> drafts = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            Draft draft = draft(entries.get(i), pool.path("backends") + "[" + i + "]");
            if (draft != null) {
                drafts.add(draft);
            }
        }
        return drafts;
    }

    private @Nullable Draft draft(ConfigValue entry, String path) {
        ConfigObject object = entry instanceof ConfigObject written ? written : parted(entry, path);
        if (object == null) {
            return null;
        }
        Block block = new Block(findings, path, "lb.defaults.backend", object, defaults);
        Target target = block.readRequired("address", Addresses.target());
        String name = block.readOptional("name", Values.backendName());
        int weight = block.read("weight", WEIGHT);
        boolean backup = block.read("backup", Values.bool());
        int priority = block.read("priority", PRIORITY);
        String zone = block.readOptional("zone", Values.backendName());
        if (backup) {
            block.forbid("priority", "does not go with backup: backups come after all tiers");
        }
        int maxConnections = block.read("max-connections", ConfigReader.limit());
        Long serverId = block.readOptional("server-id", Values.serverId());
        if (target == null) {
            return null;
        }
        if (target instanceof Target.Named named) {
            names.ask(named.host()).isDone();
        }
        ConfigValue address = block.written("address");
        return new Draft(entry, path,
                address == null ? "" : Addresses.withoutScheme(String.valueOf(address.unwrapped())), target, name,
                weight, backup, serverId == null ? BackendConfig.NO_SERVER_ID : serverId, maxConnections,
                new Place(priority, zone));
    }

    /// `ADDRESS,weight=3,name=a,backup` as a block.
    private @Nullable ConfigObject parted(ConfigValue entry, String path) {
        if (entry.valueType() != ConfigValueType.STRING) {
            findings.problem(entry, path, "expected \"ADDRESS\" or a block with an address");
            return null;
        }
        String[] parts = String.valueOf(entry.unwrapped()).split(",", -1);
        Map<String, Object> block = new LinkedHashMap<>();
        block.put("address", parts[0].strip());
        for (int i = 1; i < parts.length; i++) {
            String part = parts[i].strip();
            int equals = part.indexOf('=');
            String key = equals < 0 ? part : part.substring(0, equals);
            String value = equals < 0 && key.equals("backup") ? "true" : part.substring(equals + 1);
            if (key.equals("address") || (equals < 0 && !key.equals("backup"))) {
                findings.problem(entry, path, "expected ADDRESS[,name=NAME][,weight=N][,max-connections=N][,backup]");
                return null;
            }
            if (block.put(key, value) != null) {
                findings.problem(entry, path, key + " is written twice");
            }
        }
        Map<String, ConfigValue> placed = new LinkedHashMap<>();
        block.forEach((key, value) -> placed.put(key,
                ConfigValueFactory.fromAnyRef(value).withOrigin(entry.origin())));
        return ConfigValueFactory.fromMap(placed).withOrigin(entry.origin());
    }

    /// One backend for each address, with names that must differ.
    List<BackendConfig> resolved(List<Draft> drafts) {
        List<BackendConfig> backends = new ArrayList<>();
        Map<String, Draft> byName = new HashMap<>();
        for (Draft draft : drafts) {
            for (BackendConfig backend : backends(draft)) {
                Draft first = byName.putIfAbsent(backend.name(), draft);
                if (first == null) {
                    written.put(backend, draft.at());
                    backends.add(backend);
                } else {
                    String where = Findings.where(first.at().origin());
                    findings.problem(new ConfigProblem(Findings.where(draft.at().origin()), draft.path(),
                            ConfigUtil.quoteString(backend.name()), "duplicate name: " + first.path()
                                    + (where == null ? "" : " (" + where + ")")
                                    + " has it already; give one of them another"));
                }
            }
        }
        return backends;
    }

    /// What a backend that was returned here was written in.
    @Nullable
    ConfigValue writtenIn(BackendConfig backend) {
        return written.get(backend);
    }

    private List<BackendConfig> backends(Draft draft) {
        String name = draft.name() == null ? draft.address() : draft.name();
        if (draft.target() instanceof Target.Known known) {
            return List.of(new BackendConfig(name, known.endpoint(), draft.weight(), draft.backup(), draft.serverId(),
                    draft.maxConnections(), draft.place()));
        }
        Target.Named named = (Target.Named) draft.target();
        List<InetAddress> addresses = List.of();
        try {
            addresses = names.addresses(named.host());
        } catch (Rejected e) {
            findings.problem(draft.at(), draft.path(), e.rule());
        }
        boolean several = addresses.size() > 1;
        return addresses.stream()
                .map(address -> new BackendConfig(several ? name + "@" + IpText.of(address) : name,
                        new Endpoint.Inet(address, named.port()), draft.weight(), draft.backup(), draft.serverId(),
                        draft.maxConnections(), draft.place()))
                .toList();
    }
}
