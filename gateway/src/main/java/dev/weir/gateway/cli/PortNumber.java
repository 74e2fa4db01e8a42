package dev.weir.gateway.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A port as an option's value; 0 takes any free one. */
final class PortNumber implements ITypeConverter<Integer> {

    private static final int HIGHEST = 65_535;

    @Override
    public Integer convert(String value) {
        try {
            int port = Integer.parseInt(value);
            if (port >= 0 && port <= HIGHEST) {
                return port;
            }
        } catch (NumberFormatException noNumber) {
            // Told below, like a number that is no port.
        }
        throw new TypeConversionException("'" + value + "' is not a port (expected: 0 to " + HIGHEST + ")");
    }
}
