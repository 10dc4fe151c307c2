package lb.cli.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lb.core.config.BackendConfig;
import lb.core.config.ConfigProblem;
import lb.core.config.Endpoint;
import lb.core.config.LbConfig;
import lb.core.config.PoolConfig;

/// Reads a backend that is added to a running pool, by the rules for one in a file.
final class AddedBackend {

    private static final Derivations NONE = new Derivations(null, null, Map.of(), Map.of());

    private final Findings findings;
    private final BackendReader backends;
    private final ConfigObject reference;

    AddedBackend(Findings findings, HostNames names, ConfigObject reference) {
        this.findings = findings;
        this.reference = reference;
        this.backends = new BackendReader(findings, names, ConfigReader.defaults(reference, "backend"));
    }

    ReadResult read(LbConfig config, String poolName, String written, String from) {
        PoolConfig pool = config.pool(poolName);
        if (pool == null) {
            return new ReadResult.Invalid(List.of(new ConfigProblem(null, poolName, null, "no such pool"
                    + Suggestion.phrase(poolName, config.pools().stream().map(PoolConfig::name).toList()))), List.of());
        }
        ConfigObject object = ConfigValueFactory.fromMap(Map.of("backends", List.of(written)), from);
        Block block = new Block(findings, poolName, "lb.defaults.pool", object,
                ConfigReader.defaults(reference, "pool"));
        List<BackendConfig> added = backends.resolved(backends.drafts(block));
        List<BackendConfig> all = new ArrayList<>(pool.backends());
        for (BackendConfig backend : added) {
            check(pool, backend);
            all.add(backend);
        }
        LbConfig with = config.with(config.listeners(),
                config.pools().stream().map(other -> other == pool ? pool.with(all) : other).toList());
        new Loops(findings, with.listeners(), with.pools()).find(backends::writtenIn);
        return findings.isClean()
                ? new ReadResult.Valid(with, findings.warnings(), NONE)
                : new ReadResult.Invalid(findings.problems(), findings.warnings());
    }

    private void check(PoolConfig pool, BackendConfig backend) {
        String id = pool.name() + "/" + backend.name();
        if (pool.backend(backend.name()) != null) {
            findings.problem(new ConfigProblem(null, id, null, "duplicate name: the pool has it already"));
        }
        boolean isPortless = backend.endpoint() instanceof Endpoint.Inet inet && inet.port() == 0;
        if (isPortless && pool.health().type().isActive() && pool.health().port() == 0) {
            findings.problem(new ConfigProblem(null, id, null,
                    "expected an address with a port: without one it cannot be probed"));
        }
    }
}
