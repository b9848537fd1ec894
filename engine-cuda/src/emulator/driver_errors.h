// SPDX-License-Identifier: Apache-2.0

// Results of the driver API that the emulated driver can give: name, number, text.
CUDA_ERROR(SUCCESS, 0, "no error")
CUDA_ERROR(INVALID_VALUE, 1, "invalid argument")
CUDA_ERROR(OUT_OF_MEMORY, 2, "out of memory")
CUDA_ERROR(NOT_INITIALIZED, 3, "initialization error")
CUDA_ERROR(NO_DEVICE, 100, "no CUDA-capable device is detected")
CUDA_ERROR(INVALID_DEVICE, 101, "invalid device ordinal")
CUDA_ERROR(INVALID_CONTEXT, 201, "invalid device context")
CUDA_ERROR(NO_BINARY_FOR_GPU, 209, "no kernel image is available for execution on the device")
CUDA_ERROR(INVALID_PTX, 218, "a PTX JIT compilation failed")
CUDA_ERROR(UNSUPPORTED_PTX_VERSION, 222,
           "the provided PTX was compiled with an unsupported toolchain")
CUDA_ERROR(FILE_NOT_FOUND, 301, "file not found")
CUDA_ERROR(INVALID_HANDLE, 400, "invalid resource handle")
CUDA_ERROR(ILLEGAL_STATE, 401, "the operation cannot be performed in the present state")
CUDA_ERROR(NOT_FOUND, 500, "named symbol not found")
CUDA_ERROR(NOT_READY, 600, "device not ready")
CUDA_ERROR(ILLEGAL_ADDRESS, 700, "an illegal memory access was encountered")
CUDA_ERROR(LAUNCH_OUT_OF_RESOURCES, 701, "too many resources requested for launch")
CUDA_ERROR(LAUNCH_TIMEOUT, 702, "the launch timed out and was terminated")
CUDA_ERROR(CONTEXT_IS_DESTROYED, 709, "context is destroyed")
CUDA_ERROR(HOST_MEMORY_ALREADY_REGISTERED, 712,
           "part or all of the requested memory range is already mapped")
CUDA_ERROR(HOST_MEMORY_NOT_REGISTERED, 713,
           "pointer does not correspond to a registered memory region")
CUDA_ERROR(MISALIGNED_ADDRESS, 716, "misaligned address")
CUDA_ERROR(LAUNCH_FAILED, 719, "unspecified launch failure")
CUDA_ERROR(NOT_SUPPORTED, 801, "operation not supported")
CUDA_ERROR(STREAM_CAPTURE_UNSUPPORTED, 900, "operation not permitted when stream is capturing")
CUDA_ERROR(STREAM_CAPTURE_INVALIDATED, 901,
           "operation failed due to a previous error during capture")
CUDA_ERROR(STREAM_CAPTURE_UNMATCHED, 903, "capture was not initiated in this stream")
CUDA_ERROR(STREAM_CAPTURE_IMPLICIT, 906,
           "operation would make the legacy stream depend on a capturing blocking stream")
CUDA_ERROR(CAPTURED_EVENT, 907,
           "operation not permitted on an event last recorded in a capturing stream")
CUDA_ERROR(UNKNOWN, 999, "unknown error")
