// SPDX-License-Identifier: GPL-2.0-only
//
// Unpacking, in a cage whose only directory is the one that is unpacked into: the archive may come
// from anywhere, and libarchive is large.
#include "update/set_archive.h"

#include "base/account.h"
#include "base/child.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/cage.h"
#include "engine/database.h"

#include <archive.h>
#include <archive_entry.h>
#include <chrono>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr const char *manifest_name = "manifest";
constexpr std::size_t largest_manifest = std::size_t{4} << 20;
constexpr std::size_t most_files = 10000;
constexpr std::size_t block = std::size_t{256} * 1024;
constexpr mode_t readable = 0644;

struct FreeReader {
    void operator()(archive *reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeReader>;

std::string why(archive *reader) {
    const char *text = archive_error_string(reader);
    return text == nullptr ? "is no archive of signatures" : escape_path(text);
}

/// One file of the archive into the working directory. Nothing but plain files by plain names.
Result<void> unpack_one(archive *reader, archive_entry *entry, std::uint64_t &left) {
    const char *path = archive_entry_pathname(entry);
    const std::string name = path == nullptr ? "" : path;
    const auto shown = escape_path(name);
    const bool is_manifest = name == manifest_name;
    if (name.find('/') != std::string::npos || archive_entry_filetype(entry) != AE_IFREG ||
        archive_entry_hardlink(entry) != nullptr || (!is_manifest && !is_database_name(name)))
        return fail(shown, "does not belong into an archive of signatures");
    const Fd fd(
        ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, readable));
    if (!fd)
        return fail_errno(shown);
    const auto piece = std::make_unique<char[]>(block);
    while (true) {
        const auto got = archive_read_data(reader, piece.get(), block);
        if (got < 0)
            return fail(shown, why(reader));
        if (got == 0)
            return {};
        if (static_cast<std::uint64_t>(got) > left)
            return fail(shown, "the archive unpacks to too much");
        left -= static_cast<std::uint64_t>(got);
        if (auto wrote = write_all(fd.get(), {piece.get(), static_cast<std::size_t>(got)}, shown);
            !wrote)
            return wrote;
    }
}

Result<void> unpack(int from, std::uint64_t most) {
    const Reader reader(archive_read_new());
    if (!reader)
        return fail("", "libarchive cannot read it");
    archive_read_support_format_tar(reader.get());
    archive_read_support_filter_zstd(reader.get());
    archive_read_support_filter_gzip(reader.get());
    if (archive_read_open_fd(reader.get(), from, block) != ARCHIVE_OK)
        return fail("", why(reader.get()));
    for (std::size_t files = 0; files <= most_files; ++files) {
        archive_entry *entry = nullptr;
        const int found = archive_read_next_header(reader.get(), &entry);
        if (found == ARCHIVE_EOF)
            return {};
        if (found < ARCHIVE_WARN)
            return fail("", why(reader.get()));
        if (auto unpacked = unpack_one(reader.get(), entry, most); !unpacked)
            return unpacked;
    }
    return fail("", "has too many files");
}

/// The child: its errors go to stdout as one line.
int unpack_caged(int from, int staging, const std::string &path, std::uint64_t most,
                 const std::optional<std::pair<uid_t, gid_t>> &account) {
    CageOptions cage;
    cage.temp_dir = staging;
    cage.temp_path = path;
    if (account) {
        cage.change_user = true;
        cage.uid = account->first;
        cage.gid = account->second;
    }
    auto done = Result<void>();
    if (const auto entered = enter_cage(cage); !entered)
        done = std::unexpected(entered.error());
    else
        done = unpack(from, most);
    if (done)
        return 0;
    best_effort(write_all(STDOUT_FILENO, done.error().text(), "stdout"));
    return 1;
}

Result<void> run_unpacking(int from, const Fd &staging, const std::string &path, std::uint64_t most,
                           Signals *signals) {
    prepare_for_cage();
    // The chroot has nothing but what is unpacked: there DatabaseOwner may be itself. Root may not.
    std::optional<std::pair<uid_t, gid_t>> account;
    if (::getuid() == 0 && ::geteuid() != 0) {
        account = {::geteuid(), ::getegid()};
    } else if (::geteuid() == 0) {
        account.emplace();
        if (auto found = cage_account(account->first, account->second); !found)
            return found;
        if (::fchown(staging.get(), account->first, account->second) != 0)
            return fail_errno(escape_path(path));
    }
    std::string said;
    auto child = [&] {
        const AsRoot root;
        return Child::start({.name = "unpacking", .capture_output = true},
                            [&] { return unpack_caged(from, staging.get(), path, most, account); });
    }();
    if (!child)
        return std::unexpected(child.error());
    constexpr auto limit = std::chrono::minutes(30);
    const auto status =
        child->wait(limit, signals, [&said](std::string_view piece) { said += piece; });
    if (!status)
        return std::unexpected(status.error());
    if (*status != 0)
        return fail("", said.empty() ? "cannot be unpacked" : escape_path(said));
    return {};
}

Result<DatabaseSet> check(int staging) {
    const auto manifest = read_file(staging, manifest_name, largest_manifest);
    if (!manifest)
        return fail(manifest_name, "is missing: this is no archive of signatures");
    auto promised = parse_set(*manifest, manifest_name);
    if (!promised)
        return promised;
    // By digest, not by what the manifest says of inodes.
    auto found = read_database_set(staging, {});
    if (!found)
        return found;
    for (const auto &file : promised->files) {
        const auto *have = found->find(file.name);
        if (have == nullptr)
            return fail(escape_path(file.name), "is missing in the archive");
        if (have->sha256 != file.sha256 || have->size != file.size)
            return fail(escape_path(file.name), "is not what the manifest says");
    }
    if (found->files.size() != promised->files.size())
        return fail("the archive", "has files that its manifest does not name");
    if (::unlinkat(staging, manifest_name, 0) != 0)
        return fail_errno(manifest_name);
    for (auto &file : found->files) {
        file.managed = true;
        // The cage's account and umask are not what a database has.
        if (::fchmodat(staging, file.name.c_str(), readable, 0) != 0 ||
            (::geteuid() == 0 &&
             ::fchownat(staging, file.name.c_str(), 0, 0, AT_SYMLINK_NOFOLLOW) != 0))
            return fail_errno(escape_path(file.name));
    }
    return found;
}

} // namespace

Result<DatabaseSet> import_set(const std::string &file, const std::string &staging,
                               std::uint64_t max_size, Signals *signals) {
    const bool standard = file == "-";
    const auto shown = standard ? std::string("standard input") : escape_path(file);
    const Fd opened = [&] {
        const AsRoot root; // what an administrator names may be readable for root alone
        return Fd(standard ? -1 : ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    }();
    if (!standard && !opened)
        return fail_errno(shown);
    const Fd directory(::open(staging.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory)
        return fail_errno(escape_path(staging));
    const int from = standard ? STDIN_FILENO : opened.get();
    const auto unpacked = run_unpacking(from, directory, staging, max_size, signals);
    if (::geteuid() == 0 && ::fchown(directory.get(), 0, 0) != 0)
        return fail_errno(escape_path(staging));
    auto set =
        unpacked ? check(directory.get()) : Result<DatabaseSet>(std::unexpected(unpacked.error()));
    if (set)
        return set;
    remove_contents(directory.get());
    return fail(shown, set.error().text());
}

} // namespace hostav
