package dev.weir.streams.sse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** The framing of event streams, against the standard's text read literally. */
class SseScannerTest {

    private static final int UNLIMITED = Integer.MAX_VALUE;

    @Property(tries = 500)
    void theSameEventsComeHoweverTheBytesWereCut(@ForAll("streams") byte[] stream, @ForAll long seed) {
        Seen cut = scan(stream, new SplittableRandom(seed));

        assertThat(cut.bytes()).isEqualTo(stream);
        assertThat(cut.data).isEqualTo(Reference.data(stream));
    }

    @Property(tries = 100)
    void theSameEventsComeWhenTheBytesAreCutInTwoAnywhere(@ForAll("streams") byte[] stream) {
        List<String> expected = Reference.data(stream);

        for (int at = 0; at <= stream.length; at++) {
            Seen cut = scan(List.of(Arrays.copyOf(stream, at), Arrays.copyOfRange(stream, at, stream.length)));

            assertThat(cut.bytes()).isEqualTo(stream);
            assertThat(cut.data).as("cut at %d", at).isEqualTo(expected);
        }
    }

    @Property(tries = 200)
    void theSameEventsComeByteByByte(@ForAll("streams") byte[] stream) {
        List<byte[]> pieces = new ArrayList<>();
        for (byte each : stream) {
            pieces.add(new byte[] {each});
        }

        Seen cut = scan(pieces);

        assertThat(cut.bytes()).isEqualTo(stream);
        assertThat(cut.data).isEqualTo(Reference.data(stream));
    }

    @Property(tries = 300)
    void noBytesAreLostWhateverTheyAre(@ForAll byte[] stream, @ForAll long seed) {
        assertThat(scan(stream, new SplittableRandom(seed)).bytes()).isEqualTo(stream);
    }

