// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Ops;
import dev.unroll.io.EventWriter;
import dev.unroll.io.FileFormatException;
import dev.unroll.io.Json;
import dev.unroll.nn.Parameter;
import dev.unroll.train.TrainingListener;
import dev.unroll.train.TrainingStep;
import dev.unroll.train.XRayReport;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes what was measured, step by step: {@code metrics.jsonl}, one JSON object a line, and a
 * TensorBoard event file.
 */
final class Metrics implements TrainingListener, Closeable {
  private final Path folder;
  private final BufferedWriter lines;
  private final EventWriter events;
  private final double tokensPerStep;
  private final String metric;
  private final SortedMap<Long, Double> evaluations = new TreeMap<>();
  private long last = System.nanoTime();

  /**
   * Starts the files.
   *
   * @param folder of the run
   * @param before lines of the run that is resumed
   * @param session for the names and the speed
   */
  Metrics(Path folder, List<Map<String, Object>> before, Session session) throws IOException {
    this.folder = folder;
    this.tokensPerStep = session.tokensPerStep();
    this.metric = session.metric();
    this.lines = Files.newBufferedWriter(folder.resolve(RunFolder.METRICS), StandardCharsets.UTF_8);
    this.events = new EventWriter(folder);
    for (Map<String, Object> line : before) {
      write(line);
    }
  }

  /**
   * Reads the lines of a run up to a step. A line that a killed process left unfinished is dropped.
   *
   * @param file need not exist
   */
  static List<Map<String, Object>> read(Path file, long untilStep) throws IOException {
    List<Map<String, Object>> kept = new ArrayList<>();
    if (!Files.exists(file)) {
      return kept;
    }
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      try {
        if (Json.parse(line, file) instanceof Map<?, ?> tree
            && tree.get("step") instanceof Long step
            && step <= untilStep) {
          Map<String, Object> copy = new LinkedHashMap<>();
          tree.forEach((name, value) -> copy.put((String) name, value));
          kept.add(copy);
        }
      } catch (FileFormatException e) {
        break;
      }
    }
    return kept;
  }

  @Override
  public void onStep(TrainingStep step) {
    long now = System.nanoTime();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", step.number());
    line.put("loss", step.loss());
    line.put("gradient_norm", step.gradNorm());
    line.put("learning_rate", step.learningRate());
    line.put("tokens_per_second", Math.rint(tokensPerStep * 1e9 / Math.max(1, now - last)));
    last = now;
    record(line);
  }

  /** Writes an evaluation. */
  void evaluation(long step, double value) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", step);
    line.put(metric, value);
    record(line);
    last = System.nanoTime();
  }

  /** Writes how the weights are spread; to the event file only. */
  void weights(long step, Ops ops, List<Parameter> parameters) {
    try {
      for (Parameter p : parameters) {
        events.histogram("weights/" + p.name(), step, ops.read(p.value()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(cannotWrite(e));
    }
  }

  /** Writes a text that the network made; to the event file only. */
  void sample(long step, String text) {
    try {
      events.text("sample", step, text);
    } catch (IOException e) {
      throw new UncheckedIOException(cannotWrite(e));
    }
    last = System.nanoTime();
  }

  /** Writes what an X-ray saw; to the event file only. */
  void xray(XRayReport report) {
    try {
      report.write(events);
    } catch (IOException e) {
      throw new UncheckedIOException(cannotWrite(e));
    }
  }

  private void record(Map<String, Object> line) {
    try {
      write(line);
    } catch (IOException e) {
      throw new UncheckedIOException(cannotWrite(e));
    }
  }

  private void write(Map<String, Object> line) throws IOException {
    lines.write(Json.toLine(line));
    lines.write('\n');
    long step = ((Number) line.get("step")).longValue();
    if (line.get(metric) instanceof Number value) {
      evaluations.put(step, value.doubleValue());
    }
    for (Map.Entry<String, Object> entry : line.entrySet()) {
      if (!entry.getKey().equals("step") && entry.getValue() instanceof Number value) {
        events.scalar(entry.getKey(), step, value.floatValue());
      }
    }
  }

  /** The evaluations so far, by step. */
  SortedMap<Long, Double> evaluations() {
    return evaluations;
  }

  /** Hands everything to the operating system. */
  void flush() {
    try {
      lines.flush();
      events.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(cannotWrite(e));
    }
  }

  private IOException cannotWrite(IOException e) {
    return new IOException(
        "cannot write to the folder "
            + folder
            + ": "
            + RunFolder.reason(e)
            + "; make room or name another with --out",
        e);
  }

  @Override
  public void close() throws IOException {
    try (lines;
        events) {
      flush();
    }
  }
}
