// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Charts as inline SVG; colours and fonts come from the page. */
final class Svg {
  /** Colours that people with any colour vision can tell apart (M. Okabe, K. Ito). */
  static final List<String> COLOURS =
      List.of("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9");

  private static final int WIDTH = 860;
  private static final int LABELS = 330;
  private static final int BAR = 13;
  private static final int GAP = 7;

  private static final int PLOT_WIDTH = 420;
  private static final int PLOT_HEIGHT = 230;
  private static final int LEFT = 58;
  private static final int BOTTOM = 34;
  private static final int TOP = 22;

  /** A bar with the series that it belongs to and what is written behind it. */
  record Bar(int series, double value, String text) {}

  /** A point of a line. */
  record Point(double x, double y) {}

  private Svg() {}

  /** Groups of horizontal bars. */
  static String bars(String title, Map<String, List<Bar>> groups) {
    double most =
        groups.values().stream().flatMap(List::stream).mapToDouble(Bar::value).max().orElse(1);
    StringBuilder body = new StringBuilder();
    int y = 4;
    for (Map.Entry<String, List<Bar>> group : groups.entrySet()) {
      int height = BAR * group.getValue().size();
      body.append(text(LABELS - 8, y + height / 2 + 4, "end", group.getKey()));
      for (Bar bar : group.getValue()) {
        int width = (int) Math.max(1, (WIDTH - LABELS - 130) * bar.value() / most);
        body.append(
            String.format(
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>",
                LABELS, y, width, BAR - 2, colour(bar.series())));
        body.append(text(LABELS + width + 6, y + BAR - 3, "start", bar.text()));
        y += BAR;
      }
      y += GAP;
    }
    return svg(title, WIDTH, y, body);
  }

  /** Lines over two logarithmic axes, one for each series. */
  static String lines(String title, String xName, List<List<Point>> series) {
    double[] x = range(series.stream().flatMap(List::stream).mapToDouble(Point::x).toArray());
    double[] y = range(series.stream().flatMap(List::stream).mapToDouble(Point::y).toArray());
    StringBuilder body = new StringBuilder(text(LEFT, 14, "start", title));
    axes(body, xName, x, y);
    for (int s = 0; s < series.size(); s++) {
      StringBuilder path = new StringBuilder();
      for (Point p : series.get(s)) {
        path.append(path.length() == 0 ? 'M' : 'L').append(at(left(p.x(), x), top(p.y(), y)));
        body.append(
            String.format(
                Locale.ROOT,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>",
                left(p.x(), x),
                top(p.y(), y),
                colour(s)));
      }
      body.append(
          String.format(
              "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>", path, colour(s)));
    }
    return svg(title, PLOT_WIDTH, PLOT_HEIGHT, body);
  }

  /** Grid lines at powers of two of x, and at 1, 2 and 5 times powers of ten of y. */
  private static void axes(StringBuilder body, String xName, double[] x, double[] y) {
    int bottom = PLOT_HEIGHT - BOTTOM;
    for (double v = 1; v <= x[1]; v *= 2) {
      if (v >= x[0]) {
        body.append(grid(left(v, x), TOP, left(v, x), bottom));
        body.append(text((int) left(v, x), bottom + 14, "middle", label(v)));
      }
    }
    for (double power = 1e-6; power <= y[1]; power *= 10) {
      for (double v : new double[] {power, 2 * power, 5 * power}) {
        if (v >= y[0] && v <= y[1]) {
          body.append(grid(LEFT, top(v, y), PLOT_WIDTH - 10, top(v, y)));
          body.append(text(LEFT - 6, (int) top(v, y) + 4, "end", label(v)));
        }
      }
    }
    body.append(text((LEFT + PLOT_WIDTH) / 2, PLOT_HEIGHT - 4, "middle", xName));
  }

  /** The legend: names in the colours of their series. */
  static String legend(List<String> names) {
    StringBuilder body = new StringBuilder("<p class=\"legend\">");
    for (int i = 0; i < names.size(); i++) {
      body.append("<span style=\"color:").append(colour(i)).append("\">&#9632;</span> ");
      body.append(escape(names.get(i))).append(" ");
    }
    return body.append("</p>\n").toString();
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String svg(String title, int width, int height, StringBuilder body) {
    return String.format(
        "<svg role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %d %d\" width=\"%d\""
            + " height=\"%d\">%s</svg>%n",
        escape(title), width, height, width, height, body);
  }

  private static String text(int x, int y, String anchor, String text) {
    return String.format(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>", x, y, anchor, escape(text));
  }

  private static String grid(double x1, double y1, double x2, double y2) {
    return String.format(
        Locale.ROOT,
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>",
        x1,
        y1,
        x2,
        y2);
  }

  private static String at(double x, double y) {
    return String.format(Locale.ROOT, "%.1f %.1f", x, y);
  }

  private static String label(double value) {
    return value >= 1 ? String.format("%.0f", value) : String.format(Locale.ROOT, "%.2g", value);
  }

  /** Smallest and largest, never equal. */
  private static double[] range(double... values) {
    double low = Double.POSITIVE_INFINITY;
    double high = 0;
    for (double v : values) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
    return new double[] {low * 0.9, high * 1.1};
  }

  private static double left(double x, double... range) {
    return LEFT + (PLOT_WIDTH - LEFT - 14) * share(x, range);
  }

  private static double top(double y, double... range) {
    return TOP + (PLOT_HEIGHT - TOP - BOTTOM) * (1 - share(y, range));
  }

  private static double share(double value, double... range) {
    return Math.log(value / range[0]) / Math.log(range[1] / range[0]);
  }

  private static String colour(int series) {
    return COLOURS.get(series % COLOURS.size());
  }
}
