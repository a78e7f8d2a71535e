// SPDX-License-Identifier: GPL-2.0-only
#include "watch/door.h"

#include "base/text.h"

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hostav {

namespace {

/// Replies that nobody reads; beyond it a request goes on only when they are read.
constexpr std::size_t most_unsent = 1 << 20;
constexpr std::chrono::milliseconds tick{1000};
constexpr std::size_t most_clients = 256;
constexpr std::chrono::milliseconds pause_without_descriptors{100};
/// Of a session that have not been answered; the rest stays in the socket.
constexpr unsigned most_outstanding = 25;

/// What fits below RLIMIT_NOFILE beside workers and their files.
struct Room {
    std::size_t clients; ///< each has a socket and a few descriptors more
    std::size_t queue;   ///< a descriptor each
};
Room room_for(std::uint64_t max_queue) {
    constexpr std::size_t others = 40;
    constexpr std::size_t each = 3;
    constexpr std::size_t least = 4;
    rlimit limit{};
    std::size_t free = 0;
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > others)
        free = limit.rlim_cur - others;
    const auto queue = std::min<std::size_t>(max_queue, std::max(least, free / 4));
    return {std::clamp((free - std::min(free, queue)) / each, least, most_clients), queue};
}

bool is_unix(int listener) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    return ::getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size) == 0 &&
           address.ss_family == AF_UNIX;
}

} // namespace

Door::Door(DoorOptions options, Fd control)
    : options_(std::move(options)), control_(std::move(control)) {
    const auto asked = options_.config.max_queue;
    const auto room = room_for(asked);
    most_clients_ = room.clients;
    max_queue_ = room.queue;
    if (max_queue_ < asked)
        log("warning", "MaxQueue " + std::to_string(asked) + " is too much for RLIMIT_NOFILE: " +
                           std::to_string(max_queue_) + " it is");
}

void Door::log(const char *severity, const std::string &text) {
    control_.send("log", {severity, text});
}

void Door::take_engine(Word &word) {
    const auto state = decode_state(word.text(1));
    PoolOptions pool;
    pool.workers = options_.workers;
    pool.timeout = options_.config.file_timeout();
    retire_pool();
    pool_ = std::make_unique<Pool>(std::make_unique<RemoteWorkers>(std::move(word.fd)), pool);
    generation_ = static_cast<unsigned>(word.number(0));
    state_ = state.value_or(EngineState{});
}

/// The old engine finishes what it has. There is one old engine at most, or whoever asks for
/// reloads fills the memory with engines: what an older one has not finished begins anew.
void Door::retire_pool() {
    if (!pool_)
        return;
    old_pool_.reset();
    for (auto job = jobs_.begin(); job != jobs_.end();) {
        if (job->second.retired) {
            ++job->second.tries;
            again_.push_back(std::move(job->second));
            job = jobs_.erase(job);
        } else {
            job->second.retired = true;
            ++job;
        }
    }
    if (pool_->busy() > 0)
        old_pool_ = std::move(pool_);
    pool_.reset();
    no_pool_since_ = Clock::now();
}

/// Nor may an ordinary user keep old engines by keeping their workers.
void Door::drop_old_lenders() {
    for (const auto &[fd, client] : clients_)
        if (client->lender && client->uid != 0 && client->generation + 1 < generation_)
            client->gone = true;
}

void Door::hear_word(Word &word) {
    if (word.name == "engine" && word.fd) {
        // In the state numbers and texts are separated by NUL, which is a word's own separator.
        std::string state;
        for (std::size_t i = 1; i < word.fields.size(); ++i)
            state += word.fields[i] + '\0';
        word.fields.resize(1);
        word.fields.push_back(std::move(state));
        take_engine(word);
    } else if (word.name == "lending" && word.fd) {
        lending_ = std::make_shared<RemoteWorkers>(std::move(word.fd));
        drop_old_lenders();
    } else if (word.name == "no-engine") {
        retire_pool();
        lending_.reset();
        state_.digest.clear();
    } else if (word.name == "text") {
        for (auto &asked : std::exchange(asked_[word.text(0)], {})) {
            const auto text =
                word.text(0) == "stats" ? stats_text(asked, word.text(1)) : word.text(1);
            asked.client->reply(asked.number, asked.framing, text);
            --asked.client->outstanding;
        }
    } else if (word.name == "registered") {
        for (auto &client : std::exchange(registering_[static_cast<pid_t>(word.number(0))], {})) {
            client->reply(0, 'z', "OK");
            --client->outstanding;
        }
    } else if (word.name == "quit") {
        quit_ = true;
    }
}

