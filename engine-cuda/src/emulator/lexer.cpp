// SPDX-License-Identifier: Apache-2.0

#include "lexer.h"

#include <cctype>

namespace emulator {

namespace {

bool isWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%' || c == '.';
}

struct Lexer {
  const std::string& source;
  size_t at = 0;
  int line = 1;

  char peek(size_t ahead = 0) const {
    return at + ahead < source.size() ? source[at + ahead] : '\0';
  }

  void step() {
    if (peek() == '\n') line++;
    at++;
  }

  // White space and comments.
  void skip() {
    while (at < source.size()) {
      if (std::isspace(static_cast<unsigned char>(peek()))) {
        step();
      } else if (peek() == '/' && peek(1) == '/') {
        while (at < source.size() && peek() != '\n') step();
      } else if (peek() == '/' && peek(1) == '*') {
        step();
        step();
        while (at < source.size() && !(peek() == '*' && peek(1) == '/')) step();
        at += 2;
      } else {
        return;
      }
    }
  }

  void word() {
    while (isWord(peek()) || (peek() == ':' && peek(1) == ':')) at += peek() == ':' ? 2 : 1;
  }

  void quoted() {
    step();
    while (at < source.size() && peek() != '"') step();
    at++;
  }

  Token next() {
    size_t begin = at;
    int first = line;
    if (isWord(peek())) {
      word();
    } else if (peek() == '"') {
      quoted();
    } else {
      at++;
    }
    return {source.substr(begin, at - begin), first, begin, at};
  }
};

}  // namespace

std::vector<Token> tokens(const std::string& source) {
  std::vector<Token> all;
  Lexer lexer{source};
  for (lexer.skip(); lexer.at < source.size() && lexer.peek() != '\0'; lexer.skip()) {
    all.push_back(lexer.next());
  }
  all.push_back({"", lexer.line, source.size(), source.size()});
  return all;
}

}  // namespace emulator
