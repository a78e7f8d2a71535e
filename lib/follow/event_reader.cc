// SPDX-License-Identifier: GPL-2.0-only
//
// Three steps: feed() finds lines in the bytes, add() decodes a line (and cuts one that is too
// long), place() makes events of lines. An event is complete when the next one begins. As long as
// nothing has to be decoded or joined across calls, texts are views into the caller's bytes.
//
// Where something is cut depends on the bytes alone: a line is too long when there is no line end
// in `longest_line` bytes, whether they came at once or one by one.
#include "follow/event_reader.h"

#include "base/text.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hostav {

namespace {

constexpr std::string_view continued = " [continued]", continuation = "[continuation] ";
// Patterns are the user's, lines are anybody's: over more than this a bad pattern takes for ever.
constexpr std::size_t searched = 16384;
constexpr std::size_t longest_mark = 4; // of byte order
constexpr std::size_t kept_capacity = 65536;

constexpr bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_blank(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return is_blank(c); });
}

/// Without the blank lines at the end; empty when there are no others.
std::string_view without_blank_lines(std::string_view text) {
    std::size_t size = text.size();
    while (size > 0 && is_blank(text[size - 1]))
        --size;
    return size == 0 ? std::string_view() : text.substr(0, text.find('\n', size));
}

/// Empties it; memory that one long line took is not kept for ever.
void clear(std::string &text) {
    text.clear();
    if (text.capacity() > kept_capacity)
        text.shrink_to_fit();
}

} // namespace

struct EventReader::Impl {
    const EventFormat &format;
    Decoder decoder;
    std::string_view line_end, carriage_return;
    std::size_t room;         ///< for an event's text beside both marks
    std::size_t longest_line; ///< bytes that are looked at for a line end

    ReadState state;
    Input::Filled counts;
    std::uint64_t at = 0; ///< of the first byte that is in no event yet
    bool begun = false;   ///< the byte order is known
    std::size_t skip = 0; ///< bytes of a byte order mark to come
    bool inside = false;  ///< what comes continues an event of which a piece is taken
    std::string line;     ///< its end has not come
    std::string decoded, piece;

    struct Pending {
        bool any = false, continues = false;
        std::uint64_t offset = 0;
        std::uint64_t replaced = 0;
        std::string_view text; ///< into the caller's bytes, or all of `own`
    } pending;
    std::string own;

    std::time_t now = 0; // of the call
    const TakeEvent *take = nullptr;

    Impl(const EventFormat &how, Decoder by)
        : format(how), decoder(std::move(by)),
          room(std::max<std::size_t>(how.longest, 100) - continued.size() - continuation.size()) {
        learn_line_ends();
    }

    void learn_line_ends();
    void start(const ReadState &from, std::string_view first_bytes);
    void begin(std::string_view first_bytes);
    [[nodiscard]] std::size_t find_end(std::string_view bytes) const;
    bool lines(std::string_view bytes);
    bool complete_line(std::string_view &bytes);
    bool add(std::string_view bytes, bool last, bool stays, std::size_t size);
    bool place(std::string_view text, bool stays, std::uint64_t replaced);
    [[nodiscard]] bool starts_event(std::string_view text) const;
    void begin_event(std::string_view text, bool continues, bool stays, std::uint64_t replaced);
    void join(std::string_view text, bool stays, std::uint64_t replaced);
    void keep();
    bool emit(bool more);
    void settle();
};

void EventReader::Impl::learn_line_ends() {
    line_end = decoder.line_end();
    carriage_return = decoder.carriage_return();
    // Enough for `room` bytes of text, and some, of which nothing may become.
    longest_line = (room + 64) * line_end.size();
}

void EventReader::Impl::start(const ReadState &from, std::string_view first_bytes) {
    state = from;
    counts = {};
    at = from.offset;
    inside = from.inside_event;
    pending = {};
    clear(own);
    clear(line);
    skip = 0;
    begun = false;
    if (at > 0 || first_bytes.size() >= longest_mark || !decoder.may_have_mark())
        begin(first_bytes);
}

void EventReader::Impl::begin(std::string_view first_bytes) {
    begun = true;
    const auto mark = decoder.start(first_bytes);
    learn_line_ends();
    skip = mark > at ? mark - static_cast<std::size_t>(at) : 0;
}

// ---- lines

