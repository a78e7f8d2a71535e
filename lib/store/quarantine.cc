// SPDX-License-Identifier: GPL-2.0-only
#include "store/quarantine.h"

#include "base/digest.h"
#include "base/files.h"
#include "base/held_object.h"
#include "base/json.h"
#include "base/text.h"
#include "base/walk.h"
#include "store/quarantine_record.h"
#include "store/staged_file.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace hostav {
namespace {

constexpr mode_t directory_mode = 0700;
constexpr mode_t inert_mode = 0400;
constexpr std::size_t name_limit = 100; ///< bytes of the original name that are kept
constexpr std::size_t digest_part = 16;
constexpr int most_names = 10000;
constexpr off_t record_limit = 16L << 20;

/// A name that no shell, terminal or program finds anything in, and never a record's.
std::string harmless(const std::string &name) {
    std::string out = name.substr(0, name_limit);
    for (char &c : out) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '.' || c == '-';
        c = plain ? c : '_';
    }
    if (out.ends_with(record_suffix))
        out[out.size() - std::string_view(record_suffix).size()] = '_';
    return out;
}

/// What one failed step must take away again.
class Undo {
  public:
    Undo(int directory, const struct stat &st) : directory_(directory), st_(st) {}
    Undo(const Undo &) = delete;
    Undo &operator=(const Undo &) = delete;
    ~Undo() {
        if (!name_.empty())
            (void)unlink_object(directory_, name_, st_);
    }
    void set(const std::string &name) { name_ = name; }
    void keep() { name_.clear(); }

  private:
    int directory_;
    struct stat st_;
    std::string name_;
};

