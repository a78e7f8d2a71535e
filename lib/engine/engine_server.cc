// SPDX-License-Identifier: GPL-2.0-only
#include "engine/engine_server.h"

#include "base/child.h"
#include "base/resources.h"
#include "base/text.h"
#include "engine/cage.h"
#include "engine/database.h"
#include "engine/engine_digest.h"
#include "engine/installed_engine.h"
#include "engine/message.h"

#include <array>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hostav {

namespace {

/// One NUL-separated text each.
constexpr std::size_t state_fields = 6;
constexpr std::string_view nice_mark = " nice";

void tell(int control, std::string_view text) {
    // Who does not read is not waited for: these are messages about messages.
    static_cast<void>(send_message(control, MessageKind::log, text.substr(0, largest_message / 2)));
}

/// Nothing of the parent's stays open but our own socket: not the log, not a fanotify group.
void keep_only(int control) {
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    constexpr int first = STDERR_FILENO + 1;
    ::dup2(control, first);
    ::syscall(SYS_close_range, first + 1, ~0U, 0);
}
constexpr int control_number = STDERR_FILENO + 1;

/// In bytes; 0 where there is no /proc.
std::uint64_t resident_memory() {
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    std::ifstream("/proc/self/statm") >> size >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

struct Client {
    unsigned id = 0;
    Fd socket;
    std::map<std::uint64_t, unsigned> workers; ///< its number -> ours
};

class Server {
  public:
    explicit Server(LocalWorkers &workers) : workers_(workers) {}

    /// Until the owner is gone.
    void run() {
        while (!retired_ || !clients_.empty()) {
            std::vector<pollfd> set{{control_number, POLLIN, 0}};
            set.reserve(clients_.size() + 1);
            for (const auto &client : clients_)
                set.push_back({client.socket.get(), POLLIN, 0});
            // Else it sleeps until somebody asks, who also tells of a worker that has died, or its
            // owner is gone. A process of this size does not wake for nothing: on some virtual
            // machines that alone takes 10 ms.
            constexpr int reap_again = 1000; // milliseconds
            const int left = workers_.all_reaped() ? -1 : reap_again;
            if (::poll(set.data(), set.size(), left) < 0 && errno != EINTR)
                return;
            workers_.reap();
            if (set[0].revents != 0 && !take_client())
                return;
            for (std::size_t i = set.size() - 1; i-- > 0;)
                if (set[i + 1].revents != 0 && !serve(clients_[i])) {
                    for (const auto &[theirs, ours] : clients_[i].workers)
                        workers_.end(ours);
                    clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(i));
                }
        }
    }

  private:
    LocalWorkers &workers_;
    std::vector<Client> clients_;
    unsigned next_number_ = 0;
    unsigned next_client_ = 0;
    bool retired_ = false;

    bool take_client() {
        bool would_block = false;
        auto message = receive_message(control_number, false, would_block);
        if (!message)
            return would_block;
        retired_ = retired_ || message->kind == MessageKind::end;
        if (message->kind == MessageKind::client && message->fd)
            clients_.push_back({next_client_++, std::move(message->fd), {}});
        return true;
    }

    bool serve(Client &client) {
        bool would_block = false;
        auto message = receive_message(client.socket.get(), false, would_block);
        if (!message)
            return would_block;
        const bool nice = message->body.ends_with(nice_mark);
        if (nice)
            message->body.resize(message->body.size() - nice_mark.size());
        const auto number = parse_number(message->body);
        if (!number)
            return false;
        if (message->kind == MessageKind::start && message->fd) {
            const auto ours = next_number_++;
            if (auto started = workers_.start(ours, std::move(message->fd), nice); started)
                client.workers[*number] = ours;
            else // its socket is closed with the message: the pool sees a worker that died
                tell(control_number, "worker: " + started.error().text());
        } else if (const auto found = client.workers.find(*number);
                   message->kind == MessageKind::end && found != client.workers.end()) {
            workers_.end(found->second);
            client.workers.erase(found);
        }
        return true;
    }
};

[[noreturn]] void give_up(const std::string &why) {
    static_cast<void>(send_message(control_number, MessageKind::failed, why));
    ::_exit(1);
}

EngineState state_of(const Engine &engine, const std::string &directory,
                     const std::string &digest) {
    EngineState state;
    state.signatures = engine.signatures();
    state.embedded = engine.options().load.embedded;
    state.digest = digest;
    state.version = engine_and_database_version(directory);
    state.newest = newest_signatures(directory);
    state.memory = resident_memory();
    return state;
}

} // namespace

