package lb.cli.it;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.TestStream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TlsPassthroughTest {

    private static final int BYTES = 10 << 20;

    @Test
    void tlsPassesThroughUntouched() throws Exception {
        X509Bundle certificate = new CertificateBuilder().subject("CN=db.example.test").addSanDnsName("db.example.test")
                .setIsCertificateAuthority(true).buildSelfSigned();
        SSLContext serverSide = SSLContext.getInstance("TLS");
        serverSide.init(certificate.toKeyManagerFactory().getKeyManagers(), null, null);
        SSLContext clientSide = SSLContext.getInstance("TLS");
        clientSide.init(null, certificate.toTrustManagerFactory().getTrustManagers(), null);

        try (SSLServerSocket server = (SSLServerSocket) serverSide.getServerSocketFactory().createServerSocket(0, 50,
                InetAddress.getLoopbackAddress());
                // Probes would be clients that do not speak TLS.
                LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--health", "off", "--backend",
                        "127.0.0.1:" + server.getLocalPort());
                Socket plain = lb.connect();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<SSLSession> atServer = threads.submit(() -> echo(server));
            try (SSLSocket client = (SSLSocket) clientSide.getSocketFactory().createSocket(plain, "db.example.test",
                    lb.port(), false)) {
                verifyHostName(client);
                Future<?> sending = threads.submit(() -> {
                    TestStream.write(client.getOutputStream(), BYTES);
                    client.shutdownOutput();
                    return null;
                });
                assertThat(TestStream.readToEnd(client.getInputStream())).isEqualTo(BYTES);
                sending.get();
                // Equal on both ends: nobody in between had a part in the handshake.
                assertThat(client.getSession().getPeerCertificates()).containsExactly(certificate.getCertificate());
                assertThat(client.getSession().getProtocol()).isEqualTo("TLSv1.3")
                        .isEqualTo(atServer.get().getProtocol());
                assertThat(client.getSession().getCipherSuite()).isEqualTo(atServer.get().getCipherSuite());
            }
        }
    }

    private static void verifyHostName(SSLSocket client) {
        SSLParameters parameters = client.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        parameters.setServerNames(List.of(new SNIHostName("db.example.test")));
        client.setSSLParameters(parameters);
    }

    private static SSLSession echo(SSLServerSocket server) throws Exception {
        try (SSLSocket peer = (SSLSocket) server.accept()) {
            peer.getInputStream().transferTo(peer.getOutputStream());
            return peer.getSession();
        }
    }
}
