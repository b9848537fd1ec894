// SPDX-License-Identifier: Apache-2.0

// Streams and events. A stream is a queue that runs when something waits for it; between streams
// order is kept only where the interface promises it: events, and the default stream.

#include <chrono>
#include <limits>

#include "driver.h"

namespace driver {

namespace {

constexpr uint64_t ALL = std::numeric_limits<uint64_t>::max();
constexpr unsigned NON_BLOCKING = 1;
constexpr unsigned NO_TIMING = 2;

int64_t now() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

std::vector<Stream*> allStreams() {
  std::vector<Stream*> all = {&driver().context->defaultStream};
  for (const auto& [handle, stream] : driver().context->streams.all()) all.push_back(stream.get());
  return all;
}

// What is queued on a broken context never runs.
Result fail(Result error) {
  driver().context->error = error;
  for (Stream* stream : allStreams()) stream->queue.clear();
  return error;
}

void runBefore(Stream& stream, uint64_t number);

// The default stream waits for the blocking ones, and they for it.
void runOthersBefore(Stream& stream, uint64_t number) {
  Stream& ofDefault = driver().context->defaultStream;
  if (&stream != &ofDefault) {
    if (stream.blocking) runBefore(ofDefault, number);
    return;
  }
  for (Stream* other : allStreams()) {
    if (other != &ofDefault && other->blocking) runBefore(*other, number);
  }
}

void runBefore(Stream& stream, uint64_t number) {
  while (!stream.queue.empty() && stream.queue.front().number < number) {
    Queued next = std::move(stream.queue.front());
    stream.queue.pop_front();
    runOthersBefore(stream, next.number);
    if (driver().context->error != SUCCESS) return;
    Result result = next.step();
    if (result != SUCCESS) fail(result);
  }
}

// For entry points on a stream.
int onStream(void* handle, Needs needs, const std::function<Result(Stream&)>& body) {
  return enter(needs, [&] {
    Stream* stream = streamOf(handle);
    return stream == nullptr ? INVALID_HANDLE : body(*stream);
  });
}

int onEvent(void* handle, Needs needs, const std::function<Result(Event&)>& body) {
  return enter(needs, [&] {
    Event* event = driver().context->events.find(handle);
    return event == nullptr ? INVALID_HANDLE : body(*event);
  });
}

void await(void* handle, uint64_t number) {
  if (Stream* stream = streamOf(handle)) runBefore(*stream, number + 1);
}

Result pass(void* handle) {
  Event* event = driver().context->events.find(handle);
  if (event != nullptr) {
    event->done = true;
    event->nanoseconds = now();
  }
  return SUCCESS;
}

}  // namespace

Stream* streamOf(void* handle) {
  Context& context = *driver().context;
  bool isDefault = reinterpret_cast<uintptr_t>(handle) <= 2 || handle == &context.defaultStream;
  return isDefault ? &context.defaultStream : context.streams.find(handle);
}

Result enqueue(Stream& stream, const Step& step) {
  stream.queue.push_back({driver().submissions++, step});
  if (!driver().settings.defer) drain(stream);  // what fails shows at the next call, as always
  return SUCCESS;
}

Result submit(void* handle, const Work& work) {
  Stream* stream = streamOf(handle);
  if (stream == nullptr) return INVALID_HANDLE;
  if (stream->captureBroken) return STREAM_CAPTURE_INVALIDATED;
  if (!stream->captures()) {
    return enqueue(*stream, work());
  }
  stream->capture->nodes.push_back(work);
  return SUCCESS;
}

Result drain(Stream& stream) {
  runBefore(stream, ALL);
  return driver().context->error;
}

Result drainAll() {
  for (Stream* stream : allStreams()) drain(*stream);
  return driver().context->error;
}

Result refuseInCapture(const char* what) {
  for (Stream* stream : allStreams()) {
    if (stream->captures() && !stream->relaxed) return spoilCapture(*stream, what);
  }
  return SUCCESS;
}

Result spoilCapture(Stream& stream, const char* what) {
  stream.captureBroken = true;
  return refuse(STREAM_CAPTURE_UNSUPPORTED, text("%s while a stream is capturing", what));
}

API cuStreamCreate(void** stream, unsigned flags) {
  return enter(Needs::Context, [&] {
    if (flags > NON_BLOCKING) return INVALID_VALUE;
    auto made = std::make_unique<Stream>();
    made->blocking = flags != NON_BLOCKING;
    *stream = driver().context->streams.add(std::move(made));
    return SUCCESS;
  });
}

API cuStreamCreateWithPriority(void** stream, unsigned flags, int) {
  return cuStreamCreate(stream, flags);
}

API cuStreamDestroy_v2(void* handle) {
  return onStream(handle, Needs::Cleanup, [&](Stream& stream) {
    drain(stream);
    return driver().context->streams.remove(handle) ? SUCCESS : INVALID_HANDLE;
  });
}

API cuStreamSynchronize(void* handle) {
  return onStream(handle, Needs::Context, [](Stream& stream) {
    driver().tally.waits++;
    if (stream.captures()) return spoilCapture(stream, "cuStreamSynchronize");
    return drain(stream);
  });
}

// What is queued runs only when something waits: a loop around a query would not end otherwise.
API cuStreamQuery(void* handle) {
  return onStream(handle, Needs::Context, [](Stream& stream) {
    if (stream.captures()) return spoilCapture(stream, "cuStreamQuery");
    bool busy = !stream.queue.empty();
    drain(stream);
    return busy ? NOT_READY : SUCCESS;
  });
}

API cuStreamWaitEvent(void* handle, void* eventHandle, unsigned) {
  return onStream(handle, Needs::Context, [&](Stream& stream) {
    Event* event = driver().context->events.find(eventHandle);
    if (event == nullptr) return INVALID_HANDLE;
    if (event->captured != stream.captures()) {
      return refuse(NOT_SUPPORTED, "cuStreamWaitEvent between a capturing stream and another one");
    }
    if (!event->recorded || event->captured) return SUCCESS;
    return enqueue(stream, [source = event->stream, number = event->number] {
      await(source, number);
      return driver().context->error;
    });
  });
}

API cuStreamGetFlags(void* handle, unsigned* flags) {
  return onStream(handle, Needs::Context, [&](Stream& stream) {
    *flags = stream.blocking ? 0 : NON_BLOCKING;
    return SUCCESS;
  });
}

API cuStreamGetPriority(void* handle, int* priority) {
  return onStream(handle, Needs::Context, [&](Stream&) {
    *priority = 0;
    return SUCCESS;
  });
}

API cuEventCreate(void** event, unsigned flags) {
  return enter(Needs::Context, [&] {
    auto made = std::make_unique<Event>();
    made->timed = (flags & NO_TIMING) == 0;
    *event = driver().context->events.add(std::move(made));
    return SUCCESS;
  });
}

API cuEventDestroy_v2(void* handle) {
  return onEvent(handle, Needs::Cleanup, [&](Event&) {
    driver().context->events.remove(handle);
    return SUCCESS;
  });
}

API cuEventRecord(void* eventHandle, void* handle) {
  return onEvent(eventHandle, Needs::Context, [&](Event& event) {
    Stream* stream = streamOf(handle);
    if (stream == nullptr) return INVALID_HANDLE;
    event.captured = stream->captures();
    if (event.captured) return SUCCESS;
    event.recorded = true;
    event.done = false;
    event.stream = stream;
    event.number = driver().submissions;
    return enqueue(*stream, [eventHandle] { return pass(eventHandle); });
  });
}

API cuEventSynchronize(void* handle) {
  return onEvent(handle, Needs::Context, [](Event& event) {
    driver().tally.waits++;
    if (event.captured) return CAPTURED_EVENT;
    if (!event.done) await(event.stream, event.number);
    return driver().context->error;
  });
}

API cuEventQuery(void* handle) {
  return onEvent(handle, Needs::Context, [](Event& event) {
    if (event.captured) return CAPTURED_EVENT;
    if (event.done) return SUCCESS;
    await(event.stream, event.number);
    return NOT_READY;
  });
}

API cuEventElapsedTime(float* milliseconds, void* from, void* to) {
  return onEvent(from, Needs::Context, [&](Event& start) {
    Event* end = driver().context->events.find(to);
    if (end == nullptr || !end->recorded || !start.recorded) return INVALID_HANDLE;
    if (!end->timed || !start.timed) return INVALID_HANDLE;
    if (end->captured || start.captured) return CAPTURED_EVENT;
    if (!end->done || !start.done) return NOT_READY;
    *milliseconds = static_cast<float>(end->nanoseconds - start.nanoseconds) / 1e6f;
    return SUCCESS;
  });
}

}  // namespace driver
