// SPDX-License-Identifier: GPL-2.0-only
#include "update/allow.h"

#include "base/digest.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr const char *record_name = "allowed";
constexpr std::size_t largest_record = std::size_t{16} << 20;
constexpr mode_t readable = 0644;
constexpr std::size_t sha256_digits = 64;
constexpr std::string_view unofficial = ".UNOFFICIAL";
/// Of the 68 bytes of the EICAR test file (eicar.org).
constexpr std::string_view eicar_sha256 =
    "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";
constexpr std::array eicar_names{"Eicar-Signature", "Eicar-Test-Signature", "Win.Test.EICAR_HDB-1",
                                 "Win.Test.EICAR_HSB-1"};

std::unexpected<Error> refuse_eicar(const std::string &shown) {
    return fail(shown, "EICAR cannot be allowed: it is the proof that the engine works");
}

bool is_digest(const std::string &text) {
    return text.size() == sha256_digits &&
           text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

Result<Allowed> from_file(const std::string &path) {
    const auto shown = escape_path(path);
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat st = {};
    if (!fd || ::fstat(fd.get(), &st) != 0)
        return fail_errno(shown);
    if (!S_ISREG(st.st_mode))
        return fail(shown, "is not a regular file");
    if (st.st_size == 0)
        return fail(shown, "is empty");
    auto digest = sha256_of_fd(fd.get());
    if (!digest)
        return fail(shown, digest.error().text());
    Allowed entry;
    entry.sha256 = std::move(*digest);
    entry.size = static_cast<std::uint64_t>(st.st_size);
    const std::unique_ptr<char, void (*)(void *)> real(::realpath(path.c_str(), nullptr),
                                                       std::free);
    entry.path = real ? real.get() : path;
    return entry;
}

Result<Allowed> from_name(const std::string &name, const std::string &eicar) {
    const auto shown = escape_path(name);
    Allowed entry;
    entry.signature = name;
    if (entry.signature.ends_with(unofficial))
        entry.signature.resize(entry.signature.size() - unofficial.size());
    // What separates the fields of a database's line cannot be in a name.
    if (entry.signature.empty() || entry.signature.find_first_of("/: \t#;=") != std::string::npos ||
        !std::ranges::all_of(entry.signature, [](unsigned char c) { return std::isgraph(c) != 0; }))
        return fail(shown, "is neither a file that is there, nor SHA256:SIZE, nor the name of a "
                           "signature");
    auto live = eicar;
    if (live.ends_with(unofficial))
        live.resize(live.size() - unofficial.size());
    if (entry.signature == live ||
        std::ranges::find(eicar_names, entry.signature) != eicar_names.end())
        return refuse_eicar(shown);
    return entry;
}

Result<Allowed> parse_entry(const std::map<std::string, std::string> &line) {
    Allowed entry;
    entry.sha256 = text_field(line, "sha256");
    entry.size = parse_number(text_field(line, "size")).value_or(0);
    entry.signature = text_field(line, "signature");
    if (line.contains("path")) {
        auto path = bytes_field(line, "path", record_name);
        if (!path)
            return std::unexpected(path.error());
        entry.path = std::move(*path);
    }
    entry.reason = text_field(line, "reason");
    entry.by = text_field(line, "by");
    entry.added = static_cast<std::time_t>(parse_number(text_field(line, "added")).value_or(0));
    if (const auto expires = parse_number(text_field(line, "expires")))
        entry.expires = static_cast<std::time_t>(*expires);
    if (entry.signature.empty() != is_digest(entry.sha256))
        return fail(record_name, "is not what sigupdate wrote");
    return entry;
}

std::string entry_text(const Allowed &entry) {
    JsonObject line;
    if (entry.signature.empty())
        line.add("sha256", entry.sha256).add("size", entry.size);
    else
        line.add("signature", entry.signature);
    if (!entry.path.empty())
        line.add_bytes("path", entry.path);
    line.add("reason", entry.reason).add("by", entry.by);
    line.add("added", static_cast<std::uint64_t>(entry.added));
    if (entry.expires)
        line.add("expires", static_cast<std::uint64_t>(*entry.expires));
    return line.text() + "\n";
}

/// Makes one of the two files hold `text`; whether that changed anything.
Result<bool> make_file(const Places &places, const char *name, const std::string &text) {
    const int directory = places.database_fd();
    if (text.empty()) {
        if (::unlinkat(directory, name, 0) == 0)
            return true;
        if (errno != ENOENT)
            return fail_errno(name);
        return false;
    }
    if (const auto now = read_file(directory, name, largest_record); now && *now == text)
        return false;
    if (auto wrote = replace_file(directory, name, text, readable); !wrote)
        return std::unexpected(wrote.error());
    return true;
}

Result<bool> make_files(const Places &places, const std::vector<Allowed> &list) {
    const auto files = make_file(places, allowed_files_name, allowed_files_text(list));
    if (!files)
        return files;
    const auto names = make_file(places, allowed_signatures_name, allowed_signatures_text(list));
    if (!names)
        return names;
    return *files || *names;
}

} // namespace

