// SPDX-License-Identifier: GPL-2.0-only
//
// --copy, --move and --remove: clamscan's names on collision, modes and lines. --quarantine is
// handed to quarantine.cc.
#include "store/actions.h"

#include "base/text.h"
#include "base/walk.h"
#include "store/object.h"
#include "store/quarantine.h"

#include <cstdio>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace hostav {
namespace {

constexpr int last_suffix = 999; ///< clamscan's NAME.999
constexpr mode_t copy_mode = 0600;

Result<Fd> open_target(const std::string &path) {
    // A link to a directory is taken for the directory, as clamscan takes it, once and for all:
    // whatever is made later is made below this descriptor.
    Fd directory = open_long_path(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    if (!directory || faccessat(directory.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
        return fail_errno(escape_path(path));
    return directory;
}

/// Makes NAME, NAME.001 ... NAME.999 until one does not exist. `make` returns 0 or an errno value.
/// Returns the last name tried and what `make` said of it.
template <typename Make>
std::pair<std::string, int> make_free_name(const std::string &name, const Make &make) {
    std::string candidate = name;
    int error = make(candidate);
    for (int n = 1; error == EEXIST && n <= last_suffix; ++n) {
        char suffix[16];
        std::snprintf(suffix, sizeof suffix, ".%03d", n);
        candidate = name + suffix;
        error = make(candidate);
    }
    return {candidate, error};
}

/// Whether an object that cannot be linked may still be copied: another file system, one without
/// hard links, too many of them, or a file that protected_hardlinks or a security module guards.
bool worth_copying(int link_error) {
    return link_error == EXDEV || link_error == EPERM || link_error == EMLINK ||
           link_error == EOPNOTSUPP || link_error == EACCES || link_error == ENOSYS ||
           link_error == ENOENT;
}

/// Times and the user's own attributes, best effort. Not capabilities nor ACLs: the first would
/// arm the copy, the second would open what copy_mode has closed.
void copy_metadata(int from, int to, const struct stat &st) {
    for (const std::string &name : xattr_names(from))
        if (name.starts_with("user."))
            if (const auto value = xattr_value(from, name))
                (void)fsetxattr(to, name.c_str(), value->data(), value->size(), 0);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    (void)futimens(to, times);
}

std::string real_path_note(const InfectedFile &file) {
    if (file.real_path.empty() || file.real_path == file.shown_path)
        return "";
    return " (real path: '" + escape_path(file.real_path) + "')";
}

/// A copy in the target directory, taken away again unless it is kept.
class Copy {
  public:
    Copy(int directory, std::string name, Fd fd)
        : directory_(directory), name_(std::move(name)), fd_(std::move(fd)) {}
    Copy(const Copy &) = delete;
    Copy &operator=(const Copy &) = delete;
    ~Copy() {
        struct stat st = {};
        if (!kept_ && fstat(fd_.get(), &st) == 0)
            (void)unlink_object(directory_, name_, st);
    }
    void keep() { kept_ = true; }
    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    int directory_;
    std::string name_;
    Fd fd_;
    bool kept_ = false;
};

} // namespace

struct Actions::Impl {
    Action action = Action::none;
    Fd directory;
    std::string shown; ///< of the directory, absolute, raw

    [[nodiscard]] std::string target(const std::string &name) const {
        return "'" + escape_path(shown + (shown.ends_with('/') ? "" : "/") + name) + "'";
    }
    [[nodiscard]] ActionResult done(const InfectedFile &file, const std::string &how) const {
        return {true, escape_path(file.shown_path) + real_path_note(file) + ": " + how};
    }
    /// `Can't VERB 'PATH' (real path: 'ABS')REST`.
    [[nodiscard]] ActionResult failed(const InfectedFile &file, const std::string &verb,
                                      const std::string &rest) const {
        return {false, "Can't " + verb + " '" + escape_path(file.shown_path) + "'" +
                           real_path_note(file) + rest};
    }
    [[nodiscard]] ActionResult unplaced(const InfectedFile &file, const std::string &name,
                                        int error) const;

    [[nodiscard]] ActionResult remove(const InfectedFile &file) const;
    [[nodiscard]] ActionResult move(const InfectedFile &file) const;
    [[nodiscard]] ActionResult copy(const InfectedFile &file, const Location *to_unlink) const;
    [[nodiscard]] ActionResult quarantine(const InfectedFile &file) const;
    [[nodiscard]] std::string verb() const {
        return action == Action::move ? "move file" : "copy file";
    }
};

ActionResult Actions::Impl::unplaced(const InfectedFile &file, const std::string &name,
                                     int error) const {
    if (error == EEXIST)
        return failed(file, verb(),
                      ": quarantine destination '" + escape_path(shown) + "' is unavailable");
    return failed(file, verb(), " to " + target(name) + ": " + fail_errno("", error).error().why);
}

ActionResult Actions::Impl::remove(const InfectedFile &file) const {
    const auto where = locate(file);
    if (!where)
        return failed(file, "remove file", ": " + where.error().text());
    struct stat st = {};
    const int error =
        fstat(file.fd, &st) != 0 ? errno : unlink_object(where->directory->get(), where->name, st);
    if (error != 0)
        return failed(file, "remove file", ": " + unlink_error(error));
    return done(file, "Removed.");
}

ActionResult Actions::Impl::move(const InfectedFile &file) const {
    const auto where = locate(file);
    struct stat st = {};
    if (!where)
        return failed(file, "move file", ": " + where.error().text());
    if (fstat(file.fd, &st) != 0)
        return failed(file, "move file", ": " + fail_errno("").error().why);
    const auto [name, error] = make_free_name(where->name, [&](const std::string &candidate) {
        return link_object(file.fd, directory.get(), candidate);
    });
    if (worth_copying(error))
        return copy(file, &*where);
    if (error != 0)
        return unplaced(file, name, error);
    if (const int left = unlink_object(where->directory->get(), where->name, st)) {
        (void)unlink_object(directory.get(), name, st);
        return failed(file, "unlink", " after linking into quarantine: " + unlink_error(left));
    }
    return done(file, "moved to " + target(name));
}

/// --copy; with `to_unlink` the second way of --move, which must not lose what is written to the
/// file meanwhile.
ActionResult Actions::Impl::copy(const InfectedFile &file, const Location *to_unlink) const {
    struct stat st = {};
    if (fstat(file.fd, &st) != 0)
        return failed(file, verb(), ": " + fail_errno("").error().why);
    std::string base = to_unlink != nullptr ? to_unlink->name : file.name;
    if (base.empty() || (to_unlink == nullptr && !file.directory)) {
        const auto where = locate(file);
        base = where ? where->name : split_path(file.real_path).second;
    }
    Fd fd;
    const auto [name, error] = make_free_name(base, [&](const std::string &candidate) {
        fd.reset(openat(directory.get(), candidate.c_str(),
                        O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, copy_mode));
        return fd ? 0 : errno;
    });
    if (error != 0)
        return unplaced(file, name, error);
    Copy made(directory.get(), name, std::move(fd));
    const auto unchanged = copy_content(file.fd, made.fd());
    if (!unchanged)
        return failed(file, verb(), " to " + target(name) + ": " + unchanged.error().text());
    copy_metadata(file.fd, made.fd(), st);
    if (to_unlink != nullptr) {
        if (!*unchanged)
            return failed(file, verb(), " to " + target(name) + ": it changed while being copied");
        if (fsync(made.fd()) != 0)
            return failed(file, verb(), " to " + target(name) + ": " + fail_errno("").error().why);
        (void)fsync(directory.get()); // not every file system can
        if (const int left = unlink_object(to_unlink->directory->get(), to_unlink->name, st))
            return failed(file, "unlink", " after copy: " + unlink_error(left));
    }
    made.keep();
    return done(file, (to_unlink != nullptr ? "moved to " : "copied to ") + target(name));
}

ActionResult Actions::Impl::quarantine(const InfectedFile &file) const {
    const auto where = locate(file);
    if (!where)
        return failed(file, "quarantine file", ": " + where.error().text());
    struct stat here = {};
    if (fstat(directory.get(), &here) == 0 && names_object(where->directory->get(), ".", here))
        return done(file, "already in quarantine");
    const auto name = quarantine_object(directory.get(), file, *where);
    if (!name)
        return failed(file, "quarantine file", ": " + name.error().text());
    return done(file, "quarantined to " + target(*name));
}

Actions::Actions(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Actions::Actions(Actions &&) noexcept = default;
Actions &Actions::operator=(Actions &&) noexcept = default;
Actions::~Actions() = default;

Result<Actions> Actions::prepare(Action action, const std::string &directory) {
    auto impl = std::make_unique<Impl>();
    impl->action = action;
    if (action != Action::none && action != Action::remove) {
        auto opened = action == Action::quarantine ? open_quarantine(directory, true)
                                                   : open_target(directory);
        if (!opened)
            return std::unexpected(opened.error());
        impl->directory = std::move(*opened);
        impl->shown = path_of_fd(impl->directory.get());
        if (impl->shown.empty())
            impl->shown = directory;
    }
    return Actions(std::move(impl));
}

Action Actions::action() const {
    return impl_->action;
}

ActionResult Actions::apply(const InfectedFile &file) {
    switch (impl_->action) {
    case Action::none:
        break;
    case Action::copy:
        return impl_->copy(file, nullptr);
    case Action::move:
        return impl_->move(file);
    case Action::remove:
        return impl_->remove(file);
    case Action::quarantine:
        return impl_->quarantine(file);
    }
    return {true, ""};
}

} // namespace hostav
