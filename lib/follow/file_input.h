// SPDX-License-Identifier: GPL-2.0-only
//
// A followed path as an input: fills events from the chain of files behind it, file by file.
#pragma once

#include "follow/chain.h"
#include "follow/event_reader.h"
#include "follow/follower.h"
#include "follow/input.h"
#include "follow/watcher.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace hostav {

class FileInput;

/// What the inputs of a follower share.
struct FollowCommon {
    FollowerOptions options;
    std::optional<Watcher> watcher; ///< none: everything is polled
    std::unordered_multimap<int, FileInput *> watched;
    std::vector<char> buffer;                  ///< of every read
    std::vector<FileInput *> waiting;          ///< those for which time matters
    std::vector<FileInput *> moved;            ///< whose records have changed without a delivery
    std::vector<const FileContent *> unpacked; ///< gzip files that were read lately
    std::size_t polled = 0;                    ///< files of which inotify says nothing

    void complain(const std::string &key, const std::string &text) const {
        if (options.complain)
            options.complain(key, text);
    }
};

/// One pattern and what reads its files.
struct FollowSource : ChainSource {
    FollowSource() : pattern("") {}
    PathPattern pattern;
    std::unique_ptr<EventReader> reader;
};

class FileInput : public Input {
  public:
    /// `path`: what is followed. Both outlive it.
    FileInput(FollowCommon &common, const FollowSource &source, std::string path);
    ~FileInput() override;

    // ---- what the follower tells
    Result<void> begin(const Chain::Match &live, bool from_end, Clock::time_point now);
    Result<void> resume(const FileRecord &record, const Chain::Match *live,
                        const std::vector<Chain::Match> &others, Clock::time_point now);
    /// The path names this.
    Result<void> live(const Chain::Match &live, const std::vector<Chain::Match> &others,
                      Clock::time_point now);
    /// The path names nothing, or what is another input's.
    void no_live(Clock::time_point now);
    /// Its files may have changed.
    void look(Clock::time_point now);
    /// Goes on to the next file where one is done, lets go of old ones.
    void settle(Clock::time_point now);
    /// When settle() matters next, or waiting() changes by itself; max(): never.
    [[nodiscard]] Clock::time_point next_change(Clock::time_point now) const;

    [[nodiscard]] const std::string &path() const { return path_; }
    [[nodiscard]] const Chain &chain() const { return chain_; }
    /// Marks the files of which the pattern matches a name: those are not forgotten.
    template <typename Test>
    void mark_matched(Test is_matched) {
        for (auto *list : {&chain_.files, &chain_.past})
            for (const auto &file : *list)
                file->matched = is_matched(file->place.id);
    }
    [[nodiscard]] bool is_polled() const;
    [[nodiscard]] FileProgress progress() const;
    bool is_waiting = false; ///< is in FollowCommon::waiting

    // ---- Input
    [[nodiscard]] std::string name() const override;
    [[nodiscard]] std::uint64_t waiting() const override;
    [[nodiscard]] Clock::time_point waiting_since() const override;
    Result<Filled> fill(const TakeEvent &take, bool flush) override;
    void delivered() override;
    [[nodiscard]] bool idle() const override;
    [[nodiscard]] std::string key() const override;
    [[nodiscard]] std::string record() const override;
    [[nodiscard]] bool finished() const override;

  private:
    struct Outcome {
        Filled counts;
        FilePlace place;
        std::uint64_t read_to = 0;
        bool at_end = false;  ///< of the file
        bool changed = false; ///< what was read last does not count
        ChainFile::Wait wait = ChainFile::Wait::nothing;
    };
    struct Pending {
        ChainFile *file = nullptr;
        FilePlace place;
    };
    FollowCommon *common_;
    const FollowSource *source_;
    std::string path_;
    Chain chain_;
    std::optional<Pending> pending_; ///< filled and not delivered
    bool has_live_ = false;
    bool done_ = false; ///< nothing will come any more

    [[nodiscard]] bool is_live(const ChainFile &file) const;
    [[nodiscard]] std::uint64_t unread(const ChainFile &file, bool flush,
                                       Clock::time_point now) const;
    [[nodiscard]] Clock::time_point ripe_at(const ChainFile &file) const;
    [[nodiscard]] bool is_done(const ChainFile &file) const;
    [[nodiscard]] bool may_be_short(const ChainFile &file, bool flush, Clock::time_point now) const;
    [[nodiscard]] bool may_go_on(const ChainFile &file, Clock::time_point now) const;
    [[nodiscard]] ChainFile *next_file(bool flush, Clock::time_point now) const;
    bool check(ChainFile &file, bool closely, Clock::time_point now);
    void look_closely(ChainFile &file, Clock::time_point now);
    void replaced(ChainFile &file, Clock::time_point now);
    Result<Outcome> read(ChainFile &file, const TakeEvent &take, bool flush, Clock::time_point now);
    EventReader::End end_of(const ChainFile &file, bool flush, Clock::time_point now) const;
    void finish_reading(const ChainFile &file, Outcome &outcome, std::uint64_t offset,
                        EventReader::End how) const;
    [[nodiscard]] bool has_more(bool flush, Clock::time_point now) const;
    void keep_unpacking(const ChainFile &file);
    void watch_files();
    void close(ChainFile &file);
    void trim_past();
    void wants_time();
};

} // namespace hostav
