// SPDX-License-Identifier: GPL-2.0-only
#include "update/run.h"

#include "base/files.h"
#include "base/text.h"
#include "engine/database.h"
#include "update/allow.h"
#include "update/candidate.h"
#include "update/custom.h"
#include "update/held_back.h"
#include "update/holds.h"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <unistd.h>

namespace hostav {

namespace {

constexpr const char *identity_name = "freshclam.dat";
constexpr std::size_t largest_identity = 4096; ///< 90 bytes with ClamAV 1.4
constexpr mode_t identity_mode = 0600;
constexpr unsigned commit_wait = 120; ///< seconds

/// The identity that mirrors are told, and the cool-down after 403 and 429, travel with
/// libfreshclam into staging and back, whatever becomes of the update.
class Identity {
  public:
    Identity(Session &session, int staging) : session_(session), staging_(staging) {
        if (auto bytes = read_file(session.places.database_fd(), identity_name, largest_identity)) {
            before_ = *bytes;
            report(replace_file(staging, identity_name, before_, identity_mode));
        }
    }
    ~Identity() {
        const auto after = read_file(staging_, identity_name, largest_identity);
        if (after && *after != before_)
            report(
                replace_file(session_.places.database_fd(), identity_name, *after, identity_mode));
        ::unlinkat(staging_, identity_name, 0);
    }
    Identity(const Identity &) = delete;
    Identity &operator=(const Identity &) = delete;

  private:
    Session &session_;
    int staging_;
    std::string before_;
    void report(const Result<void> &done) {
        if (!done)
            session_.messages.warning(done.error().text());
    }
};

/// One run of the updater, from the empty staging directory to the live set.
class Update {
  public:
    Update(Session &session, const std::vector<std::string> &only, RunResult &result)
        : session_(session), only_(only), result_(result) {}

    void run() {
        auto candidate = begin_candidate(session_);
        if (!candidate)
            return lost(candidate.error(), UpdateStatus::database_access);
        candidate_ = std::move(*candidate);
        result_.live = candidate_.live;
        if (auto staged = stage_everything(); !staged)
            return lost(staged.error(), UpdateStatus::file);
        auto holds = read_holds(session_.places);
        if (!holds)
            return lost(holds.error(), UpdateStatus::file);
        {
            const Identity identity(session_, candidate_.staging.get());
            fetch_official_databases(*holds);
        }
        if (interrupted())
            return;
        fetch_custom_databases(*holds);
        if (interrupted())
            return;
        if (auto held = hold_back(session_, candidate_, *holds); !held)
            return lost(held.error(), UpdateStatus::file);
        if (const auto staged = staged_set(candidate_))
            for (const auto &file : staged->files)
                staged_[file.name] = file.sha256;
        prove_and_install(session_, candidate_, result_);
        write_records();
    }

  private:
    Session &session_;
    const std::vector<std::string> &only_;
    RunResult &result_;
    Candidate candidate_;
    SourceRecords records_;
    std::map<std::string, SourceRecord> fetched_; ///< by URL, not yet live
    std::map<std::string, std::string> url_of_;   ///< by file name
    std::map<std::string, std::string> staged_;   ///< digests of what was fetched, by file name

    void lost(const Error &error, UpdateStatus status) {
        session_.messages.error(error.text());
        result_.failed(status);
    }
    bool interrupted() {
        if (session_.signals.pending() == 0)
            return false;
        result_.failed(UpdateStatus::failed_update);
        return true;
    }
    [[nodiscard]] bool full() const { return only_.empty(); }
    [[nodiscard]] bool wants(const std::string &database) const {
        return full() || std::ranges::find(only_, database) != only_.end();
    }

    /// Official ones and what we manage; the administrator's own files are not touched.
    Result<void> stage_everything() {
        // A mirror serves whole signed files: what was patched here is fetched again, whole.
        const bool whole = session_.config.serve_directory.has_value();
        for (const auto &file : candidate_.live.files)
            if (file.managed && !(whole && file.name.ends_with(".cld") && wants(file.database())))
                if (auto staged = stage_live(session_, candidate_, file.name); !staged)
                    return staged;
        return {};
    }

    [[nodiscard]] std::vector<std::string> official_names() const {
        if (full())
            return standard_databases(session_.config);
        std::vector<std::string> names;
        std::ranges::copy_if(only_, std::back_inserter(names),
                             [](const auto &name) { return name != "custom"; });
        return names;
    }

    void fetch_official_databases(const Holds &holds) {
        OfficialRequest request;
        request.staging = candidate_.path;
        request.databases = official_names();
        std::erase_if(request.databases, [&](const auto &name) { return is_held(holds, name); });
        request.prune = full();
        if (full()) {
            for (const auto &name : official_names())
                if (is_held(holds, name))
                    request.keep.push_back(name);
            for (const auto &url : session_.config.custom_urls)
                if (const auto source = parse_custom_source(url, session_.config.custom_max_size);
                    source && is_database_container(source->name))
                    request.keep.push_back(source->name.substr(0, source->name.rfind('.')));
        }
        request.no_dns = session_.no_dns;
        request.verbose = session_.verbose;
        request.debug = session_.debug;
        request.account = session_.account;
        if (request.databases.empty() && !request.prune)
            return;
        const auto official = fetch_official(session_.config, request, session_.messages,
                                             session_.bar, &session_.signals);
        session_.bar.clear();
        result_.cooling_down = official.cooling_down;
        result_.outdated = official.outdated;
        result_.failed(official.status);
        // A database that was half fetched is as it was.
        for (const auto &name : official.failed)
            if (auto back = take_back(session_, candidate_, name); !back)
                lost(back.error(), UpdateStatus::file);
    }

