package dev.weir.perf.load;

/** Checks the body of one answer at a time, and tells when text arrived. */
sealed interface Verifier extends ResponseReader.Body permits CallVerifier, StreamVerifier {

    /** Ready for the next answer. */
    void begin();

    /** How many events with text have come since this was asked last. */
    int newTexts();

    /** The verdict on an answer whose message has ended in good order. */
    Outcome verdict();

    Completion completion();
}
