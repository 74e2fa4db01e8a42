package dev.weir.perf.report;

import java.util.List;
import java.util.Map;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/** A report in Markdown as one HTML file that needs nothing else: the plots stand in it. */
final class Html {
    private static final List<Extension> TABLES = List.of(TablesExtension.create());
    private static final String HEAD = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>{title}</title><style>
            body { font: 15px/1.5 system-ui, sans-serif; color: #222; margin: 2rem auto; max-width: 1200px; padding: 0 1rem }
            table { border-collapse: collapse; display: block; overflow-x: auto; font-size: 13px; font-variant-numeric: tabular-nums }
            th, td { border: 1px solid #dde1e6; padding: .3rem .5rem; text-align: right; white-space: nowrap }
            th { background: #f4f6f8; font-weight: 600 }
            th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; position: sticky; background: #fff }
            code { background: #f4f6f8; padding: .1rem .25rem }
            .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(480px, 1fr)); gap: 1rem }
            .plots svg { width: 100%; height: auto; border: 1px solid #e9ecef }
            </style></head><body>
            """;

    private Html() {}

    static String page(String title, String markdown, Map<String, Plot> plots) {
        String body = HtmlRenderer.builder()
                .extensions(TABLES)
                .build()
                .render(Parser.builder().extensions(TABLES).build().parse(markdown));
        for (Map.Entry<String, Plot> plot : plots.entrySet()) {
            String image = "<img src=\"" + plot.getKey() + ".svg\" alt=\"" + plot.getKey() + "\" />";
            body = body.replace(image, plot.getValue().svg());
        }
        int first = body.indexOf("<p><svg");
        if (first >= 0) {
            body = body.substring(0, first) + "<div class=\"plots\">" + body.substring(first + 3);
            int end = body.indexOf("</p>", first);
            body = body.substring(0, end) + "</div>" + body.substring(end + 4);
        }
        return HEAD.replace("{title}", title) + body + "</body></html>\n";
    }
}
