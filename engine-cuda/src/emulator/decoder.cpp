// SPDX-License-Identifier: Apache-2.0

#include "decoder.h"

#include <cstdlib>
#include <cstring>

namespace emulator {

int sizeOfType(const std::string& type) {
  static const std::map<std::string, int> sizes = {
      {"b8", 1},  {"u8", 1},  {"s8", 1},  {"b16", 2}, {"u16", 2}, {"s16", 2},
      {"f16", 2}, {"b32", 4}, {"u32", 4}, {"s32", 4}, {"f32", 4}, {"b64", 8},
      {"u64", 8}, {"s64", 8}, {"f64", 8}, {"pred", 0}};
  auto found = sizes.find(type);
  return found == sizes.end() ? -1 : found->second;
}

u64 parseNumber(const std::string& token, bool* isNumber) {
  *isNumber = !token.empty() && token[0] >= '0' && token[0] <= '9';
  if (!*isNumber) return 0;
  std::string digits = token;
  char second = digits.size() > 2 ? digits[1] : '\0';
  char* end = nullptr;
  u64 value;
  if (digits[0] == '0' && std::strchr("fFdD", second) != nullptr && second != '\0') {
    value = std::strtoull(digits.c_str() + 2, &end, 16);
  } else if (digits[0] == '0' && (second == 'b' || second == 'B')) {
    value = std::strtoull(digits.c_str() + 2, &end, 2);
  } else {
    value = std::strtoull(digits.c_str(), &end, 0);
  }
  if (*end == 'U') end++;
  *isNumber = *end == '\0';
  return value;
}

// ---- scope

u32 Scope::allocate(u32 bytes) {
  u32 offset = top;
  top += bytes;
  return offset;
}

u32 Scope::allocatePredicate() {
  if (nextPredicate == endPredicates) {
    nextPredicate = allocate(64);
    endPredicates = nextPredicate + 64;
  }
  nextPredicate += 4;
  return nextPredicate - 4;
}

u32 Scope::constant(u64 value, bool wide) {
  auto [entry, isNew] = constants.emplace(std::make_pair(wide, value), 0);
  if (isNew) {
    entry->second = allocate(wide ? 8 * LANES : 4 * LANES);
    program->constants.push_back({entry->second, wide, value});
  }
  return entry->second;
}

u32 Scope::dynamicShared(bool wide) {
  u32& slot = dynamicSlots[wide];
  if (slot == 0) slot = allocate(wide ? 8 * LANES : 4 * LANES);
  return slot;
}

u32 Scope::special(Special which, bool wide) {
  auto [entry, isNew] = program->specials.emplace(which, 0);
  if (isNew) entry->second = allocate(wide ? 8 * LANES : 4 * LANES);
  return entry->second;
}

const Register* Scope::findRegister(const std::string& name) const {
  for (auto block = registers.rbegin(); block != registers.rend(); ++block) {
    auto found = block->find(name);
    if (found != block->end()) return &found->second;
  }
  return nullptr;
}

const Symbol* Scope::findSymbol(const std::string& name) const {
  for (auto block = symbols.rbegin(); block != symbols.rend(); ++block) {
    auto found = block->find(name);
    if (found != block->end()) return &found->second;
  }
  return nullptr;
}

void Scope::declare(const std::string& name, const std::string& type) {
  u32 offset = type == "pred"         ? allocatePredicate()
               : sizeOfType(type) == 8 ? allocate(8 * LANES)
                                       : allocate(4 * LANES);
  registers.back()[name] = {offset, type};
  program->kernel.registers++;
}

// ---- opcode and modifiers

void Decoder::refuse(const std::string& why) const { throw Refused(all[at].line, why); }

void Decoder::unknown() const { refuse("unknown instruction " + opcode); }

std::string Decoder::open() {
  opcode = word();
  std::vector<std::string> parts;
  for (size_t from = 0; from <= opcode.size();) {
    size_t dot = std::min(opcode.find('.', from), opcode.size());
    parts.push_back(opcode.substr(from, dot - from));
    from = dot + 1;
  }
  modifiers.assign(parts.begin() + 1, parts.end());
  taken.assign(modifiers.size(), false);
  return parts[0];
}

void Decoder::close() {
  for (bool was : taken) {
    if (!was) unknown();
  }
  if (peek() != ";") refuse("expected ; after the operands of " + opcode + ", found " + peek());
  at++;
}

bool Decoder::take(const std::string& modifier) {
  for (size_t i = 0; i < modifiers.size(); i++) {
    if (!taken[i] && modifiers[i] == modifier) {
      taken[i] = true;
      return true;
    }
  }
  return false;
}

std::string Decoder::takeOne(const std::vector<std::string>& names, bool optional) {
  for (const std::string& name : names) {
    if (take(name)) return name;
  }
  if (!optional) unknown();
  return "";
}

std::string Decoder::takeAny() {
  for (size_t i = 0; i < modifiers.size(); i++) {
    if (!taken[i]) {
      taken[i] = true;
      return modifiers[i];
    }
  }
  unknown();
}

std::string Decoder::peekType() const {
  for (size_t i = 0; i < modifiers.size(); i++) {
    if (!taken[i] && sizeOfType(modifiers[i]) >= 0) return modifiers[i];
  }
  unknown();
}

std::string Decoder::takeType() {
  std::string type = peekType();
  take(type);
  return type;
}

// ---- tokens

bool Decoder::accept(const char* token) {
  if (peek() != token) return false;
  at++;
  return true;
}

void Decoder::expect(const char* token) {
  if (!accept(token)) refuse(std::string("expected ") + token + ", found " + peek());
}

std::string Decoder::word() {
  if (peek().empty()) refuse("unexpected end");
  return all[at++].text;
}

u64 Decoder::number() {
  bool negative = accept("-");
  bool isNumber;
  std::string token = word();
  u64 value = parseNumber(token, &isNumber);
  if (!isNumber) refuse("expected a number, found " + token);
  return negative ? 0 - value : value;
}

// ---- operands

u32 Decoder::symbolOperand(const Symbol& symbol, bool wide) {
  return symbol.dynamicShared ? scope.dynamicShared(wide) : scope.constant(symbol.address, wide);
}

u32 Decoder::immediate(const std::string& type) {
  const std::string& token = all[at].text;
  bool isDouble = token.size() == 18 && (token[1] == 'd' || token[1] == 'D');
  bool isSingle = token.size() == 10 && (token[1] == 'f' || token[1] == 'F');
  u64 value = number();
  if (type == "pred") return scope.constant(value != 0 ? ALL_LANES : 0, false);
  if (type == "f32" && isDouble) {
    double wide;
    std::memcpy(&wide, &value, 8);
    float narrow = static_cast<float>(wide);
    u32 bits;
    std::memcpy(&bits, &narrow, 4);
    value = bits;
  } else if ((type == "f32" && !isSingle) || (type == "f64" && !isDouble)) {
    refuse("a constant of type " + type + " must be written as " +
           (type == "f32" ? "0f and 8" : "0d and 16") + " hexadecimal digits");
  }
  bool wide = sizeOfType(type) == 8;
  return scope.constant(wide ? value : static_cast<u32>(value), wide);
}

static const std::map<std::string, Special>& specials() {
  static const std::map<std::string, Special> names = {
      {"%tid.x", Special::TidX},           {"%tid.y", Special::TidY},
      {"%tid.z", Special::TidZ},           {"%ntid.x", Special::NtidX},
      {"%ntid.y", Special::NtidY},         {"%ntid.z", Special::NtidZ},
      {"%ctaid.x", Special::CtaidX},       {"%ctaid.y", Special::CtaidY},
      {"%ctaid.z", Special::CtaidZ},       {"%nctaid.x", Special::NctaidX},
      {"%nctaid.y", Special::NctaidY},     {"%nctaid.z", Special::NctaidZ},
      {"%laneid", Special::LaneId},        {"%warpid", Special::WarpId},
      {"%nwarpid", Special::NwarpId},      {"%lanemask_eq", Special::LaneMaskEq},
      {"%lanemask_lt", Special::LaneMaskLt}, {"%lanemask_le", Special::LaneMaskLe},
      {"%lanemask_gt", Special::LaneMaskGt}, {"%lanemask_ge", Special::LaneMaskGe},
      {"%clock", Special::Clock},          {"%clock64", Special::Clock64}};
  return names;
}

u32 Decoder::operand(const std::string& type) {
  const std::string& token = peek();
  int width = sizeOfType(type);
  if (const Register* found = scope.findRegister(token)) {
    if (sizeOfType(found->type) != width && !(width == 1 && sizeOfType(found->type) == 2)) {
      refuse("operand " + token + " is ." + found->type + ", not ." + type);
    }
    at++;
    lastWidth = width;
    return found->offset;
  }
  auto special = specials().find(token);
  if (special != specials().end()) {
    bool wide = special->second == Special::Clock64;
    if (width != (wide ? 8 : 4)) refuse("operand " + token + " is not ." + type);
    at++;
    return scope.special(special->second, wide);
  }
  if (const Symbol* symbol = scope.findSymbol(token)) {
    if (width != 4 && width != 8) refuse("address of " + token + " as ." + type);
    at++;
    u64 offset = accept("+") ? number() : 0;
    if (symbol->dynamicShared) {
      if (offset != 0) refuse("dynamic shared memory plus a constant");
      return symbolOperand(*symbol, width == 8);
    }
    return scope.constant(symbol->address + offset, width == 8);
  }
  if (token == "-" || (token[0] >= '0' && token[0] <= '9')) return immediate(type);
  refuse("unknown operand " + token);
}

u32 Decoder::destination(const std::string& type) {
  if (accept("_")) return 0;
  const Register* found = scope.findRegister(peek());
  if (found == nullptr) refuse("expected a register, found " + peek());
  if (sizeOfType(found->type) != sizeOfType(type)) {
    refuse("destination " + peek() + " is ." + found->type + ", not ." + type);
  }
  at++;
  return found->offset;
}

u32 Decoder::anyRegister(const std::string& type) {
  if (accept("_")) return 0;
  const Register* found = scope.findRegister(peek());
  if (found == nullptr) return operand(type);
  int width = sizeOfType(found->type);
  if (width < sizeOfType(type)) refuse(peek() + " is too narrow for ." + type);
  at++;
  lastWidth = width;
  return found->offset;
}

u32 Decoder::predicateOperand(bool* negated) {
  *negated = accept("!");
  return operand("pred");
}

int Decoder::vectorOperands(Inst& inst, const std::string& type, bool loose, bool isDestination) {
  auto one = [&] {
    return loose ? anyRegister(type) : isDestination ? destination(type) : operand(type);
  };
  if (!accept("{")) {
    inst.v[0] = one();
    return 1;
  }
  int count = 0;
  do {
    if (count == 4) refuse("a vector of more than 4");
    inst.v[count++] = one();
  } while (accept(","));
  expect("}");
  return count;
}

void Decoder::symbolAddress(Inst& inst, const std::string& name) {
  const Symbol* symbol = scope.findSymbol(name);
  if (symbol == nullptr) refuse("unknown symbol " + name);
  if (inst.space != Space::Generic && symbol->space != inst.space) {
    refuse("symbol " + name + " lies in another state space");
  }
  if (inst.space == Space::Generic && symbol->space != Space::Global) {
    refuse("generic access to the symbol " + name);
  }
  inst.wideAddress = true;
  if (symbol->space == Space::Param) {
    inst.imm += static_cast<s64>(symbol->address);
  } else {
    inst.a = symbolOperand(*symbol, true);
  }
}

void Decoder::address(Inst& inst) {
  expect("[");
  std::string base = word();
  if (accept("+")) inst.imm = static_cast<s64>(number());
  else if (peek() == "-") inst.imm = static_cast<s64>(number());
  expect("]");
  bool isNumber;
  u64 value = parseNumber(base, &isNumber);
  if (const Register* found = scope.findRegister(base)) {
    int width = sizeOfType(found->type);
    if (width != 4 && width != 8) refuse("address register " + base + " is ." + found->type);
    if (inst.space == Space::Param) refuse("parameter at a computed address");
    inst.a = found->offset;
    inst.wideAddress = width == 8;
  } else if (isNumber) {
    inst.a = scope.constant(value, true);
  } else {
    symbolAddress(inst, base);
  }
}

}  // namespace emulator
