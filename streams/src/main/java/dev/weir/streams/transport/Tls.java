package dev.weir.streams.transport;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** TLS at the door and towards upstreams: BoringSSL where it is there, the JDK's elsewhere; 1.2 and 1.3 only. */
public final class Tls {

    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    private Tls() {}

    /**
     * The door's side.
     *
     * @param certificate PEM, the chain from the leaf up
     * @param key PEM, PKCS#8, not encrypted
     */
    public static SslContext server(Path certificate, Path key) {
        try {
            return SslContextBuilder.forServer(certificate.toFile(), key.toFile())
                    .sslProvider(provider())
                    .protocols(PROTOCOLS)
                    .build();
        } catch (SSLException | IllegalArgumentException failure) {
            throw new IllegalArgumentException(
                    "weir.tls: " + certificate + ", " + key + " (expected: a PEM certificate chain and its PKCS#8 key)",
                    failure);
        }
    }

    /**
     * The upstream side: host names are verified.
     *
     * @param ca PEM of the only authorities trusted; null for the JDK's
     */
    public static SslContext client(@Nullable Path ca) {
        try {
            SslContextBuilder builder = SslContextBuilder.forClient()
                    .sslProvider(provider())
                    .protocols(PROTOCOLS)
                    .endpointIdentificationAlgorithm("HTTPS");
            return (ca == null ? builder : builder.trustManager(ca.toFile())).build();
        } catch (SSLException | IllegalArgumentException failure) {
            throw new IllegalArgumentException(
                    "weir.upstream.ca: " + ca + " (expected: a PEM file of certificates)", failure);
        }
    }

    private static SslProvider provider() {
        return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
    }
}
