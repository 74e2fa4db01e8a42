package dev.weir.perf.sabotage;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import net.bytebuddy.dynamic.ClassFileLocator;
import org.jspecify.annotations.Nullable;

/**
 * Breaks the JVM's product before its main method runs: {@code -javaagent:weir-sabotage.jar=hold}.
 *
 * <p>Its classes are loaded here and now. If one is not there, was loaded before, or is not as {@link Cut} expects it, the process
 * ends with exit code {@value #EXIT_CODE} and says why: a whole product that is taken for a broken one would make the guards
 * look blind. When the process ends in order it says how often the damage was done.
 */
public final class Agent implements ClassFileTransformer {

    static final int EXIT_CODE = 3;

    private final Cut cut;
    private boolean done;
    private @Nullable Throwable failure;

    private Agent(Cut cut) {
        this.cut = cut;
    }

    /** Called by the JVM. */
    public static void premain(@Nullable String argument, Instrumentation instrumentation) {
        try {
            Sabotage sabotage = Sabotage.of(String.valueOf(argument));
            for (Cut cut : Cut.of(sabotage)) {
                new Agent(cut).apply(instrumentation);
                say(sabotage, cut.type() + "." + cut.method() + " is broken");
            }
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(
                            () -> say(sabotage, "harmed the product " + Damage.done() + " times"), "end-sabotage"));
        } catch (Throwable any) { // Whatever it is: it must not let the product start.
            System.err.println("sabotage is impossible: " + any);
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }

    private static void say(Sabotage sabotage, String what) {
        System.err.println("sabotage " + sabotage + ": " + what);
    }

    private void apply(Instrumentation instrumentation) throws Throwable {
        instrumentation.addTransformer(this);
        Class.forName(cut.type(), false, ClassLoader.getSystemClassLoader());
        instrumentation.removeTransformer(this);
        if (failure != null) {
            throw failure;
        }
        if (!done) {
            throw new IllegalStateException(cut.type() + " was loaded before it could be broken");
        }
    }

    /** The JVM would swallow what this throws, so it is kept. */
    @Override
    public byte @Nullable [] transform(
            @Nullable ClassLoader loader,
            @Nullable String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] file) {
        if (!cut.type().replace('.', '/').equals(name)) {
            return null;
        }
        try {
            byte[] broken = cut.appliedTo(file, ClassFileLocator.ForClassLoader.of(loader));
            done = true;
            return broken;
        } catch (Throwable any) {
            failure = any;
            return null;
        }
    }
}
