// SPDX-License-Identifier: GPL-2.0-only
#include "metric/health.h"

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "conf/clamd_client.h"
#include "engine/database.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <unistd.h>
#include <utility>

namespace hostav {

namespace {

constexpr std::size_t longest_pong = 64;
constexpr std::size_t largest_report = std::size_t{4} << 20; ///< it has the command line's paths

using Fields = std::map<std::string, std::string>;

std::optional<double> number(const Fields &fields, const std::string &name) {
    const auto value = parse_number(text_field(fields, name));
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

/// What is found out one by one.
class Look {
  public:
    Look(const HealthSources &sources, const Dimensions &dimensions, std::int64_t now)
        : sources_(sources), dimensions_(dimensions), now_(now) {}

    Health all() {
        if (sources_.daemon)
            engine(*sources_.daemon);
        signatures();
        if (sources_.scan_report)
            last_scan(*sources_.scan_report);
        if (sources_.ship_status)
            backlog(*sources_.ship_status);
        return std::move(health_);
    }

  private:
    const HealthSources &sources_;
    const Dimensions &dimensions_;
    std::int64_t now_;
    Health health_;
    double loaded_age_ = 0; ///< of the signatures that the engine has

    void add(const char *name, const char *unit, double value) {
        Datum datum;
        datum.metric = {name, dimensions_, unit, false, true};
        datum.time = now_;
        datum.values[value] = 1;
        health_.data.push_back(std::move(datum));
    }
    void add_if(const char *name, const char *unit, std::optional<double> value) {
        if (value)
            add(name, unit, *value);
    }
    void unknown(const std::string &what, const Error &error) {
        health_.unknown.push_back(what + " unknown: " + error.text());
    }
    /// A clock that was set back makes nothing younger than now.
    [[nodiscard]] double since(std::int64_t when) const {
        return static_cast<double>(std::max<std::int64_t>(now_ - when, 0));
    }

    void signatures() {
        const auto &directory = sources_.database_directory;
        if (const auto newest = newest_signatures(directory); newest != 0)
            add("SignatureAge", "Seconds", std::max(since(newest), loaded_age_));
        else
            unknown("SignatureAge", {escape_path(directory), "no signatures are installed"});
    }

    void last_scan(const std::string &path) {
        const auto text = read_file(AT_FDCWD, path, largest_report);
        const auto report =
            text ? parse_json_tree(*text, escape_path(path)) : std::unexpected(text.error());
        if (!report)
            return unknown("LastScanAge", report.error());
        const auto &fields = report->fields;
        const auto end = parse_number(text_field(fields, "end"));
        if (!end)
            return unknown("LastScanAge", {escape_path(path), "is no report of a scan"});
        add("LastScanAge", "Seconds", since(static_cast<std::int64_t>(*end)));
        add_if("ScanInfected", "Count", number(fields, "infected"));
        add_if("ScanNotFullyScanned", "Count", number(fields, "partial"));
        add_if("ScanErrors", "Count", number(fields, "errors"));
    }

    void engine(const ClamdAddress &address) {
        if (!address.socket.empty() && ::access(address.socket.c_str(), W_OK) != 0 &&
            errno == EACCES)
            return unknown("EngineUp", fail_errno(escape_path(address.socket), EACCES).error());
        const auto status = ask_daemon_status(address);
        if (!status) {
            // Debian's clamd knows no more than PING.
            const auto pong = ask_clamd(address, "PING", longest_pong);
            add("EngineUp", "None", pong && *pong == "PONG" ? 1 : 0);
            return;
        }
        const auto &fields = status->tree.fields;
        add("EngineUp", "None", status->works ? 1 : 0);
        loaded_age_ = number(fields, "signature_age").value_or(0);
        opens(fields);
    }

    /// They count from the daemon's start.
    void opens(const Fields &fields) {
        static constexpr std::array<std::pair<const char *, const char *>, 5> counts{{
            {"count_events", "OpensAsked"},
            {"count_scans", "OpensScanned"},
            {"count_denied", "OpensDenied"},
            {"count_partial", "OpensNotFullyScanned"},
            {"count_deadline", "OpensPastDeadline"},
        }};
        const auto before = parse_flat_json(sources_.counts_before, "counts").value_or(Fields{});
        const bool same_daemon = text_field(before, "pid") == text_field(fields, "pid");
        JsonObject kept;
        kept.add("pid", text_field(fields, "pid"));
        for (const auto &[field, name] : counts) {
            const auto count = parse_number(text_field(fields, field));
            if (!count)
                continue;
            kept.add(field, *count);
            const auto counted = parse_number(text_field(before, field));
            // Another daemon of the same number has begun anew, too.
            const bool goes_on = same_daemon && counted && *counted <= *count;
            if (!before.empty())
                add(name, "Count", static_cast<double>(goes_on ? *count - *counted : *count));
        }
        health_.counts = kept.text();
        if (const auto latency = number(fields, "latency_p99"); latency && *latency > 0)
            add("OpenLatencyP99", "Microseconds", *latency);
    }

    void backlog(const std::string &status) {
        const auto lines = parse_json_lines(status, "logship's status");
        if (!lines)
            return unknown("LogBacklog", lines.error());
        double bytes = 0;
        double seconds = 0;
        for (const auto &line : *lines) {
            bytes += number(line, "behind_bytes").value_or(0);
            seconds = std::max(seconds, number(line, "behind_seconds").value_or(0));
        }
        add("LogBacklog", "Bytes", bytes);
        add("LogBacklogAge", "Seconds", seconds);
    }
};

} // namespace

Health look_at_health(const HealthSources &sources, const Dimensions &dimensions,
                      std::int64_t now) {
    return Look(sources, dimensions, now).all();
}

} // namespace hostav
