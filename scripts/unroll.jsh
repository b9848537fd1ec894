// SPDX-License-Identifier: Apache-2.0
// Unroll at the prompt of jshell. In the project's folder, once ./unroll has built it:
//   jshell --class-path 'cli/target/*:cli/target/lib/*' -R--add-modules=jdk.incubator.vector scripts/unroll.jsh
// Then for example:
//   show(matrix(new float[] {1, 2}, new float[] {3, 4}).t())
import java.util.*;
import dev.unroll.*;
import dev.unroll.io.*;
import dev.unroll.nn.*;
import dev.unroll.text.*;
import dev.unroll.train.*;

Ops ops = Backends.open("auto");
Arena arena = ops.arena("jshell");
Initializer init = new Initializer(arena, 1);

Tensor matrix(float[]... rows) {
  Tensor all = arena.tensor(rows.length, rows[0].length);
  for (int r = 0; r < rows.length; r++) {
    ops.write(rows[r], all.rows(r, 1));
  }
  return all;
}

void show(Tensor tensor) {
  float[] values = ops.read(tensor);
  for (int r = 0; r < tensor.rows(); r++) {
    System.out.println(Arrays.toString(Arrays.copyOfRange(values, r * tensor.cols(), (r + 1) * tensor.cols())));
  }
}

System.out.println("ops is " + ops.name() + "; arena, init, matrix(rows...) and show(tensor) are there too");
