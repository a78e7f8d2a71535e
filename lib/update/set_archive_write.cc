// SPDX-License-Identifier: GPL-2.0-only
#include "update/set_archive.h"

#include "base/fd.h"
#include "base/files.h"
#include "base/text.h"
#include "update/allow.h"

#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr mode_t readable = 0644;
constexpr const char *manifest_name = "manifest";

struct FreeWriter {
    void operator()(archive *writer) const { archive_write_free(writer); }
};
struct FreeEntry {
    void operator()(archive_entry *entry) const { archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, FreeWriter>;

std::string why(archive *writer) {
    const char *text = archive_error_string(writer);
    return text == nullptr ? "cannot be written" : escape_path(text);
}

Result<void> put_header(archive *writer, const std::string &name, std::uint64_t size,
                        std::time_t modified) {
    const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), readable);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    archive_entry_set_mtime(entry.get(), modified, 0);
    if (archive_write_header(writer, entry.get()) < ARCHIVE_WARN)
        return fail(escape_path(name), why(writer));
    return {};
}

Result<void> put_bytes(archive *writer, std::string_view bytes, const std::string &what) {
    while (!bytes.empty()) {
        const auto wrote = archive_write_data(writer, bytes.data(), bytes.size());
        if (wrote <= 0)
            return fail(what, why(writer));
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
}

Result<void> put_file(archive *writer, int directory, const DatabaseFile &file) {
    const auto shown = escape_path(file.name);
    const Fd fd(::openat(directory, file.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat st = {};
    if (!fd || ::fstat(fd.get(), &st) != 0)
        return fail_errno(shown);
    if (static_cast<std::uint64_t>(st.st_size) != file.size)
        return fail(shown, "has changed meanwhile");
    if (auto put = put_header(writer, file.name, file.size, st.st_mtime); !put)
        return put;
    constexpr std::size_t piece_size = std::size_t{256} * 1024;
    const auto piece = std::make_unique<char[]>(piece_size);
    std::uint64_t left = file.size;
    while (left > 0) {
        const auto got = ::read(fd.get(), piece.get(), std::min<std::uint64_t>(piece_size, left));
        if (got <= 0)
            return fail(shown, "has changed meanwhile");
        if (auto put = put_bytes(writer, {piece.get(), static_cast<std::size_t>(got)}, shown); !put)
            return put;
        left -= static_cast<std::uint64_t>(got);
    }
    return {};
}

Result<void> write_archive(int to, const std::string &what, int directory, const DatabaseSet &set) {
    const Writer writer(archive_write_new());
    if (!writer || archive_write_set_format_pax_restricted(writer.get()) != ARCHIVE_OK)
        return fail(what, "libarchive cannot write it");
    // Without zstd in libarchive itself; an external program is not asked for.
    if (archive_write_add_filter_zstd(writer.get()) != ARCHIVE_OK &&
        archive_write_add_filter_gzip(writer.get()) != ARCHIVE_OK)
        return fail(what, why(writer.get()));
    // Into a pipe as into a file: no padding after the compressed data.
    archive_write_set_bytes_in_last_block(writer.get(), 1);
    if (archive_write_open_fd(writer.get(), to) != ARCHIVE_OK)
        return fail(what, why(writer.get()));
    DatabaseSet exported = set;
    std::erase_if(exported.files, [](const DatabaseFile &file) {
        return file.name == allowed_files_name || file.name == allowed_signatures_name;
    });
    const auto manifest = set_text(exported);
    auto put = put_header(writer.get(), manifest_name, manifest.size(), set.installed);
    if (put)
        put = put_bytes(writer.get(), manifest, what);
    for (const auto &file : exported.files)
        if (put)
            put = put_file(writer.get(), directory, file);
    if (put && archive_write_close(writer.get()) != ARCHIVE_OK)
        put = fail(what, why(writer.get()));
    return put;
}

} // namespace

Result<void> export_set(int directory, const DatabaseSet &set, const std::string &file) {
    if (set.files.empty())
        return fail("--export", "no databases are live");
    if (file == "-")
        return write_archive(STDOUT_FILENO, "standard output", directory, set);
    const auto slash = file.rfind('/');
    const auto parent = slash == std::string::npos ? "." : file.substr(0, slash + 1);
    const auto shown = escape_path(file);
    const Fd where(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!where)
        return fail_errno(shown);
    const auto name = slash == std::string::npos ? file : file.substr(slash + 1);
    const auto temporary = "." + name + ".new";
    ::unlinkat(where.get(), temporary.c_str(), 0);
    const Fd to(::openat(where.get(), temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, readable));
    if (!to)
        return fail_errno(shown);
    auto done = write_archive(to.get(), shown, directory, set);
    if (done)
        done = sync(to.get(), shown);
    if (done && ::renameat(where.get(), temporary.c_str(), where.get(), name.c_str()) != 0)
        done = fail_errno(shown);
    if (!done)
        ::unlinkat(where.get(), temporary.c_str(), 0);
    return done;
}

} // namespace hostav
