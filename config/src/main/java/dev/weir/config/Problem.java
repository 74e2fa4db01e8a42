package dev.weir.config;

/**
 * One thing that is wrong with a setting, as a line for its operator.
 *
 * @param path where, such as {@code model_list[2].litellm_params.weight}
 * @param value what stands there, safe to print
 * @param expected what would be right
 * @param line the line of the file, counted from 1, or 0 where there is none
 */
public record Problem(String path, String value, String expected, int line) {

    /** {@code weir.upstream.max_connections: 0 (expected: >= 1) at line 12}. */
    @Override
    public String toString() {
        String text = path + ": " + value + " (expected: " + expected + ")";
        return line > 0 ? text + " at line " + line : text;
    }
}