std::size_t EventReader::Impl::find_end(std::string_view bytes) const {
    if (line_end.size() == 1) {
        const void *found =
            bytes.empty() ? nullptr : std::memchr(bytes.data(), line_end[0], bytes.size());
        return found == nullptr
                   ? std::string_view::npos
                   : static_cast<std::size_t>(static_cast<const char *>(found) - bytes.data());
    }
    auto found = bytes.find(line_end);
    while (found != std::string_view::npos && found % line_end.size() != 0)
        found = bytes.find(line_end, found + 1);
    return found;
}

bool EventReader::Impl::lines(std::string_view bytes) {
    const auto skipped = std::min(skip, bytes.size());
    bytes.remove_prefix(skipped);
    skip -= skipped;
    at += skipped;
    if (skipped > 0)
        settle();
    while (!line.empty() && !bytes.empty())
        if (!complete_line(bytes))
            return false;
    while (!bytes.empty()) {
        const auto end = find_end(bytes.substr(0, longest_line + line_end.size()));
        if (end == std::string_view::npos && bytes.size() <= longest_line) {
            line = bytes;
            return true;
        }
        const auto before = at;
        const bool whole = end != std::string_view::npos;
        const auto text = bytes.substr(0, whole ? end : longest_line);
        if (!add(text, whole, true, text.size() + line_end.size()))
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(at - before));
    }
    return true;
}

/// Moves bytes to the line that waits, and adds it when it ends or is too long.
bool EventReader::Impl::complete_line(std::string_view &bytes) {
    const auto move = [this, &bytes](std::size_t count) {
        line += bytes.substr(0, count);
        bytes.remove_prefix(std::min(count, bytes.size()));
    };
    const auto unit = line_end.size();
    if (const auto partial = line.size() % unit; partial != 0) {
        const bool cut = bytes.size() < unit - partial;
        move(unit - partial);
        if (cut)
            return true;
    }
    bool ended = unit > 1 && std::string_view(line).ends_with(line_end);
    if (!ended) {
        const auto end = find_end(bytes.substr(0, longest_line - line.size() + unit));
        ended = end != std::string_view::npos;
        move(ended ? end + unit : longest_line - line.size());
    }
    if (!ended && line.size() < longest_line)
        return true;
    const auto before = at;
    std::string_view text = line;
    if (ended)
        text.remove_suffix(unit);
    if (!add(text, ended, false, line.size()))
        return false;
    if (ended)
        clear(line);
    else
        line.erase(0, static_cast<std::size_t>(at - before));
    return true;
}

/// A line without its end, or (not `last`) the first bytes of a longer one. Moves `at` behind what
/// became text, `size` bytes for a line. `stays`: the bytes are the caller's of feed().
bool EventReader::Impl::add(std::string_view bytes, bool last, bool stays, std::size_t size) {
    const auto end = at + size;
    if (last && bytes.ends_with(carriage_return))
        bytes.remove_suffix(carriage_return.size());
    while (true) {
        auto text = bytes;
        Decoder::Decoded done{bytes.size(), 0};
        const bool as_it_is = decoder.is_utf8() && bytes.size() <= room && is_utf8(bytes);
        if (!as_it_is) {
            decoded.clear();
            done = decoder.decode(bytes, decoded, room, last);
            text = decoded;
            if (done.taken == 0) // what iconv can make nothing of at all
                done.taken = bytes.size();
        }
        if (!place(text, stays && as_it_is, done.replaced))
            return false;
        if (last && done.taken == bytes.size())
            break;
        at += done.taken;
        bytes.remove_prefix(done.taken);
        if (!emit(true))
            return false;
        inside = true;
        settle();
        if (!last)
            return true;
    }
    at = end;
    settle();
    if (decoded.capacity() > kept_capacity)
        clear(decoded);
    return true;
}

// ---- events

bool EventReader::Impl::starts_event(std::string_view text) const {
    const auto head = text.substr(0, searched);
    if (format.lines)
        return true;
    if (format.start_is_date)
        return format.date && format.date->occurs(head);
    if (format.start)
        return format.start->search(head);
    return !text.empty() && !is_blank(text[0]);
}

bool EventReader::Impl::place(std::string_view text, bool stays, std::uint64_t replaced) {
    if (std::exchange(inside, false)) {
        begin_event(text, true, stays, replaced);
        return true;
    }
    const bool joins = pending.any && !starts_event(text);
    if (joins && pending.text.size() + 1 + text.size() <= room) {
        join(text, stays, replaced);
        return true;
    }
    if (!emit(joins))
        return false;
    begin_event(text, joins, stays, replaced);
    return true;
}

