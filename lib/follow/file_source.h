// SPDX-License-Identifier: GPL-2.0-only
//
// One pattern of a follower and the inputs that come of it.
#pragma once

#include "follow/file_input.h"

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hostav {

class FileSource : public FollowSource {
  public:
    using Clock = Input::Clock;
    static Result<std::unique_ptr<FileSource>> create(const FileSourceOptions &options,
                                                      FollowCommon &common);

    bool scan_wanted = true;
    /// Looks for files; new inputs are added to `appeared`.
    void scan(Clock::time_point now, std::vector<Input *> &appeared);
    /// Takes those that are finished out.
    void take_finished(std::vector<std::unique_ptr<FileInput>> &to);

    /// The directories whose names matter, and for which part of the pattern.
    [[nodiscard]] const std::vector<PathPattern::Directory> &directories() const {
        return directories_;
    }
    [[nodiscard]] const std::map<std::string, std::unique_ptr<FileInput>> &inputs() const {
        return inputs_;
    }

  private:
    explicit FileSource(FollowCommon &common) : common_(&common) {}
    FollowCommon *common_;
    bool first_ = true;
    bool is_new_ = true; ///< has no records
    std::vector<PathPattern::Directory> directories_;
    std::map<std::string, std::string> complained_; ///< about what, and what was said
    std::unordered_map<FileIdentity, FileInput *, FileIdentityHash> owners_;
    std::map<std::string, std::unique_ptr<FileInput>> inputs_; ///< by path

    void say_once(const std::string &path, const std::string &text);
    void take_usable(std::vector<PathPattern::Match> &matches);
    void scan_newest(const std::vector<PathPattern::Match> &matches, bool complete,
                     Clock::time_point now, std::vector<Input *> &appeared);
    void scan_all(const std::vector<PathPattern::Match> &matches, Clock::time_point now,
                  std::vector<Input *> &appeared);
    void resume_vanished(Clock::time_point now, std::vector<Input *> &appeared);
    bool add(const std::string &path, const PathPattern::Match *live,
             const std::vector<PathPattern::Match> &others, Clock::time_point now,
             std::vector<Input *> &appeared);
    void note_owners();
    void note_owner(FileInput &input);
    [[nodiscard]] bool is_others(const PathPattern::Match &match, const FileInput *input) const;
    [[nodiscard]] bool is_copy_of_others(const PathPattern::Match &match,
                                         const FileContent &content) const;
};

} // namespace hostav
