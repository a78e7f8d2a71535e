// SPDX-License-Identifier: GPL-2.0-only
#include "follow/journal.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <systemd/sd-journal.h>
#include <unistd.h>

namespace hostav {

namespace {

// The marks of EventReader.
constexpr std::string_view continued = " [continued]";
constexpr std::string_view continuation = "[continuation] ";
/// Where the journal's descriptor says nothing (network file systems), it is asked so often.
constexpr std::chrono::seconds ask_again{2};

struct Free {
    void operator()(char *text) const { std::free(text); } // NOLINT(cppcoreguidelines-no-malloc)
};

/// How an entry is left and found again: after this one, so many pieces of the next are taken.
struct Place {
    std::string cursor; ///< empty: the begin (or the end, see JournalOptions)
    std::uint64_t pieces = 0;
};

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

/// The text in pieces of at most `longest` bytes with their marks, cut between characters.
std::vector<std::string> pieces_of(const std::string &text, std::size_t longest) {
    std::vector<std::string> pieces;
    if (text.size() <= longest)
        return {text};
    const auto most = longest - continued.size() - continuation.size();
    for (std::size_t at = 0; at < text.size();) {
        auto end = std::min(text.size(), at + most);
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80)
            --end;
        std::string piece(at == 0 ? std::string_view() : continuation);
        piece.append(text, at, end - at);
        if (end < text.size())
            piece += continued;
        pieces.push_back(std::move(piece));
        at = end;
    }
    return pieces;
}

} // namespace

struct JournalInput::Impl {
    JournalOptions options;
    sd_journal *journal = nullptr;
    Place delivered, filled;
    bool more = true;
    // With to_present: the last entry, and when it was written, or when the journal was opened.
    std::string last;
    std::uint64_t until = UINT64_MAX; ///< microseconds since 1970
    bool ended = false;
    bool filling = false;
    std::string own_pid = "_PID=" + std::to_string(::getpid());
    Clock::time_point since = Clock::now();

    Impl() = default;
    Impl(const Impl &) = delete;
    Impl &operator=(const Impl &) = delete;
    Impl(Impl &&) = delete;
    Impl &operator=(Impl &&) = delete;
    ~Impl() {
        if (journal != nullptr)
            ::sd_journal_close(journal);
    }

    [[nodiscard]] static Result<void> check(int code) {
        return code < 0 ? fail_errno("journal", -code) : Result<void>{};
    }
    Result<void> open();
    Result<void> match(const std::string &text) {
        return check(::sd_journal_add_match(journal, text.data(), text.size()));
    }
    Result<void> add_matches();
    void note_end();
    [[nodiscard]] bool is_last(const Place &place) const {
        return options.to_present && place.cursor == last;
    }
    Result<void> seek(Place &place);
    [[nodiscard]] std::uint64_t time() const;
    [[nodiscard]] std::string cursor() const;
    [[nodiscard]] bool is_own() const;
    [[nodiscard]] std::string message(Filled &counts) const;
    bool take_entry(const TakeEvent &take, Filled &filled_counts);
};

Result<void> JournalInput::Impl::open() {
    const int code = options.directory.empty()
                         ? ::sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY)
                         : ::sd_journal_open_directory(&journal, options.directory.c_str(), 0);
    if (code < 0)
        return fail_errno(options.directory.empty() ? "journal" : escape_path(options.directory),
                          -code);
    if (auto matched = add_matches(); !matched)
        return matched;
    // A watch has to be there before the first look, or what comes in between is missed.
    if (auto fd = check(::sd_journal_get_fd(journal)); !fd)
        return fd;
    if (options.saved)
        if (const auto saved = parse_flat_json(*options.saved, "journal")) {
            delivered = {text_field(*saved, "cursor"),
                         parse_number(text_field(*saved, "pieces")).value_or(0)};
        }
    if (!options.saved && options.from_end) {
        ::sd_journal_seek_tail(journal);
        if (::sd_journal_previous(journal) > 0)
            delivered.cursor = cursor();
    }
    filled = delivered;
    if (options.to_present)
        note_end();
    return {};
}

void JournalInput::Impl::note_end() {
    until = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                           std::chrono::system_clock::now().time_since_epoch())
                                           .count());
    ::sd_journal_seek_tail(journal);
    if (::sd_journal_previous(journal) > 0) {
        last = cursor();
        until = std::max(until, time());
    }
    ended = is_last(delivered);
    more = !ended;
}

/// A unit's own messages and what the service manager says of it, as journalctl -u has them; or an
/// identifier's.
Result<void> JournalInput::Impl::add_matches() {
    Result<void> done;
    const auto either = [&] {
        if (done)
            done = check(::sd_journal_add_disjunction(journal));
    };
    const auto add = [&](const std::string &text) {
        if (done)
            done = match(text);
    };
    for (const auto &unit : options.units) {
        add("_SYSTEMD_UNIT=" + unit);
        either();
        add("_PID=1");
        add("UNIT=" + unit);
        either();
    }
    for (const auto &identifier : options.identifiers)
        add("SYSLOG_IDENTIFIER=" + identifier);
    return done;
}

