// SPDX-License-Identifier: Apache-2.0

// What was counted, by kernel name; outlives the modules.

#include <mutex>
#include <set>

#include "program.h"
#include "text.h"

namespace emulator {

namespace {

struct Registry {
  std::mutex lock;
  std::map<std::string, Counters> counters;
  std::map<std::string, std::vector<std::shared_ptr<Coverage>>> coverage;
};

Registry& registry() {
  static Registry* one = new Registry();
  return *one;
}

bool sameLines(const std::vector<SourceLine>& a, const std::vector<SourceLine>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); i++) {
    if (a[i].line != b[i].line || a[i].text != b[i].text) return false;
  }
  return true;
}

std::string describe(const std::string& name, const Coverage& c) {
  std::set<std::string> ran, missed;
  size_t lines = 0;
  std::string list;
  for (size_t i = 0; i < c.lines.size(); i++) {
    (c.hits[i] != 0 ? ran : missed).insert(c.lines[i].opcode);
    if (c.hits[i] != 0) continue;
    lines++;
    list += text("  line %d: ", c.lines[i].line) + c.lines[i].text + "\n";
  }
  std::string opcodes;
  for (const std::string& opcode : missed) {
    if (ran.count(opcode) == 0) opcodes += " " + opcode;
  }
  return text("%s: %zu of %zu instructions never executed", name.c_str(), lines, c.lines.size()) +
         (opcodes.empty() ? "" : "; opcodes never executed:" + opcodes) + "\n" + list;
}

}  // namespace

Counters* countersOf(const std::string& kernel) {
  std::lock_guard<std::mutex> hold(registry().lock);
  return &registry().counters[kernel];
}

std::shared_ptr<Coverage> coverageOf(const std::string& kernel, std::vector<SourceLine> lines) {
  std::lock_guard<std::mutex> hold(registry().lock);
  auto& known = registry().coverage[kernel];
  for (auto& one : known) {
    if (sameLines(one->lines, lines)) return one;
  }
  auto fresh = std::make_shared<Coverage>();
  fresh->hits.assign(lines.size(), 0);
  fresh->lines = std::move(lines);
  known.push_back(fresh);
  return fresh;
}

std::map<std::string, Counters> counters() {
  std::lock_guard<std::mutex> hold(registry().lock);
  return registry().counters;
}

std::string coverage() {
  std::lock_guard<std::mutex> hold(registry().lock);
  std::string all;
  for (const auto& [name, versions] : registry().coverage) {
    for (const auto& one : versions) all += describe(name, *one);
  }
  return all;
}

void resetCounters() {
  std::lock_guard<std::mutex> hold(registry().lock);
  for (auto& [name, one] : registry().counters) one = Counters();
  for (auto& [name, versions] : registry().coverage) {
    for (auto& one : versions) one->hits.assign(one->hits.size(), 0);
  }
}

}  // namespace emulator
