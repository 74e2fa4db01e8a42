package dev.weir.perf.sabotage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.dynamic.loading.ByteArrayClassLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class CutTest {

    private static final ClassLoader LOADER = CutTest.class.getClassLoader();

    /** Says how much is right after so many calls. */
    public static final class Product implements IntUnaryOperator {
        private final List<Object> rows = new ArrayList<>();
        private int released;
        private long held;

        @Override
        public int applyAsInt(int calls) {
            for (int call = 0; call < calls; call++) {
                end(call);
                release();
                hold(call);
            }
            return rows.size() + released + (int) held;
        }

        private void end(Object row) {
            rows.add(row);
        }

        private void release() {
            released++;
        }

        private void hold(Object need) {
            held += amount(need);
        }

        long amount(Object need) {
            return 1;
        }

        void twice() {}

        void twice(int overloaded) {}
    }

    @ParameterizedTest
    @EnumSource
    void everySabotageHasItsPlaceInTheProduct(Sabotage sabotage) throws IOException {
        for (Cut cut : Cut.of(sabotage)) {
            byte[] broken = cut.appliedTo(file(cut), others());

            assertThat(broken).isNotEqualTo(file(cut));
        }
    }

    @Test
    void oneRowInAHundredIsLost() throws Exception {
        Cut cut = Cut.advised(Product.class.getName(), "end", Cut.LosesSome.class);

        assertThat(broken(cut).applyAsInt(3_000)).isEqualTo(2_970 + 3_000 + 3_000);
    }

    @Test
    void onePermitInTwentyIsKept() throws Exception {
        Cut cut = Cut.advised(Product.class.getName(), "release", Cut.KeepsSome.class);

        assertThat(broken(cut).applyAsInt(3_000)).isEqualTo(3_000 + 2_850 + 3_000);
    }

    @Test
    void nothingIsHeld() throws Exception {
        Cut cut =
                Cut.substituted(Product.class.getName(), "hold", "amount", "holdsNothing", Object.class, Object.class);

        assertThat(broken(cut).applyAsInt(3_000)).isEqualTo(3_000 + 3_000);
    }

    @Test
    void aMethodThatIsGoneIsSaid() {
        Cut cut = Cut.advised(Product.class.getName(), "gone", Cut.Burns.class);

        assertThatThrownBy(() -> cut.appliedTo(file(cut), others()))
                .hasMessage(Product.class.getName() + " has 0 methods gone (expected: 1)");
    }

    @Test
    void twoMethodsOfTheNameAreSaid() {
        Cut cut = Cut.advised(Product.class.getName(), "twice", Cut.Burns.class);

        assertThatThrownBy(() -> cut.appliedTo(file(cut), others()))
                .hasMessage(Product.class.getName() + " has 2 methods twice (expected: 1)");
    }

    @Test
    void aMethodThatNoLongerCallsWhatIsReplacedIsSaid() {
        Cut cut = Cut.substituted(
                Product.class.getName(), "release", "amount", "holdsNothing", Object.class, Object.class);

        assertThatThrownBy(() -> cut.appliedTo(file(cut), others())).isInstanceOf(IllegalStateException.class);
    }

    private static byte[] file(Cut cut) throws IOException {
        return others().locate(cut.type()).resolve();
    }

    private static ClassFileLocator others() {
        return ClassFileLocator.ForClassLoader.of(LOADER);
    }

    private static IntUnaryOperator broken(Cut cut) throws Exception {
        ClassLoader loader =
                new ByteArrayClassLoader.ChildFirst(LOADER, Map.of(cut.type(), cut.appliedTo(file(cut), others())));
        return (IntUnaryOperator)
                loader.loadClass(cut.type()).getDeclaredConstructor().newInstance();
    }
}
