// SPDX-License-Identifier: GPL-2.0-only
#include "update/database_set.h"

#include "base/digest.h"
#include "base/directory_reader.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/database.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <map>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::size_t short_digest = 12;
constexpr std::int64_t nanoseconds = 1'000'000'000;

/// Lines that are neither empty nor comments: the signatures of a text database.
std::uint64_t count_lines(int fd) {
    constexpr std::size_t piece_size = std::size_t{256} * 1024;
    const auto buffer = std::make_unique<char[]>(piece_size);
    std::uint64_t lines = 0;
    bool at_start = true;
    off_t offset = 0;
    for (ssize_t size = 0; (size = ::pread(fd, buffer.get(), piece_size, offset)) > 0;) {
        std::string_view piece(buffer.get(), static_cast<std::size_t>(size));
        while (!piece.empty()) {
            if (at_start && piece.front() != '#' && piece.front() != '\n')
                ++lines;
            const auto end = piece.find('\n');
            at_start = end != std::string_view::npos;
            piece.remove_prefix(at_start ? end + 1 : piece.size());
        }
        offset += size;
    }
    return lines;
}

/// What is known of a file with this name or this identity.
const DatabaseFile *recall(const std::vector<const DatabaseSet *> &known,
                           const DatabaseFile &file) {
    for (const auto *set : known)
        for (const auto &other : set->files)
            if (other.device == file.device && other.inode == file.inode &&
                other.size == file.size && other.modified == file.modified && !other.sha256.empty())
                return &other;
    return nullptr;
}

Result<void> learn(int fd, DatabaseFile &file) {
    const auto shown = escape_path(file.name);
    auto digest = sha256_of_fd(fd);
    if (!digest)
        return fail(shown, digest.error().text());
    file.sha256 = std::move(*digest);
    if (!is_database_container(file.name)) {
        file.signatures = count_lines(fd);
        return {};
    }
    // A broken one is a file all the same; the proof says what is wrong with it.
    if (const auto head = read_database_head(fd, shown)) {
        file.version = head->version;
        file.signatures = head->signatures;
        file.functionality_level = head->functionality_level;
        file.builder = head->builder;
        file.built = head->built;
        file.built_time = head->built_time;
    }
    return {};
}

