// SPDX-License-Identifier: GPL-2.0-only
#include "update/refused.h"

#include "base/directory_reader.h"
#include "base/files.h"
#include "base/log_file.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::size_t kept_aside = 3;
constexpr mode_t directory_mode = 0755;
constexpr mode_t file_mode = 0644;

Result<Fd> open_below(int parent, const std::string &name) {
    if (::mkdirat(parent, name.c_str(), directory_mode) != 0 && errno != EEXIST)
        return fail_errno(escape_path(name));
    Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd)
        return fail_errno(escape_path(name));
    return fd;
}

/// Sorts as it tells the time: `2026-11-24T103000`, local.
std::string directory_name(std::time_t now) {
    std::tm local{};
    ::localtime_r(&now, &local);
    std::array<char, 32> text{};
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H%M%S", &local);
    return {text.data(), size};
}

void remove_oldest(int directory) {
    std::vector<std::string> names;
    // A descriptor of its own: the reading moves its offset.
    const Fd fd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return;
    DirectoryReader reader(fd.get());
    while (const auto entry = reader.next())
        names.push_back(entry->name);
    std::ranges::sort(names);
    for (std::size_t i = 0; i + kept_aside < names.size(); ++i) {
        const Fd old(
            ::openat(directory, names[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!old)
            continue;
        remove_contents(old.get());
        ::unlinkat(directory, names[i].c_str(), AT_REMOVEDIR);
    }
}

std::string report_text(const std::vector<Refusal> &refused, const DatabaseSet &set,
                        std::time_t now) {
    std::string text = log_time(now) + ": refused by the proof\n";
    for (const auto &refusal : refused) {
        text += escape_path(refusal.database) + ": " + refusal.why + "\n";
        if (const auto *file = set.find(refusal.database))
            text += "  version " + file->version_text() + ", " + std::to_string(file->size) +
                    " bytes, SHA-256 " + file->sha256 + "\n";
    }
    return text;
}

} // namespace

Result<std::string> keep_aside(const Places &places, int staging,
                               const std::vector<Refusal> &refused, const DatabaseSet &set) {
    const auto now = std::time(nullptr);
    auto top = open_below(places.state_fd(), "refused");
    if (!top)
        return std::unexpected(top.error());
    const auto name = directory_name(now);
    auto directory = open_below(top->get(), name);
    if (!directory)
        return std::unexpected(directory.error());
    for (const auto &refusal : refused) {
        auto kept = link_or_copy(staging, refusal.database, directory->get(), refusal.database);
        if (!kept)
            return std::unexpected(kept.error());
    }
    if (auto wrote =
            replace_file(directory->get(), "report", report_text(refused, set, now), file_mode);
        !wrote)
        return std::unexpected(wrote.error());
    remove_oldest(top->get());
    return places.state() + "/refused/" + name;
}

} // namespace hostav