std::string Allowed::key() const {
    return signature.empty() ? sha256 + ":" + std::to_string(size) : signature;
}

Result<Allowed> parse_allowed(const std::string &argument, const std::string &eicar) {
    struct stat st = {};
    if (::stat(argument.c_str(), &st) == 0) {
        auto entry = from_file(argument);
        if (entry && entry->sha256 == eicar_sha256)
            return refuse_eicar(escape_path(argument));
        return entry;
    }
    const auto colon = argument.find(':');
    if (colon == std::string::npos || !is_digest(argument.substr(0, colon)))
        return from_name(argument, eicar);
    Allowed entry;
    entry.sha256 = lower(argument.substr(0, colon));
    const auto size = parse_number(argument.substr(colon + 1));
    if (!size || *size == 0)
        return fail(escape_path(argument), "the size after the digest is not a number of bytes");
    entry.size = *size;
    if (entry.sha256 == eicar_sha256)
        return refuse_eicar(escape_path(argument));
    return entry;
}

Result<std::time_t> parse_expiry(const std::string &text, std::time_t now) {
    constexpr std::time_t hour = 3600;
    constexpr std::time_t day = 24 * hour;
    constexpr std::time_t week = 7 * day;
    constexpr std::uint64_t most = 36500; // a century of days
    const auto what = "--expires=" + escape_path(text);
    if (text.size() >= 2) {
        const auto count = parse_number(text.substr(0, text.size() - 1));
        const char unit = text.back();
        if (count && *count > 0 && *count <= most && (unit == 'h' || unit == 'd' || unit == 'w'))
            return now + static_cast<std::time_t>(*count) * (unit == 'h'   ? hour
                                                             : unit == 'd' ? day
                                                                           : week);
    }
    for (const char *format : {"%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
        std::tm local{};
        local.tm_isdst = -1;
        const char *end = ::strptime(text.c_str(), format, &local);
        if (end == nullptr || *end != '\0')
            continue;
        const auto when = std::mktime(&local);
        if (when <= now)
            return fail(what, "is in the past");
        return when;
    }
    return fail(what, "is neither 30d, 12h or 2w nor a date as 2026-12-31 or 2026-12-31 23:59");
}

Result<std::vector<Allowed>> read_allowed(const Places &places) {
    std::vector<Allowed> list;
    if (::faccessat(places.state_fd(), record_name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return list;
    const auto bytes = read_file(places.state_fd(), record_name, largest_record);
    if (!bytes)
        return std::unexpected(bytes.error());
    const auto lines = parse_json_lines(*bytes, record_name);
    if (!lines)
        return std::unexpected(lines.error());
    for (const auto &line : *lines) {
        auto entry = parse_entry(line);
        if (!entry)
            return std::unexpected(entry.error());
        list.push_back(std::move(*entry));
    }
    return list;
}

std::vector<Allowed> still_allowed(std::vector<Allowed> list, std::time_t now,
                                   std::vector<std::string> &expired) {
    std::erase_if(list, [&](const Allowed &entry) {
        if (!entry.expires || *entry.expires > now)
            return false;
        expired.push_back(entry.key());
        return true;
    });
    return list;
}

std::string allowed_files_text(const std::vector<Allowed> &list) {
    std::string text;
    for (const auto &entry : list)
        if (entry.signature.empty())
            text += entry.key() + ":Allowed\n";
    return text;
}

std::string allowed_signatures_text(const std::vector<Allowed> &list) {
    std::string text;
    for (const auto &entry : list)
        if (!entry.signature.empty())
            text += entry.signature + "\n";
    return text;
}

Result<void> write_allowed(const Places &places, const std::vector<Allowed> &list) {
    std::string text;
    for (const auto &entry : list)
        text += entry_text(entry);
    if (auto wrote = replace_file(places.state_fd(), record_name, text, readable); !wrote)
        return wrote;
    if (const auto made = make_files(places, list); !made)
        return std::unexpected(made.error());
    return {};
}

Result<bool> refresh_allowed(const Places &places, std::time_t now,
                             std::vector<std::string> &expired) {
    if (::faccessat(places.state_fd(), record_name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    auto list = read_allowed(places);
    if (!list)
        return std::unexpected(list.error());
    const auto rest = still_allowed(std::move(*list), now, expired);
    if (!expired.empty())
        if (auto wrote = write_allowed(places, rest); !wrote)
            return std::unexpected(wrote.error());
    const auto made = make_files(places, rest);
    if (!made)
        return made;
    return *made || !expired.empty();
}

} // namespace hostav