void Door::hear() {
    while (auto word = control_.receive())
        hear_word(*word);
    quit_ = quit_ || control_.closed();
}

/// Who has been silent for longest and has nothing under way. Never root's.
Door::Client Door::longest_idle() const {
    Client idle;
    for (const auto &[fd, client] : clients_)
        if (!client->gone && client->outstanding == 0 && !client->lender && client->uid != 0 &&
            (!idle || client->heard < idle->heard))
            idle = client;
    return idle;
}

/// A session that asks for more than is done waits, with the rest in its socket.
bool Door::stalled(const Connection &client) const {
    return client.outstanding >= most_outstanding || client.unsent() >= most_unsent ||
           (client.outstanding > 0 && requests_.size() + jobs_.size() >= max_queue_);
}

bool Door::wants_input(const Connection &client) const {
    using State = Connection::State;
    const bool more =
        client.session || client.lender || client.registered || client.transfer || !client.served;
    return more && !client.ended && client.state != State::closing && !stalled(client);
}

void Door::accept(int listener) {
    for (;;) {
        // Clients that only hold their place must not keep others out.
        const auto idle = clients_.size() < most_clients_ ? nullptr : longest_idle();
        if (clients_.size() >= most_clients_ && !idle)
            return;
        Fd socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                no_accept_before_ = Clock::now() + pause_without_descriptors;
            return;
        }
        if (idle)
            close(idle);
        const int fd = socket.get();
        clients_[fd] =
            std::make_shared<Connection>(next_client_++, std::move(socket), is_unix(listener));
    }
}

void Door::close(const Client &client) {
    client->gone = true;
    if (client->transfer) // in the middle of what it wanted to send
        log("verbose", "Client disconnected (FD " + std::to_string(client->socket.get()) + ")");
    if (client->registered)
        control_.send("unregister", {std::to_string(client->pid)});
    for (const auto &[theirs, ours] : client->lent)
        client->lender->end(ours);
    lent_ -= client->lent.size();
    client->lent.clear();
    for (auto &request : requests_)
        if (request->client == client)
            request->stopped = true;
    clients_.erase(client->socket.get());
}

void Door::tend(const Client &client) {
    if (!client->gone)
        take_commands(client);
    if (!client->flush())
        client->gone = true;
    const bool served = client->served && !client->session && !client->lender &&
                        !client->registered && !client->transfer && client->outstanding == 0;
    // Who has ended its side is answered first; but half a stream, or a scan that has gone, is not
    // waited for.
    if (client->ended && (client->transfer || client->lender || client->registered))
        client->gone = true;
    const bool ended =
        (client->state == Connection::State::closing || client->ended) && client->outstanding == 0;
    if ((served || ended) && client->unsent() == 0)
        client->gone = true;
}

void Door::check_times() {
    const auto now = Clock::now();
    const auto &config = options_.config;
    for (const auto &[fd, client] : clients_) {
        if (client->gone)
            continue;
        const auto passed = [now](Clock::time_point since, std::uint64_t seconds) {
            return seconds != 0 && now - since >= std::chrono::seconds(seconds);
        };
        const bool asleep = client->outstanding == 0 && !client->lender && !client->registered;
        const bool no_command =
            !client->served && passed(client->opened, config.command_read_timeout);
        const bool no_data =
            (client->session || client->transfer) && passed(client->heard, config.read_timeout);
        if (client->state != Connection::State::closing && asleep && (no_command || no_data)) {
            client->say("COMMAND READ TIMED OUT");
            client->state = Connection::State::closing;
            client->transfer.reset();
        }
        // Who does not read is not waited for.
        if (client->unsent() > 0 &&
            now - client->sent >= std::chrono::milliseconds(config.send_buf_timeout)) {
            log("verbose", "Client disconnected (FD " + std::to_string(fd) + ")");
            client->gone = true;
        }
    }
    if (pool_ && config.idle_timeout != 0)
        pool_->end_idle(std::chrono::seconds(config.idle_timeout));
}

