// SPDX-License-Identifier: Apache-2.0

// What the decoders of instructions (instructions_*.cpp) see: the modifiers of the opcode, the
// operands, and the kernel that is being built. A modifier that no decoder takes refuses the module.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lexer.h"
#include "program.h"

namespace emulator {

int sizeOfType(const std::string& type);  // bytes; pred: 0; -1: not a type
inline bool isFloat(const std::string& type) { return type[0] == 'f'; }

struct Register {
  u32 offset;
  std::string type;
};

struct Symbol {
  Space space;
  u64 address;
  bool dynamicShared;
};

// Names and register file of the kernel that is being built.
struct Scope {
  Program* program = nullptr;
  std::vector<std::map<std::string, Register>> registers;  // innermost block last
  std::vector<std::map<std::string, Symbol>> symbols;      // module, kernel and its blocks
  std::map<std::pair<bool, u64>, u32> constants;
  std::map<std::string, std::vector<std::string>> tables;  // .branchtargets
  u32 dynamicSlots[2] = {0, 0};  // where dynamic shared memory starts, as 32 and 64 bits
  u32 top = 256;            // below: what `_` stands for
  u32 nextPredicate = 0, endPredicates = 0;

  u32 allocate(u32 bytes);
  u32 allocatePredicate();
  u32 constant(u64 value, bool wide);
  u32 special(Special which, bool wide);
  u32 dynamicShared(bool wide);
  const Register* findRegister(const std::string& name) const;
  const Symbol* findSymbol(const std::string& name) const;
  void declare(const std::string& name, const std::string& type);
};

class Decoder {
 public:
  Decoder(Scope& scope, const std::vector<Token>& all, size_t& at) : scope(scope), all(all), at(at) {}

  Scope& scope;
  std::string label;  // of a branch; the parser resolves it

  // Reads the opcode; then the decoder of its first word takes the rest.
  std::string open();
  // After the operands: everything must have been taken.
  void close();

  bool take(const std::string& modifier);
  // The one of the names that is there; refuses when there is none and `optional` is false.
  std::string takeOne(const std::vector<std::string>& names, bool optional = false);
  std::string takeType();
  std::string peekType() const;
  // The first modifier that was not taken yet.
  std::string takeAny();

  u32 operand(const std::string& type);      // source: register, immediate, symbol, special
  u32 destination(const std::string& type);  // register of that width, or _
  u32 predicateOperand(bool* negated);
  u32 anyRegister(const std::string& type);  // at least that wide (ld, st, cvt); *lastWidth
  int lastWidth = 0;                         // bytes of the register read last
  void comma() { expect(","); }
  bool accept(const char* token);
  void expect(const char* token);
  u64 number();
  std::string word();
  const std::string& peek() const { return all[at].text; }

  // [register + offset], [symbol + offset] or [number].
  void address(Inst& inst);
  // One register or {a, b, ...}; returns how many.
  int vectorOperands(Inst& inst, const std::string& type, bool loose, bool isDestination);

  [[noreturn]] void refuse(const std::string& why) const;
  [[noreturn]] void unknown() const;
  Handler need(Handler handler) const {
    if (handler == nullptr) unknown();
    return handler;
  }

 private:
  const std::vector<Token>& all;
  size_t& at;
  std::string opcode;
  std::vector<std::string> modifiers;
  std::vector<bool> taken;

  u32 immediate(const std::string& type);
  u32 symbolOperand(const Symbol& symbol, bool wide);
  void symbolAddress(Inst& inst, const std::string& name);
};

// A number as it stands in PTX: decimal, 0x, 0b, octal, 0f..., 0d..., with U.
u64 parseNumber(const std::string& token, bool* isNumber);

using Decode = void (*)(Decoder&, Inst&);
using OpcodeTable = std::map<std::string, Decode>;
void addIntegerOpcodes(OpcodeTable& table);
void addBitOpcodes(OpcodeTable& table);
void addFloatOpcodes(OpcodeTable& table);
void addCompareOpcodes(OpcodeTable& table);
void addConvertOpcodes(OpcodeTable& table);
void addMoveOpcodes(OpcodeTable& table);
void addMemoryOpcodes(OpcodeTable& table);
void addAtomicOpcodes(OpcodeTable& table);
void addWarpOpcodes(OpcodeTable& table);

// For the opcodes that integers and floats share; `name` as in PTX, fma for mad.
void decodeFloatArithmetic(Decoder& d, Inst& i, const std::string& name);

// Handlers by type: null for the types that the instruction has not.
template <template <class> class H>
Handler byUnsigned(const std::string& type) {
  switch (sizeOfType(type)) {
    case 2: return H<u16>::run;
    case 4: return H<u32>::run;
    case 8: return H<u64>::run;
    default: return nullptr;
  }
}

template <template <class> class H>
Handler bySign(const std::string& type) {
  if (type == "s16") return H<s16>::run;
  if (type == "s32") return H<s32>::run;
  if (type == "s64") return H<s64>::run;
  return byUnsigned<H>(type);
}

}  // namespace emulator
