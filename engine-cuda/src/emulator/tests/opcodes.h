// SPDX-License-Identifier: Apache-2.0

// Runs one instruction on all combinations of operands and compares with plain C++, bit by bit.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tests {

using Bits = uint64_t;
using Values = std::vector<Bits>;
// Operands a, b, c and e as bits; the result likewise. Missing operands are 0.
using Expected = std::function<Bits(Bits, Bits, Bits, Bits)>;

// `registers`: one letter for the destination and one for each operand: h 16 bits, r 32, d 64,
// f and g float and double, p predicate (0 or 1). `tail` follows the operands, as ", 0xe8".
// The instruction also runs under a guard that half the lanes fail: these must keep their value.
void opcode(const std::string& instruction, const std::string& registers,
            const std::vector<Values>& operands, const Expected& expected,
            const std::string& tail = "");

float asFloat(Bits bits);
double asDouble(Bits bits);
Bits bitsOf(float value);
Bits bitsOf(double value);
// The one NaN of single-precision results.
Bits resultOf(float value);

extern const Values INTS16, INTS32, INTS64, FLOATS, DOUBLES;

}  // namespace tests
