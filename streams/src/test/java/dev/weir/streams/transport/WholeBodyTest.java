package dev.weir.streams.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

class WholeBodyTest {

    @Test
    void onePieceTakesAnArrayOfItsLength() {
        WholeBody body = new WholeBody();

        assertThat(body.add(ByteString.fromString("piece"), 100)).isTrue();

        assertThat(body.array()).hasSize(5);
        assertThat(body.bytes()).isEqualTo(ByteString.fromString("piece"));
    }

    @Test
    void piecesOfAByteTakeNoMoreThanTwiceTheirBytes() {
        WholeBody body = new WholeBody();
        for (int i = 0; i < 100_000; i++) {
            byte[] piece = {(byte) i};
            assertThat(
                            i % 2 == 0
                                    ? body.add(ByteString.fromArray(piece), 100_000)
                                    : body.add(Unpooled.wrappedBuffer(piece), 100_000))
                    .isTrue();
            assertThat(body.array().length).isLessThanOrEqualTo(2 * body.length());
        }

        ByteString bytes = body.bytes();
        assertThat(bytes.length()).isEqualTo(100_000);
        for (int i = 0; i < 100_000; i++) {
            assertThat(bytes.apply(i)).isEqualTo((byte) i);
        }
    }

    @Test
    void aPromisedBodyIsCopiedOnceMoreAtMostWhenAQuarterIsThere() {
        WholeBody body = new WholeBody(1_000);

        assertThat(body.add(ByteString.fromArray(new byte[249]), 1_000_000)).isTrue();
        assertThat(body.array()).hasSize(249);

        assertThat(body.add(ByteString.fromArray(new byte[1]), 1_000_000)).isTrue();
        byte[] array = body.array();
        assertThat(array).hasSize(1_000);

        assertThat(body.add(ByteString.fromArray(new byte[750]), 1_000_000)).isTrue();
        assertThat(body.array()).isSameAs(array);
        assertThat(body.bytes().toArrayUnsafe()).isSameAs(array);
    }

    @Test
    void aPromiseThatIsNotKeptDoesNoHarm() {
        WholeBody longer = new WholeBody(3);
        assertThat(longer.add(ByteString.fromString("12345"), 100)).isTrue();
        assertThat(longer.bytes()).isEqualTo(ByteString.fromString("12345"));

        WholeBody shorter = new WholeBody(10);
        assertThat(shorter.add(ByteString.fromString("12345"), 100)).isTrue();
        assertThat(shorter.bytes()).isEqualTo(ByteString.fromString("12345"));

        WholeBody beyond = new WholeBody(Long.MAX_VALUE);
        assertThat(beyond.add(ByteString.fromString("12345"), 100)).isTrue();
        assertThat(beyond.array()).hasSize(5);
    }

    @Test
    void aPieceBeyondTheLimitIsNotTaken() {
        WholeBody body = new WholeBody();

        assertThat(body.add(ByteString.fromString("12345"), 6)).isTrue();
        assertThat(body.add(ByteString.fromString("67"), 6)).isFalse();
        assertThat(body.add(Unpooled.wrappedBuffer(new byte[2]), 6)).isFalse();
        assertThat(body.add(ByteString.fromString("6"), 6)).isTrue();

        assertThat(body.bytes()).isEqualTo(ByteString.fromString("123456"));
        assertThat(body.array()).hasSize(6);
    }

    @Test
    void nothingIsABodyToo() {
        assertThat(new WholeBody().bytes()).isEqualTo(ByteString.emptyByteString());
    }
}
