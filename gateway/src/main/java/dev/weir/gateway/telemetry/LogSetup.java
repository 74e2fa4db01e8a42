package dev.weir.gateway.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.Map;
import org.slf4j.Logger;

/**
 * Weir's own log: one line an event, to standard error. Found by logback as a service. In the code, because an XML file
 * costs every process a parser and what interprets it, some five hundred classes.
 *
 * <p>{@code -Dlogback.configurationFile} names a file in its place. {@code WEIR_LOG_LEVEL} is Weir's level and {@code
 * WEIR_LOG_LEVEL_PEKKO} that of Pekko.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class LogSetup extends ContextAwareBase implements Configurator {

    private static final String OWN_FILE = "logback.configurationFile";
    private static final String PATTERN =
            "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{24} - %msg%n%nopex%ex{short}";

    private static final Map<String, Level> OTHERS = Map.of(
            // What a broken connection means is said by those who needed it.
            "com.zaxxer.hikari", Level.ERROR,
            "org.flywaydb", Level.WARN,
            "kamon", Level.WARN,
            "io.netty", Level.WARN);

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (System.getProperty(OWN_FILE) != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setPattern(PATTERN);
        ConsoleAppender<ILoggingEvent> errors = new ConsoleAppender<>();
        errors.setName("STDERR");
        errors.setTarget("System.err");
        errors.setEncoder(encoder);
        encoder.setContext(context);
        encoder.start();
        errors.setContext(context);
        errors.start();
        ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(level("WEIR_LOG_LEVEL", Level.INFO));
        root.addAppender(errors);
        // A node alone talks of its own cluster at length.
        context.getLogger("org.apache.pekko").setLevel(level("WEIR_LOG_LEVEL_PEKKO", Level.WARN));
        OTHERS.forEach((name, level) -> context.getLogger(name).setLevel(level));
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    private static Level level(String variable, Level standard) {
        return Level.toLevel(System.getenv(variable), standard);
    }
}
