package dev.weir.perf.load;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The load as a process of its own.
 *
 * <p>It prints {@code measuring} and {@code measured} when the measured window begins and ends, then its {@link LoadResult} as
 * one line of JSON.
 */
@Command(
        name = "load",
        mixinStandardHelpOptions = true,
        description = "Virtual users that call a chat completions route and check every answer.")
public final class Load implements Callable<Integer> {
    @Option(names = "--url", required = true, description = "The whole URL: http://127.0.0.1:4000/v1/chat/completions")
    private URI url = URI.create("");

    @Option(
            names = "--users",
            defaultValue = "50",
            description = "Connections, one call each at a time; with --rate at most so many.")
    private int users;

    @Option(names = "--rate", description = "Calls a second at their times, whether or not earlier ones have ended.")
    private @Nullable Double rate;

    @Option(names = "--poisson", description = "With --rate: exponential intervals instead of equal ones.")
    private boolean poisson;

    @Option(
            names = "--pause",
            defaultValue = "0",
            description = "Without --rate: the most seconds that a user waits before it calls again.")
    private double pause;

    @Option(names = "--seconds", defaultValue = "10", description = "How long to measure.")
    private double seconds;

    @Option(names = "--warmup", defaultValue = "5", description = "Seconds before that.")
    private double warmup;

    @Option(names = "--ramp", defaultValue = "2", description = "Seconds of the warm-up over which the users join.")
    private double ramp;

    @Option(names = "--timeout", defaultValue = "30", description = "Seconds after which a call has failed.")
    private double timeout;

    @Option(names = "--model", defaultValue = "mock")
    private String model = "";

    @Option(names = "--key", defaultValue = "", description = "The API key.")
    private String key = "";

    @Option(names = "--header", paramLabel = "LINE", description = "Another header: 'Name: value'.")
    private List<String> headers = new ArrayList<>();

    @Option(names = "--stream", description = "Stream the answers.")
    private boolean streamed;

    @Option(names = "--tokens", defaultValue = "20", description = "How many tokens the answer is expected to have.")
    private int tokens;

    @Option(names = "--event-bytes", defaultValue = "0", description = "To which the text of each token is padded.")
    private int eventBytes;

    @Option(names = "--prompt-bytes", defaultValue = "500", description = "Size of the user's message.")
    private int promptBytes;

    @Option(names = "--leave-share", defaultValue = "0", description = "Share of streams left after a random token.")
    private double leaveShare;

    @Option(names = "--slow-share", defaultValue = "0", description = "Share of users that read slowly.")
    private double slowShare;

    @Option(names = "--slow-bytes", defaultValue = "16384", description = "Bytes a second that these read.")
    private int slowBytes;

    @Option(names = "--refusals", description = "429 and 503 are expected, and no failures.")
    private boolean refusals;

    public static void main(String[] args) {
        InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE); // to stderr: stdout is for the result
        System.exit(new CommandLine(new Load()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        try (Crowd crowd =
                Crowd.start(settings(), phase -> System.out.println(phase.name().toLowerCase(Locale.ROOT)))) {
            System.out.println(
                    new ObjectMapper().writeValueAsString(crowd.result().get()));
        }
        return 0;
    }

    private LoadSettings settings() {
        List<String> lines = new ArrayList<>(headers);
        if (!key.isEmpty()) {
            lines.add("authorization: Bearer " + key);
        }
        return new LoadSettings(
                url,
                new LoadSettings.Call(model, lines, streamed, tokens, eventBytes, promptBytes),
                rate == null
                        ? new LoadSettings.Arrivals.Closed(users, pause)
                        : new LoadSettings.Arrivals.Open(rate, poisson, users),
                new LoadSettings.Habits(leaveShare, slowShare, slowBytes, refusals),
                new LoadSettings.Times(ramp, warmup, seconds, timeout));
    }
}
