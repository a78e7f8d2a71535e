// SPDX-License-Identifier: GPL-2.0-only
//
// systemd's journal as an input, by libsystemd, whose sd-journal.h is included in journal.cc only.
// The journal is its own buffer: the record is a cursor. Messages of our own process are left out.
#pragma once

#include "base/error.h"
#include "follow/input.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct JournalOptions {
    std::string name = "journal";         ///< of the section: first part of the key
    std::vector<std::string> units;       ///< `ssh.service`; none and no identifiers: everything
    std::vector<std::string> identifiers; ///< SYSLOG_IDENTIFIER
    std::string directory;                ///< of journal files; empty: the system's
    bool from_end = false;                ///< without a record
    bool to_present = false;              ///< not what is written after it was opened
    std::size_t longest = 1'000'000;      ///< bytes of an event; split as by EventReader
    std::optional<std::string> saved;     ///< record
};

class JournalInput : public Input {
  public:
    static Result<std::unique_ptr<JournalInput>> open(const JournalOptions &options);
    ~JournalInput() override;

    /// To poll for reading, and what has to be called when it is ready or `next_look` is over.
    [[nodiscard]] int fd() const;
    [[nodiscard]] Clock::time_point next_look() const;
    void look();

    [[nodiscard]] std::string name() const override;
    [[nodiscard]] std::uint64_t waiting() const override;
    [[nodiscard]] Clock::time_point waiting_since() const override;
    Result<Filled> fill(const TakeEvent &take, bool flush) override;
    void delivered() override;
    [[nodiscard]] std::string key() const override;
    [[nodiscard]] std::string record() const override;
    [[nodiscard]] bool finished() const override { return false; }

  private:
    struct Impl;
    explicit JournalInput(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// The key of a section's record: its name, or what stands for a long one (stores have a limit).
[[nodiscard]] std::string journal_key(const std::string &name);

} // namespace hostav
