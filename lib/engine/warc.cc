// SPDX-License-Identifier: GPL-2.0-only
//
// WARC (ISO 28500), read here because libarchive 3.6 passes over every record that is neither a
// resource nor a response, and those whose address ends in a slash or stands in angle brackets: a
// scanner must not be told by an address what to skip. Every record with content is a member. The
// head of an HTTP message is left out, since what a signature describes is the file that was sent.
#include "engine/container_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace hostav {

namespace {

constexpr std::size_t largest_head = 64 * 1024; // of a record, and of an HTTP message
constexpr std::size_t copy_size = 64 * 1024;

/// The length of a head including the empty line that ends it; 0 when it does not end in `text`.
std::size_t head_length(std::string_view text) {
    const auto strict = text.find("\r\n\r\n"), loose = text.find("\n\n");
    if (strict < loose)
        return strict + 4;
    return loose == std::string_view::npos ? 0 : loose + 2;
}

std::string_view trim(std::string_view text) {
    constexpr auto blank = " \t\r";
    const auto first = text.find_first_not_of(blank);
    return first == std::string_view::npos
               ? std::string_view{}
               : text.substr(first, text.find_last_not_of(blank) - first + 1);
}

char lower_case(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The value of a named field; names are compared without regard to case.
std::optional<std::string_view> field(std::string_view head, std::string_view name) {
    for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at)) {
        ++at;
        const auto line = head.substr(at, head.find('\n', at) - at);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            std::ranges::equal(line.substr(0, name.size()), name, {}, lower_case, lower_case))
            return trim(line.substr(name.size() + 1));
    }
    return std::nullopt;
}

class WarcReader final : public ContainerReader {
  public:
    WarcReader(int fd, const ContainerPlace &place, std::function<bool()> go_on)
        : fd_(fd), end_(place.end), go_on_(std::move(go_on)) {}

    std::optional<Member> next() override;
    MemberEnd extract(int out, std::uint64_t limit,
                      const std::function<bool(std::uint64_t)> &go_on) override;

  private:
    std::optional<Member> read_record();
    void skip_http_head();
    std::optional<Member> give_up() {
        damaged_ = true;
        return std::nullopt;
    }

    int fd_;
    std::uint64_t end_;
    std::function<bool()> go_on_;
    std::uint64_t record_ = 0;  ///< where the next record begins
    std::uint64_t content_ = 0; ///< where the current one's content begins and ends
    std::uint64_t content_end_ = 0;
    std::vector<char> buffer_;
};

void WarcReader::skip_http_head() {
    buffer_.resize(std::min<std::uint64_t>(largest_head, content_end_ - content_));
    const auto got = read_at(fd_, buffer_.data(), buffer_.size(), content_);
    const std::string_view text(buffer_.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    if (text.starts_with("HTTP/"))
        content_ += head_length(text);
}

std::optional<Member> WarcReader::read_record() {
    buffer_.resize(largest_head);
    const auto got = read_at(fd_, buffer_.data(), buffer_.size(), record_);
    if (got < 0)
        return give_up();
    std::string_view text(buffer_.data(), static_cast<std::size_t>(got));
    const auto start = std::min(text.find_first_not_of("\r\n"), text.size());
    text.remove_prefix(start);
    if (text.empty() && record_ + static_cast<std::uint64_t>(got) == end_)
        return std::nullopt;
    const auto length = text.starts_with("WARC/") ? head_length(text) : 0;
    const auto head = text.substr(0, length);
    const auto size_text = field(head, "Content-Length");
    std::uint64_t size = 0;
    if (!size_text)
        return give_up();
    const auto parsed = std::from_chars(size_text->begin(), size_text->end(), size);
    if (parsed.ec != std::errc{} || parsed.ptr != size_text->end())
        return give_up();

    Member member{.name = std::string(field(head, "WARC-Target-URI").value_or("")),
                  .regular = size > 0};
    content_ = record_ + start + length;
    // A record that ends early is still a member: what there is of it gets scanned.
    content_end_ = content_ + std::min(size, end_ - content_);
    damaged_ = damaged_ || size > end_ - content_;
    record_ = content_end_;
    skip_http_head();
    return member;
}

std::optional<Member> WarcReader::next() {
    if (damaged_ || stopped_)
        return std::nullopt;
    if (go_on_ && !go_on_()) {
        stopped_ = true;
        return std::nullopt;
    }
    return read_record();
}

MemberEnd WarcReader::extract(int out, std::uint64_t limit,
                              const std::function<bool(std::uint64_t)> &go_on) {
    if (::ftruncate(out, 0) != 0)
        return MemberEnd::write_failed;
    buffer_.resize(copy_size);
    std::uint64_t done = 0;
    while (content_ + done < content_end_) {
        const auto wanted = std::min<std::uint64_t>(copy_size, content_end_ - content_ - done);
        if (done == limit)
            return MemberEnd::too_large;
        const auto got =
            read_at(fd_, buffer_.data(), std::min(wanted, limit - done), content_ + done);
        if (got <= 0)
            return MemberEnd::damaged;
        if (!write_at(out, buffer_.data(), static_cast<std::size_t>(got), done))
            return MemberEnd::write_failed;
        done += static_cast<std::uint64_t>(got);
        if (!go_on(done))
            return MemberEnd::stopped;
    }
    return damaged_ ? MemberEnd::damaged : MemberEnd::complete;
}

} // namespace

std::unique_ptr<ContainerReader> open_warc(int fd, const ContainerPlace &place,
                                           std::function<bool()> go_on) {
    return std::make_unique<WarcReader>(fd, place, std::move(go_on));
}

} // namespace hostav
