// SPDX-License-Identifier: GPL-2.0-only
//
// Private to lib/engine/clamav_*.cc: where in a container a scan is, as libclamav's callbacks
// tell it: the path of members for detections, and clamscan's --archive-verbose lines.
#pragma once

#include <string>
#include <vector>

namespace hostav {

/// The names of the layers that are open at this moment, outermost first.
class LayerPath {
  public:
    /// A scan begins of something that lies at `prefix` inside the file; empty: the file itself.
    void begin(std::string prefix) {
        prefix_ = std::move(prefix);
        names_.clear();
    }
    void enter(unsigned level, const char *name);
    void leave();
    /// `inner.zip/eicar.com`; empty for the file itself. Layers without a name are left out.
    [[nodiscard]] std::string text() const;

  private:
    std::string prefix_;
    std::vector<std::string> names_;
};

/// What clamscan prints under --archive-verbose: `Scanning PATH!ZIP:member` under -v and
/// `PATH!ZIP:a!(2)ZIP:b: NAME FOUND`; never cut, where clamscan ends a long chain in `...`. Levels
/// count from the file itself, 1.
class MemberChain {
  public:
    void begin() { *this = {}; }
    void layer_begins() { ++level_; }
    void layer_ends(bool infected);
    void member(const std::string &type, const std::string &name);
    /// The text between the file's path and `: NAME FOUND`; empty: nothing to say.
    [[nodiscard]] std::string found_text() const;
    [[nodiscard]] std::string scanning_text() const;

  private:
    unsigned level_ = 0;
    unsigned added_level_ = 0;
    unsigned infected_level_ = 0;
    std::vector<std::string> members_;

    [[nodiscard]] std::string outer() const;
};

} // namespace hostav
