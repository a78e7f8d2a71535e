// SPDX-License-Identifier: GPL-2.0-only
//
// Everything that is read, made from the configuration.
#pragma once

#include "follow/event_reader.h"
#include "base/complaints.h"
#include "ship/config.h"
#include "ship/feeder.h"
#include "ship/file_feeder.h"
#include "ship/options.h"
#include "ship/queue.h"
#include "ship/shipper.h"
#include "ship/sinks.h"
#include "ship/stdin_feeder.h"
#include "store/durable_map.h"

#include <list>
#include <map>
#include <memory>

namespace hostav {

class Feeders {
  public:
    struct Parts {
        const ShipOptions &options;
        const ShipConfig &config;
        DurableMap *state; ///< may be null
        std::string prefix;
        Complaints &complaints;
        Sinks &sinks;
    };
    static Result<std::unique_ptr<Feeders>> create(const Parts &parts);
    ~Feeders();
    Feeders(const Feeders &) = delete;
    Feeders &operator=(const Feeders &) = delete;
    Feeders(Feeders &&) = delete;
    Feeders &operator=(Feeders &&) = delete;

    [[nodiscard]] std::vector<Feeder *> all() const;
    [[nodiscard]] const Stream *stream_of(const Input &input) const;
    [[nodiscard]] std::string describe() const;
    /// A file could not be read, or not as it should be, which was said.
    [[nodiscard]] bool complained() const { return complained_; }
    /// Standard input could not be read to its end, or a spool not all of it, which was said.
    [[nodiscard]] bool incomplete() const;

  private:
    explicit Feeders(Parts parts) : parts_(std::move(parts)) {}
    Parts parts_;
    std::list<EventFormat> formats_;
    std::map<std::string, Stream> streams_;         ///< by section
    std::map<const Input *, std::string> sections_; ///< of inputs that are no files
    std::list<std::unique_ptr<EventQueue>> queues_;
    FileFeeder *files_ = nullptr;
    const StdinFeeder *stdin_ = nullptr;
    bool complained_ = false, damaged_ = false;
    std::map<std::string, std::optional<std::string>> backlogs_; ///< records for --status
    std::vector<std::unique_ptr<Feeder>> feeders_;

    Result<void> add(const StreamConfig &config);
    Result<void> add_stdin(const StreamConfig &config);
    Result<void> add_journal(const StreamConfig &config);
    Result<void> add_file(const StreamConfig &config);
    Result<EventQueue *> make_queue(const std::string &name, const std::string &section);
    void keep_backlogs();
    [[nodiscard]] std::optional<std::string> saved(const std::string &key) const;
    [[nodiscard]] Result<std::map<std::string, std::string>>
    saved_files(const std::string &section) const;
    [[nodiscard]] FollowerOptions follower_options();
};

} // namespace hostav
