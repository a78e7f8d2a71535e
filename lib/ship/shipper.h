// SPDX-License-Identifier: GPL-2.0-only
//
// The loop: takes events from inputs when a batch is due, gives batches to the sink, and moves an
// input's record, durably, only after the sink has accepted. Per destination one batch is on its
// way, so that order is kept; per input, too. Batches are bounded, nothing else is held in memory:
// what cannot be delivered stays where it is.
//
// One thread. The only waiting is in HttpClient::wait().
#pragma once

#include "base/backoff.h"
#include "base/signals.h"
#include "net/http_client.h"
#include "ship/batch.h"
#include "base/complaints.h"
#include "ship/feeder.h"
#include "ship/reject_file.h"
#include "ship/sink.h"
#include "store/durable_map.h"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace hostav {

/// Where an input's events go, and in what pieces.
struct Stream {
    std::string section; ///< for people
    Destination destination;
    std::chrono::milliseconds buffer{5000};
    std::size_t batch_count = put_log_events_count;
    std::size_t batch_bytes = put_log_events_bytes;
};

struct ShipperOptions {
    /// Ends when all that is there is delivered: --once, and standard input.
    bool once = false;
    /// Then after this time without success it gives up.
    std::chrono::seconds give_up{300};
    std::chrono::seconds give_up_denied{30};
    std::size_t most_batches = 10; ///< on their way at once (queue_size)
    std::string record_prefix;     ///< of the keys in the state
};

class Shipper {
  public:
    struct Parts {
        Sink &sink;
        HttpClient &http;
        Signals &signals;
        Complaints &complaints;
        DurableMap *state = nullptr; ///< may be null: then nothing is remembered
        RejectFile rejects;
        /// Whose input it is; null: not to be shipped.
        std::function<const Stream *(const Input &)> stream_of;
        std::vector<Feeder *> feeders;
        /// For systemd's status line and --status: what is said of files; may be empty.
        std::function<std::string()> describe;
    };
    Shipper(Parts parts, ShipperOptions options);
    ~Shipper();
    Shipper(const Shipper &) = delete;
    Shipper &operator=(const Shipper &) = delete;
    Shipper(Shipper &&) = delete;
    Shipper &operator=(Shipper &&) = delete;

    enum class Ended {
        complete, ///< once: all is delivered
        gave_up,  ///< once: something is not
        stopped,  ///< by a signal
        reread    ///< by SIGHUP
    };
    Result<Ended> run();
    /// Delivered since the start; and rejected ones among them.
    [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
    [[nodiscard]] std::uint64_t rejected() const { return rejected_; }
    /// Of the rejected: those that were kept nowhere.
    [[nodiscard]] std::uint64_t dropped() const { return parts_.rejects.keeps() ? 0 : rejected_; }
    /// What is delivered could not be written down in the end, which was said: it comes again.
    [[nodiscard]] bool unsaved() const { return unsaved_; }
    [[nodiscard]] const std::string &last_failure() const { return last_failure_; }
    /// Bytes that were read, are not delivered, and are kept nowhere (a pipe's, without a spool or
    /// where its disk is full).
    [[nodiscard]] std::uint64_t lost() const { return lost_; }
    /// Something could not be read, or was not understood, and was said.
    [[nodiscard]] bool complained() const { return complained_; }

  private:
    using Clock = Input::Clock;
    struct Source {
        Input *input = nullptr;
        const Stream *stream = nullptr;
        const Feeder *feeder = nullptr;
        Clock::time_point not_before; ///< what it had was not yet an event
        bool more = false;            ///< there is more than went into the last batch
        bool enough = false;          ///< --once: what has come since is for the next run
        Clock::time_point failing_since = Clock::time_point::max(); ///< it cannot be read
        std::uint64_t turn = 0; ///< the last it had: who waits longest is next
    };
    struct Flight;
    /// What goes to one destination.
    struct Lane {
        std::unique_ptr<Flight> flight;
        Backoff backoff;
        Clock::time_point not_before;
        Clock::time_point failing_since = Clock::time_point::max();
        bool denied = false;
        unsigned refusals = 0; ///< `invalid` answers since something was accepted
        Backoff splitting;     ///< between them
        Lane();
        ~Lane();
        Lane(const Lane &) = delete;
        Lane &operator=(const Lane &) = delete;
        Lane(Lane &&) = delete;
        Lane &operator=(Lane &&) = delete;
    };
    struct Status;
    Parts parts_;
    ShipperOptions options_;
    std::map<Input *, Source> sources_;
    std::map<Destination, Lane> lanes_;
    std::deque<std::pair<Destination, Delivery>> done_;
    std::vector<std::unique_ptr<Flight>> spare_;                ///< with their memory
    std::map<std::string, std::optional<std::string>> changes_; ///< of the state
    std::map<std::string, Status> status_;
    std::size_t in_flight_ = 0;
    bool launched_ = false; ///< since memory was given back
    std::uint64_t turns_ = 0;
    std::uint64_t delivered_ = 0, rejected_ = 0, lost_ = 0;
    bool complained_ = false, closed_ = false, unsaved_ = false;
    std::string last_failure_;
    bool stopping_ = false, reread_ = false, ready_ = false;
    Clock::time_point started_, stop_since_, last_progress_, next_notice_, next_watchdog_;

    // The loop (shipper.cc).
    [[nodiscard]] bool over(Clock::time_point now) const;
    [[nodiscard]] bool nothing_left() const;
    [[nodiscard]] bool flushes() const;
    [[nodiscard]] bool feeds() const { return !reread_; }
    [[nodiscard]] bool launches(Clock::time_point now) const;
    void count_lost();
    [[nodiscard]] bool gives_up(Clock::time_point now) const;
    void take_signals(Clock::time_point now);
    Result<void> feed(Clock::time_point now);
    Result<void> wait(Clock::time_point now);
    [[nodiscard]] Clock::time_point next_event(Clock::time_point now) const;
    void notify(Clock::time_point now);
    void commit(bool last = false);

    // Batches (shipper_flights.cc).
    void launch(Clock::time_point now);
    void repeat(Clock::time_point now);
    [[nodiscard]] Clock::time_point due(const Source &source) const;
    bool begin(Source &source, Lane &lane, Clock::time_point now);
    void send(const Destination &destination, Flight &flight);
    void take_done(Clock::time_point now);
    void take(const Destination &destination, Lane &lane, Delivery delivery, Clock::time_point now);
    void accept(Flight &flight, const Delivery &delivery);
    void split(Flight &flight, const Delivery &delivery);
    bool pauses_after_refusal(Lane &lane, const std::string &why, Clock::time_point now);
    void fail(const Destination &destination, Lane &lane, const Delivery &delivery,
              Clock::time_point now);
    void succeed(const Destination &destination, Lane &lane, Clock::time_point now);
    void finish(const Destination &destination, Lane &lane, Clock::time_point now);
    Result<void> keep_rejects(const Destination &destination, Flight &flight);
    void note_status(const Stream &stream, const std::string &error);
};

} // namespace hostav
