// SPDX-License-Identifier: GPL-2.0-only
//
// Back to what was: --rollback, --hold, --unhold, and sets from elsewhere: --import.
#include "base/text.h"
#include "update/candidate.h"
#include "update/held_back.h"
#include "update/holds.h"
#include "update/run.h"
#include "update/set_archive.h"

#include <algorithm>

namespace hostav {

namespace {

/// No archive of signatures is larger; main and daily are 300 MB unpacked and compressed together.
constexpr std::uint64_t largest_import = std::uint64_t{16} << 30;

void lost(Session &session, RunResult &result, const Error &error, UpdateStatus status) {
    session.messages.error(error.text());
    result.failed(status);
}

/// Every managed file of a kept set into staging, and nothing else.
Result<void> stage_kept(const Candidate &candidate, const KeptSet &kept) {
    for (const auto &file : kept.set.files)
        if (file.managed)
            if (auto brought = bring_back(kept, file, candidate.staging.get()); !brought)
                return brought;
    return {};
}

/// What the next updates must not bring again: every database of `live` that `now` has otherwise.
Result<void> remember_rolled_back(const Session &session, const DatabaseSet &live,
                                  const DatabaseSet &now) {
    auto holds = read_holds(session.places);
    if (!holds)
        return std::unexpected(holds.error());
    for (const auto &file : live.files) {
        const auto *other = now.find_database(file.database());
        if (!file.managed || (other != nullptr && other->sha256 == file.sha256))
            continue;
        const Hold hold{file.database(), file.version_text(), HoldKind::rolled_back};
        std::erase_if(*holds, [&hold](const Hold &known) {
            return known.database == hold.database && known.kind == hold.kind;
        });
        holds->push_back(hold);
    }
    return write_holds(session.places, *holds);
}

void stage_managed(Session &session, const Candidate &candidate, RunResult &result) {
    for (const auto &file : candidate.live.files)
        if (file.managed)
            if (auto staged = stage_live(session, candidate, file.name); !staged)
                return lost(session, result, staged.error(), UpdateStatus::file);
}

/// Older databases of an archive are left out, live ones that it lacks stay.
Result<void> merge_live(Session &session, const Candidate &candidate, const DatabaseSet &archive) {
    for (const auto &file : candidate.live.files) {
        const auto *theirs = archive.find_database(file.database());
        if (!file.managed && theirs == nullptr)
            continue;
        const bool older = theirs != nullptr && theirs->version < file.version;
        if (theirs != nullptr && !older)
            continue;
        if (older)
            session.messages.warning(escape_path(theirs->name) + ": version " +
                                     theirs->version_text() + " is older than the live " +
                                     file.version_text() + ": left out");
        if (auto back = take_back(session, candidate, file.database()); !back)
            return back;
    }
    return {};
}

} // namespace

RunResult run_rollback(Session &session, std::size_t back) {
    return with_run_lock(session, [&](RunResult &result) {
        const auto kept = kept_sets(session.places);
        if (!kept)
            return lost(session, result, kept.error(), UpdateStatus::file);
        if (back == 0 || back > kept->size())
            return lost(session, result,
                        {"--rollback",
                         "no such set: " + std::to_string(kept->size()) + " are kept (see --list)"},
                        UpdateStatus::argument);
        auto candidate = begin_candidate(session);
        if (!candidate)
            return lost(session, result, candidate.error(), UpdateStatus::database_access);
        if (auto staged = stage_kept(*candidate, (*kept)[back - 1]); !staged)
            return lost(session, result, staged.error(), UpdateStatus::file);
        prove_and_install(session, *candidate, result);
        if (result.changes.empty())
            return;
        if (auto noted = remember_rolled_back(session, candidate->live, result.live); !noted)
            lost(session, result, noted.error(), UpdateStatus::file);
        session.messages.info("Back to the set of " + std::to_string(back) +
                              " installation(s) ago.");
    });
}

RunResult run_hold(Session &session, const std::string &text) {
    return with_run_lock(session, [&](RunResult &result) {
        const auto hold = parse_hold(text);
        if (!hold)
            return lost(session, result, hold.error(), UpdateStatus::argument);
        auto candidate = begin_candidate(session);
        if (!candidate)
            return lost(session, result, candidate.error(), UpdateStatus::database_access);
        auto holds = read_holds(session.places);
        if (!holds)
            return lost(session, result, holds.error(), UpdateStatus::file);
        stage_managed(session, *candidate, result);
        std::erase_if(*holds,
                      [&hold](const Hold &known) { return known.database == hold->database; });
        holds->push_back(*hold);
        if (auto held = hold_back(session, *candidate, *holds); !held)
            return lost(session, result, held.error(), UpdateStatus::argument);
        prove_and_install(session, *candidate, result);
        if (result.status != UpdateStatus::ok)
            return;
        if (auto wrote = write_holds(session.places, *holds); !wrote)
            return lost(session, result, wrote.error(), UpdateStatus::file);
        session.messages.info(escape_path(hold->database) + " stays at version " + hold->version +
                              ".");
    });
}

RunResult run_release(Session &session, const std::string &database) {
    return with_run_lock(session, [&](RunResult &result) {
        auto holds = read_holds(session.places);
        if (!holds)
            return lost(session, result, holds.error(), UpdateStatus::file);
        if (std::erase_if(*holds, [&](const Hold &hold) { return hold.database == database; }) == 0)
            return lost(session, result, {escape_path(database), "is not held"},
                        UpdateStatus::argument);
        if (auto wrote = write_holds(session.places, *holds); !wrote)
            return lost(session, result, wrote.error(), UpdateStatus::file);
        session.messages.info(escape_path(database) + " is updated again.");
    });
}

RunResult run_import(Session &session, const std::string &file) {
    return with_run_lock(session, [&](RunResult &result) {
        auto candidate = begin_candidate(session);
        if (!candidate)
            return lost(session, result, candidate.error(), UpdateStatus::database_access);
        const auto archive = import_set(file, candidate->path, largest_import, &session.signals);
        if (!archive)
            return lost(session, result, archive.error(), UpdateStatus::bad_cvd);
        if (auto merged = merge_live(session, *candidate, *archive); !merged)
            return lost(session, result, merged.error(), UpdateStatus::file);
        prove_and_install(session, *candidate, result);
    });
}

} // namespace hostav
