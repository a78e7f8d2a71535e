// SPDX-License-Identifier: GPL-2.0-only
//
// The order of the checks is clamscan's, since it decides which line a path gets: other file
// system, link, --exclude-dir before the depth, --exclude before the empty file.
#include "base/walk.h"

#include "base/directory_reader.h"
#include "base/held_object.h"
#include "base/pseudo_filesystems.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace hostav {

namespace {

constexpr int path_only = O_PATH | O_CLOEXEC;
constexpr int swap_attempts = 3;

struct Level {
    std::shared_ptr<const Fd> fd;
    DirectoryReader reader;
    std::string shown, real;
    struct stat st;
};

/// A name that is being looked at.
struct Found {
    std::shared_ptr<const Fd> directory;
    std::string name;
    std::string shown, real;
    dev_t parent_device = 0;
    bool argument = false;
    bool directory_hint = false;
};

std::string join(const std::string &directory, const std::string &name) {
    return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

Entry make_entry(const Found &found, EntryKind kind, int error = 0) {
    Entry entry;
    entry.kind = kind;
    entry.path = found.shown;
    entry.real_path = found.real;
    entry.directory = found.directory;
    entry.name = found.name;
    entry.error = error;
    return entry;
}

Entry make_entry(const Found &found, const Held &held, EntryKind kind, int error = 0) {
    Entry entry = make_entry(found, kind, error);
    entry.st = held.st;
    if (held.followed) {
        entry.directory = nullptr;
        entry.name.clear();
    }
    return entry;
}

/// What `handle` is, is not asked yet.
Held hold(int handle, const Found &found) {
    return {.handle = handle, .directory = found.directory->get(), .name = found.name};
}

/// The name is gone, or it is a link that leads nowhere.
bool vanished(int error) {
    return error == ENOENT;
}
bool leads_nowhere(int error) {
    return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

EntryKind unreadable_file(int error) {
    return error == EACCES && ::geteuid() != 0 ? EntryKind::access_denied : EntryKind::cannot_open;
}

} // namespace

struct Walk::Impl {
    explicit Impl(WalkOptions given) : options(std::move(given)) {}

    WalkOptions options;
    std::vector<Level> levels;
    std::optional<Entry> first; ///< the argument's own entry
    dev_t argument_device = 0;
    std::uint64_t too_deep = 0;

    std::optional<Entry> argument(const std::string &path);
    std::optional<Entry> step();
    std::optional<Entry> look_at(const Found &found);
    std::optional<Entry> classify(const Found &found, const Held &held);
    std::optional<Entry> link(const Found &found, const Held &held);
    std::optional<Entry> directory(const Found &found, const Held &held);
    std::optional<Entry> file(const Found &found, const Held &held);
    [[nodiscard]] std::optional<Entry> pseudo(const Found &found, const Held &held) const;
};

std::optional<Entry> Walk::Impl::argument(const std::string &path) {
    Found found;
    found.argument = true;
    const std::size_t end = path.find_last_not_of('/') + 1; // 0 when there are only slashes
    found.shown = end == 0 && !path.empty() ? "/" : path.substr(0, end);
    const std::size_t slash = found.shown.rfind('/');
    const std::string parent =
        slash == std::string::npos ? "." : found.shown.substr(0, std::max<std::size_t>(slash, 1));
    found.name = found.shown.substr(slash == std::string::npos ? 0 : slash + 1);
    // `link/` and `file/` mean what they mean to the kernel: the directory, and an error.
    std::string to_open = end < path.size() && end != 0 ? found.name + "/" : found.name;
    if (to_open.empty() && !path.empty())
        to_open = ".";

    found.directory =
        std::make_shared<const Fd>(open_long_path(AT_FDCWD, parent, path_only | O_DIRECTORY));
    Fd handle;
    if (*found.directory)
        handle = open_long_path(found.directory->get(), to_open, path_only | O_NOFOLLOW);
    if (!handle)
        return make_entry(found, EntryKind::cannot_access, errno);
    Held held = hold(handle.get(), found);
    if (::fstat(handle.get(), &held.st) != 0)
        return make_entry(found, EntryKind::cannot_access, errno);
    argument_device = held.st.st_dev;
    found.real = real_path_of(held);
    if (found.real.empty())
        found.real = found.shown;
    return classify(found, held);
}

std::optional<Entry> Walk::Impl::step() {
    Level &level = levels.back();
    auto name = level.reader.next();
    if (name) {
        Found found;
        found.directory = level.fd;
        found.shown = join(level.shown, name->name);
        found.real = join(level.real, name->name);
        found.name = std::move(name->name);
        found.parent_device = level.st.st_dev;
        found.directory_hint = name->type == DT_DIR;
        // Not for ever: somebody may swap the name as fast as we look.
        for (int attempt = 1;; ++attempt) {
            auto entry = look_at(found);
            if (!entry || entry->error != ESTALE || attempt == swap_attempts)
                return entry;
        }
    }
    std::optional<Entry> failure;
    if (const int error = level.reader.error(); error != 0 && !vanished(error)) {
        failure.emplace();
        failure->kind = EntryKind::cannot_open_directory;
        failure->path = level.shown;
        failure->real_path = level.real;
        failure->st = level.st;
        failure->error = error;
    }
    levels.pop_back();
    return failure;
}

std::optional<Entry> Walk::Impl::look_at(const Found &found) {
    const Fd handle(::openat(found.directory->get(), found.name.c_str(), path_only | O_NOFOLLOW));
    Held held = hold(handle.get(), found);
    if (!handle || ::fstat(handle.get(), &held.st) != 0) {
        const int error = errno;
        if (vanished(error))
            return std::nullopt;
        return make_entry(
            found, found.directory_hint ? EntryKind::cannot_open_directory : unreadable_file(error),
            error);
    }
    if (!options.cross_fs && held.st.st_dev != argument_device)
        return make_entry(found, held, EntryKind::excluded);
    return classify(found, held);
}

std::optional<Entry> Walk::Impl::classify(const Found &found, const Held &held) {
    if (S_ISLNK(held.st.st_mode))
        return link(found, held);
    if (S_ISDIR(held.st.st_mode))
        return directory(found, held);
    if (S_ISREG(held.st.st_mode))
        return file(found, held);
    if (!found.argument)
        return std::nullopt;
    return make_entry(found, held, EntryKind::unsupported);
}

std::optional<Entry> Walk::Impl::link(const Found &found, const Held &held) {
    const Follow needed = found.argument ? Follow::arguments : Follow::always;
    if (options.directory_links < needed && options.file_links < needed)
        return make_entry(found, held, EntryKind::symlink);
    const Fd target(::openat(found.directory->get(), found.name.c_str(), path_only));
    Held held_target = hold(target.get(), found);
    held_target.followed = true;
    if (!target || ::fstat(target.get(), &held_target.st) != 0) {
        const int error = errno;
        if (leads_nowhere(error))
            return std::nullopt;
        return make_entry(
            found, held, found.argument ? EntryKind::cannot_access : unreadable_file(error), error);
    }
    const bool is_directory = S_ISDIR(held_target.st.st_mode);
    const bool wanted = is_directory
                            ? options.directory_links >= needed
                            : S_ISREG(held_target.st.st_mode) && options.file_links >= needed;
    if (!wanted)
        return make_entry(found, held, EntryKind::symlink);
    Found followed = found;
    if (found.argument)
        argument_device = held_target.st.st_dev;
    if (std::string real = real_path_of(held_target); !real.empty())
        followed.real = std::move(real);
    return is_directory ? directory(followed, held_target) : file(followed, held_target);
}

/// Asked only where the file system changes. An argument was named, so it is walked.
std::optional<Entry> Walk::Impl::pseudo(const Found &found, const Held &held) const {
    if (found.argument || options.pseudo_filesystems || held.st.st_dev == found.parent_device)
        return std::nullopt;
    const char *type = pseudo_filesystem(held.handle);
    if (type == nullptr)
        return std::nullopt;
    Entry entry = make_entry(found, held, EntryKind::pseudo_filesystem);
    entry.detail = type;
    return entry;
}

std::optional<Entry> Walk::Impl::directory(const Found &found, const Held &held) {
    if (!found.argument && !options.recursive)
        return std::nullopt;
    if (options.wants_directory && !options.wants_directory(found.real, found.shown))
        return make_entry(found, held, EntryKind::excluded);
    const bool own_ancestor = std::ranges::any_of(
        levels, [&](const Level &level) { return same_object(level.st, held.st); });
    if (levels.size() >= options.max_depth) {
        if (!own_ancestor) {
            ++too_deep;
            if (options.kept_out)
                options.kept_out(found.shown);
        }
        return std::nullopt;
    }
    // By a link or a bind mount: all that is in it is reported by a shorter path.
    if (own_ancestor && !held.followed)
        return std::nullopt;
    if (own_ancestor)
        return make_entry(found, held, EntryKind::symlink);
    if (auto entry = pseudo(found, held))
        return entry;
    auto fd = std::make_shared<const Fd>(open_held_directory(held.handle));
    if (!*fd) {
        const int error = errno;
        if (vanished(error) && !found.argument)
            return std::nullopt;
        return make_entry(found, held, EntryKind::cannot_open_directory, error);
    }
    levels.push_back({.fd = fd,
                      .reader = DirectoryReader(fd->get()),
                      .shown = found.shown,
                      .real = found.real,
                      .st = held.st});
    return make_entry(found, held, EntryKind::directory);
}

std::optional<Entry> Walk::Impl::file(const Found &found, const Held &held) {
    if (options.wants_file && !options.wants_file(found.real, found.shown))
        return make_entry(found, held, EntryKind::excluded);
    if (auto entry = pseudo(found, held))
        return entry;
    if (held.st.st_size == 0)
        return make_entry(found, held, EntryKind::empty);
    Fd fd = open_held_file(held);
    if (!fd) {
        const int error = errno;
        if (!vanished(error))
            return make_entry(found, held, unreadable_file(error), error);
        if (!found.argument)
            return std::nullopt;
        return make_entry(found, held, EntryKind::cannot_access, error);
    }
    Entry entry = make_entry(found, held, EntryKind::file);
    entry.fd = std::move(fd);
    return entry;
}

Walk::Walk(WalkOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Walk::~Walk() = default;
Walk::Walk(Walk &&) noexcept = default;
Walk &Walk::operator=(Walk &&) noexcept = default;

void Walk::start(const std::string &argument) {
    impl_->levels.clear();
    impl_->first = impl_->argument(argument);
}

std::uint64_t Walk::too_deep() const {
    return impl_->too_deep;
}

std::optional<Entry> Walk::next() {
    if (impl_->first)
        return std::exchange(impl_->first, std::nullopt);
    while (!impl_->levels.empty())
        if (auto entry = impl_->step())
            return entry;
    return std::nullopt;
}

} // namespace hostav
