// SPDX-License-Identifier: GPL-2.0-only
#include "follow/rotation.h"

#include "base/directory_reader.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <utility>

namespace hostav {
namespace {

constexpr std::string_view gzip_extension = ".gz";
constexpr std::int64_t a_second = 1'000'000'000;
// A directory with more subdirectories is nobody's olddir's parent.
constexpr std::size_t most_subdirectories = 256;
// While files are renamed, readdir(3) may miss one or give it twice, and each has a name of another
// moment: a listing counts once it was the same twice. logrotate(8) renames thousands in less time.
constexpr int most_listings = 50;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// `.1`, `-20260101`, `_2026-01-01T10:00:00`, `.old`.
bool is_rotation(std::string_view text) {
    constexpr std::array<std::string_view, 6> words = {".old",  ".bak", ".prev",
                                                       ".save", "~",    ".orig"};
    if (std::ranges::find(words, text) != words.end())
        return true;
    return text.size() >= 2 && std::string_view(".-_").contains(text.front()) &&
           std::ranges::any_of(text, is_digit) && std::ranges::all_of(text, [](char c) {
               return is_digit(c) || std::string_view(".-_:+TZ").contains(c);
           });
}

std::string_view without_gzip(std::string_view name) {
    if (name.ends_with(gzip_extension))
        name.remove_suffix(gzip_extension.size());
    return name;
}

struct Search {
    std::string directory, live; ///< the live file's directory and name
    bool shape = false;          ///< names of the live one's shape, too
    FileIdentity wanted;
};

Search search_beside(const std::string &path, const FileIdentity &wanted) {
    Search search;
    search.wanted = wanted;
    struct stat st = {};
    std::filesystem::path real = path;
    if (::lstat(path.c_str(), &st) == 0 && S_ISLNK(st.st_mode)) {
        std::error_code error;
        if (auto target = std::filesystem::canonical(path, error); !error) {
            real = std::move(target);
            search.shape = true;
        }
    }
    search.directory = real.parent_path();
    search.live = real.filename();
    return search;
}

struct Listing {
    const Search &search;
    std::string live_shape;
    std::vector<Sibling> found;
    std::vector<std::string> subdirectories;
    bool has_wanted = false;

    [[nodiscard]] std::string suffix(const std::string &name) const {
        std::string suffix = rotation_suffix(name, search.live);
        if (suffix.empty() && search.shape && name != search.live &&
            shape_of(without_gzip(name)) == live_shape)
            suffix = name;
        return suffix;
    }

    void take(int directory, const std::string &path, const std::string &name, std::string suffix) {
        const auto status = status_of(directory, name);
        if (!status || !S_ISREG(status->mode))
            return;
        const bool wanted = status->id == search.wanted;
        has_wanted = has_wanted || wanted;
        // The live file itself is no sibling.
        if (suffix.empty() && (!wanted || (path == search.directory && name == search.live)))
            return;
        Sibling sibling;
        sibling.path = path + "/" + name;
        sibling.status = *status;
        sibling.compressed = name.ends_with(gzip_extension);
        sibling.rotated = !suffix.empty();
        if (suffix.starts_with('.'))
            sibling.number = static_cast<std::int64_t>(
                parse_number(std::string_view(suffix).substr(1)).value_or(0));
        sibling.suffix = std::move(suffix);
        found.push_back(std::move(sibling));
    }

    Result<void> read(const std::string &path, bool with_subdirectories) {
        const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK));
        if (!fd && (errno == ENOENT || errno == ENOTDIR))
            return {};
        if (!fd)
            return fail_errno(escape_path(path));
        // Mostly it still has its name, and thousands of others need not be asked.
        if (path == search.directory && search.wanted != FileIdentity{})
            if (const auto live = status_of(fd.get(), search.live))
                has_wanted = has_wanted || live->id == search.wanted;
        DirectoryReader reader(fd.get());
        std::vector<std::string> others;
        while (const auto entry = reader.next()) {
            if (entry->type == DT_DIR) {
                if (with_subdirectories && subdirectories.size() < most_subdirectories)
                    subdirectories.push_back(path + "/" + entry->name);
            } else if (auto more = suffix(entry->name); !more.empty()) {
                take(fd.get(), path, entry->name, std::move(more));
            } else if (!has_wanted && search.wanted != FileIdentity{}) {
                others.push_back(entry->name);
            }
        }
        if (reader.error() != 0)
            return fail_errno(escape_path(path), reader.error());
        // Or one that says that it was rotated.
        for (std::size_t i = 0; i < others.size() && !has_wanted; ++i)
            take(fd.get(), path, others[i], {});
        return {};
    }
};

} // namespace

std::tuple<std::int64_t, std::int64_t, std::string_view, std::int64_t> Sibling::order() const {
    return {status.modified / a_second, -number, suffix, status.modified};
}

std::string rotation_suffix(std::string_view name, std::string_view live) {
    name = without_gzip(name);
    if (name.size() <= live.size())
        return {};
    if (name.starts_with(live)) {
        const auto rest = name.substr(live.size());
        return is_rotation(rest) ? std::string(rest) : std::string();
    }
    const auto dot = live.rfind('.');
    if (dot == std::string_view::npos || dot == 0)
        return {};
    const auto stem = live.substr(0, dot);
    const auto extension = live.substr(dot);
    if (!name.starts_with(stem) || !name.ends_with(extension))
        return {};
    const auto middle = name.substr(dot, name.size() - live.size());
    return is_rotation(middle) ? std::string(middle) : std::string();
}

bool is_compressed_name(std::string_view name) {
    constexpr std::array<std::string_view, 7> extensions = {".tar", ".gz", ".zip", ".bz2",
                                                            ".rar", ".xz", ".zst"};
    return std::ranges::any_of(extensions,
                               [&](auto extension) { return name.ends_with(extension); });
}

std::string shape_of(std::string_view name) {
    std::string shape;
    for (const char c : name) {
        if (!is_digit(c))
            shape += c;
        else if (!shape.ends_with('0'))
            shape += '0';
    }
    return shape;
}

namespace {

Result<std::vector<Sibling>> list_siblings(const Search &search) {
    Listing listing{search, shape_of(search.live), {}, {}, false};
    if (auto read = listing.read(search.directory, true); !read)
        return std::unexpected(read.error());
    if (!listing.has_wanted) {
        // Best effort: most of them are none of ours.
        for (const std::string &directory : listing.subdirectories)
            best_effort(listing.read(directory, false));
    }
    std::ranges::sort(listing.found, {}, &Sibling::path);
    return std::move(listing.found);
}

} // namespace

Result<std::vector<Sibling>> find_siblings(const std::string &path, const FileIdentity &wanted) {
    const Search search = search_beside(path, wanted);
    const auto is_same = [](const Sibling &a, const Sibling &b) {
        return a.path == b.path && a.status.id == b.status.id;
    };
    auto found = list_siblings(search);
    for (int tries = 0; found && tries < most_listings; ++tries) {
        auto again = list_siblings(search);
        const bool same = again && std::ranges::equal(*found, *again, is_same);
        found = std::move(again);
        if (same)
            break;
    }
    if (found)
        std::ranges::sort(*found, [](const Sibling &a, const Sibling &b) { return a.before(b); });
    return found;
}

} // namespace hostav
