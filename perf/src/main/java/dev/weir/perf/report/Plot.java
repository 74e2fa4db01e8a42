package dev.weir.perf.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Lines over an axis, as an SVG of a few kilobytes that Markdown and HTML can show. (XChart was tried: it needs the system's fonts
 * and writes eighty kilobytes for three points.)
 */
final class Plot {
    private static final int WIDTH = 560;
    private static final int HEIGHT = 320;
    private static final int LEFT = 62;
    private static final int RIGHT = 16;
    private static final int TOP = 58;
    private static final int BOTTOM = 44;
    private static final int TICKS = 5;
    private static final int MOST_MARKED = 12;
    private static final List<String> COLOURS =
            List.of("#0b6fb8", "#3a8f5c", "#8a8f98", "#d1495b", "#c77d0a", "#6c4ab6", "#2f4858");

    private final String title;
    private final String xTitle;
    private final String yTitle;
    private final List<Line> lines = new ArrayList<>();
    private final List<Tick> xTicks;

    private record Point(double x, double y) {}

    private record Line(String name, int colour, List<Point> points) {}

    /** A place on the horizontal axis that has a name. */
    record Tick(double at, String label) {}

    /** @param xTicks where the horizontal axis is named; empty for round numbers */
    Plot(String title, String xTitle, String yTitle, List<Tick> xTicks) {
        this.title = title;
        this.xTitle = xTitle;
        this.yTitle = yTitle;
        this.xTicks = xTicks;
    }

    /** Adds a line; points without a value are left out. */
    Plot line(String name, int colour, double[] xs, double[] ys) {
        List<Point> known = IntStream.range(0, xs.length)
                .filter(i -> Double.isFinite(ys[i]))
                .mapToObj(i -> new Point(xs[i], ys[i]))
                .toList();
        if (!known.isEmpty()) {
            lines.add(new Line(name, colour, known));
        }
        return this;
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    String svg() {
        double xLow = all(true).min().orElse(0);
        double xHigh = Math.max(all(true).max().orElse(1), xLow + 1e-9);
        double step = step(all(false).max().orElse(1));
        double yHigh = Math.max(step, Math.ceil(all(false).max().orElse(1) / step) * step);
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
                        + " font-family=\"system-ui,sans-serif\" font-size=\"11\">"
                        + "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>"
                        + "<text x=\"%d\" y=\"18\" font-size=\"13\" font-weight=\"600\" fill=\"#222\">%s</text>%n",
                WIDTH,
                HEIGHT,
                WIDTH,
                HEIGHT,
                LEFT - 46,
                escaped(title)));
        for (double y = 0; y <= yHigh + step / 2; y += step) {
            double at = y(y, yHigh);
            svg.append(String.format(
                    Locale.ROOT,
                    "<path d=\"M%d %.1fH%d\" stroke=\"#e3e6ea\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" fill=\"#555\">%s</text>%n",
                    LEFT,
                    at,
                    WIDTH - RIGHT,
                    LEFT - 6,
                    at + 4,
                    number(y)));
        }
        double lastLabel = Double.NEGATIVE_INFINITY;
        for (Tick tick : xTicks.isEmpty() ? round(xLow, xHigh) : xTicks) {
            double at = x(tick.at(), xLow, xHigh);
            svg.append(String.format(Locale.ROOT, "<path d=\"M%.1f %dv4\" stroke=\"#888\"/>", at, HEIGHT - BOTTOM));
            if (at - lastLabel >= tick.label().length() * 6 + 8) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#555\">%s</text>%n",
                        at,
                        HEIGHT - BOTTOM + 17,
                        escaped(tick.label())));
                lastLabel = at;
            }
        }
        svg.append(String.format(
                Locale.ROOT,
                "<path d=\"M%d %dH%d\" stroke=\"#888\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#333\">%s</text>"
                        + "<text transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\" fill=\"#333\">%s</text>%n",
                LEFT,
                HEIGHT - BOTTOM,
                WIDTH - RIGHT,
                (LEFT + WIDTH - RIGHT) / 2,
                HEIGHT - 8,
                escaped(xTitle),
                (TOP + HEIGHT - BOTTOM) / 2,
                escaped(yTitle)));
        int legend = LEFT;
        for (Line line : lines) {
            draw(line, xLow, xHigh, yHigh, svg);
            svg.append(String.format(
                    Locale.ROOT,
                    "<path d=\"M%d 36h18\" stroke=\"%s\" stroke-width=\"2\"/><text x=\"%d\" y=\"40\" fill=\"#333\">%s</text>%n",
                    legend,
                    colour(line),
                    legend + 23,
                    escaped(line.name())));
            legend += 36 + line.name().length() * 6;
        }
        return svg.append("</svg>\n").toString();
    }

    private void draw(Line line, double xLow, double xHigh, double yHigh, StringBuilder svg) {
        StringBuilder path = new StringBuilder();
        for (Point point : line.points()) {
            path.append(path.isEmpty() ? 'M' : 'L')
                    .append(String.format(Locale.ROOT, "%.1f %.1f", x(point.x(), xLow, xHigh), y(point.y(), yHigh)));
        }
        svg.append(String.format(
                Locale.ROOT,
                "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-linejoin=\"round\"/>%n",
                path,
                colour(line)));
        if (line.points().size() <= MOST_MARKED) {
            for (Point point : line.points()) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"><title>%s: %s, %s</title></circle>%n",
                        x(point.x(), xLow, xHigh),
                        y(point.y(), yHigh),
                        colour(line),
                        escaped(line.name()),
                        number(point.x()),
                        number(point.y())));
            }
        }
    }

    private static String colour(Line line) {
        return COLOURS.get(line.colour() % COLOURS.size());
    }

    private DoubleStream all(boolean horizontal) {
        return lines.stream()
                .flatMap(line -> line.points().stream())
                .mapToDouble(point -> horizontal ? point.x() : point.y());
    }

    private static List<Tick> round(double low, double high) {
        double step = step(high - low);
        List<Tick> ticks = new ArrayList<>();
        for (double at = Math.ceil(low / step) * step; at <= high + step / 1000; at += step) {
            ticks.add(new Tick(at, number(at)));
        }
        return ticks;
    }

    /** One, two or five times a power of ten, so that about {@link #TICKS} fit. */
    private static double step(double range) {
        double rough = Math.max(range, 1e-6) / TICKS;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double digit = rough / power;
        return (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10) * power;
    }

    private static double x(double value, double low, double high) {
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double value, double high) {
        return HEIGHT - BOTTOM - value / high * (HEIGHT - TOP - BOTTOM);
    }

    private static String number(double value) {
        if (Math.abs(value) >= 1000) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.3g", value).replaceAll("0+$", "");
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
}
