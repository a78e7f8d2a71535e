// SPDX-License-Identifier: GPL-2.0-only
#include "metric/session.h"

#include "aws/metadata.h"
#include "aws/placeholders.h"
#include "aws/profile.h"
#include "base/complaints.h"
#include "base/digest.h"
#include "base/host_name.h"
#include "base/text.h"
#include "metric/cloudwatch_metrics.h"
#include "metric/followed_lines.h"
#include "metric/json_metrics.h"
#include "metric/otlp_metrics.h"
#include "metric/pipe_lines.h"
#include "metric/prometheus_metrics.h"
#include "metric/push_run.h"
#include "metric/pusher.h"
#include "metric/statsd_metrics.h"
#include "metric/unfinished.h"
#include "net/otlp.h"
#include "store/state_directory.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <memory>
#include <poll.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr const char *user_agent = "hostav-metric-push/" HOSTAV_VERSION;

Result<std::unique_ptr<MetricSink>> make_sink(const PushSession &session, bool distribution,
                                              const CloudwatchMetrics::Parts &parts) {
    const auto &options = session.options;
    switch (options.sink) {
    case MetricSinkKind::standard_output:
        return std::make_unique<JsonMetrics>(STDOUT_FILENO, options.name_space);
    case MetricSinkKind::prometheus:
        return std::make_unique<PrometheusMetrics>(options.target, options.name_space);
    case MetricSinkKind::statsd: {
        auto sink = StatsdMetrics::create(options.target, options.name_space, distribution);
        if (!sink)
            return std::unexpected(sink.error());
        return std::move(*sink);
    }
    case MetricSinkKind::otlp: {
        auto sink = OtlpMetrics::create(
            {options.target, otlp_headers(session.variables("OTEL_EXPORTER_OTLP_HEADERS")),
             options.name_space, own_host_name(), HOSTAV_VERSION, options.count.period,
             distribution},
            parts.http);
        if (!sink)
            return std::unexpected(sink.error());
        return std::move(*sink);
    }
    default:
        return std::make_unique<CloudwatchMetrics>(parts, options.name_space);
    }
}

/// Another sink's or namespace's data are none of ours. Short, as it is part of keys.
std::string series_of(const PushOptions &options) {
    constexpr std::size_t longest = 64;
    const auto &name = options.name_space;
    return std::string(metric_sink_name(options.sink)) + "/" +
           (name.size() <= longest ? name : sha256_of(name));
}

/// A pipe has one of its own beside that of followed files, which a service keeps locked.
std::string state_directory(const PushSession &session) {
    if (session.options.state_directory)
        return *session.options.state_directory;
    return usual_state_directory("metric-push", session.variables) +
           (session.options.reads_stdin() ? "/pipe" : "");
}

Result<std::unique_ptr<DataSpool>> open_spool(const PushSession &session) {
    auto spool = DataSpool::open(
        {state_directory(session), series_of(session.options), session.options.spool_size});
    if (!spool)
        return spool;
    if (const auto damaged = (*spool)->damaged(); damaged > 0)
        session.messages.error(escape_path((*spool)->directory()) + ": " + std::to_string(damaged) +
                               " records are damaged and are left out");
    if (const auto outdated = (*spool)->outdated(); outdated > 0)
        session.messages.error(escape_path((*spool)->directory()) + ": " +
                               std::to_string(outdated) +
                               " data of other metrics not pushed: too old by now");
    return spool;
}

/// Followed files cannot do without. A pipe can: what is in the middle of one must not fail because
/// of what is for the future, unless it was asked for; so it has one from the beginning only where
/// something waits in it.
Result<std::unique_ptr<DataSpool>> first_spool(const PushSession &session) {
    const auto &options = session.options;
    if (options.reads_stdin() && !options.state_directory &&
        ::access(state_directory(session).c_str(), F_OK) != 0)
        return nullptr;
    auto spool = open_spool(session);
    if (spool && options.reads_stdin() && !options.state_directory && (*spool)->size() == 0)
        return nullptr;
    if (spool || options.state_directory)
        return spool;
    if (!options.reads_stdin())
        return fail(spool.error().what,
                    spool.error().why + " (--state-dir DIR names another directory)");
    session.messages.warning(spool.error().text() + ": what waits there is not pushed now");
    return nullptr;
}

/// What an earlier run has counted goes on, or is pushed as it is when this is another metric.
Result<void> restore(const PushSession &session, DataSpool &spool, Counter &counter) {
    std::uint64_t damaged = 0;
    auto counted = saved_unfinished(spool, damaged);
    if (!counted)
        return std::unexpected(counted.error());
    if (damaged > 0)
        session.messages.error(escape_path(spool.directory()) + ": " + std::to_string(damaged) +
                               " counts are damaged and are left out");
    const auto others = std::ranges::partition(*counted, [&session](const Datum &datum) {
        return datum.metric == session.options.count.metric;
    });
    spool.add({others.begin(), others.end()});
    counted->erase(others.begin(), others.end());
    counter.restore(*counted);
    return {};
}

Result<std::unique_ptr<LineSource>> make_source(const PushSession &session, DataSpool *spool,
                                                Complaints &complaints) {
    const auto &options = session.options;
    if (options.reads_stdin())
        return std::make_unique<PipeLines>(options.tee, session.messages);
    return FollowedLines::create(
        {options.files, options.follow_all, options.from_end, options.once}, *spool, complaints);
}

