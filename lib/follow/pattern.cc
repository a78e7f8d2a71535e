// SPDX-License-Identifier: GPL-2.0-only
#include "follow/pattern.h"

#include "base/directory_reader.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fnmatch.h>

namespace hostav {

PathPattern::PathPattern(std::string_view pattern) {
    while (!pattern.empty()) {
        const auto slash = std::min(pattern.find('/'), pattern.size());
        if (const auto part = pattern.substr(0, slash); !part.empty()) {
            const bool wild = part.find_first_of("*?[\\") != std::string_view::npos;
            parts_.push_back({std::string(part), wild});
            wild_ = wild_ || wild;
            text_ += "/" + parts_.back().text;
        }
        pattern.remove_prefix(std::min(slash + 1, pattern.size()));
    }
}

bool PathPattern::concerns(std::size_t part, const std::string &name) const {
    const Part &wanted = parts_[part];
    return wanted.wild ? ::fnmatch(wanted.text.c_str(), name.c_str(), FNM_PERIOD) == 0
                       : wanted.text == name;
}

bool PathPattern::matches(const std::string &path) const {
    return ::fnmatch(text_.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

PathPattern::Found PathPattern::find() const {
    Found found;
    if (!parts_.empty())
        find_below("", 0, found);
    std::ranges::sort(found.matches, {}, &Match::path);
    return found;
}

void PathPattern::find_named(const std::string &directory, std::size_t part,
                             const std::string &name, Found &found) const {
    std::string path = directory + "/" + name;
    if (part + 1 < parts_.size()) {
        find_below(path, part + 1, found);
        return;
    }
    if (const auto status = status_of(AT_FDCWD, path)) {
        if (!S_ISDIR(status->mode))
            found.matches.push_back({std::move(path), *status});
    } else if (errno != ENOENT && errno != ENOTDIR) {
        found.failures.push_back({escape_path(path), fail_errno("").error().why});
    }
}

void PathPattern::find_below(const std::string &directory, std::size_t part, Found &found) const {
    // Only where something can appear beside what is known: the parts before the first wildcard but
    // the last have to be there already, or a look every few seconds finds them.
    if (part + 1 == parts_.size() || parts_[part].wild)
        found.directories.push_back({directory.empty() ? "/" : directory, part});
    if (!parts_[part].wild) {
        find_named(directory, part, parts_[part].text, found);
        return;
    }
    const std::string opened = directory.empty() ? "/" : directory;
    const Fd fd(::open(opened.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        if (errno != ENOENT && errno != ENOTDIR)
            found.failures.push_back({escape_path(opened), fail_errno("").error().why});
        return;
    }
    DirectoryReader reader(fd.get());
    while (const auto entry = reader.next()) {
        if (concerns(part, entry->name))
            find_named(directory, part, entry->name, found);
    }
    if (reader.error() != 0)
        found.failures.push_back({escape_path(opened), fail_errno("", reader.error()).error().why});
}

} // namespace hostav
