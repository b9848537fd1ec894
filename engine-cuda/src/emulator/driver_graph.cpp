// SPDX-License-Identifier: Apache-2.0

// Graphs: what a stream captured, to be queued again as a whole.

#include "driver.h"

namespace driver {

namespace {

constexpr int RELAXED = 2;  // of CUstreamCaptureMode

int onStream(void* handle, const std::function<Result(Stream&)>& body) {
  return enter(Needs::Context, [&] {
    Stream* stream = streamOf(handle);
    return stream == nullptr ? INVALID_HANDLE : body(*stream);
  });
}

// The capture status that cuStreamIsCapturing gives.
int statusOf(const Stream& stream) {
  if (!stream.captures()) return 0;
  return stream.captureBroken ? 2 : 1;
}

}  // namespace

API cuStreamBeginCapture_v2(void* handle, int mode) {
  return onStream(handle, [&](Stream& stream) {
    if (&stream == &driver().context->defaultStream) return STREAM_CAPTURE_UNSUPPORTED;
    if (stream.captures()) return ILLEGAL_STATE;
    stream.capture = std::make_unique<Graph>();
    stream.relaxed = mode == RELAXED;
    return SUCCESS;
  });
}

API cuStreamEndCapture(void* handle, void** graph) {
  return onStream(handle, [&](Stream& stream) {
    if (!stream.captures()) return ILLEGAL_STATE;
    std::unique_ptr<Graph> captured = std::move(stream.capture);
    *graph = nullptr;
    if (std::exchange(stream.captureBroken, false)) return STREAM_CAPTURE_INVALIDATED;
    *graph = driver().context->graphs.add(std::move(captured));
    return SUCCESS;
  });
}

API cuStreamIsCapturing(void* handle, int* status) {
  return onStream(handle, [&](Stream& stream) {
    *status = statusOf(stream);
    return SUCCESS;
  });
}

API cuThreadExchangeStreamCaptureMode(int* mode) {
  static thread_local int current = 0;
  std::swap(*mode, current);
  return SUCCESS;
}

API cuGraphCreate(void** graph, unsigned flags) {
  return enter(Needs::Context, [&] {
    if (flags != 0) return INVALID_VALUE;
    *graph = driver().context->graphs.add(std::make_unique<Graph>());
    return SUCCESS;
  });
}

API cuGraphDestroy(void* graph) {
  return enter(Needs::Cleanup, [&] {
    return driver().context->graphs.remove(graph) ? SUCCESS : INVALID_HANDLE;
  });
}

// The number of nodes only: they have no handles here.
API cuGraphGetNodes(void* handle, void** nodes, size_t* count) {
  return enter(Needs::Context, [&] {
    Graph* graph = driver().context->graphs.find(handle);
    if (graph == nullptr) return INVALID_HANDLE;
    if (nodes != nullptr) return NOT_SUPPORTED;
    *count = graph->nodes.size();
    return SUCCESS;
  });
}

API cuGraphInstantiateWithFlags(void** executable, void* handle, unsigned long long) {
  return enter(Needs::Context, [&] {
    Graph* graph = driver().context->graphs.find(handle);
    if (graph == nullptr) return INVALID_HANDLE;
    if (strikes("graph")) return NOT_SUPPORTED;
    auto copy = std::make_shared<const Graph>(*graph);
    *executable = driver().context->executables.add(
        std::make_unique<std::shared_ptr<const Graph>>(std::move(copy)));
    return SUCCESS;
  });
}

API cuGraphUpload(void* executable, void* stream) {
  return onStream(stream, [&](Stream&) {
    return driver().context->executables.find(executable) == nullptr ? INVALID_HANDLE : SUCCESS;
  });
}

API cuGraphLaunch(void* executable, void* handle) {
  return onStream(handle, [&](Stream& stream) {
    auto graph = driver().context->executables.find(executable);
    if (graph == nullptr) return INVALID_HANDLE;
    if (stream.captures()) return spoilCapture(stream, "cuGraphLaunch");
    driver().tally.graphLaunches++;
    for (const Work& node : (*graph)->nodes) enqueue(stream, node());
    return SUCCESS;
  });
}

API cuGraphExecDestroy(void* executable) {
  return enter(Needs::Cleanup, [&] {
    return driver().context->executables.remove(executable) ? SUCCESS : INVALID_HANDLE;
  });
}

}  // namespace driver