Result<void> add_file(int directory, const std::string &name,
                      const std::vector<const DatabaseSet *> &known, DatabaseSet &set) {
    const Fd fd(::openat(directory, name.c_str(),
                         O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat st = {};
    if (!fd || ::fstat(fd.get(), &st) != 0)
        return errno == ELOOP || errno == ENOENT ? Result<void>() : fail_errno(escape_path(name));
    if (!S_ISREG(st.st_mode))
        return {};
    DatabaseFile file;
    file.name = name;
    file.size = static_cast<std::uint64_t>(st.st_size);
    file.device = st.st_dev;
    file.inode = st.st_ino;
    file.modified = st.st_mtim.tv_sec * nanoseconds + st.st_mtim.tv_nsec;
    bool managed = false;
    for (const auto *other : known)
        if (const auto *same = other->find(name))
            managed = managed || same->managed;
    if (const auto *same = recall(known, file)) {
        file = *same;
        file.name = name;
    } else if (auto learnt = learn(fd.get(), file); !learnt) {
        return learnt;
    }
    file.managed = managed;
    set.files.push_back(std::move(file));
    return {};
}

std::uint64_t number_of(const std::map<std::string, std::string> &line, const char *name) {
    return parse_number(text_field(line, name)).value_or(0);
}

Result<DatabaseFile> parse_file(const std::map<std::string, std::string> &line,
                                const std::string &what) {
    DatabaseFile file;
    auto name = bytes_field(line, "name", what);
    if (!name)
        return std::unexpected(name.error());
    file.name = std::move(*name);
    if (!is_database_name(file.name) || file.name.find('/') != std::string::npos)
        return fail(what, "names something else than a database");
    const auto text = [&line](const char *field) { return text_field(line, field); };
    file.size = number_of(line, "size");
    file.sha256 = text("sha256");
    file.managed = text("managed") == "true";
    file.version = number_of(line, "version");
    file.functionality_level = number_of(line, "functionality_level");
    file.builder = text("builder");
    file.built = text("built");
    file.built_time = static_cast<std::time_t>(number_of(line, "built_time"));
    file.signatures = number_of(line, "signatures");
    file.device = number_of(line, "device");
    file.inode = number_of(line, "inode");
    file.modified = static_cast<std::int64_t>(number_of(line, "modified"));
    return file;
}

} // namespace

std::string DatabaseFile::database() const {
    return is_database_container(name) ? name.substr(0, name.rfind('.')) : name;
}

std::string DatabaseFile::version_text() const {
    return version != 0 || is_database_container(name) ? std::to_string(version)
                                                       : sha256.substr(0, short_digest);
}

const DatabaseFile *DatabaseSet::find(std::string_view name) const {
    const auto found = std::ranges::find(files, name, &DatabaseFile::name);
    return found == files.end() ? nullptr : &*found;
}

const DatabaseFile *DatabaseSet::find_database(std::string_view database) const {
    const auto found = std::ranges::find_if(
        files, [database](const DatabaseFile &file) { return file.database() == database; });
    return found == files.end() ? nullptr : &*found;
}

std::uint64_t DatabaseSet::signatures() const {
    std::uint64_t sum = 0;
    for (const auto &file : files)
        sum += file.signatures;
    return sum;
}

std::time_t DatabaseSet::newest_build() const {
    std::time_t newest = 0;
    for (const auto &file : files)
        newest = std::max(newest, file.built_time);
    return newest;
}

Result<DatabaseSet> read_database_set(int directory,
                                      const std::vector<const DatabaseSet *> &known) {
    // A descriptor of its own: the reading moves its offset.
    const Fd fd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return fail_errno("the databases' directory");
    DatabaseSet set;
    DirectoryReader reader(fd.get());
    while (const auto entry = reader.next())
        if (is_database_name(entry->name))
            if (auto added = add_file(directory, entry->name, known, set); !added)
                return std::unexpected(added.error());
    if (reader.error() != 0)
        return fail_errno("the databases' directory", reader.error());
    std::ranges::sort(set.files, {}, &DatabaseFile::name);
    return set;
}

std::string set_text(const DatabaseSet &set) {
    JsonObject head;
    head.add("set", std::uint64_t{set.number});
    head.add("installed", static_cast<std::uint64_t>(set.installed));
    head.add("eicar", set.eicar);
    auto text = head.text() + "\n";
    for (const auto &file : set.files) {
        JsonObject line;
        line.add_bytes("name", file.name);
        line.add("size", file.size).add("sha256", file.sha256).add("managed", file.managed);
        line.add("version", file.version).add("functionality_level", file.functionality_level);
        line.add("builder", file.builder).add("built", file.built);
        line.add("built_time", static_cast<std::uint64_t>(file.built_time));
        line.add("signatures", file.signatures);
        line.add("device", file.device).add("inode", file.inode);
        line.add("modified", static_cast<std::uint64_t>(file.modified));
        text += line.text() + "\n";
    }
    return text;
}

Result<DatabaseSet> parse_set(std::string_view text, const std::string &what) {
    const auto lines = parse_json_lines(text, what);
    if (!lines)
        return std::unexpected(lines.error());
    if (lines->empty())
        return fail(what, "is empty");
    DatabaseSet set;
    const auto &head = lines->front();
    set.number = static_cast<unsigned>(number_of(head, "set"));
    set.installed = static_cast<std::time_t>(number_of(head, "installed"));
    set.eicar = text_field(head, "eicar");
    for (std::size_t i = 1; i < lines->size(); ++i) {
        auto file = parse_file((*lines)[i], what);
        if (!file)
            return std::unexpected(file.error());
        set.files.push_back(std::move(*file));
    }
    return set;
}

} // namespace hostav