std::string encode_state(const EngineState &state) {
    const std::string end(1, '\0');
    return std::to_string(state.signatures) + end + (state.embedded ? "1" : "0") + end +
           state.digest + end + state.version + end + std::to_string(state.newest) + end +
           std::to_string(state.memory) + end;
}

std::optional<EngineState> decode_state(std::string_view body) {
    std::array<std::string, state_fields> fields;
    for (auto &field : fields) {
        const auto end = body.find('\0');
        if (end == std::string_view::npos)
            return std::nullopt;
        field = body.substr(0, end);
        body.remove_prefix(end + 1);
    }
    const auto signatures = parse_number(fields[0]);
    const auto newest = parse_number(fields[4]);
    const auto memory = parse_number(fields[5]);
    if (!signatures || !newest || !memory || !body.empty())
        return std::nullopt;
    return EngineState{static_cast<unsigned>(*signatures), fields[1] == "1", fields[2], fields[3],
                       static_cast<std::time_t>(*newest),  *memory};
}

void run_engine_server(const EngineServerOptions &options, Fd control, pid_t parent) {
    begin_child(parent); // the gate knows us, and our workers, by our session
    keep_only(control.release());
    // Those who must know of us before we open anything are told first.
    bool would_block = false;
    if (!receive_message(control_number, true, would_block))
        ::_exit(0);
    ::fcntl(control_number, F_SETFL, O_NONBLOCK);
    Engine::set_messages([](std::string_view text) { tell(control_number, text); });
    const auto &limits = options.engine.limits;
    auto run =
        RunDirectory::make({options.temp_directory,
                            options.workers * (limits.scan_size == 0 ? gibi : limits.scan_size),
                            options.engine.leave_temporary_files});
    if (!run)
        give_up(run.error().text());
    auto chosen = options.engine;
    const auto directory = chosen.load.databases.front();
    if (!holds_databases(directory))
        if (auto embedded = use_embedded_signatures(chosen.load, run->path()); !embedded)
            give_up(embedded.error().text());
    const auto before = engine_digest(chosen);
    auto engine = load_installed(chosen);
    if (!engine)
        give_up(engine.error().text());
    // A set that changed while it was loaded is nobody's; the next self check loads it again.
    const auto after = engine_digest(chosen);
    give_back_memory(); // what only loading took
    prepare_for_cage();
    auto workers = LocalWorkers::create(*engine, true, std::move(*run));
    if (!workers)
        give_up(workers.error().text());
    if (send_message(control_number, MessageKind::ready,
                     encode_state(state_of(*engine, directory, before == after ? after : ""))))
        Server(**workers).run();
    workers->reset();
    ::_exit(0);
}

RemoteWorkers::RemoteWorkers(Fd socket) : socket_(std::move(socket)) {
    ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
}

Result<void> RemoteWorkers::start(unsigned number, Fd socket) {
    return start(number, std::move(socket), false);
}

Result<void> RemoteWorkers::start(unsigned number, Fd socket, bool nice) {
    auto text = std::to_string(number);
    if (nice)
        text += nice_mark;
    if (!send_message(socket_.get(), MessageKind::start, text, socket.get()))
        return fail("engine", "is gone");
    return {};
}

void RemoteWorkers::end(unsigned number) {
    static_cast<void>(send_message(socket_.get(), MessageKind::end, std::to_string(number)));
}

} // namespace hostav
