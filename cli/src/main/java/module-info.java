// SPDX-License-Identifier: Apache-2.0

/** The {@code unroll} command and its recipes. */
module dev.unroll.cli {
  requires dev.unroll.api;
  requires dev.unroll.bench;
  requires dev.unroll.cpu;
  requires dev.unroll.cuda;
  requires dev.unroll.kernels;
  requires info.picocli;
  requires org.apache.commons.csv;
  requires java.desktop;
  requires jtokkit;
  requires me.tongfei.progressbar;
  requires org.apache.commons.numbers.gamma;
  requires xchart;

  opens dev.unroll.cli to
      info.picocli;
}
