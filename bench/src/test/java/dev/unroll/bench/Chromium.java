// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;

/** Shows a page in a headless Chromium; all its requests go to a proxy that only listens. */
final class Chromium {
  private static final int SECONDS = 120;

  /** What the browser asks for by itself, whatever the page. */
  private static final Set<String> ITS_OWN =
      Set.of("accounts.google.com", "clients2.google.com", "update.googleapis.com");

  private Chromium() {}

  /**
   * What happened to a page.
   *
   * @param dom the document after loading
   * @param console lines of the console
   * @param requests first lines of what the proxy was asked for, but for the browser itself
   * @param colours different colours on the picture of the page
   */
  record Visit(String dom, List<String> console, List<String> requests, Set<Integer> colours) {}

  /** Skips the test aloud where there is no Chromium; fails it if UNROLL_REQUIRE names it. */
  static void require() {
    String path = System.getenv().getOrDefault("PATH", "");
    if (Arrays.stream(path.split(":")).anyMatch(p -> Files.isExecutable(Path.of(p, "chromium")))) {
      return;
    }
    String why = "there is no chromium on PATH; install the package chromium";
    String required = System.getenv().getOrDefault("UNROLL_REQUIRE", "");
    if (Arrays.asList(required.split("\\s*,\\s*")).contains("chromium")) {
      fail(why + " (UNROLL_REQUIRE names chromium)");
    }
    abort(why);
  }

  static Visit visit(Path folder, Path page) throws IOException, InterruptedException {
    Path picture = folder.resolve(page.getFileName() + ".png");
    List<String> requests = new CopyOnWriteArrayList<>();
    try (ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread listener = new Thread(() -> listen(proxy, requests));
      listener.setDaemon(true);
      listener.start();
      run(folder, proxy.getLocalPort(), page, "--screenshot=" + picture, "--window-size=1000,4000");
      Files.delete(folder.resolve("log"));
      String dom = run(folder, proxy.getLocalPort(), page, "--dump-dom");
      List<String> console =
          Files.readAllLines(folder.resolve("log")).stream()
              .filter(line -> line.contains("CONSOLE"))
              .toList();
      return new Visit(
          dom, console, List.copyOf(requests), colours(ImageIO.read(picture.toFile())));
    }
  }

  private static void listen(ServerSocket proxy, List<String> requests) {
    while (!proxy.isClosed()) {
      try (Socket client = proxy.accept();
          BufferedReader lines =
              new BufferedReader(
                  new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8))) {
        String request = String.valueOf(lines.readLine());
        if (!ITS_OWN.contains(request.replaceAll("^\\S+ (?:http://)?([^/: ]+).*", "$1"))) {
          requests.add(request);
        }
      } catch (IOException e) {
        // The browser or the test is done.
      }
    }
  }

  /** What Chromium prints; its log goes to a file. */
  private static String run(Path folder, int proxy, Path page, String... options)
      throws IOException, InterruptedException {
    Path out = folder.resolve("out");
    List<String> command =
        new ArrayList<>(
            List.of(
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--enable-logging=stderr",
                "--proxy-server=127.0.0.1:" + proxy,
                "--proxy-bypass-list=<-loopback>",
                "--user-data-dir=" + Files.createTempDirectory(folder, "profile")));
    command.addAll(List.of(options));
    command.add(page.toUri().toString());
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(folder.resolve("log").toFile())
            .start();
    boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
    process.destroyForcibly().waitFor();
    if (!ended) {
      throw new AssertionError("chromium was not done within " + SECONDS + " s");
    }
    return Files.readString(out);
  }

  private static Set<Integer> colours(BufferedImage picture) {
    Set<Integer> colours = new HashSet<>();
    for (int y = 0; y < picture.getHeight(); y += 3) {
      for (int x = 0; x < picture.getWidth(); x++) {
        colours.add(picture.getRGB(x, y));
      }
    }
    return colours;
  }
}
