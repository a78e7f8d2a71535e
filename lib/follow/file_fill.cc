// SPDX-License-Identifier: GPL-2.0-only
//
// Reading. A file may be cut and written anew at any moment, so what stands before the place is
// compared before and after each piece is read: a piece counts only when both times it was there.
#include "follow/file_input.h"

#include "base/text.h"

#include <algorithm>
#include <ctime>

namespace hostav {

using Wait = ChainFile::Wait;

namespace {

constexpr std::size_t piece_size = std::size_t{256} * 1024;
constexpr std::size_t mark_size = 4; // the longest byte order mark
// Gzip files whose state of unpacking is kept, half a megabyte each.
constexpr std::size_t most_unpacked = 4;
constexpr std::chrono::seconds after_failure{5};

/// Whether what was read before is there still; a failure counts as one.
Result<bool> stands(const FilePlace &place, const Anchor &anchor, const FileContent &content) {
    if (content.compressed())
        return true;
    return anchor.at > 0 ? anchor.fits(content) : place.fingerprint.fits(content);
}

/// After a read: only when what was just read is still there, this is the file that it was read
/// from.
bool renew_anchor(FilePlace &place, const Anchor &read, const FileContent &content) {
    if (place.state.offset == place.anchor.at)
        return true;
    const auto here = Anchor::of(content, place.state.offset);
    if (!here || !*here || !stands(place, read, content).value_or(false))
        return false;
    place.anchor = **here;
    return true;
}

} // namespace

// ---- what there is to read

bool FileInput::may_be_short(const ChainFile &file, bool flush, Clock::time_point now) const {
    if (!is_live(file))
        return true;
    return source_->options.fingerprint_last <= 1 &&
           (flush || now >= file.grown + common_->options.half_line);
}

Input::Clock::time_point FileInput::ripe_at(const ChainFile &file) const {
    if (file.wait_size != file.size)
        return Clock::time_point::min();
    switch (file.wait) {
    case Wait::event:
        return file.grown + common_->options.event_end;
    case Wait::half_line:
        if (common_->options.whole_lines && is_live(file))
            return Clock::time_point::max();
        return file.grown + common_->options.half_line;
    case Wait::failure:
        return file.retry_at;
    case Wait::for_good:
        return Clock::time_point::max();
    case Wait::nothing:
        break;
    }
    return Clock::time_point::min();
}

/// Bytes that can be filled now.
std::uint64_t FileInput::unread(const ChainFile &file, bool flush, Clock::time_point now) const {
    if (!file.content)
        return 0;
    const bool skip = flush && file.wait != Wait::failure && file.wait != Wait::for_good;
    if (!skip && now < ripe_at(file))
        return 0;
    if (file.wait == Wait::for_good && file.wait_size == file.size)
        return 0;
    if (file.content.compressed())
        return std::max<std::uint64_t>(file.size, 1);
    const bool filled = pending_ && pending_->file == &file;
    const auto offset = (filled ? pending_->place : file.place).state.offset;
    if (file.size <= offset || (!file.place.fingerprint.known() && !may_be_short(file, flush, now)))
        return 0;
    return file.size - offset;
}

/// Its last event or line may not be whole.
bool FileInput::may_go_on(const ChainFile &file, Clock::time_point now) const {
    const bool waits = file.wait == Wait::event || file.wait == Wait::half_line;
    return file.content && waits && now < ripe_at(file);
}

ChainFile *FileInput::next_file(bool flush, Clock::time_point now) const {
    // What came late into a rotated file comes before what is in the present one, be it that its
    // end has to be waited for.
    for (const auto &file : chain_.past)
        if (unread(*file, flush, now) > 0)
            return file.get();
    if (std::ranges::any_of(chain_.past, [&](const auto &file) { return may_go_on(*file, now); }))
        return nullptr;
    if (!chain_.files.empty() && unread(*chain_.files.front(), flush, now) > 0)
        return chain_.files.front().get();
    return nullptr;
}

std::uint64_t FileInput::waiting() const {
    const auto now = Clock::now();
    std::uint64_t bytes = 0;
    bool reachable = true;
    for (const auto &file : chain_.past) {
        bytes += unread(*file, false, now);
        reachable = reachable && !may_go_on(*file, now);
    }
    for (const auto &file : chain_.files) {
        const auto here = reachable ? unread(*file, false, now) : 0;
        bytes += here;
        // A last event that may go on keeps what comes after it waiting, too.
        reachable = reachable && (here > 0 || is_done(*file));
    }
    return bytes;
}

bool FileInput::idle() const {
    const auto all = [this](const auto &list) {
        return std::ranges::all_of(list, [this](const auto &file) { return is_done(*file); });
    };
    return !pending_ && all(chain_.past) && all(chain_.files);
}

Input::Clock::time_point FileInput::waiting_since() const {
    if (waiting() == 0)
        return Clock::time_point::max();
    const auto now = Clock::now();
    auto since = Clock::time_point::max();
    for (const auto *list : {&chain_.past, &chain_.files})
        for (const auto &file : *list)
            if (unread(*file, false, now) > 0)
                since = std::min(since, file->unread_since);
    return since;
}

// ---- filling

EventReader::End FileInput::end_of(const ChainFile &file, bool flush, Clock::time_point now) const {
    if (flush || file.content.compressed())
        return EventReader::End::all;
    const auto quiet = now - file.grown;
    if (source_->reader->has_half_line() && common_->options.whole_lines && is_live(file))
        return EventReader::End::lines;
    if (source_->reader->has_half_line())
        return quiet >= common_->options.half_line ? EventReader::End::all : EventReader::End::open;
    return quiet >= common_->options.event_end ? EventReader::End::lines : EventReader::End::open;
}

Result<FileInput::Outcome> FileInput::read(ChainFile &file, const TakeEvent &take, bool flush,
                                           Clock::time_point now) {
    Outcome outcome;
    FilePlace &place = outcome.place = file.place;
    if (!place.fingerprint.known()) {
        // Bytes that are there stay what they are, be they fewer than wanted.
        const auto fingerprint =
            Fingerprint::of(file.content, source_->options.fingerprint_first,
                            source_->options.fingerprint_last, may_be_short(file, flush, now));
        if (!fingerprint) { // empty, or cut in this moment
            outcome.changed = !file.content.compressed();
            outcome.wait = Wait::for_good;
            return outcome;
        }
        place.fingerprint = *fingerprint;
    }
    EventReader &reader = *source_->reader;
    const auto first = file.content.text_at(0, mark_size);
    if (!first)
        return std::unexpected(first.error());
    reader.start(place.state, *first);
    common_->buffer.resize(piece_size);
    const std::time_t wall = std::time(nullptr);
    Anchor anchor = place.anchor;
    std::uint64_t offset = place.state.offset;
    bool going = true;
    while (going) {
        const auto got = file.content.read_at(offset, common_->buffer);
        if (!got && outcome.counts.events == 0 && reader.counts().events == 0)
            return std::unexpected(got.error());
        const auto stood = stands(place, anchor, file.content);
        outcome.changed = !got || !stood.value_or(false);
        if (outcome.changed)
            break;
        const std::string_view piece(common_->buffer.data(), *got);
        outcome.at_end = piece.empty();
        if (outcome.at_end) {
            if (offset > file.size) {
                file.size = offset;
                file.grown = now;
            }
            const auto how = end_of(file, flush, now);
            going = reader.end(how, wall, take);
            if (going)
                finish_reading(file, outcome, offset, how);
            break;
        }
        going = reader.feed(piece, wall, take);
        offset += piece.size();
        if (piece.size() >= Anchor::most)
            anchor = Anchor::of(piece, offset);
    }
    outcome.counts = reader.counts();
    outcome.counts.refused = !going;
    outcome.read_to = offset;
    place.state = reader.state();
    outcome.changed = outcome.changed || !renew_anchor(place, anchor, file.content);
    return outcome;
}

/// Everything there was has been read: what is left over?
void FileInput::finish_reading(const ChainFile &file, Outcome &outcome, std::uint64_t offset,
                               EventReader::End how) const {
    const EventReader &reader = *source_->reader;
    if (file.content.compressed())
        outcome.wait = Wait::for_good;
    else if (reader.state().offset >= offset)
        outcome.wait = Wait::nothing;
    else if (reader.has_half_line() && how != EventReader::End::all)
        outcome.wait = Wait::half_line;
    else
        outcome.wait = how == EventReader::End::open ? Wait::event : Wait::for_good;
}

/// Besides what was just filled.
bool FileInput::has_more(bool flush, Clock::time_point now) const {
    if (next_file(flush, now) != nullptr)
        return true;
    const auto &files = chain_.files;
    if (files.size() < 2 || !pending_ || pending_->file != files.front().get())
        return false;
    const ChainFile &front = *files.front();
    const bool consumed =
        front.wait == Wait::for_good || pending_->place.state.offset >= front.size;
    return consumed && unread(*files[1], flush, now) > 0;
}

void FileInput::keep_unpacking(const ChainFile &file) {
    auto &kept = common_->unpacked;
    std::erase(kept, &file.content);
    kept.push_back(&file.content);
    if (kept.size() > most_unpacked) {
        kept.front()->rest();
        kept.erase(kept.begin());
    }
}

Result<Input::Filled> FileInput::fill(const TakeEvent &take, bool flush) {
    pending_.reset();
    const auto now = Clock::now();
    look(now);
    settle(now);
    Filled total;
    while (ChainFile *file = next_file(flush, now)) {
        const auto outcome = read(*file, take, flush, now);
        if (file->content.compressed())
            keep_unpacking(*file);
        if (!outcome) {
            file->wait = Wait::failure;
            file->wait_size = file->size;
            file->retry_at = now + after_failure;
            if (!file->content.compressed())
                return fail(escape_path(file->path), outcome.error().why);
            common_->complain(file->path, escape_path(file->path) + ": " + outcome.error().why +
                                              ": what comes after byte " +
                                              std::to_string(file->place.state.offset) +
                                              " of its content is lost");
            file->wait = Wait::for_good;
            settle(now);
            continue;
        }
        const Filled &counts = outcome->counts;
        total.events += counts.events;
        total.replaced += counts.replaced;
        total.split += counts.split;
        total.dated += counts.dated;
        total.refused = counts.refused;
        file->read_to = outcome->read_to;
        file->wait = outcome->changed && counts.events == 0 ? Wait::failure : outcome->wait;
        file->wait_size = file->size;
        file->retry_at = now + after_failure;
        if (counts.events > 0)
            pending_ = Pending{file, outcome->place};
        else
            file->place = outcome->place;
        if (outcome->changed)
            look_closely(*file, now);
        if (counts.events > 0 || counts.refused) {
            total.again = !counts.refused && has_more(flush, now);
            break;
        }
        settle(now);
    }
    wants_time();
    return total;
}

void FileInput::delivered() {
    if (pending_) {
        // The file may be another one by now, with the same content (copytruncate).
        ChainFile &file = *pending_->file;
        file.place.fingerprint = pending_->place.fingerprint;
        file.place.anchor = pending_->place.anchor;
        file.place.state = pending_->place.state;
        pending_.reset();
    }
    settle(Clock::now());
    wants_time();
}

} // namespace hostav
