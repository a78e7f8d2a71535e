// SPDX-License-Identifier: GPL-2.0-only
#include "update/aftermath.h"

#include "base/json.h"
#include "base/text.h"
#include "update/serve.h"
#include "update/tell.h"

#include <set>

namespace hostav {

namespace {

/// As freshclam words it: `daily.cld updated (version: 27800, sigs: 2077000, f-level: 90, builder:
/// raynman)`.
std::string updated_line(const DatabaseFile &file) {
    const auto head = escape_path(file.name) + " updated (version: ";
    if (file.version == 0)
        return head + "custom database, sigs: " + std::to_string(file.signatures) + ")";
    return head + std::to_string(file.version) + ", sigs: " + std::to_string(file.signatures) +
           ", f-level: " + std::to_string(file.functionality_level) +
           ", builder: " + escape_path(file.builder) + ")";
}

void say_what_is_new(Session &session, const RunResult &result) {
    std::set<std::string> replaced;
    for (const auto &change : result.changes)
        if (const auto *file = result.live.find(change.name); file != nullptr) {
            session.messages.info(updated_line(*file));
            replaced.insert(file->database());
        }
    for (const auto &change : result.changes)
        if (change.new_sha256.empty() &&
            !replaced.contains(change.name.substr(0, change.name.rfind('.'))))
            session.messages.info(escape_path(change.name) + " removed");
}

void run_hook(Session &session, const char *option, const std::string &command,
              const std::string &version = {}) {
    const auto expanded = expand_command(option, command, version);
    const auto ran = expanded ? run_command(option, *expanded, session.messages, &session.signals)
                              : Result<void>(std::unexpected(expanded.error()));
    if (!ran)
        session.messages.warning(ran.error().text());
}

void serve(Session &session, RunResult &result) {
    if (!session.config.serve_directory)
        return;
    const auto served = update_served(session.config, session.places, result.live, session.no_dns,
                                      session.account, session.messages, &session.signals);
    if (served)
        return;
    session.messages.error(served.error().text());
    result.failed(UpdateStatus::directory);
}

const char *word(const RunResult &result, UpdateStatus status) {
    if (result.not_due)
        return "not-due";
    if (status == UpdateStatus::locked)
        return "locked";
    if (!result.refused.empty())
        return "refused";
    if (result.status != UpdateStatus::ok)
        return "failed";
    if (!result.changes.empty())
        return "updated";
    return result.cooling_down ? "cooling-down" : "up-to-date";
}

} // namespace

void notify(Session &session) {
    if (!session.config.notify_clamd)
        return;
    const auto notified = notify_clamd(*session.config.notify_clamd);
    if (notified)
        session.messages.info("Clamd successfully notified about the update.");
    else
        session.messages.warning("Clamd was NOT notified: " + notified.error().text());
}

UpdateStatus tell_of(Session &session, const RunResult &ran, bool strict) {
    if (ran.not_due)
        return UpdateStatus::ok;
    auto result = ran;
    const auto &config = session.config;
    say_what_is_new(session, result);
    if (result.status != UpdateStatus::locked)
        serve(session, result);
    auto status = result.status;
    if (!result.changes.empty() || result.exceptions_changed)
        notify(session);
    if (!result.changes.empty()) {
        if (config.on_update_execute && *config.on_update_execute == "EXIT_1") {
            if (status == UpdateStatus::ok)
                status = UpdateStatus::exit_1;
        } else if (config.on_update_execute) {
            run_hook(session, "OnUpdateExecute", *config.on_update_execute);
        }
    }
    if (status != UpdateStatus::ok && status != UpdateStatus::exit_1 && config.on_error_execute)
        run_hook(session, "OnErrorExecute", *config.on_error_execute);
    if (!result.outdated.empty() && config.on_outdated_execute)
        run_hook(session, "OnOutdatedExecute", *config.on_outdated_execute, result.outdated);
    if (const auto old = age_warning(result.live, config.max_age, std::time(nullptr)); !old.empty())
        session.messages.warning(old);
    if (strict && result.cooling_down && status == UpdateStatus::ok)
        status = UpdateStatus::retry_later;
    return status;
}

std::string age_warning(const DatabaseSet &live, std::uint64_t max_age, std::time_t now) {
    constexpr std::time_t day = 86400;
    const auto newest = live.newest_build();
    if (max_age == 0 || newest == 0 || now <= newest)
        return {};
    const auto days = static_cast<std::uint64_t>((now - newest) / day);
    if (days <= max_age)
        return {};
    return "The signatures are " + std::to_string(days) + " days old, more than MaxAge " +
           std::to_string(max_age);
}

std::string json_line(const RunResult &result, UpdateStatus status, double seconds) {
    std::set<std::string> changed;
    for (const auto &change : result.changes)
        changed.insert(change.name);
    std::vector<JsonObject> databases;
    for (const auto &file : result.live.files) {
        JsonObject object;
        object.add_bytes("name", file.name);
        object.add("version", file.version_text());
        object.add("signatures", file.signatures);
        if (file.built_time != 0)
            object.add("built", static_cast<std::uint64_t>(file.built_time));
        object.add("sha256", file.sha256);
        object.add("changed", changed.contains(file.name));
        databases.push_back(std::move(object));
    }
    std::vector<JsonObject> refused;
    for (const auto &refusal : result.refused) {
        JsonObject object;
        object.add_bytes("name", refusal.database);
        object.add("why", refusal.why);
        refused.push_back(std::move(object));
    }
    JsonObject line;
    line.add("tool", "sigupdate");
    line.add("result", word(result, status));
    line.add("status", static_cast<std::uint64_t>(status));
    line.add("set", std::uint64_t{result.live.number});
    line.add("signatures", result.live.signatures());
    line.add("databases", databases);
    line.add("refused", refused);
    if (!result.refused_path.empty())
        line.add_bytes("refused_path", result.refused_path);
    line.add("cooling_down", result.cooling_down);
    if (!result.outdated.empty())
        line.add("outdated", result.outdated);
    line.add("proof_seconds", result.proof_seconds);
    line.add("seconds", seconds);
    return line.text();
}

} // namespace hostav
