// SPDX-License-Identifier: GPL-2.0-only
//
// Standard input: what a pipe gives becomes events in a queue; half lines wait for their end; a
// full queue makes the writer wait.
#include "ship/stdin_feeder.h"

#include "base/fd.h"
#include "tests/support/catch.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace hostav;
using namespace std::chrono_literals;

namespace {

struct Fed {
    EventFormat format;
    MemoryQueue queue{"stdin"};
    Fd read, write;
    std::unique_ptr<StdinFeeder> feeder;
    Fed() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        read.reset(ends[0]);
        write.reset(ends[1]);
        feeder = std::move(*StdinFeeder::create(read.get(), format, queue));
    }
    void put(const std::string &text) const {
        REQUIRE(::write(write.get(), text.data(), text.size()) ==
                static_cast<ssize_t>(text.size()));
    }
    void work(std::chrono::milliseconds later = 0ms) const {
        REQUIRE(feeder->work(Feeder::Clock::now() + later));
    }
    [[nodiscard]] bool polls() const {
        std::vector<pollfd> fds;
        feeder->add_descriptors(fds);
        return !fds.empty();
    }
    std::vector<std::string> events() {
        std::vector<std::string> messages;
        REQUIRE(queue.fill(
            [&messages](const Event &event) {
                messages.emplace_back(event.message);
                return true;
            },
            false));
        queue.delivered();
        return messages;
    }
};

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("a pipe's lines become events, the last one without an end, too") {
    Fed fed;
    fed.put("one\ntwo\nthr");
    fed.work();
    fed.put("ee");
    fed.work();
    CHECK_FALSE(fed.feeder->ended());
    fed.write.reset();
    fed.work();
    CHECK(fed.feeder->ended());
    CHECK(fed.events() == Lines{"one", "two", "three"});
    CHECK(fed.queue.finished());
    CHECK_FALSE(fed.polls()); // or waiting would be spinning
}

TEST_CASE("a half line waits for its end, not for ever") {
    Fed fed;
    fed.put("whole\nhal");
    fed.work();
    fed.work(4s);
    CHECK(fed.events() == Lines{"whole"});
    fed.put("f\n");
    fed.work();
    fed.work(2s);
    CHECK(fed.events() == Lines{"half"});
    fed.put("never ended");
    fed.work();
    fed.work(6s);
    CHECK(fed.events() == Lines{"never ended"});
}

TEST_CASE("a full queue is not read, and nothing is cut meanwhile") {
    Fed fed;
    const std::string line(50'000, 'x');
    int lines = 0;
    for (; fed.queue.has_room(); ++lines) {
        fed.put(line + "\n");
        fed.work();
    }
    fed.put("begin of a line");
    while (!fed.events().empty())
        fed.work(); // room: the begin is read
    while (fed.queue.has_room())
        REQUIRE(fed.queue.push({0, line, 0}));
    CHECK_FALSE(fed.polls());
    const auto before = fed.queue.waiting();
    fed.put(" and its end\n");
    fed.work(60s);
    CHECK(fed.queue.waiting() == before);
    CHECK(fed.feeder->next_work() >= Feeder::Clock::now()); // or waiting would be spinning
    CHECK_FALSE(fed.events().empty());
    fed.work();
    fed.work(2s);
    CHECK(fed.events().back() == "begin of a line and its end");
}

TEST_CASE("a stop makes events of what was read") {
    Fed fed;
    fed.put("one\ntw");
    fed.work();
    fed.feeder->stop();
    CHECK(fed.feeder->ended());
    CHECK(fed.events() == Lines{"one", "tw"});
}

TEST_CASE("a failure to read is told, and ends it") {
    const EventFormat format;
    MemoryQueue queue("stdin");
    const Fd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::vector<std::string> told;
    const auto feeder =
        StdinFeeder::create(directory.get(), format, queue,
                            [&told](const Error &error) { told.push_back(error.text()); });
    REQUIRE(feeder);
    CHECK((*feeder)->work(Feeder::Clock::now()));
    CHECK(told == Lines{"stdin: Is a directory"});
    CHECK((*feeder)->failed());
    CHECK((*feeder)->ended());
}

TEST_CASE("what was read before a failure is delivered") {
    // A socket whose other side resets it: bytes first, then ECONNRESET.
    const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listening.get(), reinterpret_cast<sockaddr *>(&address), size) == 0);
    REQUIRE(::listen(listening.get(), 1) == 0);
    ::getsockname(listening.get(), reinterpret_cast<sockaddr *>(&address), &size);
    Fd writer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(writer.get(), reinterpret_cast<sockaddr *>(&address), size) == 0);
    const Fd reader(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const EventFormat format;
    MemoryQueue queue("stdin");
    const auto feeder = StdinFeeder::create(reader.get(), format, queue);
    REQUIRE(feeder);
    REQUIRE(::send(writer.get(), "one\ntwo", 7, 0) == 7);
    while (queue.waiting() == 0)
        REQUIRE((*feeder)->work(Feeder::Clock::now() + 2s));
    const linger at_once{1, 0};
    ::setsockopt(writer.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    writer.reset();
    for (int i = 0; i < 1000 && !(*feeder)->ended(); ++i) {
        REQUIRE((*feeder)->work(Feeder::Clock::now()));
        ::usleep(10'000);
    }
    CHECK((*feeder)->failed());
    CHECK(queue.waiting() == 6);
    CHECK((*feeder)->conclude() == 6); // in memory: lost, if nobody delivers it
}
