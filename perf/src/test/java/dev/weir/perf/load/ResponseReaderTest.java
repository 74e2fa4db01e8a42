package dev.weir.perf.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ResponseReaderTest {
    private static final String COUNTED = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world";
    private static final String CHUNKED = String.join(
            "\r\n",
            "HTTP/1.1 200 OK",
            "transfer-encoding: chunked",
            "",
            "5;name=value",
            "hello",
            "0006",
            " world",
            "0",
            "x-trailer: 1",
            "",
            "");

    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private final ResponseReader reader =
            new ResponseReader((source, from, upTo) -> body.write(source, from, upTo - from));

    @Test
    void aResponseDoesNotCareHowItsBytesAreCut() {
        Random random = new Random(7);
        for (String response : List.of(COUNTED, CHUNKED, "HTTP/1.1 100 Continue\r\n\r\n" + COUNTED)) {
            for (int repetition = 0; repetition < 200; repetition++) {
                reader.begin();
                body.reset();

                ResponseReader.Progress progress = readCut(response, random);

                assertThat(progress).isEqualTo(ResponseReader.Progress.DONE);
                assertThat(reader.status()).isEqualTo(200);
                assertThat(body.toString(StandardCharsets.UTF_8)).isEqualTo("hello world");
                assertThat(reader.closes()).isFalse();
            }
        }
    }

    @Test
    void aBodyWithoutLengthEndsWithTheConnection() {
        assertThat(read("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello")).isEqualTo(ResponseReader.Progress.MORE);

        assertThat(reader.ended()).isEqualTo(ResponseReader.Progress.DONE);
        assertThat(reader.closes()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
                "HTTP/1.1 200 OK\r\nContent-"
            })
    void anEndInTheMiddleIsNoEnd(String response) {
        read(response);

        assertThat(reader.ended()).isEqualTo(ResponseReader.Progress.MORE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
                "SSH-2.0-OpenSSH\r\n"
            })
    void aBrokenMessageIsBroken(String response) {
        assertThat(read(response)).isEqualTo(ResponseReader.Progress.BROKEN);
    }

    private ResponseReader.Progress read(String response) {
        byte[] bytes = response.getBytes(StandardCharsets.UTF_8);
        return reader.read(bytes, bytes.length);
    }

    private ResponseReader.Progress readCut(String response, Random random) {
        byte[] bytes = response.getBytes(StandardCharsets.UTF_8);
        ResponseReader.Progress progress = ResponseReader.Progress.MORE;
        for (int at = 0; at < bytes.length; ) {
            int end = Math.min(bytes.length, at + 1 + random.nextInt(9));
            byte[] piece = Arrays.copyOfRange(bytes, at, end);
            progress = reader.read(piece, piece.length);
            at = end;
        }
        return progress;
    }
}
