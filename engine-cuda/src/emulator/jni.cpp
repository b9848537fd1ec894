// SPDX-License-Identifier: Apache-2.0

// What dev.unroll.cuda.EmulatedDriver calls.

#include <jni.h>

#include "driver.h"

namespace {

jobjectArray toJava(JNIEnv* env, const std::vector<std::string>& lines) {
  jclass type = env->FindClass("java/lang/String");
  auto size = static_cast<jsize>(lines.size());
  jobjectArray all = env->NewObjectArray(size, type, nullptr);
  for (jsize i = 0; all != nullptr && i < size; i++) {
    jstring line = env->NewStringUTF(lines[static_cast<size_t>(i)].c_str());
    if (line == nullptr) return nullptr;  // out of memory is pending in Java
    env->SetObjectArrayElement(all, i, line);
    env->DeleteLocalRef(line);
  }
  return all;
}

}  // namespace

extern "C" {

// The problem, or null.
JNIEXPORT jstring JNICALL Java_dev_unroll_cuda_EmulatedDriver_set(JNIEnv* env, jclass,
                                                                 jstring settings) {
  const char* text = env->GetStringUTFChars(settings, nullptr);
  if (text == nullptr) return nullptr;
  std::string problem = driver::configure(text);
  env->ReleaseStringUTFChars(settings, text);
  return problem.empty() ? nullptr : env->NewStringUTF(problem.c_str());
}

JNIEXPORT jobjectArray JNICALL Java_dev_unroll_cuda_EmulatedDriver_takeReports(JNIEnv* env,
                                                                              jclass) {
  return toJava(env, driver::takeReports());
}

JNIEXPORT jobjectArray JNICALL Java_dev_unroll_cuda_EmulatedDriver_counterLines(JNIEnv* env,
                                                                               jclass) {
  return toJava(env, driver::counters());
}

JNIEXPORT jstring JNICALL Java_dev_unroll_cuda_EmulatedDriver_coverageText(JNIEnv* env, jclass) {
  return env->NewStringUTF(emulator::coverage().c_str());
}

}  // extern "C"