    @Provide
    Arbitrary<byte[]> streams() {
        Arbitrary<String> line = Arbitraries.of(
                "data: {\"a\":1}",
                "data: b",
                "data:c",
                "data:  d",
                "data",
                "data:",
                "dat",
                "datax: no",
                " data: no",
                ": comment",
                ":",
                "event: e",
                "id: 7",
                "retry: 10",
                "data: \u00fc\u20ac\ud83d\ude00",
                "\ufeffdata: behind a mark",
                "\ufeff",
                "",
                "",
                "");
        Arbitrary<String> lineEnd = Arbitraries.of("\n", "\r", "\r\n");
        Arbitrary<String> lines = Combinators.combine(line, lineEnd)
                .as((text, end) -> text + end)
                .list()
                .ofMaxSize(30)
                .map(all -> String.join("", all));
        Arbitrary<String> rest = Arbitraries.of("", "", "data: unfinished", "da", "data: x\r", ": c");
        return Combinators.combine(Arbitraries.of("", "\ufeff"), lines, rest)
                .as((mark, all, tail) -> (mark + all + tail).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aLineEndsWithALineEndAndWithNoOtherByteWhereverItStands() {
        for (int other = 0; other < 256; other++) {
            if (other == '\n' || other == '\r') {
                continue;
            }
            for (int length = 0; length < 20; length++) {
                for (byte end : new byte[] {'\n', '\r'}) {
                    byte[] stream = new byte["data: ".length() + length + 2 + 9];
                    Arrays.fill(stream, (byte) other);
                    System.arraycopy("data: ".getBytes(StandardCharsets.UTF_8), 0, stream, 0, "data: ".length());
                    stream["data: ".length() + length] = end;
                    stream["data: ".length() + length + 1] = end;

                    Seen seen = scan(List.of(stream));

                    assertThat(seen.ends)
                            .as("byte %d", other)
                            .containsExactly("data: ".length() + length + 2, stream.length);
                }
            }
        }
    }

    @Test
    void anEventIsShownWithTheByteThatEndsIt() {
        Seen seen = new Seen();
        SseScanner scanner = new SseScanner(UNLIMITED);

        feed(scanner, seen, "data: a\n".getBytes(StandardCharsets.UTF_8));
        assertThat(seen.data).isEmpty();
        feed(scanner, seen, "\n".getBytes(StandardCharsets.UTF_8));

        assertThat(seen.data).containsExactly("a");
        assertThat(scanner.pending()).isZero();
    }

    @Test
    void dataOfManyLinesIsJoinedByLineFeeds() {
        byte[] stream = "data: a\ndata:\ndata: b\n\ndata: c\n\n".getBytes(StandardCharsets.UTF_8);

        assertThat(scan(List.of(stream)).data).containsExactly("a\n\nb", "c");
    }

    @Test
    void aMarkIsSkippedAtTheBeginningOfTheStreamOnly() {
        byte[] stream = "\ufeffdata: a\n\n\ufeffdata: b\n\n".getBytes(StandardCharsets.UTF_8);
        byte[] behindAnEmptyLine = "\n\ufeffdata: c\n\n".getBytes(StandardCharsets.UTF_8);

        assertThat(scan(List.of(stream)).data).containsExactly("a");
        assertThat(scan(List.of(behindAnEmptyLine)).data).isEmpty();
    }

    @Test
    void whatIsLeftWithoutItsEmptyLineIsShownAtTheEnd() {
        byte[] stream = "data: a\n\ndata: [DONE]".getBytes(StandardCharsets.UTF_8);

        assertThat(scan(List.of(stream)).data).containsExactly("a", "[DONE]");
    }

    @Test
    void anUnfinishedEventBeyondTheLimitIsRefusedAndAFinishedOneIsNot() {
        SseScanner scanner = new SseScanner(100);
        Seen seen = new Seen();

        assertThat(feed(scanner, seen, event(200))).isTrue();
        assertThat(feed(scanner, seen, "data: ".getBytes(StandardCharsets.UTF_8)))
                .isTrue();
        assertThat(feed(scanner, seen, new byte[95])).isFalse();
        assertThat(seen.data).hasSize(1);
    }

    @Test
    void anEventOfMegabytesInSmallPiecesCostsItsSizeAFewTimes() {
        byte[] event = event(16 * 1024 * 1024);

        long allocated = allocatedBy(() -> scan(event, 4 * 1024));

        assertThat(allocated).isLessThan(5L * event.length);
    }

    @Test
    void manyDataLinesInOneEventCostTheirSizeAFewTimes() {
        byte[] event = ("data: 0123456789\n".repeat(200_000) + "\n").getBytes(StandardCharsets.UTF_8);

        long allocated = allocatedBy(() -> scan(event, 4 * 1024));

        assertThat(allocated).isLessThan(8L * event.length);
    }

    @Test
    void aLongStreamKeepsNoMoreThanItsUnfinishedEvent() {
        SseScanner scanner = new SseScanner(UNLIMITED);
        byte[] event = event(16 * 1024);
        byte[] shifted = new byte[event.length];
        System.arraycopy(event, 8 * 1024, shifted, 0, 8 * 1024);
        System.arraycopy(event, 0, shifted, 8 * 1024, 8 * 1024);
        Seen seen = new Seen();
        feed(scanner, seen, Arrays.copyOf(event, 8 * 1024));

        int largest = 0;
        for (int i = 0; i < 500; i++) {
            feed(scanner, seen, shifted);
            largest = Math.max(largest, scanner.target().length);
        }

        assertThat(seen.data).hasSize(500);
        assertThat(largest).isLessThan(128 * 1024);
    }

    private static byte[] event(int length) {
        byte[] event = new byte[length];
        Arrays.fill(event, (byte) 'x');
        System.arraycopy("data: ".getBytes(StandardCharsets.UTF_8), 0, event, 0, 6);
        event[length - 1] = '\n';
        event[length - 2] = '\n';
        return event;
    }

    private static void scan(byte[] event, int pieceLength) {
        SseScanner scanner = new SseScanner(UNLIMITED);
        int[] shown = new int[1];
        for (int at = 0; at < event.length; at += pieceLength) {
            int length = Math.min(pieceLength, event.length - at);
            scanner.reserve(length);
            System.arraycopy(event, at, scanner.target(), scanner.targetIndex(), length);
            scanner.written(length, (bytes, from, to, data, dataFrom, dataTo) -> shown[0] += to - from);
        }
        assertThat(shown[0]).isEqualTo(event.length);
    }

    private static long allocatedBy(Runnable work) {
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        work.run();
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    private static Seen scan(byte[] stream, SplittableRandom random) {
        List<byte[]> pieces = new ArrayList<>();
        int at = 0;
        while (at < stream.length) {
            int to = Math.min(stream.length, at + 1 + random.nextInt(random.nextInt(1, 40)));
            pieces.add(Arrays.copyOfRange(stream, at, to));
            at = to;
        }
        return scan(pieces);
    }

    private static Seen scan(List<byte[]> pieces) {
        SseScanner scanner = new SseScanner(UNLIMITED);
        Seen seen = new Seen();
        pieces.forEach(piece -> feed(scanner, seen, piece));
        scanner.finish(seen);
        return seen;
    }

    private static boolean feed(SseScanner scanner, Seen seen, byte[] piece) {
        scanner.reserve(piece.length);
        System.arraycopy(piece, 0, scanner.target(), scanner.targetIndex(), piece.length);
        return scanner.written(piece.length, seen);
    }

    /** Copies what it is shown at once and looks at the end whether the shown arrays still say the same. */
    private static final class Seen implements SseScanner.Events {

        private final List<String> data = new ArrayList<>();
        private final ByteArrayOutputStream copied = new ByteArrayOutputStream();
        private final List<Shown> shown = new ArrayList<>();
        private final List<Integer> ends = new ArrayList<>();

        private record Shown(List<byte[]> array, int from, int to) {}

        @Override
        public void event(byte[] bytes, int from, int to, byte[] dataBytes, int dataFrom, int dataTo) {
            shown.add(new Shown(List.of(bytes), from, to));
            copied.write(bytes, from, to - from);
            ends.add(copied.size());
            if (dataFrom >= 0) {
                data.add(new String(dataBytes, dataFrom, dataTo - dataFrom, StandardCharsets.UTF_8));
            }
        }

        byte[] bytes() {
            ByteArrayOutputStream now = new ByteArrayOutputStream();
            shown.forEach(each -> now.write(each.array.get(0), each.from, each.to - each.from));
            assertThat(now.toByteArray()).isEqualTo(copied.toByteArray());
            return now.toByteArray();
        }
    }

    /** Section 9.2.6 of the HTML standard, line by line over the whole text; an event at the end counts unfinished too. */
    private static final class Reference {

        static List<String> data(byte[] stream) {
            String text = new String(stream, StandardCharsets.UTF_8);
            if (text.startsWith("\ufeff")) {
                text = text.substring(1);
            }
            List<String> events = new ArrayList<>();
            StringBuilder data = null;
            for (String line : (text + "\n\n").split("\r\n|\n|\r", -1)) {
                if (line.isEmpty()) {
                    if (data != null) {
                        events.add(data.substring(0, data.length() - 1));
                    }
                    data = null;
                    continue;
                }
                int colon = line.indexOf(':');
                String field = colon < 0 ? line : line.substring(0, colon);
                String value = colon < 0 ? "" : line.substring(colon + 1);
                if (field.equals("data")) {
                    data = (data == null ? new StringBuilder() : data)
                            .append(value.startsWith(" ") ? value.substring(1) : value)
                            .append('\n');
                }
            }
            return events;
        }
    }
}
