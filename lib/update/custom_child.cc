// SPDX-License-Identifier: GPL-2.0-only
#include "update/custom_child.h"

#include "base/digest.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/database.h"

#include <array>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr unsigned pause = 5; ///< seconds between tries, as libfreshclam
constexpr std::size_t largest_signature = 64 * 1024;
constexpr std::size_t largest_key = 64 * 1024;
constexpr mode_t readable = 0644;
constexpr long forbidden = 403;
constexpr long too_many = 429;
constexpr long server_error = 500;

void put(const JsonObject &object) {
    best_effort(write_all(STDOUT_FILENO, object.text() + "\n", "report"));
}

void say(const std::string &line) {
    JsonObject object;
    object.add("line", line);
    put(object);
}

/// What became of a source, and the words for it.
struct Outcome {
    UpdateStatus status = UpdateStatus::ok;
    std::string why;
};

UpdateStatus status_of(const HttpReply &reply) {
    switch (reply.outcome) {
    case HttpOutcome::fetched:
    case HttpOutcome::not_modified:
        return UpdateStatus::ok;
    case HttpOutcome::http_error:
        return reply.status == forbidden  ? UpdateStatus::forbidden
               : reply.status == too_many ? UpdateStatus::retry_later
                                          : UpdateStatus::failed_get;
    case HttpOutcome::too_large:
        return UpdateStatus::failed_update;
    case HttpOutcome::local_failure:
        return UpdateStatus::file;
    default:
        return UpdateStatus::connection;
    }
}

bool is_worth_another_try(const HttpReply &reply) {
    return reply.outcome == HttpOutcome::connection_failed ||
           (reply.outcome == HttpOutcome::http_error && reply.status >= server_error);
}

std::string words_for(const HttpReply &reply) {
    auto why = reply.why;
    if (reply.retry_after)
        why += ", to be tried again after " + std::to_string(*reply.retry_after) + " s";
    return why;
}

class Fetcher {
  public:
    Fetcher(const UpdateConfig &config, const CustomRequest &request, int staging, bool progress)
        : config_(config), request_(request), staging_(staging), progress_(progress),
          options_(http_options(config, request.ca_bundle)) {}

    void fetch(std::size_t index) {
        const auto &source = request_.sources[index];
        HttpReply reply;
        Outcome outcome;
        if (!names_.insert(source.name).second)
            outcome = {UpdateStatus::config, "another source has the same file name"};
        else
            outcome = fetch_file(source, reply);
        if (outcome.status != UpdateStatus::ok)
            say("ERROR: " + printable_url(source.url) + ": " + outcome.why);
        else if (reply.outcome == HttpOutcome::not_modified)
            say(escape_path(source.name) + " is up-to-date (version: custom database)");
        JsonObject line;
        line.add("index", static_cast<std::uint64_t>(index));
        line.add("status", static_cast<std::uint64_t>(outcome.status));
        line.add("fetched",
                 outcome.status == UpdateStatus::ok && reply.outcome == HttpOutcome::fetched);
        line.add("etag", reply.etag).add("last_modified", reply.last_modified);
        put(line);
    }

  private:
    const UpdateConfig &config_;
    const CustomRequest &request_;
    int staging_;
    bool progress_;
    HttpOptions options_;
    std::set<std::string> names_;

    [[nodiscard]] HttpCondition condition_for(const CustomSource &source) const {
        const auto record = request_.records.find(source.url);
        const auto live = request_.live_sha256.find(source.name);
        if (record == request_.records.end() || live == request_.live_sha256.end() ||
            record->second.sha256 != live->second ||
            (!source.sha256.empty() && source.sha256 != live->second))
            return {};
        return {record->second.etag, record->second.last_modified};
    }

    HttpReply get(const std::string &url, const Fd &to, std::uint64_t most,
                  const HttpCondition &condition, const std::string &name) {
        const auto tries = std::max<std::uint64_t>(config_.max_attempts, 1);
        for (std::uint64_t i = 1;; ++i) {
            HttpReply reply;
            reply.outcome = HttpOutcome::local_failure;
            if (::ftruncate(to.get(), 0) != 0 || ::lseek(to.get(), 0, SEEK_SET) != 0) {
                reply.why = fail_errno("").error().why;
                return reply;
            }
            reply = http_get(url, to.get(), most, condition, options_,
                             [&](std::uint64_t done, std::uint64_t total) {
                                 show(name, done, total);
                                 return true;
                             });
            if (!is_worth_another_try(reply) || i >= tries)
                return reply;
            say("WARNING: " + printable_url(url) + ": " + reply.why + ", trying again in " +
                std::to_string(pause) + " seconds");
            ::sleep(pause);
        }
    }

