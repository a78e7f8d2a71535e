// SPDX-License-Identifier: GPL-2.0-only
#include "metric/session.h"

#include "aws/metadata.h"
#include "aws/placeholders.h"
#include "aws/profile.h"
#include "base/host_name.h"
#include "metric/cloudwatch_metrics.h"
#include "metric/json_metrics.h"
#include "metric/line_input.h"
#include "metric/otlp_metrics.h"
#include "metric/prometheus_metrics.h"
#include "metric/pusher.h"
#include "metric/statsd_metrics.h"
#include "net/otlp.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <memory>
#include <poll.h>
#include <unistd.h>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// After a signal nobody waits for long.
constexpr seconds patience_after_signal{10};
constexpr milliseconds longest_wait{60'000};
constexpr const char *user_agent = "hostav-metric-push/" HOSTAV_VERSION;

/// The copy of the input.
class Tee {
  public:
    explicit Tee(bool wanted) : open_(wanted) {}
    [[nodiscard]] bool pending() const { return written_ < bytes_.size(); }
    void add(std::string_view bytes) {
        if (open_)
            bytes_.assign(bytes);
        written_ = 0;
    }
    /// What goes without waiting. A failure is told once; a reader that has gone is none.
    Result<void> write() {
        while (pending()) {
            pollfd ready{STDOUT_FILENO, POLLOUT, 0};
            if (::poll(&ready, 1, 0) <= 0)
                return {};
            // A pipe that is ready takes so much without blocking; more it may not.
            const auto size = std::min<std::size_t>(bytes_.size() - written_, PIPE_BUF);
            const auto wrote = ::write(STDOUT_FILENO, bytes_.data() + written_, size);
            if (wrote < 0 && (errno == EINTR || errno == EAGAIN))
                return {};
            if (wrote < 0)
                return close(errno);
            written_ += static_cast<std::size_t>(wrote);
        }
        return {};
    }

  private:
    Result<void> close(int error) {
        open_ = false;
        bytes_.clear();
        written_ = 0;
        return error == EPIPE ? Result<void>{} : fail_errno("stdout", error);
    }
    bool open_;
    std::string bytes_;
    std::size_t written_ = 0;
};

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

/// The loop's state.
class Run {
  public:
    Run(const PushSession &session, Counter &counter, HttpClient &http, Pusher &pusher)
        : session_(session), counter_(counter), http_(http), pusher_(pusher), input_(STDIN_FILENO),
          tee_(session.options.tee), next_period_(counter.next(std::time(nullptr))) {}

    Result<PushResult> to_its_end() {
        for (;;) {
            // Some sinks are done at once: then nothing is left to wait for.
            pusher_.work(Clock::now());
            const bool done = ended_ && !tee_.pending() && pusher_.idle();
            if (done || Clock::now() >= give_up_at_)
                break;
            if (auto waited = wait(); !waited)
                return std::unexpected(waited.error());
        }
        pusher_.give_up();
        result_.pushed = pusher_.pushed();
        result_.given_up = pusher_.given_up();
        result_.counts = counter_.counts();
        return result_;
    }

  private:
    const PushSession &session_;
    Counter &counter_;
    HttpClient &http_;
    Pusher &pusher_;
    LineInput input_;
    Tee tee_;
    std::time_t next_period_;
    PushResult result_;
    bool ended_ = false;
    Clock::time_point give_up_at_ = Clock::time_point::max();

    [[nodiscard]] milliseconds pause() const {
        // Periods are the wall clock's, which may be set.
        auto longest = longest_wait;
        if (!ended_)
            longest = std::min<milliseconds>(
                longest, seconds(std::max<std::time_t>(0, next_period_ - std::time(nullptr))));
        const auto next = std::min(pusher_.next_work(), give_up_at_);
        const auto now = Clock::now();
        if (next != Clock::time_point::max())
            longest = std::min(longest, std::chrono::ceil<milliseconds>(std::max(next, now) - now));
        return longest;
    }

    Result<void> wait() {
        std::array<pollfd, 3> set{{{session_.signals.fd(), POLLIN, 0},
                                   {ended_ || tee_.pending() ? -1 : STDIN_FILENO, POLLIN, 0},
                                   {tee_.pending() ? STDOUT_FILENO : -1, POLLOUT, 0}}};
        if (session_.signals.pending() != 0) // it stays ready
            set[0].fd = -1;
        if (auto waited = http_.wait(set, pause()); !waited)
            return waited;
        if (const auto written = tee_.write(); !written) {
            session_.messages.error(written.error().text());
            result_.write_failed = true;
        }
        if (set[1].revents != 0 && !tee_.pending())
            read();
        if (!ended_ && session_.signals.pending() != 0) {
            counter_.count(input_.end(), std::time(nullptr));
            end(patience_after_signal);
        }
        if (!ended_)
            take_periods();
        return {};
    }

    void read() {
        const auto now = std::time(nullptr);
        const auto got = input_.read();
        if (!got) {
            session_.messages.error(got.error().text());
            result_.read_failed = true;
            counter_.count(input_.end(), now);
            return end(seconds(session_.options.timeout));
        }
        tee_.add(got->bytes);
        counter_.count(got->lines, now);
        if (counter_.full())
            pusher_.add(counter_.flush());
        if (got->ended)
            end(seconds(session_.options.timeout));
    }

    void take_periods() {
        const auto now = std::time(nullptr);
        if (now < next_period_ && next_period_ - now <= session_.options.count.period)
            return;
        pusher_.add(counter_.take(now));
        next_period_ = counter_.next(now);
    }

    void end(seconds patience) {
        ended_ = true;
        pusher_.add(counter_.finish(std::time(nullptr)));
        pusher_.finish();
        give_up_at_ = Clock::now() + patience;
    }
};

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
    Pusher pusher(**sink, session.options.count.metric.name,
                  [&session](Severity severity, const std::string &text) {
                      session.messages.say(severity, text);
                  });
    return Run(session, counter, http, pusher).to_its_end();
}

} // namespace hostav