/// Publishes under the first free name; a record that has lost its file counts as taken.
Result<std::string> publish_free(StagedFile &staged, int directory, const std::string &base) {
    for (int n = 0; n < most_names; ++n) {
        std::string name = n == 0 ? base : base + "." + std::to_string(n);
        if (faccessat(directory, (name + record_suffix).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        const int error = staged.publish(name);
        if (error == 0)
            return name;
        if (error != EEXIST)
            return fail_errno("", error);
    }
    return fail("", "no free name in the quarantine");
}

Result<void> stage_content(StagedFile &staged, const InfectedFile &file, QuarantineRecord &record) {
    const auto unchanged = copy_content(file.fd, staged.fd());
    if (!unchanged)
        return std::unexpected(unchanged.error());
    if (!*unchanged)
        return fail("", "it changed while being copied");
    auto digest = sha256_of_fd(staged.fd()); // of what is kept, whatever was scanned
    if (!digest)
        return std::unexpected(digest.error());
    record.sha256 = std::move(*digest);
    if (fchmod(staged.fd(), inert_mode) != 0 || fsync(staged.fd()) != 0)
        return fail_errno("");
    return {};
}

/// A regular file of ours in the quarantine.
Result<Fd> open_ours(int directory, const std::string &name, const std::string &what) {
    Fd fd(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat st = {};
    if (!fd || fstat(fd.get(), &st) != 0)
        return fail_errno(what);
    if (!S_ISREG(st.st_mode))
        return fail(what, "not a regular file");
    if (st.st_uid != geteuid())
        return fail(what, "belongs to somebody else");
    return fd;
}

Result<QuarantineRecord> read_record(int directory, const std::string &name,
                                     const std::string &what) {
    auto fd = open_ours(directory, name, what);
    if (!fd)
        return std::unexpected(fd.error());
    struct stat st = {};
    if (fstat(fd->get(), &st) != 0)
        return fail_errno(what);
    if (st.st_size > record_limit)
        return fail(what, "too large for a record");
    std::string text(static_cast<std::size_t>(st.st_size), '\0');
    const ssize_t got = pread(fd->get(), text.data(), text.size(), 0);
    if (got < 0)
        return fail_errno(what);
    text.resize(static_cast<std::size_t>(got));
    return parse_record(text, what);
}

/// Opens every directory on the way from the root, following no link: none was on it when the path
/// was recorded, so one that is there now would lead elsewhere. Not openat2(2), which takes
/// no path longer than PATH_MAX and is missing from older kernels: this is needed anyway.
Result<Fd> open_destination(const std::string &directory) {
    Fd at(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::size_t from = 1;
    while (at && from < directory.size()) {
        const std::size_t slash = std::min(directory.find('/', from), directory.size());
        const std::string name = directory.substr(from, slash - from);
        at.reset(openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        from = slash + 1;
    }
    if (!at)
        return errno == ENOTDIR
                   ? fail(escape_path(directory), "not a directory, or a symbolic link on the way")
                   : fail_errno(escape_path(directory));
    return at;
}

Result<void> restore_attributes(int fd, const QuarantineRecord &record, const std::string &what) {
    // Owner before mode: chown(2) clears the setuid and setgid bits, and the mode is restored as
    // recorded, those bits included: the file is what it was, which is what restoring means.
    mode_t mode = record.mode;
    if (fchown(fd, record.uid, record.gid) != 0) {
        struct stat st = {};
        if (geteuid() == 0 || fstat(fd, &st) != 0)
            return fail_errno(what);
        if (st.st_uid != record.uid)
            return fail(what, "belonged to user " + std::to_string(record.uid) +
                                  ", whom only root can give it back to");
        // A group that we are not in: our own group gets no more than everybody.
        if (st.st_gid != record.gid)
            mode = (mode & ~(mode_t{S_ISGID} | S_IRWXG)) | ((mode & S_IRWXO) << 3);
    }
    if (fchmod(fd, mode) != 0)
        return fail_errno(what);
    // Best effort, after the owner (chown drops capabilities) and the mode (an ACL has its own).
    for (const auto &[name, value] : record.xattrs)
        (void)fsetxattr(fd, name.c_str(), value.data(), value.size(), 0);
    const struct timespec times[2] = {record.atime, record.mtime};
    if (futimens(fd, times) != 0)
        return fail_errno(what);
    return {};
}

/// A staged file that equals what was quarantined; `from` is the quarantined file.
Result<void> restore_content(StagedFile &staged, int from, const QuarantineRecord &record,
                             const std::string &what) {
    const auto copied = copy_content(from, staged.fd());
    if (!copied)
        return fail(what, copied.error().text());
    const auto digest = sha256_of_fd(staged.fd());
    if (!digest)
        return fail(what, digest.error().text());
    if (*digest != record.sha256)
        return fail(what, "its content is not what its record says (SHA-256 differs)");
    return {};
}

/// Where a quarantined file and its record are.
struct Stored {
    Fd directory;
    std::string name;
    Fd fd;
};

/// Puts the file under its old path.
Result<void> put_back(const Stored &stored, const QuarantineRecord &record,
                      const std::string &what) {
    const auto [parent, name] = split_path(record.origin);
    const auto destination = open_destination(parent);
    if (!destination)
        return std::unexpected(destination.error());
    const std::string shown = escape_path(record.origin);
    struct stat there = {};
    if (fstatat(destination->get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0)
        return fail_errno(shown, EEXIST); // said before a long copy; link_object decides
    auto staged = StagedFile::create(destination->get());
    if (!staged)
        return fail(escape_path(parent), staged.error().text());
    if (auto good = restore_content(*staged, stored.fd.get(), record, what); !good)
        return good;
    if (auto good = restore_attributes(staged->fd(), record, what); !good)
        return good;
    if (fsync(staged->fd()) != 0)
        return fail_errno(shown);
    if (const int error = staged->publish(name))
        return fail_errno(shown, error);
    staged->sync_directory();
    return {};
}

} // namespace

Result<Fd> open_quarantine(const std::string &directory, bool make) {
    const std::string what = escape_path(directory);
    const auto [above, name] = split_path(directory);
    const Fd parent = open_long_path(AT_FDCWD, above, O_PATH | O_DIRECTORY);
    if (!parent)
        return fail_errno(what);
    if (make && mkdirat(parent.get(), name.c_str(), directory_mode) != 0 && errno != EEXIST)
        return fail_errno(what);
    struct stat st = {};
    if (fstatat(parent.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_errno(what);
    if (S_ISLNK(st.st_mode))
        return fail(what, "is a symbolic link");
    Fd fd(openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd || fstat(fd.get(), &st) != 0)
        return fail_errno(what);
    if (st.st_uid != geteuid())
        return fail(what, "belongs to somebody else");
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(what, "others may write to it");
    if (faccessat(fd.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
        return fail_errno(what);
    return fd;
}

Result<std::string> quarantine_object(int directory, const InfectedFile &file,
                                      const Location &where) {
    struct stat st = {};
    if (fstat(file.fd, &st) != 0)
        return fail_errno("");
    auto content = StagedFile::create(directory);
    auto note = StagedFile::create(directory);
    if (!content || !note)
        return std::unexpected(content ? note.error() : content.error());
    QuarantineRecord record = record_of(file, st, where);
    if (record.origin.empty())
        return fail("", "its path cannot be known");
    if (auto staged = stage_content(*content, file, record); !staged)
        return std::unexpected(staged.error());
    if (auto written = write_all(note->fd(), record_text(record), "cannot write the record");
        !written)
        return std::unexpected(written.error());
    if (fchmod(note->fd(), inert_mode) != 0 || fsync(note->fd()) != 0)
        return fail_errno("cannot write the record");

    struct stat content_st = {};
    struct stat note_st = {};
    if (fstat(content->fd(), &content_st) != 0 || fstat(note->fd(), &note_st) != 0)
        return fail_errno("");
    Undo undo_content(directory, content_st);
    Undo undo_note(directory, note_st);
    const std::string base = record.sha256.substr(0, digest_part) + "-" + harmless(where.name);
    const auto name = publish_free(*content, directory, base);
    if (!name)
        return name;
    undo_content.set(*name);
    if (const int error = note->publish(*name + record_suffix))
        return fail_errno("cannot write the record", error);
    undo_note.set(*name + record_suffix);
    if (fsync(directory) != 0)
        return fail_errno("");
    if (const int error = unlink_object(where.directory->get(), where.name, st))
        return fail("", unlink_error(error));
    undo_content.keep();
    undo_note.keep();
    return name;
}

Result<std::string> restore_quarantined(const std::string &path) {
    const std::string what = escape_path(path);
    const auto [parent, name] = split_path(path);
    // The record says who shall own the file and whether it is setuid: only a directory that
    // nobody else could have put a record into is believed.
    auto directory = open_quarantine(parent, false);
    if (!directory)
        return std::unexpected(directory.error());
    auto fd = open_ours(directory->get(), name, what);
    if (!fd)
        return std::unexpected(fd.error());
    const std::string record_name = name + record_suffix;
    struct stat st = {};
    if (fstatat(directory->get(), record_name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 &&
        errno == ENOENT)
        return fail(what, "no record of it (" + escape_path(record_name) + ") beside it");
    const auto record = read_record(directory->get(), record_name, what + record_suffix);
    if (!record)
        return std::unexpected(record.error());
    const Stored stored{std::move(*directory), name, std::move(*fd)};
    if (auto back = put_back(stored, *record, what); !back)
        return std::unexpected(back.error());
    // The record last: a file without one could not be told from a stray.
    if (unlinkat(stored.directory.get(), name.c_str(), 0) != 0 ||
        unlinkat(stored.directory.get(), record_name.c_str(), 0) != 0)
        return fail(what,
                    "restored to " + escape_path(record->origin) +
                        ", but not removed from the quarantine: " + fail_errno("").error().why);
    return record->origin;
}

} // namespace hostav
