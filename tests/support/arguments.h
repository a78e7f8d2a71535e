// SPDX-License-Identifier: GPL-2.0-only
//
// Command lines as main() gets them, for the tests of what reads them: writable, the program's name
// first, a null pointer last.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace arguments {

class Arguments {
  public:
    explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {
        words_.insert(words_.begin(), "scan");
        for (auto &word : words_)
            pointers_.push_back(word.data());
        pointers_.push_back(nullptr);
    }
    Arguments(const Arguments &) = delete;
    Arguments &operator=(const Arguments &) = delete;

    [[nodiscard]] int count() const { return static_cast<int>(words_.size()); }
    [[nodiscard]] char **values() { return pointers_.data(); }

  private:
    std::vector<std::string> words_;
    std::vector<char *> pointers_;
};

} // namespace arguments
