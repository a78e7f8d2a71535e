// SPDX-License-Identifier: GPL-2.0-only
#include "update/candidate.h"

#include "base/files.h"
#include "base/text.h"
#include "engine/database.h"
#include "update/proof.h"
#include "update/refused.h"

#include <algorithm>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr unsigned commit_wait = 120; ///< seconds for a lock that others hold for moments

/// What the administrator put there himself: part of what the scanner loads.
std::vector<ProofFile> local_files(const Session &session, const Candidate &candidate,
                                   const DatabaseSet &next, bool only_taking_back) {
    static const std::set<std::string, std::less<>> taking_back{"fp", "sfp", "ign", "ign2"};
    std::vector<ProofFile> files;
    for (const auto &file : candidate.live.files) {
        const auto extension = file.name.substr(file.name.rfind('.') + 1);
        if (file.managed || next.find(file.name) != nullptr ||
            (only_taking_back && !taking_back.contains(extension)))
            continue;
        files.push_back({session.places.database_fd(), file.name});
    }
    return files;
}

/// The whole next set as the scanner will find it.
std::vector<ProofFile> whole(const Session &session, const Candidate &candidate,
                             const DatabaseSet &next) {
    auto files = local_files(session, candidate, next, false);
    for (const auto &file : next.files)
        files.push_back({candidate.staging.get(), file.name});
    return files;
}

std::string text_of(const FalseAlarm &alarm) {
    return "condemns " + alarm.file + " (" + alarm.signature + ")";
}

/// Why a proof fails, in words; empty: it does not.
std::string objection(const Proof &proof, bool eicar_wanted) {
    if (!proof.loaded)
        return "cannot be loaded: " + proof.why;
    if (!proof.false_alarms.empty())
        return text_of(proof.false_alarms.front());
    if (!proof.why.empty())
        return "cannot be proven: " + proof.why;
    if (eicar_wanted && proof.eicar.empty())
        return "does not find EICAR any more";
    return {};
}

/// The databases that differ, by name (`daily`, `x.hdb`).
std::set<std::string> changed_databases(const Candidate &candidate, const DatabaseSet &next) {
    std::set<std::string> names;
    for (const auto &change : difference(candidate.live, next)) {
        const auto *file =
            change.new_sha256.empty() ? candidate.live.find(change.name) : next.find(change.name);
        if (file != nullptr)
            names.insert(file->database());
    }
    return names;
}

class Trial {
  public:
    Trial(Session &session, const Candidate &candidate, RunResult &result)
        : session_(session), candidate_(candidate), result_(result) {}

    /// The set that may be installed; nothing when none of the changes may.
    Result<DatabaseSet> judge() {
        auto next = staged_set(candidate_);
        if (!next || difference(candidate_.live, *next).empty())
            return next;
        next->eicar = candidate_.live.eicar;
        if (!session_.config.test_databases) {
            session_.messages.warning("The new databases are not tested: TestDatabases is off");
            return next;
        }
        auto why = try_whole(*next);
        if (!why)
            return std::unexpected(why.error());
        if (why->empty())
            return next;
        if (auto blamed = blame(*next, *why); !blamed)
            return std::unexpected(blamed.error());
        auto rest = staged_set(candidate_);
        if (!rest || difference(candidate_.live, *rest).empty())
            return rest;
        auto still = try_whole(*rest);
        if (!still)
            return std::unexpected(still.error());
        if (still->empty())
            return rest;
        // Each alone is good and all together are not: then none of them.
        return refuse_all(*rest, *still);
    }

  private:
    Session &session_;
    const Candidate &candidate_;
    RunResult &result_;

    /// Objections to the whole set; its eicar is set.
    Result<std::string> try_whole(DatabaseSet &next) {
        session_.messages.verbose("Testing the new databases ...");
        const auto proof = run(whole(session_, candidate_, next));
        if (!proof)
            return std::unexpected(proof.error());
        next.eicar = proof->eicar;
        for (const auto &name : proof->not_looked_at)
            session_.messages.verbose(name + ": not tested: cannot be read");
        if (!objection(*proof, false).empty() || !proof->eicar.empty())
            return objection(*proof, false);
        auto wanted = eicar_wanted(next);
        if (!wanted)
            return std::unexpected(wanted.error());
        return objection(*proof, *wanted);
    }

    Result<Proof> run(const std::vector<ProofFile> &files) {
        auto proof = prove(session_.config, session_.places, {.files = files}, &session_.signals);
        if (proof)
            result_.proof_seconds += proof->seconds;
        return proof;
    }

    /// The small sets of tests do not know EICAR; real ones do, and so does one that did before.
    Result<bool> eicar_wanted(const DatabaseSet &next) {
        if (next.find_database("main") != nullptr || next.find_database("daily") != nullptr)
            return true;
        if (!candidate_.live.eicar.empty() || candidate_.live.installed != 0)
            return !candidate_.live.eicar.empty();
        if (candidate_.live.files.empty())
            return false;
        // A set that freshclam has left: nobody knows yet.
        std::vector<ProofFile> files;
        files.reserve(candidate_.live.files.size());
        for (const auto &file : candidate_.live.files)
            files.push_back({session_.places.database_fd(), file.name});
        const auto proof = prove(session_.config, session_.places,
                                 {.files = files, .vital_files = false}, &session_.signals);
        if (!proof)
            return std::unexpected(proof.error());
        return !proof->eicar.empty();
    }

