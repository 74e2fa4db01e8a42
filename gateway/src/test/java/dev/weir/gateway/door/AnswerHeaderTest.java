package dev.weir.gateway.door;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.apache.pekko.http.impl.util.ByteArrayRendering;
import org.apache.pekko.http.scaladsl.model.HttpHeader;
import org.junit.jupiter.api.Test;

class AnswerHeaderTest {

    private static final AnswerHeader.Name NAME = AnswerHeader.Name.of("X-Name");

    /** As Pekko writes a head. */
    private static String rendered(HttpHeader header) {
        ByteArrayRendering head = new ByteArrayRendering(64);
        head.$tilde$tilde(header);
        return new String(head.get(), ISO_8859_1);
    }

    @Test
    void isWrittenAsItIs() {
        AnswerHeader header = NAME.with("12");
        assertEquals("X-Name", header.name());
        assertEquals("x-name", header.lowercaseName());
        assertEquals("12", header.value());
        assertEquals("X-Name: 12\r\n", rendered(header));
    }

    @Test
    void everyByteOfAProvidersValueComesBack() {
        assertEquals("X-Name: caf\u00e9\r\n", rendered(NAME.with("caf\u00e9")));
    }

    @Test
    void whatWouldBeginAnotherHeaderIsLeftOut() {
        assertEquals("", rendered(NAME.with("a\r\nset-cookie: b")));
        assertEquals("", rendered(NAME.with("a\nb")));
    }

    @Test
    void aUsualValueIsMadeOnceAndAnotherOneIsNotTakenForIt() {
        AnswerHeader first = NAME.keeping("1");

        assertSame(first, NAME.keeping("1"));
        assertEquals("X-Name: 1\r\n", rendered(first));
        assertEquals("X-Name: 2\r\n", rendered(NAME.keeping("2")));
        assertEquals("X-Name: 1\r\n", rendered(NAME.keeping("1")));
        assertEquals("", rendered(NAME.keeping("a\r\nset-cookie: b")));
    }
}
