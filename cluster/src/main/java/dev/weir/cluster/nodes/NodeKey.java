package dev.weir.cluster.nodes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The private key that a node shows others that it has. Pekko's provider, which reads it again when it changes, knows RSA alone. */
public final class NodeKey {

    private static final Pattern PKCS8 = Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]*)-----END PRIVATE KEY-----");

    private NodeKey() {}

    /** @throws IllegalArgumentException saying what was expected; without this the nodes would try to connect for ever */
    public static void requireRsa(Path file) {
        try {
            String pem = Files.readString(file);
            if (pem.contains("-----BEGIN RSA PRIVATE KEY-----")) {
                return;
            }
            Matcher key = PKCS8.matcher(pem);
            if (!key.find()) {
                throw new IllegalArgumentException(message(file));
            }
            byte[] der = Base64.getMimeDecoder().decode(key.group(1));
            KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (IOException | GeneralSecurityException other) {
            throw new IllegalArgumentException(message(file), other);
        }
    }

    private static String message(Path file) {
        return "weir.cluster.tls.key: " + file + " is no RSA key (expected: one in PEM, PKCS#8 or PKCS#1, without a"
                + " passphrase)";
    }
}
