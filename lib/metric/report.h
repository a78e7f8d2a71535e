// SPDX-License-Identifier: GPL-2.0-only
//
// What a command that sets something up has to say: a line a thing, what is there, was made, was
// changed or deleted; or, of a plan, what would be.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace hostav {

struct ProvisionOutput {
    std::function<void(const std::string &)> line;   ///< of the report; to be written at once
    std::function<void(const std::string &)> advise; ///< what somebody should know or do
};

/// What differs between what is there and what shall be: `threshold 5 -> 0`.
class Changes {
  public:
    void compare(const std::string &name, const std::string &from, const std::string &to);
    void compare(const std::string &name, double from, double to);
    /// In any order.
    void compare(const std::string &name, std::vector<std::string> from,
                 std::vector<std::string> to);
    void compare(const std::string &name, const std::map<std::string, std::string> &from,
                 const std::map<std::string, std::string> &to);
    void add(const std::string &change) { all_.push_back(change); }
    [[nodiscard]] bool none() const { return all_.empty(); }
    /// Comma-separated, printable.
    [[nodiscard]] std::string text() const;

  private:
    std::vector<std::string> all_;
};

/// `what` is printable: `alarm ClamAV VIRUS FOUND`.
class Report {
  public:
    Report(ProvisionOutput output, bool plan) : output_(std::move(output)), plan_(plan) {}

    void exists(const std::string &what, const std::string &detail = {});
    void made(const std::string &what, const std::string &detail = {});
    void changed(const std::string &what, const std::string &changes);
    void deleted(const std::string &what, const std::string &detail = {});
    void absent(const std::string &what); ///< to be deleted, but not there
    void kept(const std::string &what, const std::string &why);
    void confirmed(const std::string &what); ///< all subscriptions that were asked for
    void row(const std::string &text) const { output_.line(text); } ///< of a list
    void advise(const std::string &text) const { output_.advise(text); }

    [[nodiscard]] bool plan() const { return plan_; }
    /// Whether a plan has something to do.
    [[nodiscard]] bool outstanding() const { return plan_ && acted_; }

  private:
    ProvisionOutput output_;
    bool plan_, acted_ = false;
    void say(const std::string &state, const std::string &what, const std::string &detail);
    void act(const char *done, const char *planned, const std::string &what,
             const std::string &detail);
};

/// `a=1 b=2`
[[nodiscard]] std::string pairs_text(const std::map<std::string, std::string> &pairs);

} // namespace hostav
