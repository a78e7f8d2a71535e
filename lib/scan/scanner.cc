// SPDX-License-Identifier: GPL-2.0-only
#include "scan/scanner.h"

#include "base/files.h"
#include "base/text.h"

#include <algorithm>
#include <fcntl.h>
#include <poll.h>

namespace hostav {

namespace {

/// Items between the oldest unanswered one and the newest: text only, about 300 bytes each.
constexpr std::size_t longest_queue = 4096;
/// The same where infected files and their links stay open until their turn has come.
constexpr std::size_t longest_open_queue = 256;
/// Entries taken in one go, so that ready lines are never held back by a long walk.
constexpr unsigned most_at_once = 128;
/// What the kernel is asked to read ahead of a file that waits for a worker.
constexpr off_t read_ahead = 1 << 20;
constexpr std::uint64_t block_size = 4096; ///< CL_COUNT_PRECISION, libclamav's unit

bool same_content(const struct stat &a, const struct stat &b) {
    return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
           a.st_mtim.tv_nsec == b.st_mtim.tv_nsec && a.st_ctim.tv_sec == b.st_ctim.tv_sec &&
           a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

std::string base_name(const std::string &path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

} // namespace

Scanner::Scanner(const ScanOptions &options, Parts parts)
    : options_(options), parts_(std::move(parts)),
      queue_limit_(options.action() == Action::none ? longest_queue : longest_open_queue) {}

int Scanner::exit_status() const {
    const auto &summary = parts_.summary;
    if (summary.infected > 0)
        return 1;
    const bool cut_short = options_.strict && summary.partial > 0;
    return summary.errors > 0 || failed_ || cut_short ? 2 : 0;
}

Result<void> Scanner::run() {
    for (;;) {
        take_entries();
        if (auto sent = dispatch(); !sent)
            return sent;
        settle_front();
        if (!flush())
            return {};
        if (source_ended_ && queue_.empty())
            return {};
        if (auto waited = wait(); !waited)
            return waited;
        if (parts_.signals.pending() != 0)
            return {};
        collect();
    }
}

void Scanner::take_entries() {
    source_waits_ = false;
    for (unsigned i = 0; i < most_at_once && !source_ended_ && queue_.size() < queue_limit_ &&
                         waiting_.size() <= options_.jobs;
         ++i) {
        Entry entry;
        switch (parts_.source.next(entry, parts_.signals)) {
        case Source::State::entry:
            add(std::move(entry));
            break;
        case Source::State::wait:
            source_waits_ = true;
            return;
        case Source::State::end:
            source_ended_ = true;
            return;
        }
    }
}

void Scanner::add(Entry entry) {
    auto item = std::make_unique<Item>();
    item->entry = std::move(entry);
    // Only a copy of stdin has a content but no name.
    item->standard_input = item->entry.real_path.empty();
    if (item->entry.kind == EntryKind::file && !share_known(*item)) {
        if (!item->outcome)
            item->outcome = std::make_shared<Outcome>();
        item->scans = true;
        item->was_cached = probably_cached(item->entry.fd.get(),
                                           static_cast<std::uint64_t>(item->entry.st.st_size));
        if (!item->was_cached)
            ::posix_fadvise(item->entry.fd.get(), 0, read_ahead, POSIX_FADV_WILLNEED);
        waiting_.push_back(item.get());
    }
    queue_.push_back(std::move(item));
}

/// True when the same unchanged inode has been scanned, or is being, under another path.
bool Scanner::share_known(Item &item) {
    const auto &st = item.entry.st;
    const bool linked = st.st_nlink > 1;
    if (!linked && !mounts_.mounted_twice(st.st_dev))
        return false;
    auto &known = known_[{st.st_dev, st.st_ino}];
    const bool shared = known.outcome && same_content(known.st, st);
    if (!shared)
        known = {std::make_shared<Outcome>(), st, 0};
    item.outcome = known.outcome;
    if (shared)
        release(item);
    // Every link has been met: nobody asks again.
    if (++known.seen >= st.st_nlink && !mounts_.mounted_twice(st.st_dev))
        known_.erase({st.st_dev, st.st_ino});
    return shared;
}

Result<void> Scanner::dispatch() {
    while (!waiting_.empty() && parts_.pool.has_room()) {
        auto &item = *waiting_.front();
        const auto job = next_job_++;
        if (options_.print.verbose && !item.tried_again)
            parts_.printer.scanning(item.entry.path);
        if (auto sent = parts_.pool.submit(job, item.entry.fd.get(), base_name(item.entry.path));
            !sent)
            return sent;
        parts_.progress.files(parts_.summary.files, bytes_, item.entry.path);
        scanning_[job] = &item;
        waiting_.pop_front();
    }
    return {};
}

void Scanner::collect() {
    for (auto &done : parts_.pool.take()) {
        const auto found = scanning_.find(done.job);
        if (found == scanning_.end())
            continue;
        auto &item = *found->second;
        scanning_.erase(found);
        if (done.lent && !item.tried_again) {
            item.tried_again = true;
            waiting_.push_front(&item);
            continue;
        }
        bytes_ += static_cast<std::uint64_t>(item.entry.st.st_size);
        if (parts_.clean && done.report.verdict == Verdict::clean && done.report.limits.empty())
            parts_.clean(item.entry.fd.get(), item.entry.st);
        item.outcome->report = std::move(done.report);
        item.outcome->ready = true;
        // What we brought into the page cache goes; what others use stays.
        if (!item.was_cached)
            ::posix_fadvise(item.entry.fd.get(), 0, 0, POSIX_FADV_DONTNEED);
        if (item.outcome->report.verdict != Verdict::infected)
            item.entry.fd.reset();
        else
            release(item);
    }
}

/// Closes a file that no action will need.
void Scanner::release(Item &item) {
    if (parts_.actions.action() == Action::none)
        item.entry.fd.reset();
}

void Scanner::settle_front() {
    while (!queue_.empty()) {
        auto &item = *queue_.front();
        if (item.outcome) {
            if (!item.outcome->ready)
                return;
            settle_file(item);
        } else {
            parts_.printer.entry(item.entry);
            count_entry(item.entry);
        }
        queue_.pop_front();
    }
}

/// A link or a bind mount led to a file that has been dealt with under its only name: as gone as
/// if the walk had come later.
bool Scanner::dealt_with(const Item &item) const {
    return item.entry.st.st_nlink == 1 &&
           dealt_with_.contains({item.entry.st.st_dev, item.entry.st.st_ino});
}

void Scanner::settle_file(Item &item) {
    if (dealt_with(item))
        return;
    auto &summary = parts_.summary;
    const auto &report = item.outcome->report;
    const auto size = static_cast<std::uint64_t>(item.entry.st.st_size);
    parts_.printer.result({item.entry.path, size, item.standard_input}, report);
    if (report.verdict == Verdict::error)
        ++summary.errors;
    else
        ++summary.files;
    summary.infected += report.verdict == Verdict::infected ? 1 : 0;
    summary.partial += report.limits.empty() ? 0 : 1;
    if (item.scans) {
        summary.scanned_blocks += report.scanned_blocks;
        summary.read_blocks += size / block_size;
    }
    const bool acts = parts_.actions.action() != Action::none && !item.standard_input;
    if (report.verdict == Verdict::infected && acts)
        act(item);
}

void Scanner::act(Item &item) {
    const auto &report = item.outcome->report;
    InfectedFile file;
    file.shown_path = item.entry.path;
    file.real_path = item.entry.real_path;
    file.fd = item.entry.fd.get();
    file.st = item.entry.st;
    file.directory = item.entry.directory;
    file.name = item.entry.name;
    file.sha256 = report.sha256;
    for (const auto &detection : report.detections)
        file.signatures.push_back(detection.signature);
    const auto result = parts_.actions.apply(file);
    parts_.printer.action(result);
    if (result.done) {
        if (parts_.actions.action() != Action::copy)
            dealt_with_.insert({item.entry.st.st_dev, item.entry.st.st_ino});
        return;
    }
    auto &summary = parts_.summary;
    switch (parts_.actions.action()) {
    case Action::remove:
        ++summary.not_removed;
        break;
    case Action::move:
        ++summary.not_moved;
        break;
    case Action::copy:
        ++summary.not_copied;
        break;
    case Action::quarantine:
        ++summary.not_quarantined;
        break;
    case Action::none:
        break;
    }
}

void Scanner::count_entry(const Entry &entry) {
    auto &summary = parts_.summary;
    switch (entry.kind) {
    case EntryKind::directory:
        ++summary.directories;
        break;
    case EntryKind::access_denied:
    case EntryKind::cannot_open_directory:
        ++summary.errors;
        break;
    case EntryKind::cannot_open:
    case EntryKind::cannot_access:
    case EntryKind::unsupported:
        failed_ = true;
        break;
    default:
        break;
    }
}

bool Scanner::flush() {
    if (!parts_.printer.pending())
        return true;
    parts_.progress.clear();
    output_gone_ = !parts_.printer.flush();
    return !output_gone_;
}

Result<void> Scanner::wait() {
    std::vector<pollfd> set;
    parts_.pool.add_to(set);
    const auto workers = set.size();
    set.push_back({parts_.signals.fd(), POLLIN, 0});
    if (source_waits_)
        set.push_back({parts_.source.fd(), POLLIN, 0});
    // There may be entries to take at once, and nothing to wait for.
    const bool more = !source_ended_ && !source_waits_ && queue_.size() < queue_limit_ &&
                      waiting_.size() <= options_.jobs;
    const int timeout = more ? 0 : parts_.pool.milliseconds_left();
    if (::poll(set.data(), set.size(), timeout) < 0 && errno != EINTR)
        return fail_errno("poll");
    if (source_waits_ && set.back().revents != 0)
        if (auto read = parts_.source.fill(); !read) {
            // The rest of the list is lost; what is under way is not.
            parts_.printer.error(read.error().text());
            failed_ = true;
            source_ended_ = true;
        }
    return parts_.pool.handle(std::span(set).first(workers));
}

} // namespace hostav
