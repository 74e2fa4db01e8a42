package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIServiceException;
import com.openai.errors.PermissionDeniedException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.models.Model;
import dev.weir.streams.mock.MockSettings;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The main job: an OpenAI SDK that knows nothing of Weir, pointed at it. */
class JourneyTest {

    private static House house;
    private static String key;

    @BeforeAll
    static void open() {
        house = House.with(
                MockSettings.forTests(),
                House.model("chat", "mock;tokens=12"),
                House.model("tools", "mock;tokens=8;tools"),
                House.model("reasoning", "mock;tokens=8;reasoning=4"),
                House.model("bad", "mock;status=400"),
                House.model("limited", "mock;status=429;retry-after=7"),
                House.model("broken", "mock;status=500"),
                House.model("missing", "mock;status=404"),
                House.model("forbidden", "mock"),
                House.model("our-fault", "mock;status=401"));
        key = house.key(
                "{\"models\":[\"chat\",\"tools\",\"reasoning\",\"bad\",\"limited\",\"broken\",\"missing\",\"our-fault\"]}");
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static OpenAIClient client(String apiKey) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(house.url() + "/v1")
                .apiKey(apiKey)
                .maxRetries(0)
                .build();
    }

    private static ChatCompletionCreateParams.Builder call(String model) {
        return ChatCompletionCreateParams.builder().model(model).addUserMessage("Say something.");
    }

    private static String tokens(int count) {
        return IntStream.range(0, count).mapToObj(k -> "t" + k + " ").collect(Collectors.joining());
    }

    @Test
    void aWholeAnswerArrivesWithItsUsage() {
        ChatCompletion answer =
                client(key).chat().completions().create(call("chat").build());

        assertThat(answer.choices().getFirst().message().content()).contains(tokens(12));
        assertThat(answer.usage().orElseThrow().completionTokens()).isEqualTo(12);
    }

    @Test
    void aStreamArrivesTokenByTokenInOrder() {
        try (StreamResponse<ChatCompletionChunk> stream =
                client(key).chat().completions().createStreaming(call("chat").build())) {
            List<ChatCompletionChunk> chunks = stream.stream().toList();

            String text = chunks.stream()
                    .flatMap(chunk -> chunk.choices().stream())
                    .flatMap(choice -> choice.delta().content().stream())
                    .collect(Collectors.joining());
            assertThat(text).isEqualTo(tokens(12));
            assertThat(chunks).allSatisfy(chunk -> assertThat(chunk.choices()).isNotEmpty());
        }
    }

    @Test
    void usageIsToldInAStreamToAClientThatAskedForIt() {
        ChatCompletionCreateParams params = call("chat")
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();

        try (StreamResponse<ChatCompletionChunk> stream =
                client(key).chat().completions().createStreaming(params)) {
            ChatCompletionChunk last =
                    stream.stream().reduce((first, second) -> second).orElseThrow();

            assertThat(last.choices()).isEmpty();
            assertThat(last.usage().orElseThrow().completionTokens()).isEqualTo(12);
        }
    }

    @Test
    void toolCallArgumentsArriveInFragments() {
        try (StreamResponse<ChatCompletionChunk> stream =
                client(key).chat().completions().createStreaming(call("tools").build())) {
            String arguments = stream.stream()
                    .flatMap(chunk -> chunk.choices().stream())
                    .flatMap(choice -> choice.delta().toolCalls().stream())
                    .flatMap(List::stream)
                    .flatMap(toolCall -> toolCall.function().stream())
                    .flatMap(function -> function.arguments().stream())
                    .collect(Collectors.joining());

            assertThat(arguments).contains(tokens(8));
        }
    }

    @Test
    void theListOfModelsIsWhatTheKeyMayUse() {
        List<String> names =
                client(key).models().list().data().stream().map(Model::id).toList();

        assertThat(names).contains("chat", "tools").doesNotContain("forbidden");
    }

    @Test
    void aBadRequestOfTheProvidersIsABadRequest() {
        assertThatThrownBy(() ->
                        client(key).chat().completions().create(call("bad").build()))
                .isInstanceOf(BadRequestException.class);
    }

    @Test
    void aModelThatDoesNotExistIsABadRequestThatNamesIt() {
        assertThatThrownBy(() ->
                        client(key).chat().completions().create(call("nonesuch").build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("nonesuch");
    }

    @Test
    void anUnknownKeyIsUnauthorized() {
        assertThatThrownBy(() -> client("sk-nobody-knows")
                        .chat()
                        .completions()
                        .create(call("chat").build()))
                .isInstanceOf(UnauthorizedException.class);
    }

    @Test
    void aModelThatTheKeyMayNotUseIsForbidden() {
        assertThatThrownBy(() -> client(key)
                        .chat()
                        .completions()
                        .create(call("forbidden").build()))
                .isInstanceOf(PermissionDeniedException.class);
    }

    @Test
    void aModelThatIsNotListedIsNotFound() {
        assertThatThrownBy(() -> client(key).models().retrieve("nonesuch")).isInstanceOf(NotFoundException.class);
    }

    @Test
    void anExhaustedLimitIsARateLimitException() {
        String small = house.key("{\"rpm_limit\":1}");
        client(small).chat().completions().create(call("chat").build());

        assertThatThrownBy(() ->
                        client(small).chat().completions().create(call("chat").build()))
                .isInstanceOf(RateLimitException.class);
    }

    @Test
    void aProvidersRateLimitIsARateLimitExceptionWithItsRetryAfter() {
        assertThatThrownBy(() ->
                        client(key).chat().completions().create(call("limited").build()))
                .isInstanceOfSatisfying(
                        RateLimitException.class,
                        limited -> assertThat(limited.headers().values("retry-after"))
                                .containsExactly("7"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"broken", "our-fault"})
    void aFailureBehindTheGatewayIsAServerError(String model) {
        assertThatThrownBy(() ->
                        client(key).chat().completions().create(call(model).build()))
                .isInstanceOf(InternalServerException.class);
    }

    @Test
    void aRefusedCredentialOfOursIsNotTheClients() {
        assertThatThrownBy(() -> client(key)
                        .chat()
                        .completions()
                        .create(call("our-fault").build()))
                .isInstanceOfSatisfying(OpenAIServiceException.class, failure -> {
                    assertThat(failure.statusCode()).isEqualTo(502);
                    assertThat(failure.body().toString()).contains("upstream_auth_error");
                });
    }

    @Test
    void aProvidersNotFoundKeepsItsStatus() {
        assertThatThrownBy(() ->
                        client(key).chat().completions().create(call("missing").build()))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void aClientsKeyNeverReachesTheUpstream() {
        house.chat(key, "chat");

        assertThat(house.witness().sightings()).allSatisfy(sighting -> {
            assertThat(sighting.headers().toString()).doesNotContain(key);
            assertThat(sighting.headers().toString()).contains("sk-upstream-credential");
        });
    }
}
