// SPDX-License-Identifier: GPL-2.0-only
#include "update/held_back.h"

#include "base/text.h"

#include <fcntl.h>
#include <unistd.h>

namespace hostav {

namespace {

/// Puts a database of a kept set where staging has another version of it.
Result<void> bring_version(const Session &session, const Candidate &candidate, const Hold &hold) {
    const auto kept = kept_sets(session.places);
    if (!kept)
        return std::unexpected(kept.error());
    for (const auto &old : *kept)
        for (const auto &file : old.set.files) {
            if (file.database() != hold.database || file.version_text() != hold.version)
                continue;
            const auto staged = staged_set(candidate);
            if (!staged)
                return std::unexpected(staged.error());
            if (const auto *now = staged->find_database(hold.database);
                now != nullptr && ::unlinkat(candidate.staging.get(), now->name.c_str(), 0) != 0)
                return fail_errno(escape_path(now->name));
            return bring_back(old, file, candidate.staging.get());
        }
    return fail(hold.database, "version " + hold.version + " is neither live nor kept");
}

} // namespace

Result<void> hold_back(Session &session, const Candidate &candidate, const Holds &holds) {
    const auto staged = staged_set(candidate);
    if (!staged)
        return std::unexpected(staged.error());
    for (const auto &hold : holds) {
        const auto *file = staged->find_database(hold.database);
        const bool same = file != nullptr && file->version_text() == hold.version;
        if (hold.kind == HoldKind::hold && !same) {
            if (auto brought = bring_version(session, candidate, hold); !brought)
                return brought;
        } else if (hold.kind == HoldKind::rolled_back && same) {
            session.messages.info(escape_path(file->name) + ": version " + hold.version +
                                  " was rolled back: waiting for a newer one");
            if (auto back = take_back(session, candidate, hold.database); !back)
                return back;
        }
    }
    return {};
}

} // namespace hostav
