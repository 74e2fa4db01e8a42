package dev.weir.perf.sabotage;

import java.util.List;
import java.util.OptionalLong;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.asm.AsmVisitorWrapper;
import net.bytebuddy.asm.MemberSubstitution;
import net.bytebuddy.description.method.MethodDescription;
import net.bytebuddy.description.method.MethodList;
import net.bytebuddy.description.type.TypeDescription;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.matcher.ElementMatchers;
import net.bytebuddy.pool.TypePool;

/**
 * Where one {@link Sabotage} is put into the product, and how: a class file in, the same with one method broken out.
 *
 * @param type the class, by its full name
 * @param method of which the class has to have exactly one
 */
record Cut(String type, String method, AsmVisitorWrapper change) {

    private static final String ROW_WRITER = "dev.weir.actors.meter.RowWriter";

    /** All that it takes: of a class each. */
    static List<Cut> of(Sabotage sabotage) {
        return switch (sabotage) {
            case HOLD ->
                List.of(substituted(
                        "dev.weir.actors.meter.OwnSlices",
                        "take",
                        "amount",
                        "holdsNothing",
                        Object.class,
                        Object.class));
            case PERMIT -> List.of(advised("dev.weir.streams.pool.UpstreamPool", "release", KeepsSome.class));
            case ROW -> List.of(advised("dev.weir.cluster.ledger.Backlog$Rows", "put", LosesSome.class));
            case BUSYWAIT -> List.of(advised("dev.weir.streams.relay.Attempt", "data", Burns.class));
            case PERSIST ->
                List.of(substituted(
                        ROW_WRITER,
                        "send",
                        "write",
                        "acknowledges",
                        Object.class,
                        Object.class,
                        long.class,
                        Object.class));
            case DEDUPE ->
                List.of(substituted(
                        "dev.weir.actors.meter.Purse", "settle", "remove", "settlesAgain", Object.class, Object.class));
            case EPOCH ->
                List.of(
                        advised("dev.weir.cluster.nodes.Authority", "holds", IsSure.class),
                        advised("dev.weir.cluster.nodes.NodeTable", "renew", IsRenewed.class),
                        advised(ROW_WRITER, "isMine", IsSure.class),
                        advised("dev.weir.cluster.nodes.StoreLease", "goesOn", IsSure.class));
        };
    }

    /** {@code advice} runs before the method, or after it. */
    static Cut advised(String type, String method, Class<?> advice) {
        return new Cut(type, method, Advice.to(advice).on(ElementMatchers.named(method)));
    }

    /**
     * Each call of {@code callee} in the method is one of {@code damage} instead.
     *
     * @param damage a method of {@link Damage}
     * @param parameters the callee's owner and its parameters, as {@code damage} takes them
     */
    static Cut substituted(String type, String method, String callee, String damage, Class<?>... parameters) {
        try {
            AsmVisitorWrapper change = MemberSubstitution.strict()
                    .failIfNoMatch(true)
                    .method(ElementMatchers.named(callee))
                    .replaceWith(Damage.class.getMethod(damage, parameters))
                    .on(ElementMatchers.named(method));
            return new Cut(type, method, change);
        } catch (NoSuchMethodException bug) {
            throw new IllegalStateException(bug);
        }
    }

    /**
     * The broken class.
     *
     * @param file the whole one, as it is loaded
     * @param others finds the classes that it mentions
     * @throws IllegalStateException when the method, or what is to be replaced in it, is not there
     */
    byte[] appliedTo(byte[] file, ClassFileLocator others) {
        ClassFileLocator all = new ClassFileLocator.Compound(ClassFileLocator.Simple.of(type, file), others);
        TypePool pool = TypePool.Default.of(all);
        TypeDescription whole = pool.describe(type).resolve();
        MethodList<MethodDescription.InDefinedShape> found =
                whole.getDeclaredMethods().filter(ElementMatchers.named(method));
        if (found.size() != 1) {
            throw new IllegalStateException(type + " has " + found.size() + " methods " + method + " (expected: 1)");
        }
        return new ByteBuddy().decorate(whole, all).visit(change).make(pool).getBytes();
    }

    /** Skips the method now and then. */
    static final class KeepsSome {
        @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
        static boolean enter() {
            return Damage.keeps();
        }
    }

    /** Skips the method seldom. */
    static final class LosesSome {
        @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
        static boolean enter() {
            return Damage.loses();
        }
    }

    /** Costs time before the method. */
    static final class Burns {
        @Advice.OnMethodEnter
        static void enter() {
            Damage.burn();
        }
    }

    /** The answer is yes. */
    static final class IsSure {
        @Advice.OnMethodExit
        static void exit(@Advice.Return(readOnly = false) boolean answer) {
            answer = Damage.isSure(answer);
        }
    }

    /** There is an answer. */
    static final class IsRenewed {
        @Advice.OnMethodExit
        static void exit(@Advice.Return(readOnly = false) OptionalLong answer) {
            answer = Damage.isRenewed(answer);
        }
    }
}
