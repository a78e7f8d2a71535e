// SPDX-License-Identifier: GPL-2.0-only
//
// A run of scan: entries from the source to the pool, answers to the printer in the order of the
// walk whatever the number of workers is. One thread, one poll(2) loop.
//
// Every entry becomes an item at the end of a queue; items leave it at the front once they are
// answered. The queue's length is bounded, so that one slow file cannot pile up the rest of the
// disk behind it, and only what is with a worker, waits for one, or is infected and to be dealt
// with holds its file open.
#pragma once

#include "base/error.h"
#include "base/mounts.h"
#include "base/signals.h"
#include "base/walk.h"
#include "engine/pool.h"
#include "scan/options.h"
#include "scan/printer.h"
#include "scan/progress.h"
#include "scan/source.h"
#include "scan/summary.h"
#include "store/actions.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

namespace hostav {

class Scanner {
  public:
    struct Parts {
        Pool &pool;
        Source &source;
        Printer &printer;
        Progress &progress;
        Actions &actions;
        Summary &summary;
        Signals &signals;
        /// Called for every file that was scanned in full and is clean; may be empty.
        std::function<void(int fd, const struct stat &st)> clean;
    };
    Scanner(const ScanOptions &options, Parts parts);

    /// Runs to the end, to a signal (then Signals::pending says which) or until nobody reads the
    /// output (output_gone). Fails when no worker can be made.
    Result<void> run();
    [[nodiscard]] bool output_gone() const { return output_gone_; }
    /// clamscan's exit status for what was seen so far.
    [[nodiscard]] int exit_status() const;

  private:
    /// The answer for one inode, shared by all paths that lead to it.
    struct Outcome {
        bool ready = false;
        Report report;
    };
    struct Item {
        Entry entry;
        std::shared_ptr<Outcome> outcome; ///< files only
        bool scans = false;               ///< this item's descriptor goes to a worker
        bool standard_input = false;
        bool tried_again = false; ///< its first worker was lent, and died
        bool was_cached = true; ///< in the page cache before we came
    };
    struct Known {
        std::shared_ptr<Outcome> outcome;
        struct stat st;
        nlink_t seen = 0;
    };

    const ScanOptions &options_;
    Parts parts_;
    std::size_t queue_limit_;
    Mounts mounts_ = Mounts::read();
    std::deque<std::unique_ptr<Item>> queue_;
    std::deque<Item *> waiting_; ///< for a worker
    std::unordered_map<std::uint64_t, Item *> scanning_;
    std::map<std::pair<dev_t, ino_t>, Known> known_;
    std::set<std::pair<dev_t, ino_t>> dealt_with_; ///< moved or removed
    std::uint64_t next_job_ = 0;
    std::uint64_t bytes_ = 0;
    bool source_ended_ = false;
    bool source_waits_ = false;
    bool output_gone_ = false;
    bool failed_ = false; ///< something that clamscan answers with exit status 2

    void take_entries();
    void add(Entry entry);
    bool share_known(Item &item);
    Result<void> dispatch();
    void collect();
    void release(Item &item);
    void settle_front();
    [[nodiscard]] bool dealt_with(const Item &item) const;
    void settle_file(Item &item);
    void act(Item &item);
    void count_entry(const Entry &entry);
    bool flush();
    Result<void> wait();
};

} // namespace hostav
