// SPDX-License-Identifier: GPL-2.0-only
//
// Scans for clients: a walk pulled entry by entry as workers are free, or one file.
#include "watch/door.h"

#include "base/text.h"

#include <algorithm>
#include <cstring>
#include <regex.h>
#include <sys/stat.h>

namespace hostav {

namespace {

/// Entries looked at in one go, so that a long walk holds up nobody.
constexpr unsigned most_at_once = 64;
constexpr std::size_t most_unsent = 1 << 20;
/// Engines that are asked for one file.
constexpr unsigned most_tries = 2;

bool matches(const std::vector<std::string> &patterns, const std::string &path) {
    return std::ranges::any_of(patterns, [&path](const std::string &text) {
        regex_t pattern;
        if (::regcomp(&pattern, text.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
            return false;
        const bool match = ::regexec(&pattern, path.c_str(), 0, nullptr, 0) == 0;
        ::regfree(&pattern);
        return match;
    });
}

} // namespace

bool Door::has_room(const Request &request) const {
    if (!pool_ || !pool_->has_room() || request.client->unsent() >= most_unsent)
        return false;
    return request.kind == Kind::multiscan || request.running == 0;
}

void Door::begin(RequestPtr request) {
    ++request->client->outstanding;
    if (!request->file) {
        const auto &config = options_.config;
        WalkOptions walk;
        walk.recursive = true;
        walk.directory_links = config.follow_directory_symlinks ? Follow::always : Follow::never;
        walk.file_links = config.follow_file_symlinks ? Follow::always : Follow::never;
        walk.cross_fs = config.cross_filesystems;
        // clamd counts the argument as level 0, clamscan (and so a walk) as the first.
        walk.max_depth = static_cast<unsigned>(
            config.max_directory_recursion == 0 ? UINT32_MAX : config.max_directory_recursion + 1);
        if (!config.exclude_path.empty()) {
            const auto wanted = [&config](const std::string &real, const std::string & /*shown*/) {
                return !matches(config.exclude_path, real);
            };
            walk.wants_file = wanted;
            walk.wants_directory = wanted;
        }
        walk.kept_out = [this](const std::string &shown) {
            log("warning", "Directory recursion limit reached, skipping " + escape_path(shown));
        };
        request->walk.emplace(std::move(walk));
        // As clamd: a file is found with a slash after it, too.
        while (request->argument.size() > 1 && request->argument.ends_with('/'))
            request->argument.pop_back();
        request->walk->start(request->argument);
    }
    requests_.push_back(std::move(request));
    pump();
}

/// Whether there has been no engine for longer than a file would be waited for.
bool Door::nobody_scans() const {
    return !pool_ && Clock::now() - no_pool_since_ > options_.config.file_timeout();
}

void Door::give_up(const RequestPtr &request, const std::string &shown) {
    line(request, reply_path(shown, request->framing) + ": Scanner is not available ERROR");
}

/// Gives every request its turn, until no worker is free.
void Door::pump() {
    while (!again_.empty() && ((pool_ && pool_->has_room()) || nobody_scans())) {
        auto job = std::move(again_.front());
        again_.pop_front();
        give(std::move(job));
    }
    unsigned steps = 0;
    bool moved = true;
    while (moved && steps < most_at_once) {
        moved = false;
        for (const auto &request : std::list(requests_)) {
            ++steps;
            moved = step(request) || moved;
        }
        std::erase_if(requests_, [](const RequestPtr &request) { return request->walked; });
    }
}

/// One entry of one request. False when it has to wait.
bool Door::step(const RequestPtr &request) {
    if (request->walked)
        return false;
    if (request->stopped || request->client->gone) {
        request->walked = true;
        end_if_done(request);
        return false;
    }
    if (nobody_scans()) {
        request->walked = true;
        give_up(request, request->walk ? request->argument : request->shown);
        end_if_done(request);
        return false;
    }
    if (!has_room(*request))
        return false;
    if (!request->walk) {
        request->walked = true;
        submit(request, std::move(request->file), request->shown, request->logged);
        return true;
    }
    auto entry = request->walk->next();
    if (!entry) {
        request->walked = true;
        end_if_done(request);
        return true;
    }
    if (entry->kind == EntryKind::directory && request->device == 0)
        request->device = entry->st.st_dev;
    if (entry->kind == EntryKind::file)
        submit(request, std::move(entry->fd), entry->path, entry->real_path);
    else
        tell_entry(request, *entry);
    return true;
}

/// What the walk could not, or may not, open.
void Door::tell_entry(const RequestPtr &request, const Entry &entry) {
    const auto path = reply_path(entry.path, request->framing);
    const bool argument = entry.path == request->argument;
    const auto failed = [&](const std::string &text) {
        line(request, path + ": " + text + " ERROR");
        log("info", escape_path(entry.path) + ": " + text + " ERROR");
    };
    switch (entry.kind) {
    case EntryKind::access_denied:
        failed("Access denied.");
        break;
    case EntryKind::cannot_open:
        failed("Can't open file or directory");
        break;
    case EntryKind::cannot_open_directory:
    case EntryKind::cannot_access:
        line(request, path + ": File path check failure: " +
                          std::strerror(entry.error) + // NOLINT(concurrency-mt-unsafe)
                          ". ERROR");
        log("warning", "File path check failure on: " + escape_path(entry.path));
        break;
    case EntryKind::unsupported:
        failed("Not supported file type");
        break;
    case EntryKind::excluded:
        // clamd's MULTISCAN says nothing of what is below its argument.
        if (argument)
            line(request, path + ": Excluded");
        else if (request->kind != Kind::multiscan)
            remark(request,
                   path + (request->device != entry.st.st_dev ? ": Excluded (another filesystem)"
                                                              : ": Excluded"));
        break;
    case EntryKind::symlink:
        // clamd says OK to a link that it has not followed.
        if (argument)
            line(request, path + ": Excluded (symbolic link)");
        break;
    case EntryKind::pseudo_filesystem:
        if (argument)
            line(request, path + ": Excluded (another filesystem)");
        break;
    default: // empty files and directories entered: nothing to say
        break;
    }
}

void Door::submit(const RequestPtr &request, Fd fd, const std::string &shown,
                  const std::string &logged) {
    ++request->running;
    give({request, shown, logged, std::move(fd)});
}

/// To a worker; without any, answers.
void Door::give(Job job) {
    const auto &request = job.request;
    const auto slash = job.logged.rfind('/');
    const auto name = slash == std::string::npos ? job.logged : job.logged.substr(slash + 1);
    const auto number = next_job_++;
    job.retired = false;
    const auto unavailable = [&] {
        --request->running;
        give_up(request, job.shown);
        end_if_done(request);
    };
    if (!pool_)
        return unavailable();
    if (auto sent = pool_->submit(number, job.fd.get(), name, request->kind == Kind::allmatch);
        !sent) {
        log("error", "no worker for requests: " + sent.error().text());
        control_.send("broken", {std::to_string(generation_)});
        retire_pool();
        if (job.tries < most_tries) { // an engine that died is replaced
            ++job.tries;
            return again_.push_back(std::move(job));
        }
        return unavailable();
    }
    jobs_.emplace(number, std::move(job));
}

void Door::collect(Pool &pool) {
    for (auto &done : pool.take()) {
        const auto found = jobs_.find(done.job);
        if (found == jobs_.end())
            continue;
        auto job = std::move(found->second);
        jobs_.erase(found);
        // An old engine that is ended for the new one's sake is no verdict.
        if (job.retired && done.report.verdict == Verdict::error && job.tries < most_tries) {
            ++job.tries;
            again_.push_back(std::move(job));
            continue;
        }
        finish(std::move(job), done.report);
    }
}

void Door::line(const RequestPtr &request, const std::string &text) {
    ++request->told;
    remark(request, text);
}

/// A line after which there may still be an OK.
void Door::remark(const RequestPtr &request, const std::string &text) {
    if (!request->client->gone)
        request->client->reply(request->number, request->framing, text);
}

void Door::tell_found(const Job &job, const Report &report) {
    const auto &request = job.request;
    struct stat st = {};
    const auto size = ::fstat(job.fd.get(), &st) == 0 ? std::to_string(st.st_size) : std::string();
    for (const auto &detection : report.detections) {
        line(request,
             reply_path(job.shown, request->framing) + ": " + detection.signature + " FOUND");
        control_.send("found", {job.logged, detection.signature, report.md5,
                                request->kind == Kind::allmatch ? "all" : "", size});
        if (request->kind != Kind::allmatch)
            break;
    }
    // One event a file, whatever the number of matches.
    if (!report.detections.empty())
        control_.send("event", {job.logged, report.detections.front().signature});
}

void Door::finish(Job job, const Report &report) {
    const auto &request = job.request;
    --request->running;
    switch (report.verdict) {
    case Verdict::infected:
        tell_found(job, report);
        request->stopped = request->stopped || request->kind == Kind::scan;
        break;
    case Verdict::error:
        line(request, reply_path(job.shown, request->framing) + ": " + report.error + " ERROR");
        log("info", escape_path(job.logged) + ": " + report.error + " ERROR");
        break;
    case Verdict::clean:
        if (options_.config.log_clean)
            log("info", escape_path(job.logged) + ": OK");
        break;
    }
    end_if_done(request);
}

void Door::end_if_done(const RequestPtr &request) {
    if (request->running > 0 || !(request->walked || request->stopped) ||
        request->client == nullptr)
        return;
    request->walked = true;
    const auto client = std::exchange(request->client, nullptr);
    if (request->told == 0 && !client->gone) {
        const auto &what = request->walk ? request->argument : request->shown;
        client->reply(request->number, request->framing,
                      reply_path(what, request->framing) + ": OK");
    }
    --client->outstanding;
}

} // namespace hostav
