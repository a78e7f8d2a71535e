// SPDX-License-Identifier: GPL-2.0-only
//
// The files that stand behind one followed path, in the order in which they are read: rotated ones
// first, last the one that the path names. All are held open. Built when the path names another
// file than before, when the content of its file is replaced (copytruncate), and from a record
// after a restart.
#pragma once

#include "follow/chain_file.h"
#include "follow/file_record.h"
#include "follow/follower.h"
#include "follow/pattern.h"
#include "follow/rotation.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

/// What its source knows.
struct ChainSource {
    FileSourceOptions options;
    bool newest = false; ///< one chain for the whole pattern
    /// Whether a name is followed for itself, by whatever source.
    std::function<bool(const std::string &path)> is_matched;
    std::function<void(const std::string &key, const std::string &text)> complain;
};

class Chain {
  public:
    using Clock = Input::Clock;
    using Match = PathPattern::Match;
    explicit Chain(const ChainSource &source) : source_(&source) {}

    /// What is read now, and what will be after it; the path's own file last.
    ChainFiles files;
    /// Read to their end, earlier ones first; some are still held, because their writer may not
    /// know yet that they were rotated.
    ChainFiles past;

    /// The first time: only what the path names, from its start or its end.
    Result<void> begin(const Match &live, bool from_end, Clock::time_point now);
    /// After a restart. `live`: what the path names, if anything; `others`: further matches of the
    /// pattern, where only the newest is followed.
    Result<void> resume(const FileRecord &record, const Match *live,
                        const std::vector<Match> &others, Clock::time_point now);
    /// The path names this now. Changes nothing when it fails.
    Result<void> follow(const Match &live, const std::vector<Match> &others, Clock::time_point now);
    /// Whether the last file, which has changed, was cut and written anew unnoticed: its content
    /// would not tell, but there is a copy that was made since.
    [[nodiscard]] bool has_new_copy();
    /// The last file is the same, but its content is another. `read`: up to where the old one was
    /// read.
    Result<void> replaced(std::uint64_t read, Clock::time_point now);

    /// Whether it is one of these, or a copy of one.
    [[nodiscard]] bool knows(const FileIdentity &id, const FileContent &content) const;

  private:
    /// Between listing and opening, files are renamed and compressed: as often it is tried again.
    static constexpr int most_attempts = 4;
    const ChainSource *source_;
    bool vanished_ = false; ///< a listed file was gone: renamed or compressed in this moment

    Result<FileContent> open(const std::string &path, bool compressed);
    bool take(ChainFile &file, const Sibling &sibling, Clock::time_point now);
    bool take_by_identity(ChainFile &file, const std::vector<Sibling> &siblings,
                          Clock::time_point now);
    bool take_by_content(ChainFile &file, const std::vector<Sibling> &siblings,
                         const FileIdentity &live, bool only_later, Clock::time_point now);
    bool is_anothers(const Sibling &sibling, const ChainFile &file);
    ChainFiles unseen(const std::vector<Sibling> &siblings, const ChainFile &after,
                      const FileIdentity &live, Clock::time_point now);
    Result<std::vector<Sibling>> siblings_of(const ChainFile &last, const std::string &path,
                                             const std::vector<Match> &others) const;
    bool bring_back(const FileStatus &status, FileContent &content, const std::string &path);
    Result<void> find_rest(ChainFile &file, const std::string &path, const Match *live,
                           const std::vector<Match> &others, ChainFiles &between,
                           Clock::time_point now);
    void hold_past(const std::vector<Sibling> &siblings, Clock::time_point now);
};

} // namespace hostav
