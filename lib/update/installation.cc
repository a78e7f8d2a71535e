// SPDX-License-Identifier: GPL-2.0-only
#include "update/installation.h"

#include "base/directory_reader.h"
#include "base/files.h"
#include "base/text.h"
#include "update/installation_steps.h"

#include <algorithm>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::size_t largest_set = std::size_t{16} << 20;
constexpr mode_t readable = 0644;
constexpr mode_t directory_mode = 0755;

Result<Fd> open_directory(int parent, const std::string &name) {
    Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd)
        return fail_errno(escape_path(name));
    return fd;
}

/// Everything new is on the disk before the journal says so.
Result<void> sync_new(const Fd &staging, const std::vector<Change> &changes) {
    for (const auto &change : changes) {
        if (change.new_sha256.empty())
            continue;
        const Fd fd(
            ::openat(staging.get(), change.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        if (!fd || ::fchmod(fd.get(), readable) != 0)
            return fail_errno(escape_path(change.name));
        if (auto synced = sync(fd.get(), escape_path(change.name)); !synced)
            return synced;
    }
    return sync(staging.get(), "the staging directory");
}

/// STATE/sets/N with the live managed files by hard link; complete from the moment it has its name.
Result<void> keep_live(const Places &places, const DatabaseSet &live) {
    if (std::ranges::none_of(live.files, &DatabaseFile::managed))
        return {};
    if (::mkdirat(places.state_fd(), "sets", directory_mode) != 0 && errno != EEXIST)
        return fail_errno("sets");
    auto sets = open_directory(places.state_fd(), "sets");
    if (!sets)
        return std::unexpected(sets.error());
    const auto number = std::to_string(std::max(live.number, 1U));
    if (::faccessat(sets->get(), number.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return {}; // by a run that was killed later on
    auto fresh = places.make_empty("sets/.new");
    if (!fresh)
        return std::unexpected(fresh.error());
    DatabaseSet kept = live;
    std::erase_if(kept.files, [](const DatabaseFile &file) { return !file.managed; });
    for (const auto &file : kept.files)
        if (auto linked = link_or_copy(places.database_fd(), file.name, fresh->get(), file.name);
            !linked)
            return linked;
    if (auto wrote = replace_file(fresh->get(), "set", set_text(kept), readable); !wrote)
        return wrote;
    if (::renameat(sets->get(), ".new", sets->get(), number.c_str()) != 0)
        return fail_errno("sets/" + number);
    return sync(sets->get(), "sets");
}

Result<void> check_unchanged(const Places &places, const DatabaseSet &live,
                             const std::vector<Change> &changes) {
    const auto now = read_database_set(places.database_fd(), {&live});
    if (!now)
        return std::unexpected(now.error());
    for (const auto &change : changes) {
        const auto *file = now->find(change.name);
        if ((file == nullptr ? std::string() : file->sha256) != change.old_sha256)
            return fail(escape_path(places.database() + "/" + change.name),
                        "somebody else has changed it meanwhile: nothing is installed");
    }
    return {};
}

unsigned next_number(const Places &places, const DatabaseSet &live) {
    unsigned highest = std::max(live.number, 1U);
    if (const auto kept = kept_sets(places))
        for (const auto &set : *kept)
            highest = std::max(highest, set.set.number);
    return highest + 1;
}

} // namespace

DatabaseSet read_current(const Places &places) {
    const auto text = read_file(places.control_fd(), current_name, largest_set);
    if (!text)
        return {};
    auto set = parse_set(*text, current_name);
    return set ? std::move(*set) : DatabaseSet{};
}

std::vector<Change> difference(const DatabaseSet &live, const DatabaseSet &next) {
    std::vector<Change> changes;
    for (const auto &file : next.files) {
        const auto *old = live.find(file.name);
        if (!file.managed || (old != nullptr && old->sha256 == file.sha256))
            continue;
        changes.push_back({file.name, old == nullptr ? "" : old->sha256, file.sha256});
    }
    for (const auto &file : live.files)
        if (file.managed && next.find(file.name) == nullptr)
            changes.push_back({file.name, file.sha256, ""});
    return changes;
}

Result<DatabaseSet> install(const Places &places, const std::string &staging,
                            const DatabaseSet &live, const std::vector<Change> &changes,
                            DatabaseSet next) {
    auto directory = open_directory(AT_FDCWD, staging);
    if (!directory)
        return std::unexpected(directory.error());
    if (auto same = check_unchanged(places, live, changes); !same)
        return std::unexpected(same.error());
    next.number = next_number(places, live);
    next.installed = std::time(nullptr);
    if (auto synced = sync_new(*directory, changes); !synced)
        return std::unexpected(synced.error());
    if (auto kept = keep_live(places, live); !kept)
        return std::unexpected(kept.error());
    const Journal journal{staging, changes};
    auto done = replace_file(places.control_fd(), next_name, set_text(next), readable);
    if (done)
        done = replace_file(places.control_fd(), journal_name, journal_text(journal), readable);
    if (done)
        done = roll_forward(places, journal);
    if (!done)
        return std::unexpected(done.error());
    return next;
}

Result<std::vector<KeptSet>> kept_sets(const Places &places) {
    std::vector<KeptSet> found;
    if (::faccessat(places.state_fd(), "sets", F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return found;
    const auto sets = open_directory(places.state_fd(), "sets");
    if (!sets)
        return std::unexpected(sets.error());
    DirectoryReader reader(sets->get());
    while (const auto entry = reader.next()) {
        const auto number = parse_number(entry->name);
        const auto directory = open_directory(sets->get(), entry->name);
        if (!number || !directory)
            continue;
        const auto text = read_file(directory->get(), "set", largest_set);
        if (!text)
            continue;
        auto set = parse_set(*text, entry->name);
        if (!set)
            continue;
        set->number = static_cast<unsigned>(*number);
        found.push_back({places.state() + "/sets/" + entry->name, std::move(*set)});
    }
    std::ranges::sort(found, std::greater(), [](const KeptSet &kept) { return kept.set.number; });
    return found;
}

void prune_kept_sets(const Places &places, std::size_t keep) {
    const auto kept = kept_sets(places);
    for (std::size_t i = keep; kept && i < kept->size(); ++i) {
        const auto &path = (*kept)[i].path;
        if (const auto directory = open_directory(AT_FDCWD, path); directory) {
            remove_contents(directory->get());
            ::rmdir(path.c_str());
        }
    }
}

Result<void> bring_back(const KeptSet &kept, const DatabaseFile &file, int directory) {
    const auto from = open_directory(AT_FDCWD, kept.path);
    if (!from)
        return std::unexpected(from.error());
    const auto set = read_database_set(from->get(), {&kept.set});
    if (!set)
        return std::unexpected(set.error());
    const auto *now = set->find(file.name);
    if (now == nullptr || now->sha256 != file.sha256)
        return fail(escape_path(kept.path + "/" + file.name), "is not what was kept");
    return link_or_copy(from->get(), file.name, directory, file.name);
}

} // namespace hostav
