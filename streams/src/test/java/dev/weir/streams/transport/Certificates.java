package dev.weir.streams.transport;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority of a test's own, and the certificates that it signs, as PEM files. */
final class Certificates {

    /** A leaf's files. */
    record Leaf(Path certificate, Path key) {}

    private final Path folder;
    private final KeyPair keys;
    private final X509Certificate authority;
    private int serial = 1;

    Certificates(Path folder) {
        this.folder = folder;
        this.keys = keys();
        Instant now = Instant.now();
        this.authority = signed("CN=Test CA", keys, "CN=Test CA", true, "", now.plus(Duration.ofDays(2)));
    }

    /** PEM of the authority. */
    Path authority() {
        return write("ca.pem", pem("CERTIFICATE", authority));
    }

    /** @param host a DNS name, or an IP address */
    Leaf leaf(String host) {
        return leaf(host, Duration.ofDays(1));
    }

    Leaf expiredLeaf(String host) {
        return leaf(host, Duration.ofHours(-1));
    }

    private Leaf leaf(String host, Duration validFor) {
        KeyPair own = keys();
        X509Certificate certificate = signed(
                "CN=leaf " + serial,
                own,
                "CN=Test CA",
                false,
                host,
                Instant.now().plus(validFor));
        return new Leaf(
                write("leaf" + serial + ".pem", pem("CERTIFICATE", certificate)),
                write("leaf" + serial + ".key", pem("PRIVATE KEY", own.getPrivate())));
    }

    private X509Certificate signed(
            String subject, KeyPair subjectKeys, String issuer, boolean isAuthority, String host, Instant until) {
        try {
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    new X500Name(issuer),
                    BigInteger.valueOf(serial++),
                    Date.from(Instant.now().minus(Duration.ofDays(3))),
                    Date.from(until),
                    new X500Name(subject),
                    subjectKeys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
            if (!host.isEmpty()) {
                boolean address = Character.isDigit(host.charAt(0));
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, host)));
            }
            PrivateKey signer = keys.getPrivate();
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer)));
        } catch (CertIOException | OperatorCreationException | GeneralSecurityException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(256);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static String pem(String what, Object encoded) {
        try {
            byte[] der = encoded instanceof X509Certificate certificate
                    ? certificate.getEncoded()
                    : ((PrivateKey) encoded).getEncoded();
            return "-----BEGIN " + what + "-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + what
                    + "-----\n";
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private Path write(String name, String text) {
        try {
            return Files.writeString(folder.resolve(name), text);
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
