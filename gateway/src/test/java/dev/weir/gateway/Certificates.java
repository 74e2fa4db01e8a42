package dev.weir.gateway;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A private authority and a server of 127.0.0.1 and localhost that it vouches for, as PEM files.
 *
 * @param ca the authority's certificate
 * @param certificate the server's
 * @param key the server's, PKCS#8
 */
record Certificates(Path ca, Path certificate, Path key) {

    static Certificates in(Path directory) throws IOException, GeneralSecurityException, OperatorCreationException {
        return in(directory, keys("EC", 256));
    }

    /** The same, with an RSA key of the server's. */
    static Certificates ofRsa(Path directory) throws IOException, GeneralSecurityException, OperatorCreationException {
        return in(directory, keys("RSA", 2048));
    }

    private static KeyPair keys(String algorithm, int size) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(size);
        return generator.generateKeyPair();
    }

    private static Certificates in(Path directory, KeyPair server)
            throws IOException, GeneralSecurityException, OperatorCreationException {
        KeyPair authority = keys("EC", 256);
        X500Name authorityName = new X500Name("CN=Weir test authority");
        X509CertificateHolder ca = builder(authorityName, authorityName, authority, 1)
                .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(authority.getPrivate()));
        GeneralNames names = new GeneralNames(new GeneralName[] {
            new GeneralName(GeneralName.iPAddress, "127.0.0.1"), new GeneralName(GeneralName.dNSName, "localhost")
        });
        X509CertificateHolder certificate = builder(authorityName, new X500Name("CN=localhost"), server, 2)
                .addExtension(Extension.subjectAlternativeName, false, names)
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(authority.getPrivate()));
        return new Certificates(
                pem(directory.resolve("ca.pem"), ca),
                pem(directory.resolve("server.pem"), certificate),
                pem(directory.resolve("server.key"), new JcaPKCS8Generator(server.getPrivate(), null)));
    }

    private static X509v3CertificateBuilder builder(X500Name issuer, X500Name subject, KeyPair pair, int serial) {
        Instant now = Instant.now();
        return new JcaX509v3CertificateBuilder(
                issuer,
                BigInteger.valueOf(serial),
                Date.from(now.minus(1, ChronoUnit.DAYS)),
                Date.from(now.plus(1, ChronoUnit.DAYS)),
                subject,
                pair.getPublic());
    }

    private static Path pem(Path file, Object object) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        }
        return Files.writeString(file, text.toString());
    }

    /** Trusts the authority and nobody else. */
    X509TrustManager trust() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        byte[] pem = Files.readString(ca).getBytes(StandardCharsets.US_ASCII);
        store.setCertificateEntry(
                "ca", CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem)));
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return (X509TrustManager) factory.getTrustManagers()[0];
    }
}