/// What could not be pushed is kept where that is possible, and told with its count in any case.
void keep_or_tell(const PushSession &session, Pusher &pusher, std::unique_ptr<DataSpool> &spool,
                  bool unsaved) {
    if (pusher.idle())
        return;
    const bool may_keep = session.options.sink != MetricSinkKind::standard_output;
    if (!spool && may_keep) {
        auto opened = open_spool(session);
        if (!opened || !pusher.move_to(**opened) || !(*opened)->commit()) {
            session.messages.verbose(opened ? "nothing can be kept" : opened.error().text());
            return pusher.give_up();
        }
        spool = std::move(*opened);
    }
    if (!spool || unsaved)
        return pusher.give_up();
    pusher.keep(escape_path(spool->directory()));
}

} // namespace

Result<void> expand_dimensions(PushOptions &options, const Variables &variables) {
    const auto environment = aws_environment(options.aws, variables);
    HttpClient http(http_options(environment, user_agent));
    Metadata metadata(environment, http);
    HostPlaceholders placeholders(metadata, {});
    for (auto &[name, value] : options.count.metric.dimensions) {
        auto filled = expand_placeholders(
            value, [&placeholders](const std::string &asked) { return placeholders.value(asked); },
            "--dimension=" + name);
        if (!filled)
            return std::unexpected(filled.error());
        value = std::move(*filled);
    }
    return check_metric(options.count.metric);
}

Result<Counter> make_counter(const PushOptions &options, Filter filter,
                             const Variables &variables) {
    if (options.sink == MetricSinkKind::cloudwatch)
        if (auto sound = check_profile_options(aws_environment(options.aws, variables)); !sound)
            return std::unexpected(sound.error());
    std::optional<DateFormat> date;
    if (options.datetime_format) {
        auto format =
            DateFormat::compile(*options.datetime_format, options.time_zone, "--datetime-format");
        if (!format)
            return std::unexpected(format.error());
        date = std::move(*format);
    }
    return Counter::create(std::move(filter), options.count, std::move(date), std::time(nullptr));
}

Result<PushResult> run_push_session(const PushSession &session, Counter counter) {
    const auto environment = aws_environment(session.options.aws, session.variables);
    HttpClient http(http_options(environment, user_agent));
    Metadata metadata(environment, http);
    auto sink = make_sink(session, counter.is_distribution(), {environment, http, metadata});
    if (!sink)
        return std::unexpected(sink.error());
    Complaints complaints(session.messages);
    auto spool = first_spool(session);
    if (!spool)
        return std::unexpected(spool.error());
    auto source = make_source(session, spool->get(), complaints);
    if (!source)
        return std::unexpected(source.error());
    const bool service = !session.options.reads_stdin();
    if (service)
        if (auto restored = restore(session, **spool, counter); !restored)
            return std::unexpected(restored.error());
    DataInMemory memory;
    DataQueue *queue = &memory;
    if (*spool)
        queue = spool->get();
    Pusher pusher(**sink, *queue, session.options.count.metric.name,
                  [&session](Severity severity, const std::string &text) {
                      session.messages.say(severity, text);
                  });
    PushRun run({counter, **source, pusher, http, session.signals, complaints, spool->get(),
                 std::chrono::seconds(session.options.timeout), session.options.count.period,
                 service});
    if (auto done = run.to_its_end(); !done)
        return std::unexpected(done.error());
    keep_or_tell(session, pusher, *spool, run.unsaved());
    PushResult result;
    result.pushed = pusher.pushed();
    result.given_up = pusher.given_up();
    result.kept = pusher.kept();
    result.counts = counter.counts();
    result.read_failed = (*source)->read_failed() || run.unsaved();
    result.write_failed = (*source)->write_failed();
    return result;
}

Result<bool> push_now(const PushSession &session, std::vector<Datum> data) {
    using Clock = std::chrono::steady_clock;
    using std::chrono::milliseconds;
    const auto environment = aws_environment(session.options.aws, session.variables);
    HttpClient http(http_options(environment, user_agent));
    Metadata metadata(environment, http);
    auto sink = make_sink(session, false, {environment, http, metadata});
    if (!sink)
        return std::unexpected(sink.error());
    DataInMemory queue;
    Pusher pusher(**sink, queue, "health", [&session](Severity severity, const std::string &text) {
        session.messages.say(severity, text);
    });
    pusher.add(std::move(data));
    pusher.finish();
    const auto give_up_at = Clock::now() + std::chrono::seconds(session.options.timeout);
    for (;;) {
        const auto now = Clock::now();
        pusher.work(now);
        if (pusher.idle() || pusher.hopeless() || now >= give_up_at ||
            session.signals.pending() != 0)
            break;
        const auto until = std::clamp(pusher.next_work(), now, give_up_at);
        std::array set{pollfd{session.signals.fd(), POLLIN, 0}};
        if (auto waited = http.wait(set, std::chrono::ceil<milliseconds>(until - now)); !waited)
            return std::unexpected(waited.error());
    }
    pusher.give_up();
    return pusher.given_up() == 0;
}

} // namespace hostav
