// SPDX-License-Identifier: GPL-2.0-only
//
// The files that stand behind one followed path, in the order in which they are read: rotated ones
// first, last the one that the path names. All are held open. Built when the path names another
// file than before, when the content of its file is replaced (copytruncate), and from a record
// after a restart.
//
// How a file is found again. What was written to a path until it was renamed or cut is one part of
// the log; parts are in an order, and each is in one file, or in several that are copies (gzip,
// copytruncate). Rotated files are listed in that order (rotation.h). A part that was read beyond
// its first lines is known by what stands before the place that was reached (an anchor): no other
// part has that. Everything up to the last part that was read to its end (`past`) is old;
// everything after it is to be read. The part that was being read is the one with the anchor, or,
// as long as no more was read of it than first lines, which all parts may begin with, the first
// after those that are old. Inode numbers say where to look first, never what it is: copytruncate
// leaves them to the next part. Times only say what need not be looked at.
//
// What nobody can tell: parts that are the same byte for byte, as far as they were read (they count
// as one); a part with nothing but first lines from another with the same ones; which part a barely
// read one was when its file was deleted (the next one counts as it). What was written between the
// copy and the cut of a copytruncate, or was deleted before it was read, is lost. Once all parts
// that were read are deleted, what was last written before the record was made is old, by the
// second. Files with a name that no rotation gives are only found by their inode.
#pragma once

#include "follow/chain_file.h"
#include "follow/file_record.h"
#include "follow/follower.h"
#include "follow/pattern.h"
#include "follow/rotated_files.h"

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
    /// The last file is the same, but its content is another. `read`: the old one, as far as it was
    /// read, delivered or not.
    Result<void> replaced(const FilePlace &read, Clock::time_point now);

    /// Whether it is one of these, or a copy of one.
    [[nodiscard]] bool knows(const FileIdentity &id, const FileContent &content) const;

  private:
    /// Between listing and opening, files are renamed and compressed: as often it is tried again.
    static constexpr int most_attempts = 4;
    const ChainSource *source_;

    Result<FileContent> open(const std::string &path) const;
    Result<RotatedFiles> list(const ChainFile &last, const std::string &path,
                              const std::vector<Match> &others) const;
    [[nodiscard]] bool is_copy_of_one(const FileContent &content, const ChainFile *except) const;
    std::optional<std::size_t> last_known(RotatedFiles &rotated, const ChainFile *except) const;
    std::size_t after_known(RotatedFiles &rotated, const ChainFile *except) const;
    std::optional<std::size_t> end_before(RotatedFiles &rotated, ChainFile &held,
                                          const std::string &path) const;
    std::optional<std::size_t> find_read(RotatedFiles &rotated, const ChainFile &file,
                                         const FilePlace &read, std::size_t next, std::size_t end,
                                         const FileIdentity &live) const;
    [[nodiscard]] bool may_be_part(const Sibling &sibling, std::int64_t since) const;
    ChainFiles unseen(RotatedFiles &rotated, std::size_t from, std::size_t to,
                      const ChainFile &after, const FilePlace &live, Clock::time_point now);
    [[nodiscard]] bool has_unread_copy(const FilePlace &read, std::uint64_t size) const;
    bool bring_back(const FileStatus &status, FileContent &content, const std::string &path);

    struct Resumed;
    std::optional<std::size_t> find_grown(RotatedFiles &rotated, const ChainFile &file,
                                          const Resumed &resumed) const;
    void hold_past(RotatedFiles &rotated, const Resumed &resumed, Clock::time_point now);
    bool find_rest(Resumed &resumed, RotatedFiles rotated, Clock::time_point now);
    void go_on(Resumed &resumed, const std::string &path);
};

/// Of the first lines, be they fewer than wanted: what tells the copies of a file of which nothing
/// was read yet.
[[nodiscard]] Fingerprint any_fingerprint(const FileContent &content,
                                          const FileSourceOptions &options);
/// A file that was found goes on where the place of `file` is.
void take(ChainFile &file, RotatedFiles &rotated, std::size_t at, Input::Clock::time_point now);

} // namespace hostav
