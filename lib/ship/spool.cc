// SPDX-License-Identifier: GPL-2.0-only
#include "ship/spool.h"

#include "base/directory_reader.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace hostav {

namespace {

constexpr std::uint64_t largest_segment = 8ULL << 20;
constexpr std::uint64_t least_segments = 4; ///< of a full spool: dropping one drops a part
constexpr std::size_t read_size = std::size_t{64} * 1024;
constexpr std::size_t largest_message = std::size_t{4} << 20; ///< anything above is no frame

/// Before each message; for this machine's eyes only.
struct Frame {
    std::uint32_t size;
    std::uint32_t check;
    EventTime time;
    std::uint64_t offset;
};

/// FNV-1a: torn frames are what it has to find, not forged ones.
std::uint32_t checksum(const Frame &frame, std::string_view message) {
    constexpr std::uint32_t basis = 2166136261U;
    constexpr std::uint32_t prime = 16777619U;
    std::uint32_t sum = basis;
    const auto add = [&sum](const void *bytes, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i)
            sum = (sum ^ static_cast<const unsigned char *>(bytes)[i]) * prime;
    };
    add(&frame.size, sizeof frame.size);
    add(&frame.time, sizeof frame.time);
    add(message.data(), message.size());
    return sum;
}

/// Reads frames of one segment one after the other.
class SegmentReader {
  public:
    SegmentReader(int fd, std::uint64_t offset) : fd_(fd), offset_(offset) {}

    /// False at the end, and where no whole frame follows.
    bool next(Event &event) {
        Frame frame{};
        if (!fetch(sizeof frame))
            return false;
        std::memcpy(&frame, buffer_.data() + at_, sizeof frame);
        if (frame.size > largest_message || !fetch(sizeof frame + frame.size))
            return false;
        const std::string_view message(buffer_.data() + at_ + sizeof frame, frame.size);
        if (frame.check != checksum(frame, message))
            return false;
        event = {frame.time, message, frame.offset};
        last_size_ = sizeof frame + frame.size;
        return true;
    }
    /// The event that next() gave is done with.
    void consume() {
        at_ += last_size_;
        offset_ += last_size_;
    }
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    /// The disk's, by which next() has ended.
    [[nodiscard]] int error() const { return error_; }

  private:
    int fd_;
    int error_ = 0;
    std::uint64_t offset_; ///< of at_
    std::string buffer_;
    std::size_t at_ = 0;
    std::size_t last_size_ = 0;

    bool fetch(std::size_t size) {
        if (buffer_.size() - at_ >= size)
            return true;
        buffer_.erase(0, at_);
        at_ = 0;
        while (buffer_.size() < size) {
            const auto have = buffer_.size();
            buffer_.resize(std::max(size, have + read_size));
            const auto got = ::pread(fd_, buffer_.data() + have, buffer_.size() - have,
                                     static_cast<off_t>(offset_ + have));
            if (got < 0 && errno == EINTR) {
                buffer_.resize(have);
                continue;
            }
            buffer_.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
            error_ = got < 0 ? errno : 0;
            if (got <= 0)
                return false;
        }
        return true;
    }
};

Result<Fd> open_segment(int directory, const std::string &name, int flags) {
    Fd fd(::openat(directory, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (!fd)
        return fail_errno("spool " + escape_path(name));
    return fd;
}

} // namespace

Spool::Spool(SpoolOptions options, Fd directory)
    : options_(std::move(options)), directory_(std::move(directory)) {}

std::string Spool::file_name(std::uint64_t segment) const {
    constexpr std::size_t digits = 10;
    auto number = std::to_string(segment);
    return options_.name + "." + std::string(digits - std::min(digits, number.size()), '0') +
           number + ".spool";
}

Result<std::unique_ptr<Spool>> Spool::open(const SpoolOptions &options) {
    const auto &path = options.directory;
    if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        return fail_errno(escape_path(path));
    Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory)
        return fail_errno(escape_path(path));
    std::unique_ptr<Spool> spool(new Spool(options, std::move(directory)));
    if (auto locked = spool->lock(); !locked)
        return std::unexpected(locked.error());
    if (auto found = spool->find_segments(); !found)
        return std::unexpected(found.error());
    if (auto mended = spool->mend_last(); !mended)
        return std::unexpected(mended.error());
    if (options.saved)
        spool->resume(*options.saved);
    if (spool->delivered_.segment == 0 && !spool->segments_.empty())
        spool->delivered_ = {spool->segments_.begin()->first, 0};
    spool->remove_before(spool->delivered_.segment);
    spool->filled_ = spool->delivered_;
    if (spool->waiting() > 0)
        spool->since_ = Clock::now();
    return spool;
}

