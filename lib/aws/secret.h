// SPDX-License-Identifier: GPL-2.0-only
//
// Memory that held a secret is overwritten before it is given back.
#pragma once

#include <cstring>
#include <string>

namespace hostav {

/// Overwrites and empties a text, the part of its buffer that it does not use included.
inline void overwrite(std::string &text) {
    text.resize(text.capacity());
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

/// Overwrites a text where it goes out of scope.
class Overwriter {
  public:
    explicit Overwriter(std::string &text) : text_(text) {}
    ~Overwriter() { overwrite(text_); }
    Overwriter(const Overwriter &) = delete;
    Overwriter &operator=(const Overwriter &) = delete;
    Overwriter(Overwriter &&) = delete;
    Overwriter &operator=(Overwriter &&) = delete;

  private:
    std::string &text_;
};

} // namespace hostav