    void show(const std::string &name, std::uint64_t done, std::uint64_t total) const {
        if (!progress_ || name.empty())
            return;
        JsonObject line;
        line.add("progress", name).add("done", done).add("total", total);
        put(line);
    }

    Outcome fetch_file(const CustomSource &source, HttpReply &reply) {
        const auto temporary = "new-" + source.name;
        ::unlinkat(staging_, temporary.c_str(), 0);
        const Fd fd(::openat(staging_, temporary.c_str(),
                             O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, readable));
        if (!fd)
            return {UpdateStatus::file, fail_errno("").error().why};
        reply = get(source.url, fd, source.max_size, condition_for(source), source.name);
        Outcome outcome{status_of(reply), words_for(reply)};
        if (reply.outcome == HttpOutcome::fetched) {
            outcome = check(source, fd, reply);
            if (outcome.status == UpdateStatus::ok &&
                ::renameat(staging_, temporary.c_str(), staging_, source.name.c_str()) != 0)
                outcome = {UpdateStatus::file, fail_errno("").error().why};
        }
        ::unlinkat(staging_, temporary.c_str(), 0);
        return outcome;
    }

    Outcome check(const CustomSource &source, const Fd &fd, const HttpReply &reply) {
        if (reply.bytes == 0)
            return {UpdateStatus::empty_file, "is empty"};
        if (is_database_container(source.name))
            if (const auto head = read_database_head(fd.get(), ""); !head)
                return {UpdateStatus::bad_cvd, head.error().why};
        if (!source.sha256.empty()) {
            const auto digest = sha256_of_fd(fd.get());
            if (!digest || *digest != source.sha256)
                return {UpdateStatus::bad_cvd,
                        digest ? "has the SHA-256 " + *digest + ", not " + source.sha256
                               : digest.error().text()};
        }
        return source.key.empty() ? Outcome{} : check_signature(source, fd);
    }

    Outcome check_signature(const CustomSource &source, const Fd &fd) {
        const auto key = read_file(AT_FDCWD, source.key, largest_key);
        if (!key)
            return {UpdateStatus::config, key.error().text()};
        const auto to = unnamed_file(request_.staging);
        if (!to)
            return {UpdateStatus::file, to.error().text()};
        const auto reply = get(source.signature_url, *to, largest_signature, {}, "");
        if (reply.outcome != HttpOutcome::fetched)
            return {status_of(reply), "its signature " + printable_url(source.signature_url) +
                                          ": " + words_for(reply)};
        std::string signature(reply.bytes, '\0');
        if (::pread(to->get(), signature.data(), signature.size(), 0) !=
            static_cast<ssize_t>(signature.size()))
            return {UpdateStatus::file, "its signature cannot be read"};
        if (const auto good = verify_signature(*key, fd.get(), signature); !good)
            return {UpdateStatus::bad_cvd, good.error().text()};
        return {};
    }
};

} // namespace

int run_custom_sources(const UpdateConfig &config, const CustomRequest &request, bool progress) {
    if (request.account)
        if (const auto became = become(*request.account); !became) {
            say("ERROR: " + became.error().text());
            return 1;
        }
    ::umask(022); // what others load must be readable for them
    const Fd staging(
        ::open(request.staging.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!staging) {
        say("ERROR: " + fail_errno(escape_path(request.staging)).error().text());
        return 1;
    }
    Fetcher fetcher(config, request, staging.get(), progress);
    for (std::size_t i = 0; i < request.sources.size(); ++i)
        fetcher.fetch(i);
    return 0;
}

HttpOptions http_options(const UpdateConfig &config, const std::string &ca_bundle) {
    HttpOptions options;
    options.user_agent = config.user_agent.value_or("hostav-sigupdate/" HOSTAV_VERSION);
    options.connect_timeout = config.connect_timeout;
    options.receive_timeout = config.receive_timeout;
    options.proxy = config.proxy_server.value_or("");
    options.proxy_port = static_cast<std::uint16_t>(config.proxy_port.value_or(0));
    options.proxy_user = config.proxy_username.value_or("");
    options.proxy_password = config.proxy_password.value_or("");
    options.local_address = config.local_ip_address.value_or("");
    options.ca_bundle = ca_bundle;
    return options;
}

} // namespace hostav