void EventReader::Impl::begin_event(std::string_view text, bool continues, bool stays,
                                    std::uint64_t replaced) {
    if (is_blank(text)) // begins nothing
        return;
    if (!stays) {
        own = text;
        text = own;
    }
    pending = {true, continues, at, replaced, text};
}

void EventReader::Impl::join(std::string_view text, bool stays, std::uint64_t replaced) {
    pending.replaced += replaced;
    // Neighbours in the caller's bytes, with the line end between them.
    if (stays && pending.text.data() + pending.text.size() + 1 == text.data()) {
        pending.text = {pending.text.data(), pending.text.size() + 1 + text.size()};
        return;
    }
    keep();
    own += '\n';
    own += text;
    pending.text = own;
}

/// The caller's bytes go.
void EventReader::Impl::keep() {
    if (!pending.any || pending.text.data() == own.data())
        return;
    own = pending.text;
    pending.text = own;
}

/// Hands out what is pending, if anything. `more`: as a piece that goes on at `at`.
bool EventReader::Impl::emit(bool more) {
    if (!pending.any)
        return true;
    auto text = more ? pending.text : without_blank_lines(pending.text);
    std::optional<EventTime> time;
    if (format.date && !pending.continues)
        time = format.date->find(text.substr(0, searched), now);
    constexpr EventTime second = 1000;
    Event event;
    event.offset = pending.offset;
    event.time = time ? *time : state.last_time.value_or(now * second);
    if (more || pending.continues) {
        piece = pending.continues ? continuation : std::string_view();
        piece += text;
        piece += more ? continued : std::string_view();
        text = piece;
    }
    event.message = text;
    if (!(*take)(event))
        return false;
    ++counts.events;
    counts.replaced += pending.replaced;
    counts.split += more || pending.continues ? 1 : 0;
    if (time) {
        ++counts.dated;
        state.last_time = time;
    }
    state.offset = at;
    state.inside_event = more;
    pending.any = false;
    if (own.capacity() > kept_capacity)
        clear(own);
    if (piece.capacity() > kept_capacity)
        clear(piece);
    return true;
}

/// Where no event waits, everything up to here is done with (blank lines, too).
void EventReader::Impl::settle() {
    if (pending.any)
        return;
    state.offset = at;
    state.inside_event = inside;
}

// ---- the interface

EventReader::EventReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventReader::~EventReader() = default;

Result<std::unique_ptr<EventReader>> EventReader::create(const EventFormat &format) {
    auto decoder = Decoder::create(format.encoding);
    if (!decoder)
        return std::unexpected(decoder.error());
    auto impl = std::make_unique<Impl>(format, std::move(*decoder));
    impl->start({}, {});
    return std::unique_ptr<EventReader>(new EventReader(std::move(impl)));
}

void EventReader::start(const ReadState &from, std::string_view first_bytes) {
    impl_->start(from, first_bytes);
}

bool EventReader::feed(std::string_view bytes, std::time_t now, const TakeEvent &take) {
    auto &my = *impl_;
    my.now = now;
    my.take = &take;
    std::string head; // must live as long as views into it
    if (!my.begun) {
        my.line += bytes;
        if (my.line.size() < longest_mark)
            return true;
        head = std::exchange(my.line, {});
        my.begin(head);
        bytes = head;
    }
    if (!my.lines(bytes))
        return false;
    my.keep();
    return true;
}

bool EventReader::end(End how, std::time_t now, const TakeEvent &take) {
    auto &my = *impl_;
    my.now = now;
    my.take = &take;
    if (how == End::open)
        return true;
    bool half = false;
    if (how == End::all) {
        if (!my.begun) { // shorter than any mark could be
            const auto head = std::exchange(my.line, {});
            my.begin(head);
            if (!my.lines(head))
                return false;
            my.keep();
        }
        half = !my.line.empty();
        if (half && !my.add(my.line, true, false, my.line.size()))
            return false;
        clear(my.line);
    }
    half = half && my.pending.any;
    if (!my.emit(false))
        return false;
    if (half) {
        my.inside = true;
        my.settle();
    }
    return true;
}

const ReadState &EventReader::state() const {
    return impl_->state;
}
bool EventReader::has_half_line() const {
    return !impl_->line.empty();
}
bool EventReader::has_event() const {
    return impl_->pending.any || has_half_line();
}
const Input::Filled &EventReader::counts() const {
    return impl_->counts;
}

} // namespace hostav
