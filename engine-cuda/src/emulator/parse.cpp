// SPDX-License-Identifier: Apache-2.0

// From PTX text to programs: directives, declarations, labels. Instructions are decoded by opcode.

#include <algorithm>
#include <cstring>

#include "decoder.h"
#include "memory.h"
#include "text.h"

namespace emulator {

namespace {

const OpcodeTable& opcodes() {
  static const OpcodeTable* all = [] {
    auto* table = new OpcodeTable();
    addIntegerOpcodes(*table);
    addBitOpcodes(*table);
    addFloatOpcodes(*table);
    addCompareOpcodes(*table);
    addConvertOpcodes(*table);
    addMoveOpcodes(*table);
    addMemoryOpcodes(*table);
    addAtomicOpcodes(*table);
    addWarpOpcodes(*table);
    return table;
  }();
  return *all;
}

size_t roundUp(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

struct Variable {
  std::string name;
  std::string type;
  size_t alignment = 1;
  size_t bytes = 0;
  bool open = false;  // name[]: as large as the launch says
  std::vector<u8> initial;
};

class Parser {
 public:
  Parser(const std::string& source, Module& module) : source(source), all(tokens(source)), module(module) {}

  void run() {
    scope.symbols.emplace_back();
    header();
    while (!peek().empty()) topLevel();
  }

 private:
  const std::string& source;
  std::vector<Token> all;
  size_t at = 0;
  Module& module;
  Scope scope;
  Program* program = nullptr;
  std::map<std::string, int> labels;
  struct Jump {
    int inst;
    std::string label;
    int line;
  };
  std::vector<Jump> jumps;
  std::vector<SourceLine> lines;

  const std::string& peek(size_t ahead = 0) const {
    return all[std::min(at + ahead, all.size() - 1)].text;
  }
  [[noreturn]] void refuse(const std::string& why) const { throw Refused(all[at].line, why); }
  bool accept(const char* token) {
    if (peek() != token) return false;
    at++;
    return true;
  }
  void expect(const char* token) {
    if (!accept(token)) refuse(std::string("expected ") + token + ", found " + peek());
  }
  std::string word() {
    if (peek().empty()) refuse("unexpected end");
    return all[at++].text;
  }
  u64 number() {
    bool negative = accept("-");
    bool isNumber;
    std::string token = word();
    u64 value = parseNumber(token, &isNumber);
    if (!isNumber) refuse("expected a number, found " + token);
    return negative ? 0 - value : value;
  }
  void skipLine() {
    int line = all[at].line;
    while (!peek().empty() && all[at].line == line) at++;
  }

  // ---- module

  void header() {
    expect(".version");
    int major = 0, minor = 0;
    if (std::sscanf(peek().c_str(), "%d.%d", &major, &minor) != 2) refuse("bad version " + peek());
    if (major * 10 + minor > options().isa) {
      refuse(text("PTX version %s is newer than this driver's %d.%d", peek().c_str(),
                  options().isa / 10, options().isa % 10));
    }
    at++;
    expect(".target");
    int target = 0;
    if (std::sscanf(peek().c_str(), "sm_%d", &target) != 1) refuse("bad target " + peek());
    if (target > options().computeCapability) {
      refuse(text("target sm_%d is newer than this device's %d", target,
                  options().computeCapability));
    }
    at++;
    while (accept(",")) word();
    if (accept(".address_size") && number() != 64) refuse("only 64-bit addresses");
  }

  void topLevel() {
    if (accept(".visible") || accept(".weak")) {
      return;
    } else if (accept(".extern")) {
      expect(".shared");
      declareShared();
    } else if (accept(".entry")) {
      entry();
    } else if (accept(".global") || accept(".const")) {
      declareGlobal();
    } else if (peek() == ".file") {
      skipLine();
    } else if (accept(".section")) {
      while (!accept("}")) word();
    } else if (peek() == ".func") {
      refuse("functions that are not inlined (.func) are not supported");
    } else {
      refuse("unexpected " + peek());
    }
  }

  // ---- variables

  Variable variable() {
    Variable v;
    while (peek()[0] == '.') {
      std::string directive = word();
      if (directive == ".align") {
        v.alignment = number();
      } else if (sizeOfType(directive.substr(1)) > 0) {
        v.type = directive.substr(1);
      } else if (directive != ".attribute" && directive != ".ptr" && directive != ".global") {
        refuse("unknown declaration " + directive);
      }
    }
    if (v.type.empty()) refuse("a variable without a type");
    v.name = word();
    size_t element = static_cast<size_t>(sizeOfType(v.type));
    v.alignment = std::max(v.alignment, element);
    v.bytes = element;
    while (accept("[")) {
      if (accept("]")) {
        v.open = true;
      } else {
        v.bytes *= number();
        expect("]");
      }
    }
    if (accept("=")) initialise(v, element);
    return v;
  }

  void initialise(Variable& v, size_t element) {
    int depth = 0;
    do {
      while (accept("{")) depth++;
      u64 value = number();
      size_t end = v.initial.size();
      v.initial.resize(end + element);
      std::memcpy(&v.initial[end], &value, element);
      while (depth > 0 && accept("}")) depth--;
    } while (accept(","));
    if (depth != 0) refuse("expected }, found " + peek());
    if (v.open) v.bytes = v.initial.size();
    if (v.initial.size() > v.bytes) refuse("too many initial values of " + v.name);
  }

  void declareShared() {
    Variable v = variable();
    expect(";");
    if (v.open) {
      scope.symbols.back()[v.name] = {Space::Shared, 0, true};
    } else if (program == nullptr) {
      refuse("shared memory outside of a kernel");
    } else {
      size_t& used = program->kernel.staticShared;
      used = roundUp(used, v.alignment);
      scope.symbols.back()[v.name] = {Space::Shared, used, false};
      used += v.bytes;
    }
  }

  void declareLocal() {
    Variable v = variable();
    expect(";");
    u32 offset = static_cast<u32>(roundUp(program->localBytes, v.alignment));
    scope.symbols.back()[v.name] = {Space::Local, offset, false};
    program->localBytes = offset + static_cast<u32>(v.bytes);
  }

  void declareGlobal() {
    Variable v = variable();
    expect(";");
    u64 address = allocateFor(std::max<size_t>(v.bytes, 1), v.name, true);
    if (address == 0) refuse("no memory for " + v.name);
    module.variables.push_back(address);
    v.initial.resize(v.bytes);
    copyIn(address, v.initial.data(), v.bytes, nullptr);
    scope.symbols.back()[v.name] = {Space::Global, address, false};
  }

  void declareRegisters() {
    std::string type = word().substr(1);
    if (sizeOfType(type) < 0) refuse("registers of type " + type);
    do {
      std::string name = word();
      if (accept("<")) {
        u64 count = number();
        expect(">");
        for (u64 i = 0; i < count; i++) scope.declare(name + std::to_string(i), type);
      } else {
        scope.declare(name, type);
      }
    } while (accept(","));
    expect(";");
  }

  // ---- kernels

  void parameters() {
    if (!accept("(") || accept(")")) return;
    size_t& used = program->parameterBytes;
    do {
      expect(".param");
      Variable v = variable();
      used = roundUp(used, v.alignment);
      std::string type = v.bytes == static_cast<size_t>(sizeOfType(v.type))
                             ? v.type
                             : v.type + text("[%zu]", v.bytes / sizeOfType(v.type));
      program->kernel.parameters.push_back({type, v.bytes, used});
      scope.symbols.back()[v.name] = {Space::Param, used, false};
      used += v.bytes;
    } while (accept(","));
    expect(")");
  }

  void performanceDirectives() {
    while (peek() != "{") {
      std::string directive = word();
      bool limits = directive == ".maxntid" || directive == ".reqntid";
      u64 product = 1;
      if (!limits && directive != ".minnctapersm" && directive != ".maxnreg") {
        refuse("unknown directive " + directive);
      }
      do product *= number();
      while (accept(","));
      if (limits) program->kernel.maxThreads = static_cast<int>(product);
    }
  }

  void entry() {
    std::string name = word();
    auto fresh = std::make_unique<Program>();
    program = fresh.get();
    program->kernel.name = name;
    auto moduleSymbols = scope.symbols.front();
    scope = Scope();
    scope.program = program;
    scope.symbols = {moduleSymbols, {}};
    labels.clear();
    jumps.clear();
    lines.clear();
    parameters();
    performanceDirectives();
    body();
    finish();
    module.programs[name] = std::move(fresh);
    program = nullptr;
  }

  void body() {
    expect("{");
    scope.registers.emplace_back();
    for (size_t depth = 1; depth > 0;) {
      if (peek().empty()) refuse("unexpected end of kernel " + program->kernel.name);
      if (accept("{")) {
        depth++;
        scope.registers.emplace_back();
        scope.symbols.emplace_back();
      } else if (accept("}")) {
        depth--;
        scope.registers.pop_back();
        if (depth > 0) scope.symbols.pop_back();
      } else {
        statement();
      }
    }
  }

  void statement() {
    if (accept(";")) return;
    if (accept(".reg")) return declareRegisters();
    if (accept(".shared")) return declareShared();
    if (accept(".local")) return declareLocal();
    if (accept(".extern")) {
      expect(".shared");
      return declareShared();
    }
    if (peek() == ".loc" || peek() == ".file") return skipLine();
    if (accept(".pragma")) {
      while (!accept(";")) word();
      return;
    }
    if (peek()[0] == '.') refuse("unknown directive " + peek());
    if (peek(1) == ":") return labelHere();
    instruction();
  }

  void labelHere() {
    std::string name = word();
    expect(":");
    if (peek() == ".branchtargets") {
      at++;
      std::vector<std::string>& targets = scope.tables[name];
      do targets.push_back(word());
      while (accept(","));
      expect(";");
    } else if (!labels.emplace(name, static_cast<int>(program->code.size())).second) {
      refuse("label " + name + " appears twice");
    }
  }

  std::string textBetween(size_t first, size_t last) const {
    std::string line;
    for (size_t i = all[first].begin; i < all[last].end; i++) {
      bool blank = std::isspace(static_cast<unsigned char>(source[i])) != 0;
      if (!blank) {
        line += source[i];
      } else if (!line.empty() && line.back() != ' ') {
        line += ' ';
      }
    }
    return line;
  }

  void guard(Inst& inst) {
    if (!accept("@")) return;
    inst.guardNegated = accept("!");
    const Register* found = scope.findRegister(peek());
    if (found == nullptr || found->type != "pred") refuse(peek() + " is no predicate");
    inst.guard = found->offset;
    at++;
  }

  void instruction() {
    Inst inst;
    size_t first = at;
    guard(inst);
    size_t named = at;
    Decoder decoder(scope, all, at);
    std::string opcode = decoder.open();
    auto decode = opcodes().find(opcode);
    if (decode == opcodes().end()) throw Refused(all[named].line, "unknown instruction " + all[named].text);
    decode->second(decoder, inst);
    decoder.close();
    int index = static_cast<int>(program->code.size());
    if (inst.kind == Kind::Branch) jumps.push_back({index, decoder.label, all[named].line});
    if (inst.kind == Kind::BranchTable) {
      inst.target = static_cast<int>(program->tables.size());
      program->tables.emplace_back();
      jumps.push_back({index, decoder.label, all[named].line});
    }
    program->code.push_back(inst);
    lines.push_back({all[named].line, all[named].text, textBetween(first, at - 2)});
  }

  // ---- end of a kernel

  int labelled(const std::string& name, int line) const {
    auto found = labels.find(name);
    if (found == labels.end()) throw Refused(line, "no label " + name);
    return found->second;
  }

  void resolve(const Jump& jump) {
    Inst& inst = program->code[static_cast<size_t>(jump.inst)];
    if (inst.kind == Kind::Branch) {
      inst.target = labelled(jump.label, jump.line);
      return;
    }
    auto table = scope.tables.find(jump.label);
    if (table == scope.tables.end()) throw Refused(jump.line, "no branch targets " + jump.label);
    for (const std::string& name : table->second) {
      program->tables[static_cast<size_t>(inst.target)].push_back(labelled(name, jump.line));
    }
  }

  void finish() {
    Inst end;
    end.kind = Kind::Exit;
    program->code.push_back(end);
    lines.push_back({all[at - 1].line, "ret", "end of kernel"});
    for (const Jump& jump : jumps) resolve(jump);
    if (scope.dynamicSlots[0] + scope.dynamicSlots[1] != 0) {
      program->kernel.staticShared = roundUp(program->kernel.staticShared, 16);
    }
    for (bool wide : {false, true}) {
      if (scope.dynamicSlots[wide] == 0) continue;
      program->constants.push_back({scope.dynamicSlots[wide], wide, program->kernel.staticShared});
    }
    program->registerBytes = static_cast<u32>(roundUp(scope.top, 64));
    program->coverage = coverageOf(program->kernel.name, lines);
    program->counters = countersOf(program->kernel.name);
    int size = static_cast<int>(program->code.size());
    program->runEnd.resize(program->code.size());
    for (int pc = size - 1, end = size - 1; pc >= 0; pc--) {
      Inst& inst = program->code[static_cast<size_t>(pc)];
      if (inst.kind != Kind::Plain) end = pc;
      inst.memory = static_cast<u32>(pc);
      program->runEnd[static_cast<size_t>(pc)] = end;
    }
  }
};

}  // namespace

std::shared_ptr<Module> parse(const std::string& ptx, std::string* error) {
  auto module = std::make_shared<Module>();
  try {
    Parser(ptx, *module).run();
    return module;
  } catch (const Refused& refused) {
    if (error != nullptr) *error = refused.what();
    return nullptr;
  }
}

Program* programOf(const Module& module, const std::string& name) {
  auto found = module.programs.find(name);
  return found == module.programs.end() ? nullptr : found->second.get();
}

const Kernel* find(const Module& module, const std::string& name) {
  Program* program = programOf(module, name);
  return program == nullptr ? nullptr : &program->kernel;
}

std::vector<std::string> kernels(const Module& module) {
  std::vector<std::string> names;
  for (const auto& [name, program] : module.programs) names.push_back(name);
  return names;
}

}  // namespace emulator
