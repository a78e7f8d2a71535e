// SPDX-License-Identifier: GPL-2.0-only
#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "update/installation.h"
#include "update/installation_steps.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::size_t largest_journal = std::size_t{1} << 20;

/// The digest of a file, empty when there is none.
std::string digest_of(int directory, const std::string &name) {
    const Fd fd(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!fd)
        return {};
    auto digest = sha256_of_fd(fd.get());
    return digest ? *digest : std::string("unreadable");
}

Result<void> finish(const Places &places) {
    if (auto synced = sync(places.database_fd(), escape_path(places.database())); !synced)
        return synced;
    if (::renameat(places.control_fd(), next_name, places.control_fd(), current_name) != 0 &&
        errno != ENOENT)
        return fail_errno(current_name);
    if (auto synced = sync(places.control_fd(), escape_path(places.control())); !synced)
        return synced;
    if (::unlinkat(places.control_fd(), journal_name, 0) != 0 && errno != ENOENT)
        return fail_errno(journal_name);
    return sync(places.control_fd(), escape_path(places.control()));
}

/// Whatever mix of old and new somebody else loads meanwhile: what takes signatures back is there
/// before the signatures, and nothing is missing.
std::vector<Change> in_order(std::vector<Change> changes) {
    const auto rank = [](const Change &change) {
        if (change.new_sha256.empty())
            return 2;
        const auto extension = change.name.substr(change.name.rfind('.') + 1);
        return extension.starts_with("ign") || extension.ends_with("fp") ? 0 : 1;
    };
    std::ranges::stable_sort(changes, {}, rank);
    return changes;
}

bool can_go_forward(const Places &places, const Fd &source, const Journal &journal) {
    return std::ranges::all_of(journal.changes, [&](const Change &change) {
        return change.new_sha256.empty() ||
               digest_of(places.database_fd(), change.name) == change.new_sha256 ||
               (source && digest_of(source.get(), change.name) == change.new_sha256);
    });
}

/// One file as it was, from whichever kept set has it.
Result<void> bring_old(const Places &places, const std::vector<KeptSet> &kept,
                       const Change &change) {
    const auto shown = escape_path(change.name);
    if (digest_of(places.database_fd(), change.name) == change.old_sha256)
        return {};
    if (change.old_sha256.empty()) {
        if (::unlinkat(places.database_fd(), change.name.c_str(), 0) != 0)
            return fail_errno(shown);
        return {};
    }
    auto directory = places.make_empty("back");
    if (!directory)
        return std::unexpected(directory.error());
    for (const auto &set : kept) {
        const auto *file = set.set.find(change.name);
        if (file == nullptr || file->sha256 != change.old_sha256 ||
            !bring_back(set, *file, directory->get()))
            continue;
        if (::renameat(directory->get(), change.name.c_str(), places.database_fd(),
                       change.name.c_str()) != 0)
            return fail_errno(shown);
        return {};
    }
    return fail(escape_path(places.database()) + "/" + shown,
                "an interrupted update can be neither completed nor undone: neither its new nor "
                "its old state is there");
}

Result<void> roll_back(const Places &places, const Journal &journal) {
    const auto kept = kept_sets(places);
    if (!kept)
        return std::unexpected(kept.error());
    for (const auto &change : journal.changes)
        if (auto done = bring_old(places, *kept, change); !done)
            return done;
    ::unlinkat(places.control_fd(), next_name, 0); // it does not become `current`
    return finish(places);
}

} // namespace

Result<void> roll_forward(const Places &places, const Journal &journal) {
    const Fd source(
        ::open(journal.source.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    for (const auto &change : in_order(journal.changes)) {
        const char *name = change.name.c_str();
        if (change.new_sha256.empty()) {
            if (::unlinkat(places.database_fd(), name, 0) != 0 && errno != ENOENT)
                return fail_errno(escape_path(change.name));
        } else if (!source || ::renameat(source.get(), name, places.database_fd(), name) != 0) {
            if (errno != ENOENT || digest_of(places.database_fd(), name) != change.new_sha256)
                return fail_errno(escape_path(change.name));
        }
    }
    return finish(places);
}

Result<Recovery> recover(const Places &places) {
    if (::faccessat(places.control_fd(), journal_name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return Recovery::nothing;
    const auto what = escape_path(places.control() + "/" + journal_name);
    const auto text = read_file(places.control_fd(), journal_name, largest_journal);
    if (!text)
        return std::unexpected(text.error());
    const auto journal = parse_journal(*text, what);
    if (!journal)
        return std::unexpected(journal.error());
    const Fd source(
        ::open(journal->source.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const bool forward = can_go_forward(places, source, *journal);
    if (auto done = forward ? roll_forward(places, *journal) : roll_back(places, *journal); !done)
        return std::unexpected(done.error());
    return forward ? Recovery::forward : Recovery::back;
}

} // namespace hostav
