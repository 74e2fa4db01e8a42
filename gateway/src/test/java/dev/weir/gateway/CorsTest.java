package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.streams.mock.MockSettings;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Pages of the origins that were named may call, others may not, and without a setting nobody may. */
class CorsTest {

    private static final String PAGE = "https://chat.example.com";
    private static final String PATH = "/v1/chat/completions";

    private static House house;
    private static House closed;

    @BeforeAll
    static void open() {
        house = House.with(
                MockSettings.forTests(),
                House.model("m", "mock"),
                "weir:\n  cors: {allowed_origins: [\"" + PAGE + "\"]}\n");
        closed = House.of("tokens=1");
    }

    @AfterAll
    static void close() {
        house.close();
        closed.close();
    }

    private static HttpResponse<String> preflight(House asked, String origin) {
        return asked.visitor()
                .method(
                        "OPTIONS",
                        PATH,
                        null,
                        "Origin",
                        origin,
                        "Access-Control-Request-Method",
                        "POST",
                        "Access-Control-Request-Headers",
                        "authorization, x-stainless-os");
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }

    @Test
    void aPageThatWasNamedMayAsk() {
        HttpResponse<String> answer = preflight(house, PAGE);

        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(header(answer, "access-control-allow-origin")).isEqualTo(PAGE);
        assertThat(header(answer, "access-control-allow-methods")).contains("POST");
        assertThat(header(answer, "access-control-allow-headers")).isEqualTo("authorization, x-stainless-os");
        assertThat(header(answer, "vary")).isEqualTo("Origin");
    }

    @Test
    void anotherPageMayNot() {
        HttpResponse<String> answer = preflight(house, "https://evil.example.com");

        assertThat(answer.headers().map().keySet()).noneMatch(name -> name.startsWith("access-control"));
        assertThat(house.chat(House.MASTER, "m", "Origin", "https://evil.example.com")
                        .headers()
                        .map())
                .doesNotContainKey("access-control-allow-origin");
    }

    @Test
    void answersAndRefusalsCanBeReadByThePage() {
        HttpResponse<String> answer = house.chat(House.MASTER, "m", "Origin", PAGE);
        HttpResponse<String> refusal = house.chat("sk-nobody-knows", "m", "Origin", PAGE);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "access-control-allow-origin")).isEqualTo(PAGE);
        assertThat(refusal.statusCode()).isEqualTo(401);
        assertThat(header(refusal, "access-control-allow-origin")).isEqualTo(PAGE);
        assertThat(header(refusal, "access-control-expose-headers")).isEqualTo("*");
    }

    @Test
    void anyPageMayWhereTheStarWasNamed() {
        try (House all = House.with(
                MockSettings.forTests(), House.model("m", "mock"), "weir:\n  cors: {allowed_origins: [\"*\"]}\n")) {
            assertThat(header(preflight(all, "https://evil.example.com"), "access-control-allow-origin"))
                    .isEqualTo("*");
        }
    }

    @Test
    void withoutTheSettingThereIsNone() {
        HttpResponse<String> answer = preflight(closed, PAGE);

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(closed.chat(House.MASTER, "m", "Origin", PAGE).headers().map())
                .doesNotContainKey("access-control-allow-origin");
    }
}
