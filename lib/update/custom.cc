// SPDX-License-Identifier: GPL-2.0-only
#include "update/custom.h"

#include "base/child.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/database.h"
#include "net/http.h"
#include "update/custom_child.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fcntl.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr const char *records_name = "sources";
constexpr std::size_t largest_records = std::size_t{4} << 20;
constexpr mode_t readable = 0644;
constexpr std::size_t sha256_digits = 64;

/// Sets one `name=value` of the fragment.
Result<void> apply(CustomSource &source, const std::string &part, const std::string &what) {
    const auto equals = part.find('=');
    const auto name = part.substr(0, equals);
    const auto value = equals == std::string::npos ? std::string() : part.substr(equals + 1);
    if (name == "sha256") {
        source.sha256 = value;
        std::ranges::transform(source.sha256, source.sha256.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (source.sha256.size() != sha256_digits ||
            source.sha256.find_first_not_of("0123456789abcdef") != std::string::npos)
            return fail(what, "sha256 is not 64 hexadecimal digits");
    } else if (name == "signature" && !value.empty()) {
        // `.sig` is appended, anything else stands beside the file.
        const auto slash = source.url.rfind('/') + 1;
        source.signature_url = value.find("://") != std::string::npos ? value
                               : value.starts_with('.')               ? source.url + value
                                                        : source.url.substr(0, slash) + value;
    } else if (name == "key" && value.starts_with('/')) {
        source.key = value;
    } else if (name == "max-size" && parse_size(value).value_or(0) != 0) {
        source.max_size = *parse_size(value);
    } else {
        return fail(what, "`" + escape_path(part) + "' after # is not understood");
    }
    return {};
}

/// What the child says of one source, and of its downloads.
void handle_line(std::string_view line, std::vector<CustomResult> &results, Messages &messages,
                 DownloadBar &bar) {
    const auto fields = parse_flat_json(line, "report");
    if (!fields)
        return;
    const auto text = [&fields](const char *name) { return text_field(*fields, name); };
    const auto number = [&text](const char *name) { return parse_number(text(name)).value_or(0); };
    if (fields->contains("line")) {
        bar.clear();
        return messages.relay(text("line"));
    }
    if (fields->contains("progress"))
        return bar.step(text("progress"), number("done"), number("total"));
    const auto index = number("index");
    if (index >= results.size())
        return;
    results[index].status = static_cast<UpdateStatus>(number("status"));
    results[index].fetched = text("fetched") == "true";
    results[index].record = {text("etag"), text("last_modified"), {}};
}

/// Every try of every source may take its timeouts; this is for a child that hangs otherwise.
std::chrono::milliseconds longest(const UpdateConfig &config, std::size_t sources) {
    constexpr std::uint64_t slowest = 6 * 3600;
    constexpr std::uint64_t pause = 10;
    return std::chrono::seconds(
        (slowest + config.connect_timeout + config.receive_timeout + pause) *
        std::max<std::uint64_t>(config.max_attempts, 1) * std::max<std::size_t>(sources, 1));
}

} // namespace

Result<CustomSource> parse_custom_source(const std::string &url, std::uint64_t max_size) {
    CustomSource source;
    source.max_size = max_size;
    const auto hash = url.find('#');
    source.url = url.substr(0, hash);
    const auto what = "DatabaseCustomURL " + printable_url(url);
    static constexpr std::array schemes{"http://", "https://", "file:///"};
    if (std::ranges::none_of(schemes,
                             [&](const char *known) { return source.url.starts_with(known); }))
        return fail(what, "is no http, https or file URL");
    const auto path = source.url.substr(0, source.url.find('?'));
    source.name = path.substr(path.rfind('/') + 1);
    if (!is_database_name(source.name) || source.name.starts_with('.'))
        return fail(what, "does not end in the name of a database");
    std::string rest = hash == std::string::npos ? std::string() : url.substr(hash + 1);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        if (auto applied = apply(source, rest.substr(0, end), what); !applied)
            return std::unexpected(applied.error());
        rest.erase(0, end + 1);
    }
    if (source.signature_url.empty() != source.key.empty())
        return fail(what, "signature and key go together");
    return source;
}

SourceRecords read_source_records(int state_directory) {
    SourceRecords records;
    const auto bytes = read_file(state_directory, records_name, largest_records);
    if (!bytes)
        return records; // then everything is asked for in full
    const auto lines = parse_json_lines(*bytes, records_name);
    if (!lines)
        return records;
    for (const auto &line : *lines)
        if (line.contains("url") && line.contains("sha256"))
            records[line.at("url")] = {text_field(line, "etag"), text_field(line, "last_modified"),
                                       line.at("sha256")};
    return records;
}

Result<void> write_source_records(int state_directory, const SourceRecords &records) {
    std::string text;
    for (const auto &[url, record] : records) {
        JsonObject line;
        line.add("url", url).add("etag", record.etag);
        line.add("last_modified", record.last_modified).add("sha256", record.sha256);
        text += line.text() + "\n";
    }
    return replace_file(state_directory, records_name, text, readable);
}

std::vector<CustomResult> fetch_custom(const UpdateConfig &config, const CustomRequest &request,
                                       Messages &messages, DownloadBar &bar, Signals *signals) {
    std::vector<CustomResult> results(request.sources.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
        results[i].name = request.sources[i].name;
        results[i].status = UpdateStatus::failed_update; // until the child says otherwise
    }
    auto child = Child::start({.name = "DatabaseCustomURL", .capture_output = true},
                              [&] { return run_custom_sources(config, request, bar.active()); });
    if (!child) {
        messages.error(child.error().text());
        return results;
    }
    std::string rest;
    const auto ended =
        child->wait(longest(config, results.size()), signals, [&](std::string_view piece) {
            rest += piece;
            for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
                handle_line(std::string_view(rest).substr(0, end), results, messages, bar);
                rest.erase(0, end + 1);
            }
        });
    bar.clear();
    if (!ended)
        messages.error(ended.error().text());
    return results;
}

} // namespace hostav
