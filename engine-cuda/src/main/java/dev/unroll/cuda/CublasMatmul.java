// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static jcuda.jcublas.JCublas2.*;
import static jcuda.jcublas.cublasMath.CUBLAS_DEFAULT_MATH;
import static jcuda.jcublas.cublasMath.CUBLAS_TF32_TENSOR_OP_MATH;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_T;
import static jcuda.jcublas.cublasStatus.CUBLAS_STATUS_SUCCESS;

import dev.unroll.BackendException;
import dev.unroll.kernels.NativeLibrary;
import java.io.IOException;
import jcuda.LibUtils;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/** Products by cuBLAS, in an order of its own. The only class that knows JCublas. */
final class CublasMatmul {
  /** What the library may use while it computes; of our own, so that it can be in a graph. */
  static final int WORKSPACE_BYTES = 32 << 20;

  /** Words of a call: see {@link #words}. */
  static final int WORDS = 11;

  private static final String BINDING = "JCublas2-12.6.0";
  private static final Pointer ONE = Pointer.to(new float[] {1});

  private final cublasHandle handle = new cublasHandle();
  private final boolean tf32;

  /** Memory of the device. */
  private static final class DevicePointer extends Pointer {
    DevicePointer(long address) {
      super(address);
    }
  }

  private CublasMatmul(boolean tf32) {
    this.tf32 = tf32;
  }

  /**
   * Loads the library.
   *
   * @throws NoCudaException if it is not there
   */
  static void load() throws NoCudaException {
    try {
      String file = LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName(BINDING));
      NativeLibrary library = NativeLibrary.unpack(LibUtils.class, file);
      library.load();
      library.use(() -> JCublas2.setExceptionsEnabled(false));
    } catch (IOException | LinkageError e) {
      throw new NoCudaException(
          "fast precision without cuBLAS: " + NoCudaException.firstLine(e),
          "install libcublas.so.12 of CUDA 12 if fast precision is wanted",
          e);
    }
  }

  /**
   * Opens the library, which is loaded, on the device whose context is current.
   *
   * @param stream where products are queued
   * @param workspace address of so much memory as {@link #WORKSPACE_BYTES}
   * @param tf32 whether factors may be rounded to 10 bits of mantissa
   */
  static CublasMatmul open(cudaStream_t stream, long workspace, boolean tf32) {
    CublasMatmul opened = new CublasMatmul(tf32);
    check(cublasCreate(opened.handle), "start");
    check(cublasSetStream(opened.handle, stream), "use a stream");
    check(
        cublasSetWorkspace(opened.handle, new DevicePointer(workspace), WORKSPACE_BYTES),
        "take a workspace");
    int mode = tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH;
    check(cublasSetMathMode(opened.handle, mode), "set the precision");
    return opened;
  }

  String note() {
    return "matmul: cuBLAS" + (tf32 ? " with TF32" : "");
  }

  /** A call in words, so that it can wait in a queue. Addresses come last: those of a, b and c. */
  static void words(Gemm gemm, float beta, long a, long b, long c, long... to) {
    to[0] = gemm.a().transposed() ? CUBLAS_OP_T : CUBLAS_OP_N;
    to[1] = gemm.b().transposed() ? CUBLAS_OP_T : CUBLAS_OP_N;
    to[2] = gemm.m();
    to[3] = gemm.n();
    to[4] = gemm.k();
    to[5] = gemm.a().leading();
    to[6] = gemm.b().leading();
    to[7] = (long) gemm.c().leading() << 32 | Integer.toUnsignedLong(Float.floatToIntBits(beta));
    to[8] = a;
    to[9] = b;
    to[10] = c;
  }

  /** Queues a call. */
  void multiply(long[] words, int at) {
    float beta = Float.intBitsToFloat((int) words[at + 7]);
    int leading = (int) (words[at + 7] >> 32);
    check(
        cublasSgemm(
            handle,
            (int) words[at],
            (int) words[at + 1],
            (int) words[at + 2],
            (int) words[at + 3],
            (int) words[at + 4],
            ONE,
            new DevicePointer(words[at + 8]),
            (int) words[at + 5],
            new DevicePointer(words[at + 9]),
            (int) words[at + 6],
            Pointer.to(new float[] {beta}),
            new DevicePointer(words[at + 10]),
            leading),
        "multiply");
  }

  void close() {
    cublasDestroy(handle);
  }

  private static void check(int status, String what) {
    if (status != CUBLAS_STATUS_SUCCESS) {
      throw new BackendException(
          "cuBLAS: can not " + what + ": " + cublasStatus.stringFor(status) + " (" + status + ")");
    }
  }
}
