package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.streams.mock.MockSettings;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;

/** Pages that call from a browser. */
class CorsTest {

    private static HttpResponse<String> preflight(House house, String origin) {
        return Visitor.send(HttpRequest.newBuilder(URI.create(house.url() + "/v1/chat/completions"))
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "authorization,content-type")
                .build());
    }

    @Test
    void aListedOriginMayCallAndAnotherMayNot() {
        try (House house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock"),
                "\nweir:\n  cors: {allowed_origins: [\"https://chat.example\"]}\n")) {
            HttpResponse<String> allowed = preflight(house, "https://chat.example");
            HttpResponse<String> other = preflight(house, "https://evil.example");
            HttpResponse<String> call = house.post(
                    "/v1/chat/completions", house.key("{}"), House.body("m", false), "Origin", "https://chat.example");
            HttpResponse<String> refused = house.post(
                    "/v1/chat/completions", "sk-unknown", House.body("m", false), "Origin", "https://chat.example");

            assertThat(allowed.statusCode()).isEqualTo(204);
            assertThat(allowed.headers().firstValue("access-control-allow-origin"))
                    .contains("https://chat.example");
            assertThat(allowed.headers().firstValue("access-control-allow-headers"))
                    .contains("authorization,content-type");
            assertThat(other.headers().firstValue("access-control-allow-origin"))
                    .isEmpty();
            assertThat(call.headers().firstValue("access-control-allow-origin")).contains("https://chat.example");
            assertThat(refused.headers().firstValue("access-control-allow-origin"))
                    .contains("https://chat.example");
        }
    }

    @Test
    void withoutTheSettingNoPageMayCall() {
        try (House house = House.of("tokens=1")) {
            HttpResponse<String> answer = preflight(house, "https://chat.example");

            assertThat(answer.statusCode()).isEqualTo(405);
            assertThat(answer.headers().firstValue("access-control-allow-origin"))
                    .isEmpty();
        }
    }
}