/// Reads what has come. That both directions are closed is seen even of who is not read.
void Door::receive(const Client &client, short events) {
    if ((events & POLLIN) != 0) {
        if (!client->receive())
            client->gone = true;
    } else if ((events & (POLLHUP | POLLERR)) != 0) {
        client->gone = true;
    }
}

void Door::tend_pools(std::span<const pollfd> polled) {
    if (pool_) {
        const auto handled = pool_->handle(polled);
        collect(*pool_);
        if (!handled) {
            log("error", "the workers for requests: " + handled.error().text());
            control_.send("broken", {std::to_string(generation_)});
            retire_pool();
        }
    }
    if (old_pool_) {
        best_effort(old_pool_->handle(polled));
        collect(*old_pool_);
        if (old_pool_->busy() == 0)
            old_pool_.reset();
    }
}

int Door::milliseconds_left() const {
    const bool pausing = Clock::now() < no_accept_before_;
    // Nobody connected and nothing running: nothing to look after but idle workers.
    if (!pausing && clients_.empty() && jobs_.empty() && (!pool_ || pool_->live() == 0))
        return -1;
    auto left = static_cast<int>((pausing ? pause_without_descriptors : tick).count());
    for (const auto &[fd, client] : clients_)
        if (client->unsent() > 0)
            left = std::min(left, static_cast<int>(options_.config.send_buf_timeout) + 1);
    for (const auto *pool : {pool_.get(), old_pool_.get()})
        if (pool != nullptr && pool->milliseconds_left() >= 0)
            left = std::min(left, pool->milliseconds_left());
    return left;
}

void Door::wait() {
    std::vector<pollfd> set{control_.poll_for()};
    // As clamd: who comes when all are busy waits in the kernel.
    const bool full =
        Clock::now() < no_accept_before_ || (clients_.size() >= most_clients_ && !longest_idle());
    for (const int listener : options_.listeners)
        set.push_back({full ? -1 : listener, POLLIN, 0});
    const auto first_client = set.size();
    for (const auto &[fd, client] : clients_) {
        short events = wants_input(*client) ? POLLIN : 0;
        if (client->unsent() > 0)
            events = static_cast<short>(events | POLLOUT);
        set.push_back({fd, events, 0});
    }
    const auto first_worker = set.size();
    for (const auto *pool : {pool_.get(), old_pool_.get()})
        if (pool != nullptr)
            pool->add_to(set);
    if (::poll(set.data(), set.size(), milliseconds_left()) < 0 && errno != EINTR) {
        quit_ = true;
        return;
    }
    control_.flush();
    if (const auto lost = control_.take_lost(); lost > 0)
        control_.send("lost", {std::to_string(lost)});
    hear();
    for (std::size_t i = first_client; i < first_worker; ++i)
        if (const auto found = clients_.find(set[i].fd);
            found != clients_.end() && set[i].revents != 0)
            receive(found->second, set[i].revents);
    for (std::size_t i = 1; i < first_client; ++i)
        if (set[i].revents != 0)
            accept(set[i].fd);
    const std::span<const pollfd> workers(set.begin() + static_cast<std::ptrdiff_t>(first_worker),
                                          set.end());
    tend_pools(workers);
    check_times();
    pump();
    std::vector<Client> all;
    all.reserve(clients_.size());
    for (const auto &[fd, client] : clients_)
        all.push_back(client);
    for (const auto &client : all) {
        tend(client);
        if (client->gone)
            close(client);
    }
}

void Door::run() {
    while (!quit_)
        wait();
}

void run_door(const DoorOptions &options, Fd control) {
    Door(options, std::move(control)).run();
}

} // namespace hostav