/// To the last entry that is done with, so that the next one is what comes.
Result<void> JournalInput::Impl::seek(Place &place) {
    if (place.cursor.empty())
        return check(::sd_journal_seek_head(journal));
    if (auto sought = check(::sd_journal_seek_cursor(journal, place.cursor.c_str())); !sought)
        return sought;
    // It may be gone (vacuumed): then the nearest later one is the next, of which nothing is taken.
    if (::sd_journal_next(journal) > 0 &&
        ::sd_journal_test_cursor(journal, place.cursor.c_str()) <= 0) {
        place.pieces = 0;
        return check(::sd_journal_previous(journal) > 0 ? 0 : ::sd_journal_seek_head(journal));
    }
    return {};
}

std::string JournalInput::Impl::cursor() const {
    char *text = nullptr;
    if (::sd_journal_get_cursor(journal, &text) < 0)
        return "";
    const std::unique_ptr<char, Free> owner(text);
    return text;
}

std::uint64_t JournalInput::Impl::time() const {
    std::uint64_t microseconds = 0;
    ::sd_journal_get_realtime_usec(journal, &microseconds);
    return microseconds;
}

bool JournalInput::Impl::is_own() const {
    const void *data = nullptr;
    std::size_t size = 0;
    return ::sd_journal_get_data(journal, "_PID", &data, &size) >= 0 &&
           std::string_view(static_cast<const char *>(data), size) == own_pid;
}

std::string JournalInput::Impl::message(Filled &counts) const {
    constexpr std::string_view field = "MESSAGE=";
    const void *data = nullptr;
    std::size_t size = 0;
    if (::sd_journal_get_data(journal, "MESSAGE", &data, &size) < 0 || size < field.size())
        return "";
    std::string_view bytes(static_cast<const char *>(data), size);
    bytes.remove_prefix(field.size());
    counts.replaced += is_utf8(bytes) ? 0 : 1;
    return to_utf8(bytes);
}

/// The entry that the journal stands at. False: refused, in whole or from a piece on.
bool JournalInput::Impl::take_entry(const TakeEvent &take, Filled &counts) {
    const auto text = is_own() ? std::string() : message(counts);
    constexpr std::uint64_t in_millisecond = 1000;
    if (!is_blank(text)) {
        const auto pieces = pieces_of(text, options.longest);
        for (auto i = filled.pieces; i < pieces.size(); ++i) {
            if (!take({static_cast<EventTime>(time() / in_millisecond), pieces[i], 0}))
                return false;
            ++counts.events;
            counts.split += pieces.size() > 1 ? 1 : 0;
            ++counts.dated;
            filled.pieces = i + 1;
        }
    }
    // Without a cursor the place before it stays: better twice than from the begin.
    if (auto done_with = cursor(); !done_with.empty())
        filled = {std::move(done_with), 0};
    return true;
}

JournalInput::JournalInput(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JournalInput::~JournalInput() = default;

Result<std::unique_ptr<JournalInput>> JournalInput::open(const JournalOptions &options) {
    auto impl = std::make_unique<Impl>();
    impl->options = options;
    if (auto opened = impl->open(); !opened)
        return std::unexpected(opened.error());
    return std::unique_ptr<JournalInput>(new JournalInput(std::move(impl)));
}

int JournalInput::fd() const {
    return ::sd_journal_get_fd(impl_->journal);
}

Input::Clock::time_point JournalInput::next_look() const {
    std::uint64_t microseconds = 0;
    if (::sd_journal_get_timeout(impl_->journal, &microseconds) < 0 || microseconds == UINT64_MAX)
        return ::sd_journal_reliable_fd(impl_->journal) > 0 ? Clock::time_point::max()
                                                            : Clock::now() + ask_again;
    // CLOCK_MONOTONIC's, as std::chrono::steady_clock here.
    return Clock::time_point(std::chrono::microseconds(microseconds));
}

void JournalInput::look() {
    if (::sd_journal_process(impl_->journal) == SD_JOURNAL_NOP || impl_->ended)
        return;
    if (!impl_->more)
        impl_->since = Clock::now();
    impl_->more = true;
}

std::string JournalInput::name() const {
    return impl_->options.name;
}

std::uint64_t JournalInput::waiting() const {
    return impl_->more ? 1 : 0;
}

Input::Clock::time_point JournalInput::waiting_since() const {
    return impl_->more ? impl_->since : Clock::time_point::max();
}

Result<Input::Filled> JournalInput::fill(const TakeEvent &take, bool /*flush*/) {
    Filled counts;
    impl_->filled = impl_->delivered;
    impl_->filling = true;
    impl_->ended = impl_->is_last(impl_->filled);
    if (auto sought = impl_->seek(impl_->filled); !sought)
        return std::unexpected(sought.error());
    int next = 0;
    while (!impl_->ended && (next = ::sd_journal_next(impl_->journal)) > 0) {
        if (impl_->time() > impl_->until) { // the last one is not there any more
            impl_->ended = true;
            break;
        }
        if (!impl_->take_entry(take, counts)) {
            counts.refused = true;
            return counts;
        }
        impl_->ended = impl_->is_last(impl_->filled);
    }
    if (next < 0)
        return std::unexpected(Impl::check(next).error());
    impl_->more = false;
    return counts;
}

void JournalInput::delivered() {
    if (std::exchange(impl_->filling, false))
        impl_->delivered = impl_->filled;
}

std::string JournalInput::key() const {
    return journal_key(impl_->options.name);
}

std::string journal_key(const std::string &name) {
    constexpr std::size_t longest = 200;
    return name.size() <= longest ? name : sha256_of(name);
}

std::string JournalInput::record() const {
    JsonObject record;
    record.add("cursor", impl_->delivered.cursor).add("pieces", impl_->delivered.pieces);
    return record.text();
}

} // namespace hostav
