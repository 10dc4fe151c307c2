package lb.bench;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import lb.core.config.ProxyProtocolConfig;
import lb.core.config.ProxyProtocolConfig.Version;
import lb.l4.proxy.ProxyHeaderEncoder;
import lb.l4.proxy.ProxyHeaderParser;
import lb.l4.proxy.ProxyHeaderResult;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// The PROXY header of one session, out and in, in direct memory as on a worker.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ProxyHeaderBench {

    @Param({"V1", "V2"}) public Version version = Version.V2;
    @Param({"192.0.2.1", "2001:db8::1"}) public String client = "";

    private final ByteBuffer out = ByteBuffer.allocateDirect(ProxyHeaderEncoder.MIN_BUFFER_BYTES);
    private final ByteBuffer in = ByteBuffer.allocateDirect(ProxyHeaderEncoder.MIN_BUFFER_BYTES);
    private ProxyHeaderEncoder encoder = new ProxyHeaderEncoder(
            new ProxyProtocolConfig(Version.V2, false, false, Set.of()));
    private InetSocketAddress source = new InetSocketAddress(0);
    private InetSocketAddress destination = new InetSocketAddress(0);

    @Setup
    public void prepare() {
        encoder = new ProxyHeaderEncoder(new ProxyProtocolConfig(version, false, false, Set.of()));
        source = new InetSocketAddress(InetAddress.ofLiteral(client), 56324);
        destination = new InetSocketAddress(InetAddress.ofLiteral(client), 443);
        encoder.encodeTcp(in.clear(), source, destination, List.of(), "5f3a-1");
        in.flip();
    }

    @Benchmark
    public int encode() {
        return encoder.encodeTcp(out.clear(), source, destination, List.of(), "5f3a-1");
    }

    @Benchmark
    public ProxyHeaderResult decode() {
        return ProxyHeaderParser.parse(in.rewind());
    }
}
