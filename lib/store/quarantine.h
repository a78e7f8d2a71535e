// SPDX-License-Identifier: GPL-2.0-only
//
// The quarantine: a directory of our own (nobody else may write there) in which an infected file
// lies inert, mode 0400, as NAME, and everything that is needed to put it back as NAME.json.
// NAME is the first 16 digits of the content's SHA-256, a dash, what is harmless of the file's own
// name, and `.1`, `.2` ... where that is taken. restore_quarantined() is declared in actions.h.
//
// The record is one flat JSON object: version (1), origin (the absolute path; origin_base64 if it
// is not UTF-8), uid, gid, mode (octal), mtime and atime (SECONDS.NANOSECONDS), size, sha256,
// signatures (separated by blanks), quarantined (UTC), host, and a field `xattr:NAME` for each
// extended attribute, ACLs and capabilities included (`xattr:NAME_base64` if not UTF-8).
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "store/actions.h"
#include "store/object.h"

#include <string>

namespace hostav {

/// Opens a quarantine directory; with `make` it is made (mode 0700) when it is missing. Fails when
/// its last component is a link, it is not ours, or group or others may write to it.
[[nodiscard]] Result<Fd> open_quarantine(const std::string &directory, bool make);

/// Stores a copy of the object and its record, then unlinks the object's name. Returns the name in
/// quarantine. On any failure the original stays and nothing new does. Errors name nothing.
[[nodiscard]] Result<std::string> quarantine_object(int directory, const InfectedFile &file,
                                                    const Location &where);

} // namespace hostav