    void fetch_custom_databases(const Holds &holds) {
        if (!wants("custom") || session_.config.custom_urls.empty())
            return;
        CustomRequest request;
        request.staging = candidate_.path;
        request.account = session_.account;
        request.ca_bundle = session_.ca_bundle;
        request.records = records_ = read_source_records(session_.places.state_fd());
        for (const auto &file : candidate_.live.files)
            request.live_sha256[file.name] = file.sha256;
        for (const auto &url : session_.config.custom_urls) {
            auto source = parse_custom_source(url, session_.config.custom_max_size);
            if (!source) {
                lost(source.error(), UpdateStatus::config);
                continue;
            }
            if (is_held(holds, source->name))
                continue;
            if (auto staged = stage_custom(source->name); !staged)
                lost(staged.error(), UpdateStatus::file);
            url_of_.emplace(source->name, source->url);
            request.sources.push_back(std::move(*source));
        }
        const auto results = fetch_custom(session_.config, request, session_.messages, session_.bar,
                                          &session_.signals);
        session_.bar.clear();
        for (std::size_t i = 0; i < results.size() && i < request.sources.size(); ++i) {
            result_.failed(results[i].status);
            if (results[i].status == UpdateStatus::ok)
                fetched_[request.sources[i].url] = results[i].record;
        }
    }

    /// What freshclam fetched before we came is the source's from now on.
    Result<void> stage_custom(const std::string &name) {
        if (candidate_.live.find(name) == nullptr ||
            ::faccessat(candidate_.staging.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return {};
        return stage_live(session_, candidate_, name);
    }

    /// Conditions of the next requests: of what is live only, so that what was refused is asked for
    /// in full again.
    void write_records() {
        if (fetched_.empty())
            return;
        for (const auto &[name, url] : url_of_) {
            const auto fetched = fetched_.find(url);
            const auto *live = result_.live.find(name);
            if (fetched == fetched_.end() || live == nullptr || live->sha256 != staged_[name])
                continue;
            records_[url] = fetched->second;
            records_[url].sha256 = live->sha256;
        }
        std::erase_if(records_, [this](const auto &record) {
            return std::ranges::none_of(
                url_of_, [&record](const auto &known) { return known.second == record.first; });
        });
        if (auto wrote = write_source_records(session_.places.state_fd(), records_); !wrote)
            session_.messages.warning(wrote.error().text());
    }
};

void say_busy(Session &session, const std::string &who, pid_t pid, RunResult &result) {
    session.messages.error(escape_path(session.places.database()) + ": " + who +
                           (pid > 0 ? " (process " + std::to_string(pid) + ")" : "") +
                           " is at work on it");
    result.failed(UpdateStatus::locked);
}

bool recover_first(Session &session, RunResult &result) {
    const auto lock = Lock::wait_for(session.places.control_fd(), "commit.lock", commit_wait);
    const auto recovered =
        lock ? recover(session.places) : Result<Recovery>(std::unexpected(lock.error()));
    if (!recovered) {
        session.messages.error(recovered.error().text());
        result.failed(lock ? UpdateStatus::failed_update : UpdateStatus::locked);
        return false;
    }
    if (*recovered != Recovery::nothing)
        session.messages.info(*recovered == Recovery::forward
                                  ? "An interrupted update has been completed."
                                  : "An interrupted update has been undone.");
    std::vector<std::string> expired;
    const auto refreshed = refresh_allowed(session.places, std::time(nullptr), expired);
    if (!refreshed)
        session.messages.warning(refreshed.error().text());
    for (const auto &key : expired)
        session.messages.info(escape_path(key) + ": is not allowed any more: expired");
    result.exceptions_changed = refreshed && *refreshed;
    return true;
}

} // namespace

RunResult with_run_lock(Session &session, const std::function<void(RunResult &)> &body) {
    RunResult result;
    pid_t holder = 0;
    const auto lock = Lock::take(session.places.control_fd(), "run.lock", holder);
    if (!lock) {
        session.messages.error(lock.error().text());
        result.failed(UpdateStatus::database_access);
        return result;
    }
    if (!*lock) {
        say_busy(session, "another sigupdate", holder, result);
        return result;
    }
    if (const auto freshclam = find_freshclam(session.places.database()); freshclam != 0) {
        say_busy(session, "a freshclam", freshclam, result);
        return result;
    }
    result.live = read_current(session.places);
    if (!recover_first(session, result))
        return result;
    body(result);
    prune_kept_sets(session.places, session.config.keep_sets);
    // Nothing of a finished run takes space: the next begins with an empty directory anyway.
    best_effort(session.places.make_empty("staging"));
    return result;
}

RunResult run_update(Session &session, const std::vector<std::string> &only) {
    return with_run_lock(session, [&](RunResult &result) { Update(session, only, result).run(); });
}

} // namespace hostav
