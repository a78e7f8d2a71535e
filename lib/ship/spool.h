// SPDX-License-Identifier: GPL-2.0-only
//
// A queue on disk with a size limit: numbered segments of framed events in one directory, written
// at the end of the last, read from the first, removed when delivered. SIGKILL loses nothing that
// was pushed, a power failure what was pushed since the last sync(). One process a directory: its
// DurableMap's lock keeps a second one out.
#pragma once

#include "base/fd.h"
#include "ship/queue.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace hostav {

enum class WhenFull {
    wait,        ///< has_room() says no: whoever writes waits
    drop_oldest, ///< the oldest segment goes, counted
};

struct SpoolOptions {
    std::string directory;            ///< made when missing, 0700
    std::string name;                 ///< of the source; first part of the segments' names
    std::uint64_t limit = 1ULL << 30; ///< bytes
    WhenFull when_full = WhenFull::wait;
    std::optional<std::string> saved; ///< record
    /// So many events were dropped because it was full.
    std::function<void(std::uint64_t)> dropped{};
    /// So many bytes of a segment were no events, and are left out.
    std::function<void(std::uint64_t)> damaged{};
};

class Spool : public EventQueue {
  public:
    /// A segment that was cut short (a crash while it was written) is cut back to its last whole
    /// event.
    static Result<std::unique_ptr<Spool>> open(const SpoolOptions &options);
    /// Bytes that wait in a spool which somebody else may be using.
    static Result<std::uint64_t> backlog(const SpoolOptions &options);

    [[nodiscard]] bool has_room() const override;
    Result<void> push(const Event &event) override;
    /// Fails while the disk is full: what was pushed then is still in memory.
    Result<void> sync() override;
    [[nodiscard]] std::uint64_t unkept() const override { return held_; }
    [[nodiscard]] std::string name() const override { return options_.name; }
    [[nodiscard]] std::uint64_t waiting() const override;
    [[nodiscard]] Clock::time_point waiting_since() const override { return since_; }
    Result<Filled> fill(const TakeEvent &take, bool flush) override;
    void delivered() override;
    [[nodiscard]] std::string key() const override { return "spool/" + options_.name; }
    [[nodiscard]] std::string record() const override;
    [[nodiscard]] bool finished() const override { return closed() && waiting() == 0 && !filling_; }

  private:
    struct Place {
        std::uint64_t segment = 0;
        std::uint64_t offset = 0;
        auto operator<=>(const Place &) const = default;
    };
    explicit Spool(SpoolOptions options, Fd directory);

    SpoolOptions options_;
    Fd directory_;
    Fd lock_;
    Fd last_;                                         ///< segment that is written
    std::map<std::uint64_t, std::uint64_t> segments_; ///< number -> bytes
    std::uint64_t last_number_ = 0;                   ///< of a record, whose segment may be gone
    Place delivered_, filled_;
    std::string unwritten_;  ///< frames
    std::uint64_t held_ = 0; ///< bytes of messages in them
    bool torn_ = false;      ///< the last segment ends in half a frame
    bool filling_ = false;
    bool unsynced_ = false;
    Clock::time_point since_ = Clock::time_point::max();

    Result<void> lock();
    void resume(const std::string &saved);
    Result<void> write_out();
    Result<void> sync_last();
    Result<void> find_segments();
    Result<void> mend_last();
    Result<void> next_segment();
    Result<void> drop_oldest();
    void remove_before(std::uint64_t segment);
    [[nodiscard]] std::uint64_t total() const;
    [[nodiscard]] std::string file_name(std::uint64_t segment) const;
};

} // namespace hostav
