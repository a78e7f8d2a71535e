// SPDX-License-Identifier: GPL-2.0-only
#include "engine/caged_engine.h"

#include "base/account.h"
#include "base/text.h"
#include "engine/cage.h"
#include "engine/message.h"
#include "engine/worker.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;

Result<Fd> open_directory(const std::string &path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd)
        return fail_errno(escape_path(path));
    return fd;
}

struct Directories {
    Fd root, databases, temporary;
};

Result<Directories> open_directories(const std::string &path) {
    auto root = open_directory(path);
    if (!root)
        return std::unexpected(root.error());
    auto databases = open_directory(path + "/db");
    if (!databases)
        return std::unexpected(databases.error());
    auto temporary = open_directory(path + "/tmp");
    if (!temporary)
        return std::unexpected(temporary.error());
    return Directories{std::move(*root), std::move(*databases), std::move(*temporary)};
}

/// The error that a caged loader gives names files as it sees them.
std::string without_cage(std::string text, const std::string &directory) {
    for (const auto &prefix : {directory + "/db", std::string("/db")}) {
        for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
            const auto length = prefix.size() + (text[at + prefix.size()] == '/' ? 1 : 0);
            const auto colon = text.compare(at + length, 2, ": ") == 0 ? std::size_t{2} : 0;
            text.erase(at, length + colon);
        }
    }
    return text;
}

} // namespace

struct CagedEngine::Answer {
    Message message;
};

CagedEngine::CagedEngine(pid_t pid, Fd socket, const CagedEngineOptions &options)
    : pid_(pid), socket_(std::move(socket)), file_limit_(options.file_limit),
      signals_(options.signals) {}

CagedEngine::CagedEngine(CagedEngine &&other) noexcept
    : pid_(std::exchange(other.pid_, 0)), socket_(std::move(other.socket_)),
      signatures_(other.signatures_), file_limit_(other.file_limit_), signals_(other.signals_),
      ended_(std::move(other.ended_)) {}

CagedEngine::~CagedEngine() {
    kill_and_reap();
}

/// How the child ended: by itself, or by us.
std::string CagedEngine::kill_and_reap() {
    if (pid_ == 0)
        return ended_;
    // It may have ended by itself: that status is what waitpid gives then.
    {
        const AsRoot root; // it is another account
        ::kill(pid_, SIGKILL);
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    if (WIFSIGNALED(status))
        ended_ = std::string("the engine was killed: ") +
                 ::strsignal(WTERMSIG(status)); // NOLINT(concurrency-mt-unsafe)
    else
        ended_ = "the engine ended with status " + std::to_string(WEXITSTATUS(status));
    return ended_;
}

Result<CagedEngine::Answer> CagedEngine::wait(std::chrono::seconds limit) {
    const auto end = Clock::now() + limit;
    while (pid_ != 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0) {
            kill_and_reap();
            return fail("", "took more than " + std::to_string(limit.count()) + " s");
        }
        std::array<pollfd, 2> set{
            {{socket_.get(), POLLIN, 0}, {signals_ != nullptr ? signals_->fd() : -1, POLLIN, 0}}};
        constexpr std::int64_t longest = 60000;
        const auto wait = static_cast<int>(std::min<std::int64_t>(left.count() + 1, longest));
        if (::poll(set.data(), set.size(), wait) < 0 && errno != EINTR)
            return fail_errno("poll");
        if (set[1].revents != 0 && signals_->pending() != 0) {
            kill_and_reap();
            return fail("", "interrupted");
        }
        if (set[0].revents == 0)
            continue;
        bool would_block = false;
        auto message = receive_message(socket_.get(), false, would_block);
        if (message && message->kind != MessageKind::log)
            return Answer{std::move(*message)};
        if (!message && !would_block)
            return fail("", kill_and_reap());
    }
    return fail("", ended_);
}

Result<CagedEngine> CagedEngine::load(const CagedEngineOptions &options) {
    auto directories = open_directories(options.directory);
    if (!directories)
        return std::unexpected(directories.error());
    auto ends = message_pair();
    if (!ends)
        return std::unexpected(ends.error());
    WorkerSetup setup;
    setup.load = &options.engine;
    setup.socket = std::move(ends->second);
    setup.parent = ::getpid();
    setup.cage.temp_dir = directories->temporary.get();
    setup.cage.temp_path = options.directory + "/tmp";
    setup.cage.read_dir = directories->databases.get();
    setup.cage.read_path = options.directory + "/db";
    setup.cage.root_dir = directories->root.get();
    setup.cage.change_user = options.change_user;
    setup.cage.extra_memory = options.memory;
    if (options.change_user)
        if (auto found = cage_account(setup.cage.uid, setup.cage.gid); !found)
            return std::unexpected(found.error());
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail_errno("fork");
    if (pid == 0)
        run_worker(std::move(setup));
    setup.socket.reset();
    CagedEngine engine(pid, std::move(ends->first), options);
    const auto answer = engine.wait(options.load_limit);
    if (!answer)
        return fail("loading the signatures", answer.error().why);
    if (answer->message.kind != MessageKind::ready)
        return fail("", without_cage(escape_path(answer->message.body), options.directory));
    engine.signatures_ = static_cast<unsigned>(parse_number(answer->message.body).value_or(0));
    return engine;
}

Result<Report> CagedEngine::scan(int fd, const std::string &name) {
    if (pid_ == 0)
        return fail("", ended_);
    if (!send_message(socket_.get(), MessageKind::job, name, fd))
        return fail("", kill_and_reap());
    auto answer = wait(file_limit_);
    if (!answer)
        return std::unexpected(answer.error());
    auto report = answer->message.kind == MessageKind::report ? decode_report(answer->message.body)
                                                              : std::nullopt;
    if (!report) {
        kill_and_reap();
        return fail("", "the engine said nonsense");
    }
    return std::move(*report);
}

} // namespace hostav
