// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Placement;
import dev.unroll.bench.Benchmark.Group;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The report as one page that needs nothing else: no script, no font, no request. */
final class HtmlPage {
  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Unroll benchmark</title>
      <link rel="icon" href="data:,">
      <style>
      :root { color-scheme: light dark; }
      body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
      h1, h2 { font-weight: 600; }
      table { border-collapse: collapse; font-size: 13px; }
      th, td { padding: 2px 8px; text-align: right; border-bottom: 1px solid #8884; white-space: nowrap; }
      th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
      td.wrong { color: #d00; text-align: left; white-space: normal; }
      svg { max-width: 100%; height: auto; }
      svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
      svg .grid { stroke: #8886; }
      .warning { border-left: 4px solid #e69f00; padding-left: 1rem; }
      .scroll { overflow-x: auto; }
      </style>
      </head>
      <body>
      """;

  private final BenchReport report;
  private final List<String> backends;
  private final StringBuilder page = new StringBuilder(HEAD);

  HtmlPage(BenchReport report) {
    this.report = report;
    this.backends = List.copyOf(report.backends().keySet());
  }

  String text() {
    page.append("<h1>Unroll benchmark</h1>\n");
    machine();
    for (Group group : Group.values()) {
      chart(group);
    }
    warmUps();
    scaling();
    table();
    return page.append("</body>\n</html>\n").toString();
  }

  private void machine() {
    page.append("<p>");
    report
        .machine()
        .values()
        .forEach(v -> page.append(escape(String.valueOf(v))).append(" &middot; "));
    page.append("precision exact</p>\n<ul>\n");
    for (Map.Entry<String, Placement> b : report.backends().entrySet()) {
      page.append("<li><b>").append(escape(b.getKey())).append("</b>: ");
      page.append(escape(b.getValue().device() + "; " + b.getValue().driver())).append("</li>\n");
    }
    page.append("</ul>\n");
    paragraph("", Bench.describe(report.roofline()));
    if (report.foreignLoad() > ForeignLoad.QUIET) {
      paragraph("warning", Bench.describeLoad(report.foreignLoad()));
    }
  }

  private void paragraph(String kind, String text) {
    page.append("<p class=\"").append(kind).append("\">").append(escape(text)).append("</p>\n");
  }

  private void heading(String text) {
    page.append("<h2>").append(escape(text)).append("</h2>\n");
  }

  /** Rates of all cases of a group. */
  private void chart(Group group) {
    Map<String, List<Svg.Bar>> bars = new LinkedHashMap<>();
    for (Measured m : report.results()) {
      if (m.group() == group && m.timed()) {
        double rate = m.work().flops() > 0 ? m.gflops() : m.gigabytes();
        String text = TextTable.rate(m) + ", " + TextTable.millis(m.samples().median()) + " ms";
        bars.computeIfAbsent(m.name(), n -> new ArrayList<>())
            .add(new Svg.Bar(backends.indexOf(m.backend()), rate, text));
      }
    }
    if (!bars.isEmpty()) {
      String unit = group == Group.ROWS ? "GB/s" : "GFLOP/s";
      heading(
          group.toString().substring(0, 1).toUpperCase()
              + group.toString().substring(1)
              + ", "
              + unit);
      page.append(Svg.legend(backends)).append(Svg.bars(group.toString(), bars));
    }
  }

  private void warmUps() {
    if (report.warmUps().isEmpty()) {
      return;
    }
    heading("Warm-up in a fresh process");
    List<String> columns =
        List.of(
            "case",
            "backend",
            "until open, ms",
            "first 50 steps, ms",
            "steady step, ms",
            "first / steady");
    header(columns);
    for (WarmUp w : report.warmUps()) {
      row(
          List.of(
              w.name(),
              w.backend(),
              TextTable.number("%.0f", w.openNanos() / 1e6),
              TextTable.number("%.0f", w.firstNanos() / 1e6),
              TextTable.millis(w.steadyNanos()),
              TextTable.number("%.2f", w.ratio())));
    }
    page.append("</table></div>\n");
  }

  private void scaling() {
    if (report.scaling().isEmpty()) {
      return;
    }
    heading("Scaling of a training step");
    paragraph("", Scaling.BASE);
    page.append(Svg.legend(backends));
    double off =
        report.scaling().stream()
            .mapToDouble(p -> Math.abs(1.0 * p.predicted() / p.bytes() - 1))
            .max()
            .orElse(0);
    paragraph(
        "",
        TextTable.number(
            "Memory predicted before the first step differs by at most %.1f %%.", 100 * off));
    for (String size : Scaling.SIZES) {
      page.append(curves(size, "milliseconds", p -> p.nanos() / 1e6));
      page.append(curves(size, "MB of memory", p -> p.bytes() / 1e6));
    }
  }

  private String curves(String size, String unit, ToDoubleFunction<Scaling.Point> value) {
    List<List<Svg.Point>> series = new ArrayList<>();
    for (String backend : backends) {
      series.add(
          report.scaling().stream()
              .filter(p -> p.backend().equals(backend) && p.size().equals(size))
              .map(p -> new Svg.Point(p.value(), value.applyAsDouble(p)))
              .toList());
    }
    return Svg.lines(unit + " over " + size, size, series);
  }

  private void table() {
    heading("All cases");
    header(
        List.of(
            "case",
            "backend",
            "median ms",
            "p10",
            "p90",
            "GFLOP/s",
            "GB/s",
            "of the roofline",
            "launches",
            "bytes moved"));
    for (Measured m : report.results()) {
      if (m.timed()) {
        row(cells(m));
      } else {
        page.append("<tr><td>").append(escape(m.name())).append("</td><td>");
        page.append(escape(m.backend())).append("</td><td class=\"wrong\" colspan=\"8\">");
        page.append(escape(m.problem())).append("</td></tr>\n");
      }
    }
    page.append("</table></div>\n");
  }

  private static List<String> cells(Measured m) {
    return List.of(
        m.name(),
        m.backend(),
        TextTable.millis(m.samples().median()),
        TextTable.millis(m.samples().p10()),
        TextTable.millis(m.samples().p90()),
        m.work().flops() > 0 ? TextTable.number("%.1f", m.gflops()) : "",
        TextTable.number("%.1f", m.gigabytes()),
        Double.isNaN(m.share()) ? "" : TextTable.number("%.0f %%", 100 * m.share()),
        Long.toString(m.launches()),
        Long.toString(m.moved()));
  }

  private void header(List<String> columns) {
    page.append("<div class=\"scroll\"><table>\n<tr>");
    columns.forEach(c -> page.append("<th>").append(escape(c)).append("</th>"));
    page.append("</tr>\n");
  }

  private void row(List<String> cells) {
    page.append("<tr>");
    cells.forEach(c -> page.append("<td>").append(escape(c)).append("</td>"));
    page.append("</tr>\n");
  }

  private static String escape(String text) {
    return Svg.escape(text);
  }
}
