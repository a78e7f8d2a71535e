// SPDX-License-Identifier: GPL-2.0-only
//
// PrivateMirror as a directory, such as an NFS mount or what --serve-dir keeps on the same machine.
#include "update/freshclam_child.h"

#include "base/fd.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/database.h"

#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::string_view scheme = "file://";
constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

struct Found {
    std::string name;
    DatabaseHead head;
};

std::optional<Found> newest(int directory, const std::string &database) {
    std::optional<Found> best;
    for (const char *suffix : {".cvd", ".cld"}) {
        const auto name = database + suffix;
        const Fd fd(::openat(directory, name.c_str(), open_flags));
        if (!fd)
            continue;
        if (auto head = read_database_head(fd.get(), escape_path(name));
            head && (!best || head->version > best->head.version))
            best = Found{name, std::move(*head)};
    }
    return best;
}

std::string details(const DatabaseHead &head) {
    return "(version: " + std::to_string(head.version) +
           ", sigs: " + std::to_string(head.signatures) +
           ", f-level: " + std::to_string(head.functionality_level) +
           ", builder: " + escape_path(head.builder) + ")";
}

/// Copies under another name, checks, and only then puts it where libfreshclam would.
Result<void> take(int mirror, int staging, const std::string &staging_path, const Found &theirs,
                  const std::string &database) {
    const auto temporary = "new-" + theirs.name; // with its suffix, which says what it is
    ::unlinkat(staging, temporary.c_str(), 0);
    if (auto copied = copy_file(mirror, theirs.name, staging, temporary); !copied)
        return copied;
    auto done = theirs.name.ends_with(".cvd")
                    ? verify_signed_database(staging_path + "/" + temporary)
                    : Result<void>();
    if (done && ::renameat(staging, temporary.c_str(), staging, theirs.name.c_str()) != 0)
        done = fail_errno(escape_path(theirs.name));
    if (!done) {
        ::unlinkat(staging, temporary.c_str(), 0);
        return done;
    }
    const auto other = database + (theirs.name.ends_with(".cvd") ? ".cld" : ".cvd");
    if (::unlinkat(staging, other.c_str(), 0) != 0 && errno != ENOENT)
        return fail_errno(escape_path(other));
    return {};
}

UpdateStatus update_one(int mirror, int staging, const OfficialRequest &request,
                        const std::string &database) {
    const auto theirs = newest(mirror, database);
    if (!theirs) {
        std::fprintf(stderr, "ERROR: the mirror has no %s.cvd or %s.cld\n", database.c_str(),
                     database.c_str());
        return UpdateStatus::failed_get;
    }
    if (const auto ours = newest(staging, database);
        ours && ours->head.version >= theirs->head.version) {
        std::printf("%s database is up-to-date %s\n", ours->name.c_str(),
                    details(ours->head).c_str());
        return UpdateStatus::ok;
    }
    if (const auto taken = take(mirror, staging, request.staging, *theirs, database); !taken) {
        std::fprintf(stderr, "ERROR: %s\n", taken.error().text().c_str());
        return UpdateStatus::bad_cvd;
    }
    return UpdateStatus::ok;
}

int take_files(const UpdateConfig &config, const OfficialRequest &request, int staging,
               const ChildReport &report) {
    auto status = UpdateStatus::ok;
    for (const auto &name : request.files) {
        bool taken = false;
        for (const auto &mirror : config.private_mirrors) {
            const auto path = mirror.starts_with(scheme) ? mirror.substr(scheme.size()) : mirror;
            const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            taken = taken || (directory && copy_file(directory.get(), name, staging, name));
        }
        if (taken)
            continue;
        report.add("failed", name);
        status = UpdateStatus::failed_get;
    }
    report.add("status", std::to_string(static_cast<int>(status)));
    return 0;
}

} // namespace

bool is_directory_mirror(const std::string &mirror) {
    return mirror.starts_with('/') || mirror.starts_with(scheme);
}

int run_directory_mirror(const UpdateConfig &config, const OfficialRequest &request,
                         const ChildReport &report) {
    const Fd staging(::open(request.staging.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!request.files.empty())
        return take_files(config, request, staging.get(), report);
    auto first = staging ? UpdateStatus::ok : UpdateStatus::database_access;
    for (const auto &database : request.databases) {
        auto status = UpdateStatus::failed_get;
        // One after the other, as with mirrors of HTTP.
        for (const auto &mirror : config.private_mirrors) {
            const auto path = mirror.starts_with(scheme) ? mirror.substr(scheme.size()) : mirror;
            const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            if (!directory) {
                std::fprintf(stderr, "ERROR: %s\n",
                             fail_errno(escape_path(path)).error().text().c_str());
                continue;
            }
            status = update_one(directory.get(), staging.get(), request, database);
            if (status == UpdateStatus::ok)
                break;
        }
        if (status == UpdateStatus::ok)
            continue;
        report.add("failed", database);
        first = first == UpdateStatus::ok ? status : first;
    }
    report.add("status", std::to_string(static_cast<int>(first)));
    return 0;
}

} // namespace hostav
