// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.jocl.CL.*;

import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_program;

/**
 * A kernel in several instances, each with the arguments it was given last. Setting an argument
 * takes half a microsecond; what a training step launches finds them set by a step before.
 */
final class Launchable {
  private static final int MOST = 64;

  private final cl_program program;
  private final String name;
  private final Map<List<Object>, cl_kernel> instances = new LinkedHashMap<>(16, 0.75f, true);

  /** The first instance, without arguments yet. */
  Launchable(cl_program program, String name, cl_kernel first) {
    this.program = program;
    this.name = name;
    instances.put(List.of(), first);
  }

  /** An instance with these arguments, else the least recently used one, given them. */
  cl_kernel with(Object... arguments) {
    List<Object> wanted = Arrays.asList(arguments);
    cl_kernel found = instances.get(wanted);
    if (found == null) {
      found = prepare(wanted);
      instances.put(wanted, found);
    }
    return found;
  }

  /** Takes an instance out of the map, or makes one, and sets the arguments that differ. */
  private cl_kernel prepare(List<Object> wanted) {
    List<Object> set = List.of();
    cl_kernel kernel;
    if (instances.size() < MOST && !instances.containsKey(set)) {
      kernel = clCreateKernel(program, name, null);
    } else {
      Iterator<Map.Entry<List<Object>, cl_kernel>> oldest = instances.entrySet().iterator();
      Map.Entry<List<Object>, cl_kernel> entry = oldest.next();
      set = entry.getKey();
      kernel = entry.getValue();
      oldest.remove();
    }
    for (int i = 0; i < wanted.size(); i++) {
      if (set.isEmpty() || !Objects.equals(wanted.get(i), set.get(i))) {
        setArgument(kernel, i, wanted.get(i));
      }
    }
    return kernel;
  }

  private static void setArgument(cl_kernel kernel, int i, Object argument) {
    if (argument == null) {
      clSetKernelArg(kernel, i, Sizeof.cl_mem, null);
    } else if (argument instanceof OpenClDevice.Memory memory) {
      clSetKernelArg(kernel, i, Sizeof.cl_mem, Pointer.to(memory.memory()));
    } else if (argument instanceof Integer number) {
      clSetKernelArg(kernel, i, Sizeof.cl_int, Pointer.to(new int[] {number}));
    } else {
      clSetKernelArg(kernel, i, Sizeof.cl_float, Pointer.to(new float[] {(Float) argument}));
    }
  }

  /** The most work-items that a group of it can have. */
  int limit(cl_device_id device) {
    long[] most = new long[1];
    clGetKernelWorkGroupInfo(
        instances.values().iterator().next(),
        device,
        CL_KERNEL_WORK_GROUP_SIZE,
        Sizeof.size_t,
        Pointer.to(most),
        null);
    return (int) most[0];
  }

  void release() {
    instances.values().forEach(k -> clReleaseKernel(k));
  }
}
