// SPDX-License-Identifier: GPL-2.0-only
#include "engine/installed_set.h"

#include "base/directory_reader.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/database.h"

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::size_t largest_journal = std::size_t{1} << 20;
/// An installation takes milliseconds; one that takes longer has been killed.
constexpr auto longest_wait = std::chrono::seconds(2);
constexpr auto pause = std::chrono::milliseconds(20);

Result<Fd> open_control(const std::string &directory) {
    Fd fd(::open((directory + "/" + control_directory).c_str(),
                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd)
        return fail_errno(escape_path(directory));
    return fd;
}

bool exists(int directory, const std::string &name) {
    return ::faccessat(directory, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Which installation is live: `current` is another file after each.
std::string state_of(int control) {
    struct stat st = {};
    if (::fstatat(control, current_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return "none";
    return std::to_string(st.st_ino) + " " + std::to_string(st.st_mtim.tv_sec) + "." +
           std::to_string(st.st_mtim.tv_nsec) + " " + std::to_string(st.st_size);
}

bool takes_back(const std::string &name) {
    const auto dot = name.rfind('.') + 1;
    static const std::set<std::string, std::less<>> kinds{"fp", "sfp", "ign", "ign2"};
    return kinds.contains(name.substr(dot));
}

/// The names in the directory, with the new files of the journal and without those that go.
Result<std::vector<std::string>> names_of_next(const std::string &directory,
                                               const Journal &journal) {
    const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return fail_errno(escape_path(directory));
    std::set<std::string> names;
    DirectoryReader reader(fd.get());
    while (const auto entry = reader.next())
        if (is_database_name(entry->name))
            names.insert(entry->name);
    for (const auto &change : journal.changes)
        if (change.new_sha256.empty())
            names.erase(change.name);
        else
            names.insert(change.name);
    return std::vector<std::string>(names.begin(), names.end());
}

Result<InstalledSet> next_set(const std::string &directory, const Journal &journal) {
    auto names = names_of_next(directory, journal);
    if (!names)
        return std::unexpected(names.error());
    std::ranges::stable_partition(*names, takes_back);
    InstalledSet set;
    for (const auto &name : *names) {
        const auto changed = std::ranges::find(journal.changes, name, &Change::name);
        // Renamed into place it is not in the source any more.
        const auto coming = journal.source + "/" + name;
        const bool waits = changed != journal.changes.end() && exists(AT_FDCWD, coming);
        set.paths.push_back(waits ? coming : directory + "/" + name);
        if (!exists(AT_FDCWD, set.paths.back()))
            return fail(escape_path(directory), "an update was interrupted and " +
                                                    escape_path(name) +
                                                    " is missing: run sigupdate");
    }
    return set;
}

} // namespace

std::string journal_text(const Journal &journal) {
    JsonObject head;
    head.add_bytes("source", journal.source);
    auto text = head.text() + "\n";
    for (const auto &change : journal.changes) {
        JsonObject line;
        line.add_bytes("name", change.name);
        line.add("old", change.old_sha256).add("new", change.new_sha256);
        text += line.text() + "\n";
    }
    return text;
}

Result<Journal> parse_journal(std::string_view text, const std::string &what) {
    const auto lines = parse_json_lines(text, what);
    if (!lines)
        return std::unexpected(lines.error());
    Journal journal;
    for (const auto &line : *lines) {
        const bool first = journal.source.empty();
        auto named = bytes_field(line, first ? "source" : "name", what);
        if (!named)
            return std::unexpected(named.error());
        if (first && named->starts_with('/')) {
            journal.source = std::move(*named);
            continue;
        }
        if (first || !is_database_name(*named) || named->find('/') != std::string::npos ||
            !line.contains("old") || !line.contains("new"))
            return fail(what, "is no journal");
        journal.changes.push_back({std::move(*named), line.at("old"), line.at("new")});
    }
    if (journal.source.empty())
        return fail(what, "is no journal");
    return journal;
}

Result<InstalledSet> find_installed_set(const std::string &directory) {
    const auto control = open_control(directory);
    if (!control)
        return InstalledSet{{directory}, {}}; // no sigupdate has been here, or not for us to see
    const auto end = std::chrono::steady_clock::now() + longest_wait;
    while (exists(control->get(), journal_name)) {
        if (std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(pause);
            continue;
        }
        const auto state = state_of(control->get());
        const auto text = read_file(control->get(), journal_name, largest_journal);
        if (!text)
            break; // gone at the last moment
        const auto journal = parse_journal(
            *text, escape_path(directory + "/" + control_directory + "/" + journal_name));
        if (!journal)
            return std::unexpected(journal.error());
        auto set = next_set(directory, *journal);
        if (set)
            set->state = state + " journal";
        return set;
    }
    return InstalledSet{{directory}, state_of(control->get())};
}

bool is_still_installed(const std::string &directory, const InstalledSet &set) {
    if (set.state.empty())
        return true;
    const auto control = open_control(directory);
    if (!control)
        return false;
    const bool journal = exists(control->get(), journal_name);
    return state_of(control->get()) + (journal ? " journal" : "") == set.state;
}

} // namespace hostav
