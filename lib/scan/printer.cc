// SPDX-License-Identifier: GPL-2.0-only
//
// Which line goes where is clamscan's doing, found out by running it; where ours differs, the
// comment says so.
#include "scan/printer.h"

#include "base/text.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>

namespace hostav {
namespace {

/// What engine/pool puts into a report when a file's worker is gone. Such a file was lost, which
/// -i must not hide.
bool is_lost(const Report &report) {
    return report.verdict == Verdict::error &&
           (report.error == "Scanner crashed" || report.error == "Timed out");
}

constexpr const char *unspecified_error = "Unspecified error";

std::string error_text(const Report &report) {
    return report.error.empty() ? unspecified_error : escape_path(report.error);
}

/// A detection is told even when a broken report does not say of what.
std::string signature_text(const Detection &detection) {
    return detection.signature.empty() ? std::string("Unnamed") : escape_path(detection.signature);
}

std::string system_text(int error) {
    return std::strerror(error); // NOLINT(concurrency-mt-unsafe): one thread prints
}

/// What an entry's line on stdout says; empty: it has none.
std::string status_text(const Entry &entry) {
    switch (entry.kind) {
    case EntryKind::empty:
        return "Empty file";
    case EntryKind::excluded:
        return "Excluded";
    case EntryKind::pseudo_filesystem:
        return "Excluded (" + escape_path(entry.detail) + ")";
    case EntryKind::symlink:
        return "Symbolic link";
    case EntryKind::access_denied:
        return "Access denied";
    case EntryKind::cannot_open_directory:
        return "Can't open directory.";
    default:
        return {};
    }
}

bool is_skipped(EntryKind kind) {
    return kind == EntryKind::empty || kind == EntryKind::excluded ||
           kind == EntryKind::pseudo_filesystem || kind == EntryKind::symlink;
}

/// Matches count whatever the verdict is: an error may come after them.
bool is_infected(const Report &report) {
    return report.verdict == Verdict::infected || !report.detections.empty();
}

void add_matches(JsonObject &object, const std::vector<Detection> &detections) {
    std::vector<std::string> signatures;
    std::vector<JsonObject> matches;
    bool members_known = false;
    for (const auto &detection : detections) {
        signatures.push_back(detection.signature);
        members_known = members_known || !detection.member.empty();
        matches.emplace_back().add("signature", detection.signature);
        if (!detection.member.empty())
            matches.back().add_bytes("member", detection.member);
    }
    object.add("signatures", signatures);
    if (members_known)
        object.add("matches", matches);
    if (!detections.empty() && !detections.front().member.empty())
        object.add_bytes("member", detections.front().member);
}

} // namespace

Printer::Printer(PrintOptions options, std::optional<LogFile> log, Sink out, Sink err)
    : options_(options), log_(std::move(log)), sink_out_(std::move(out)),
      sink_err_(std::move(err)) {}

void Printer::entry(const Entry &entry) {
    const std::string path = escape_path(entry.path);
    if (entry.kind == EntryKind::cannot_open) {
        const std::string why = system_text(entry.error);
        json_entry(entry, "error", "Can't open file: " + why);
        return warning("Can't open file " + path + ": " + why);
    }
    if (entry.kind == EntryKind::cannot_access) {
        const std::string why = system_text(entry.error);
        json_entry(entry, "error", "Can't access file: " + why);
        // clamscan's perror(3): on stderr whatever the options are, and never logged.
        append(Stream::err, path + ": " + why + "\n");
        return warning(path + ": Can't access file");
    }
    if (entry.kind == EntryKind::unsupported) {
        json_entry(entry, "error", "Not supported file type");
        return warning(path + ": Not supported file type");
    }
    const std::string status = status_text(entry);
    if (status.empty() || options_.infected_only)
        return;
    json_entry(entry, is_skipped(entry.kind) ? "skipped" : "error", status);
    file_line(entry.path, ": " + status);
}

void Printer::result(const FileFacts &file, const Report &report) {
    json_result(file, report);
    result_lines(file, report);
    if (options_.bell && is_infected(report))
        append(Stream::err, "\a"); // under --quiet too
}

void Printer::result_lines(const FileFacts &file, const Report &report) {
    if (options_.archive_verbose && options_.verbose)
        for (const auto &member : report.members)
            if (is_progress_line(member)) {
                const auto name = member.find(' ') + 1;
                const std::string layer = escape_path(member.substr(name));
                line("Scanning " + shown(file.path) + layer,
                     "Scanning " + escape_path(file.path) + layer);
            }
    found_lines(file, report);
    if (shows_error(report))
        file_line(file.path, ": " + error_text(report) + " ERROR");
    if (!report.limits.empty())
        file_line(file.path, ": Not fully scanned (" + report.limits.text() + ")");
    if (shows_ok(file, report))
        file_line(file.path, ": OK", false);
}

void Printer::found_lines(const FileFacts &file, const Report &report) {
    if (is_infected(report) && report.detections.empty())
        file_line(file.path, ": " + signature_text({}) + " FOUND");
    for (const auto &detection : report.detections)
        file_line(file.path, ": " + signature_text(detection) + " FOUND");
    if (options_.archive_verbose)
        for (const auto &member : report.members)
            if (!is_progress_line(member))
                file_line(file.path, escape_path(member));
}

bool Printer::shows_error(const Report &report) const {
    return report.verdict == Verdict::error && (!options_.infected_only || is_lost(report));
}

bool Printer::shows_ok(const FileFacts &file, const Report &report) const {
    return report.verdict == Verdict::clean && !is_infected(report) && report.limits.empty() &&
           !options_.infected_only && (!options_.suppress_ok || file.standard_input);
}

void Printer::json_result(const FileFacts &file, const Report &report) {
    if (!options_.json || options_.quiet)
        return;
    const bool partial = !report.limits.empty();
    if (!is_infected(report) && !partial && !shows_error(report) && !shows_ok(file, report))
        return;
    JsonObject object;
    object.add_bytes("path", file.path);
    object.add("verdict", is_infected(report)                ? "infected"
                          : report.verdict == Verdict::error ? "error"
                                                             : "clean");
    if (is_infected(report))
        add_matches(object, report.detections);
    if (report.verdict == Verdict::error)
        object.add("error", report.error.empty() ? unspecified_error : report.error.c_str());
    if (partial)
        object.add("partial", true).add("limits", report.limits.names());
    object.add("size", file.size);
    if (!report.type.empty())
        object.add("type", report.type);
    if (!report.sha256.empty())
        object.add("sha256", report.sha256);
    object.add("seconds", std::round(report.seconds * 1e6) / 1e6);
    record(object);
}

void Printer::json_entry(const Entry &entry, const char *verdict, const std::string &reason) {
    if (!options_.json || options_.quiet)
        return;
    JsonObject object;
    object.add_bytes("path", entry.path).add("verdict", verdict);
    object.add(std::strcmp(verdict, "error") == 0 ? "error" : "reason", reason);
    record(object);
}

void Printer::record(const JsonObject &object) {
    append(Stream::out, object.text());
    append(Stream::out, std::string_view(options_.nul ? "\0" : "\n", 1));
}

void Printer::action(const ActionResult &result) {
    if (result.message.empty())
        return;
    if (result.done)
        line(result.message, result.message);
    else
        error(result.message);
}

void Printer::scanning(const std::string &path) {
    if (options_.verbose)
        line("Scanning " + shown(path), "Scanning " + escape_path(path));
}

void Printer::warning(const std::string &text) {
    diagnostic("WARNING: ", text);
}

void Printer::error(const std::string &text) {
    diagnostic("ERROR: ", text);
}

void Printer::diagnostic(const char *prefix, const std::string &text) {
    const std::string full = prefix + text;
    to_log(full);
    if (options_.quiet && std::strcmp(prefix, "ERROR: ") != 0)
        return;
    // JSON promises objects and nothing else on stdout.
    if (options_.to_stdout && !options_.json)
        append(Stream::out, full + (options_.nul ? '\0' : '\n'));
    else
        append(Stream::err, full + '\n');
}

void Printer::summary(const std::string &text) {
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size());
        to_log(std::string(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!options_.quiet)
        append(options_.json || options_.nul ? Stream::err : Stream::out, text);
}

void Printer::log_header() {
    constexpr std::size_t dashes = 79;
    to_log("");
    to_log(std::string(dashes, '-'));
    to_log("");
}

void Printer::file_line(const std::string &path, const std::string &rest, bool logged) {
    if (!options_.quiet && !options_.json)
        append(Stream::out, shown(path) + rest + (options_.nul ? '\0' : '\n'));
    if (logged && log_)
        to_log(escape_path(path) + rest);
}

void Printer::line(const std::string &text, const std::string &logged) {
    if (!options_.quiet && !options_.json)
        append(Stream::out, text + (options_.nul ? '\0' : '\n'));
    to_log(logged);
}

void Printer::to_log(const std::string &text) {
    if (!log_)
        return;
    // A full disk may have room again, and a log that could not be opened anew still takes lines
    // in the old file: a failure ends nothing.
    auto written = log_->write(text);
    if (!written && !log_failed_) {
        log_failed_ = true;
        log_error_ = std::move(written.error());
    }
}

std::string Printer::shown(const std::string &path) const {
    return options_.nul ? path : escape_path(path);
}

std::optional<Error> Printer::take_log_error() {
    return std::exchange(log_error_, std::nullopt);
}

void Printer::append(Stream stream, std::string_view text) {
    if (queue_.empty() || queue_.back().stream != stream)
        queue_.push_back({stream, {}});
    queue_.back().text += text;
}

bool Printer::flush() {
    bool out_open = true;
    bool err_open = true;
    for (const auto &block : queue_) {
        bool &open = block.stream == Stream::out ? out_open : err_open;
        if (open)
            open = write(block);
    }
    queue_.clear();
    return out_open && err_open;
}

bool Printer::write(const Block &block) const {
    const bool out = block.stream == Stream::out;
    const char end = out && options_.nul ? '\0' : '\n';
    std::string_view rest = block.text;
    while (!rest.empty()) {
        std::size_t length = rest.size();
        if (length > PIPE_BUF) {
            auto last = rest.rfind(end, PIPE_BUF - 1);
            if (last == std::string_view::npos)
                last = rest.find(end, PIPE_BUF);
            length = last == std::string_view::npos ? rest.size() : last + 1;
        }
        if (!(out ? sink_out_ : sink_err_)(rest.substr(0, length)))
            return false;
        rest.remove_prefix(length);
    }
    return true;
}

} // namespace hostav
