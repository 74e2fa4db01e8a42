package dev.weir.streams.transport;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
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
        return server(certificate, key, provider());
    }

    static SslContext server(Path certificate, Path key, SslProvider provider) {
        try {
            return SslContextBuilder.forServer(certificate.toFile(), key.toFile())
                    .sslProvider(provider)
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
     * @param ca PEM of authorities that are trusted besides the JDK's; null for none
     */
    public static SslContext client(@Nullable Path ca) {
        return client(ca, provider());
    }

    static SslContext client(@Nullable Path ca, SslProvider provider) {
        try {
            SslContextBuilder builder = SslContextBuilder.forClient()
                    .sslProvider(provider)
                    .protocols(PROTOCOLS)
                    .endpointIdentificationAlgorithm("HTTPS");
            return (ca == null ? builder : builder.trustManager(trusted(ca))).build();
        } catch (GeneralSecurityException | IOException | IllegalArgumentException failure) {
            throw new IllegalArgumentException(
                    "weir.upstream.ca: " + ca + " (expected: a PEM file of certificates)", failure);
        }
    }

    private static X509Certificate[] trusted(Path ca) throws GeneralSecurityException, IOException {
        List<X509Certificate> trusted = new ArrayList<>();
        try (InputStream pem = Files.newInputStream(ca)) {
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                trusted.add((X509Certificate) each);
            }
        }
        if (trusted.isEmpty()) {
            throw new IllegalArgumentException(ca + ": no certificate (expected: at least one)");
        }
        TrustManagerFactory jdk = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        jdk.init((KeyStore) null);
        for (TrustManager each : jdk.getTrustManagers()) {
            if (each instanceof X509TrustManager manager) {
                trusted.addAll(List.of(manager.getAcceptedIssuers()));
            }
        }
        return trusted.toArray(X509Certificate[]::new);
    }

    private static SslProvider provider() {
        return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
    }
}
