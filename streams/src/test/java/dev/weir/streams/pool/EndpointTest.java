package dev.weir.streams.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses of deployments. */
class EndpointTest {

    @ParameterizedTest
    @CsvSource({
        "https://api.openai.com/v1, api.openai.com, 443, true, /v1, api.openai.com",
        "https://api.openai.com:8443/v1///, api.openai.com, 8443, true, /v1, api.openai.com:8443",
        "http://localhost, localhost, 80, false, '', localhost",
        "HTTP://10.0.0.1:443/, 10.0.0.1, 443, false, '', 10.0.0.1:443",
        "http://[::1]:8000/a%20b, ::1, 8000, false, /a%20b, '[::1]:8000'"
    })
    void anAddressSaysWhereAndHow(String base, String host, int port, boolean tls, String path, String authority) {
        Endpoint endpoint = Endpoint.of(URI.create(base));

        assertThat(endpoint).isEqualTo(new Endpoint(host, port, tls, path));
        assertThat(endpoint.authority()).isEqualTo(authority);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://host/v1",
                "/v1",
                "host:80",
                "http:///v1",
                "https://host/v1?api-version=1",
                "https://host/v1#x",
                "http://host:0",
                "http://host:70000"
            })
    void whatCannotBeCalledIsRefusedWithTheExpectation(String base) {
        assertThatThrownBy(() -> Endpoint.of(URI.create(base)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected: http(s)://host[:port][/path]");
    }

    @Test
    void aPasswordInAnAddressIsRefusedWithoutBeingRepeated() {
        assertThatThrownBy(() -> Endpoint.of(URI.create("https://user:hunter2@host/v1")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("hunter2");
    }
}