    /// Finds the databases that fail by themselves, and takes them back; all when none does.
    Result<void> blame(const DatabaseSet &next, const std::string &why) {
        std::vector<Refusal> guilty;
        const auto changed = changed_databases(candidate_, next);
        for (const auto &database : changed) {
            const auto *file = next.find_database(database);
            if (file == nullptr)
                continue; // it only goes
            if (changed.size() == 1) {
                guilty.push_back({file->name, why});
                break;
            }
            auto files = local_files(session_, candidate_, next, true);
            files.push_back({candidate_.staging.get(), file->name});
            const auto proof = run(files);
            if (!proof)
                return std::unexpected(proof.error());
            if (const auto alone = objection(*proof, false); !alone.empty())
                guilty.push_back({file->name, alone});
        }
        if (guilty.empty())
            for (const auto &database : changed)
                if (const auto *file = next.find_database(database))
                    guilty.push_back({file->name, why + " (together with the others)"});
        return refuse(next, guilty);
    }

    Result<DatabaseSet> refuse_all(const DatabaseSet &next, const std::string &why) {
        std::vector<Refusal> all;
        for (const auto &database : changed_databases(candidate_, next))
            if (const auto *file = next.find_database(database))
                all.push_back({file->name, why + " (together with the others)"});
        if (auto refused = refuse(next, all); !refused)
            return std::unexpected(refused.error());
        return staged_set(candidate_);
    }

    /// Keeps the guilty aside, says so, and takes them back from staging.
    Result<void> refuse(const DatabaseSet &next, const std::vector<Refusal> &guilty) {
        result_.failed(UpdateStatus::test_failed);
        auto kept = keep_aside(session_.places, candidate_.staging.get(), guilty, next);
        if (kept)
            result_.refused_path = *kept;
        else
            session_.messages.warning(kept.error().text() +
                                      " (while a refused set was kept aside)");
        for (const auto &refusal : guilty) {
            session_.messages.error(escape_path(refusal.database) + ": " + refusal.why +
                                    ": refused, the old one stays" +
                                    (kept ? " (kept aside in " + escape_path(*kept) + ")" : ""));
            result_.refused.push_back(refusal);
            const auto *file = next.find(refusal.database);
            const auto database = file != nullptr ? file->database() : refusal.database;
            if (auto back = take_back(session_, candidate_, database); !back)
                return back;
        }
        return {};
    }
};

Result<DatabaseSet> commit(Session &session, const Candidate &candidate,
                           const std::vector<Change> &changes, const DatabaseSet &next) {
    const auto lock = Lock::wait_for(session.places.control_fd(), "commit.lock", commit_wait);
    if (!lock)
        return std::unexpected(lock.error());
    if (const auto recovered = recover(session.places); !recovered)
        return std::unexpected(recovered.error());
    return install(session.places, candidate.path, candidate.live, changes, next);
}

} // namespace

Result<Candidate> begin_candidate(Session &session) {
    Candidate candidate;
    const auto current = read_current(session.places);
    auto live = read_database_set(session.places.database_fd(), {&current});
    if (!live)
        return std::unexpected(live.error());
    live->number = current.number;
    live->installed = current.installed;
    live->eicar = current.eicar;
    // Whoever fetched them: an updater owns every .cvd and .cld of the directory, as freshclam
    // does.
    for (auto &file : live->files)
        file.managed = file.managed || is_database_container(file.name);
    candidate.live = std::move(*live);
    auto staging = session.places.make_empty("staging");
    if (!staging)
        return std::unexpected(staging.error());
    candidate.staging = std::move(*staging);
    candidate.path = session.places.state() + "/staging";
    return candidate;
}

Result<void> stage_live(const Session &session, const Candidate &candidate,
                        const std::string &name) {
    const int staging = candidate.staging.get();
    if (::unlinkat(staging, name.c_str(), 0) != 0 && errno != ENOENT)
        return fail_errno(escape_path(name));
    return link_or_copy(session.places.database_fd(), name, staging, name);
}

Result<void> take_back(const Session &session, const Candidate &candidate,
                       const std::string &database) {
    auto staged = staged_set(candidate);
    if (!staged)
        return std::unexpected(staged.error());
    for (const auto &file : staged->files)
        if (file.database() == database &&
            ::unlinkat(candidate.staging.get(), file.name.c_str(), 0) != 0)
            return fail_errno(escape_path(file.name));
    for (const auto &file : candidate.live.files)
        if (file.database() == database)
            if (auto back = stage_live(session, candidate, file.name); !back)
                return back;
    return {};
}

Result<DatabaseSet> staged_set(const Candidate &candidate) {
    auto set =
        read_database_set(candidate.staging.get(), {&candidate.live, &candidate.last_staged});
    if (!set)
        return set;
    for (auto &file : set->files)
        file.managed = true;
    candidate.last_staged = *set;
    return set;
}

void prove_and_install(Session &session, const Candidate &candidate, RunResult &result) {
    result.live = candidate.live;
    const auto lost = [&](const Error &error, UpdateStatus status) {
        session.messages.error(error.text());
        result.failed(status);
    };
    auto next = Trial(session, candidate, result).judge();
    if (!next)
        return lost(next.error(), UpdateStatus::test_failed);
    const auto changes = difference(candidate.live, *next);
    if (changes.empty())
        return;
    if (session.config.test_databases && result.refused.empty())
        session.messages.info("Database test passed.");
    // Whatever is live besides stays what it is.
    for (const auto &file : candidate.live.files)
        if (!file.managed && next->find(file.name) == nullptr)
            next->files.push_back(file);
    std::ranges::sort(next->files, {}, &DatabaseFile::name);
    auto installed = commit(session, candidate, changes, *next);
    if (!installed)
        return lost(installed.error(), UpdateStatus::failed_update);
    result.changes = changes;
    result.live = std::move(*installed);
}

} // namespace hostav