Result<void> Spool::lock() {
    auto fd = open_segment(directory_.get(), options_.name + ".lock", O_RDWR | O_CREAT);
    if (!fd)
        return std::unexpected(fd.error());
    if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? fail("spool " + escape_path(options_.directory), "in use by another process")
                   : fail_errno("spool " + escape_path(options_.directory));
    lock_ = std::move(*fd);
    return {};
}

void Spool::resume(const std::string &saved) {
    const auto record = parse_flat_json(saved, "spool");
    if (!record)
        return;
    delivered_ = {parse_number(text_field(*record, "segment")).value_or(0),
                  parse_number(text_field(*record, "offset")).value_or(0)};
    // A number is never used twice: the record would be of another segment.
    last_number_ = delivered_.segment;
    const auto segment = segments_.find(delivered_.segment);
    // It may be gone: removed when delivered, before that was written down. And it may be shorter
    // than what is delivered of it: the record survives a power failure, its end may not.
    delivered_ = segment == segments_.end()
                     ? Place{}
                     : Place{segment->first, std::min(delivered_.offset, segment->second)};
}

Result<void> Spool::find_segments() {
    DirectoryReader entries(directory_.get());
    while (const auto entry = entries.next()) {
        std::string_view name = entry->name;
        if (!name.starts_with(options_.name + ".") || !name.ends_with(".spool"))
            continue;
        name.remove_prefix(options_.name.size() + 1);
        name.remove_suffix(std::string_view(".spool").size());
        const auto number = parse_number(name);
        struct stat st = {};
        if (number &&
            ::fstatat(directory_.get(), entry->name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            segments_[*number] = static_cast<std::uint64_t>(st.st_size);
    }
    if (entries.error() != 0)
        return fail_errno(escape_path(options_.directory), entries.error());
    return {};
}

/// What was being written when the machine or we died ends in the middle of a frame.
Result<void> Spool::mend_last() {
    if (segments_.empty())
        return {};
    auto &[number, size] = *segments_.rbegin();
    auto fd = open_segment(directory_.get(), file_name(number), O_RDWR | O_APPEND);
    if (!fd)
        return std::unexpected(fd.error());
    SegmentReader reader(fd->get(), 0);
    for (Event event; reader.next(event);)
        reader.consume();
    if (reader.offset() < size && ::ftruncate(fd->get(), static_cast<off_t>(reader.offset())) != 0)
        return fail_errno("spool " + escape_path(file_name(number)));
    size = reader.offset();
    last_ = std::move(*fd);
    return {};
}

std::uint64_t Spool::total() const {
    std::uint64_t sum = 0;
    for (const auto &[number, size] : segments_)
        sum += size;
    return sum;
}

bool Spool::has_room() const {
    if (!unwritten_.empty())
        return false;
    if (options_.when_full == WhenFull::drop_oldest)
        return true;
    // The last segment stays when all of it is delivered: that does not make it full.
    const bool is_last = !segments_.empty() && delivered_.segment == segments_.rbegin()->first;
    return total() - (is_last ? delivered_.offset : 0) < options_.limit;
}

Result<void> Spool::next_segment() {
    const auto number =
        std::max(last_number_, segments_.empty() ? 0 : segments_.rbegin()->first) + 1;
    if (auto synced = sync_last(); !synced)
        return synced;
    auto fd =
        open_segment(directory_.get(), file_name(number), O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
    if (!fd)
        return std::unexpected(fd.error());
    last_ = std::move(*fd);
    segments_[number] = 0;
    torn_ = false;
    if (delivered_.segment == 0)
        delivered_ = filled_ = {number, 0};
    return hostav::sync(directory_.get(), escape_path(options_.directory));
}

Result<void> Spool::drop_oldest() {
    const auto oldest = segments_.begin()->first;
    if (segments_.size() == 1)
        if (auto next = next_segment(); !next)
            return next;
    const auto from = delivered_.segment == oldest ? delivered_.offset : 0;
    std::uint64_t dropped = 0;
    if (auto fd = open_segment(directory_.get(), file_name(oldest), O_RDONLY)) {
        SegmentReader reader(fd->get(), from);
        for (Event event; reader.next(event); ++dropped)
            reader.consume();
    }
    if (options_.dropped && dropped > 0)
        options_.dropped(dropped);
    remove_before(oldest + 1);
    delivered_ = std::max(delivered_, Place{segments_.begin()->first, 0});
    filled_ = std::max(filled_, delivered_);
    return {};
}

Result<void> Spool::push(const Event &event) {
    Frame frame{static_cast<std::uint32_t>(event.message.size()), 0, event.time, event.offset};
    frame.check = checksum(frame, event.message);
    const auto size = sizeof frame + event.message.size();
    if (options_.when_full == WhenFull::drop_oldest)
        while (!segments_.empty() && total() + size > options_.limit && total() > 0)
            if (auto dropped = drop_oldest(); !dropped)
                break; // then it is held, as when the disk is full
    unwritten_.append(reinterpret_cast<const char *>(&frame), sizeof frame);
    unwritten_ += event.message;
    held_ += event.message.size();
    if (since_ == Clock::time_point::max())
        since_ = Clock::now();
    // What does not work now is tried again by fill(), which says it.
    best_effort(write_out());
    return {};
}

/// What is held, to the end of the last segment.
Result<void> Spool::write_out() {
    if (unwritten_.empty())
        return {};
    const auto most = std::min(largest_segment, options_.limit / least_segments);
    if (segments_.empty() || torn_ || segments_.rbegin()->second >= most)
        if (auto next = next_segment(); !next)
            return next;
    auto &end = segments_.rbegin()->second;
    if (auto written = write_all(last_.get(), unwritten_, "spool"); !written) {
        // Half a frame must not stand before the next one.
        torn_ = ::ftruncate(last_.get(), static_cast<off_t>(end)) != 0;
        return written;
    }
    end += unwritten_.size();
    unsynced_ = true;
    unwritten_.clear();
    held_ = 0;
    constexpr std::size_t kept = std::size_t{64} * 1024;
    if (unwritten_.capacity() > kept)
        unwritten_.shrink_to_fit();
    return {};
}

Result<void> Spool::sync_last() {
    if (!std::exchange(unsynced_, false) || !last_)
        return {};
    return ::fdatasync(last_.get()) == 0 ? Result<void>{} : fail_errno("spool");
}

Result<void> Spool::sync() {
    auto written = write_out();
    return written ? sync_last() : written;
}

Result<std::uint64_t> Spool::backlog(const SpoolOptions &options) {
    Fd directory(::open(options.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory)
        return fail_errno(escape_path(options.directory));
    Spool spool(options, std::move(directory));
    if (auto found = spool.find_segments(); !found)
        return std::unexpected(found.error());
    if (options.saved)
        spool.resume(*options.saved);
    spool.filled_ = spool.delivered_;
    return spool.waiting();
}

std::uint64_t Spool::waiting() const {
    std::uint64_t sum = unwritten_.size();
    for (auto segment = segments_.lower_bound(filled_.segment); segment != segments_.end();
         ++segment)
        sum += segment->second;
    return segments_.contains(filled_.segment) ? sum - filled_.offset : sum;
}

Result<Input::Filled> Spool::fill(const TakeEvent &take, bool /*flush*/) {
    const auto written = write_out();
    auto filled = take_noted();
    filling_ = true;
    filled_ = delivered_; // the fill before may have failed half way
    for (auto segment = segments_.lower_bound(filled_.segment); segment != segments_.end();
         ++segment) {
        if (segment->first != filled_.segment)
            filled_ = {segment->first, 0};
        auto fd = open_segment(directory_.get(), file_name(segment->first), O_RDONLY);
        if (!fd)
            return std::unexpected(fd.error());
        SegmentReader reader(fd->get(), filled_.offset);
        for (Event event; reader.next(event); ++filled.events) {
            if (!take(event)) {
                filled.refused = true;
                return filled;
            }
            reader.consume();
            filled_.offset = reader.offset();
        }
        if (reader.error() != 0)
            return fail_errno("spool " + escape_path(file_name(segment->first)), reader.error());
        // What is no frame in the middle of a segment is lost; what follows the segment is not.
        if (filled_.offset < segment->second && options_.damaged)
            options_.damaged(segment->second - filled_.offset);
        filled_.offset = segment->second;
    }
    if (!written && filled.events == 0)
        return std::unexpected(written.error());
    return filled;
}

void Spool::delivered() {
    filling_ = false;
    delivered_ = std::max(delivered_, filled_);
    remove_before(delivered_.segment);
    since_ = waiting() > 0 ? Clock::now() : Clock::time_point::max();
}

/// All but the one that is written.
void Spool::remove_before(std::uint64_t segment) {
    while (!segments_.empty() && segments_.begin()->first < segment) {
        ::unlinkat(directory_.get(), file_name(segments_.begin()->first).c_str(), 0);
        segments_.erase(segments_.begin());
    }
}

std::string Spool::record() const {
    JsonObject record;
    record.add("segment", delivered_.segment).add("offset", delivered_.offset);
    return record.text();
}

} // namespace hostav
