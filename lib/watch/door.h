// SPDX-License-Identifier: GPL-2.0-only
//
// The process behind the sockets: clamd's protocol for whoever connects, workers of the resident
// engine for our own scan. It runs as an ordinary account, so that a client can have nothing opened
// that this account may not read. One thread, one poll(2) loop; its workers are not the gate's.
//
// Beside clamd's commands, for our own tools only, always framed by `z`:
//   HOSTAV-STATUS           one line of JSON
//   HOSTAV-REGISTER         of root's: the opens of this process pass the gate while it is
//                           connected
//   HOSTAV-WORKERS DIGEST [nice]
//                           `OK SIGNATURES` when the engine has this digest
//                           (engine/engine_digest.h), else `NO WHY`; then
//   HOSTAV-START N          + socket: a worker that talks through it (engine/message.h), with
//                           `nice` one that gets idle time only: `OK`, or `NO` when there is none
//                           (any more); and, unanswered,
//   HOSTAV-END N            ends it
//   HOSTAV-CLEAN CTIME      + file, of root's: it was clean, and is so while its ctime is this one
//
// Words from the main process: engine GENERATION STATE… + client socket, lending GENERATION +
// client socket, no-engine, text NAME TEXT, registered PID, quit. To it: log SEVERITY TEXT, found
// PATH SIGNATURE, ask NAME, register PID, unregister PID, clean GENERATION CTIME + file, reload,
// shutdown.
#pragma once

#include "base/walk.h"
#include "engine/engine_server.h"
#include "engine/pool.h"
#include "watch/config.h"
#include "watch/connection.h"
#include "watch/wire.h"

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <unordered_map>

namespace hostav {

struct DoorOptions {
    const WatchConfig &config;
    std::vector<int> listeners; ///< AF_UNIX or AF_INET…, listening
    unsigned workers = 2;
};

/// Until the main process is gone; the caller has become whom the door runs as.
void run_door(const DoorOptions &options, Fd control);

class Door {
  public:
    Door(DoorOptions options, Fd control);
    void run();

  private:
    using Clock = std::chrono::steady_clock;
    using Client = std::shared_ptr<Connection>;
    enum class Kind { scan, contscan, multiscan, allmatch, descriptor, stream };

    /// One SCAN, FILDES …: a walk, or one file.
    struct Request {
        Kind kind = Kind::scan;
        Client client;
        std::uint64_t number = 0; ///< in a session
        char framing = 0;
        std::string argument;
        std::optional<Walk> walk;
        Fd file;            ///< FILDES, INSTREAM
        std::string shown;  ///< in replies
        std::string logged; ///< in the log
        unsigned running = 0;
        unsigned told = 0; ///< lines that said something else than OK
        bool walked = false;
        bool stopped = false; ///< SCAN has found something, or the client has gone
        dev_t device = 0;
        Clock::time_point since = Clock::now();
    };
    using RequestPtr = std::shared_ptr<Request>;
    struct Job {
        RequestPtr request;
        std::string shown, logged;
        Fd fd;
        unsigned tries = 1;   ///< engines that were asked
        bool retired = false; ///< its engine is about to go
    };
    struct Asked {
        Client client;
        std::uint64_t number = 0;
        char framing = 0;
        Clock::time_point since = Clock::now();
    };

    DoorOptions options_;
    Wire control_;
    std::unique_ptr<Pool> pool_, old_pool_;
    std::shared_ptr<RemoteWorkers> lending_;
    EngineState state_;
    unsigned generation_ = 0;
    unsigned lent_number_ = 0;
    std::size_t lent_ = 0; ///< workers that scans have now
    bool quit_ = false;
    std::map<int, Client> clients_;
    std::list<RequestPtr> requests_; ///< that have something to walk or submit
    std::unordered_map<std::uint64_t, Job> jobs_;
    std::deque<Job> again_;                           ///< that lost their engine to another one
    std::map<std::string, std::vector<Asked>> asked_; ///< of the main process
    std::map<pid_t, std::vector<Client>> registering_;
    std::uint64_t next_job_ = 0;
    std::uint64_t next_client_ = 0;
    std::size_t most_clients_ = 0;
    std::size_t max_queue_ = 0; ///< MaxQueue, or less
    Clock::time_point no_accept_before_;
    Clock::time_point no_pool_since_ = Clock::now(); ///< before the first engine comes, too

    // The loop (door.cc).
    void wait();
    void hear();
    void hear_word(Word &word);
    void take_engine(Word &word);
    void receive(const Client &client, short events);
    void tend_pools(std::span<const pollfd> polled);
    void accept(int listener);
    [[nodiscard]] Client longest_idle() const;
    [[nodiscard]] bool stalled(const Connection &client) const;
    [[nodiscard]] bool wants_input(const Connection &client) const;
    void retire_pool();
    void drop_old_lenders();
    void tend(const Client &client);
    void close(const Client &client);
    void check_times();
    [[nodiscard]] int milliseconds_left() const;
    void log(const char *severity, const std::string &text);

    // Commands (door_commands.cc, door_own.cc, door_statistics.cc).
    void take_commands(const Client &client);
    void execute(const Client &client, const Command &command);
    bool execute_simple(const Client &client, const Command &command, std::uint64_t number);
    bool execute_scan(const Client &client, const Command &command, std::uint64_t number);
    bool execute_own(const Client &client, const Command &command);
    void refuse_descriptor(const Client &client, char framing);
    void take_stream(const Client &client);
    void end_stream(const Client &client);
    void take_descriptor(const Client &client);
    [[nodiscard]] std::string version() const;
    [[nodiscard]] std::string stats_text(const Asked &asked, const std::string &gates) const;
    [[nodiscard]] std::string tasks_text() const;
    bool lend(const Client &client, const std::string &argument);
    void start_lent(const Client &client, const std::string &argument);
    void refuse(const Client &client, char framing, std::uint64_t number);

    // Scans (door_scans.cc).
    void begin(RequestPtr request);
    void pump();
    bool step(const RequestPtr &request);
    void tell_entry(const RequestPtr &request, const Entry &entry);
    void submit(const RequestPtr &request, Fd fd, const std::string &shown,
                const std::string &logged);
    void give(Job job);
    void collect(Pool &pool);
    void finish(Job job, const Report &report);
    void tell_found(const Job &job, const Report &report);
    void line(const RequestPtr &request, const std::string &text);
    void remark(const RequestPtr &request, const std::string &text);
    void end_if_done(const RequestPtr &request);
    [[nodiscard]] bool has_room(const Request &request) const;
    [[nodiscard]] bool nobody_scans() const;
    void give_up(const RequestPtr &request, const std::string &shown);
};

/// The parts of a command's text.
[[nodiscard]] std::string command_name(const std::string &text);
[[nodiscard]] std::string command_argument(const std::string &text);

/// As a reply may have it: a name with line ends must not make replies of its own.
[[nodiscard]] std::string reply_path(const std::string &path, char framing);

} // namespace hostav
