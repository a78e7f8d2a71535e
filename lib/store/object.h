// SPDX-License-Identifier: GPL-2.0-only
//
// The object behind a descriptor: where its name is, unlinking that name only while it is still
// the object's, giving it another name, copying what is in it. What actions and the quarantine
// share; nothing here opens a file by a path that somebody else could have swapped.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "store/actions.h"

#include <memory>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace hostav {

/// A name in an open directory.
struct Location {
    std::shared_ptr<const Fd> directory;
    std::string name;
};

/// Where the scanned object is: as the walk found it, or from its descriptor when it was reached
/// through a link. Fails when that name is some other object's by now. Errors name nothing.
[[nodiscard]] Result<Location> locate(const InfectedFile &file);

/// `directory`/`name` is, without following a link, the object that `object` describes.
[[nodiscard]] bool names_object(int directory, const std::string &name, const struct stat &object);

/// unlinkat(2) if names_object(). Returns 0 or an errno value, ESTALE for another object.
[[nodiscard]] int unlink_object(int directory, const std::string &name, const struct stat &object);
/// What an errno value of unlink_object means.
[[nodiscard]] std::string unlink_error(int error);

/// Gives the object behind `fd` (O_TMPFILE or not) the name `directory`/`name`, never replacing
/// anything. Returns 0 or an errno value.
[[nodiscard]] int link_object(int fd, int directory, const std::string &name);

/// Copies the content of `from`, read by position, to the empty file `to`; holes stay holes.
/// Returns whether `from` stayed as it was meanwhile.
[[nodiscard]] Result<bool> copy_content(int from, int to);

/// The names of a descriptor's extended attributes, those in other namespaces than user.* too, as
/// far as we may see them.
[[nodiscard]] std::vector<std::string> xattr_names(int fd);
/// One attribute's value; nothing when it cannot be read.
[[nodiscard]] std::optional<std::string> xattr_value(int fd, const std::string &name);

/// The kernel's own absolute path of a descriptor; empty when it has none within PATH_MAX.
[[nodiscard]] std::string path_of_fd(int fd);

/// `a/b/c/` is {`a/b`, `c`}, `c` is {`.`, `c`}, `/` is {`/`, `.`}.
[[nodiscard]] std::pair<std::string, std::string> split_path(std::string path);

} // namespace hostav
