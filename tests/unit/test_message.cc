// SPDX-License-Identifier: GPL-2.0-only
//
// Messages between the parent and its workers: whole or not at all, with or without a descriptor,
// and nothing left open whatever the other side sends.
#include "engine/message.h"

#include "tests/support/catch.h"
#include "tests/support/processes.h"
#include "tests/support/tree.h"

#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <utility>

using namespace hostav;
using processes::open_descriptors;

namespace {

struct Pair {
    Fd parent, worker;
};

Pair connected() {
    auto ends = message_pair();
    REQUIRE(ends);
    return {std::move(ends->first), std::move(ends->second)};
}

/// What is there, without waiting.
std::optional<Message> now(const Fd &socket) {
    bool would_block = false;
    return receive_message(socket.get(), false, would_block);
}

bool same_file(int a, int b) {
    struct stat first = {};
    struct stat second = {};
    return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/// A packet that send_message() would not make: `fds` in one control message.
template <std::size_t Count>
bool send_raw(int socket, std::string bytes, const std::array<int, Count> &fds) {
    iovec part{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fds)> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fds);
    std::memcpy(CMSG_DATA(header), fds.data(), sizeof fds);
    return ::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

constexpr std::array kinds{MessageKind::job, MessageKind::ready, MessageKind::report,
                           MessageKind::log, MessageKind::failed};

} // namespace

TEST_CASE("message: every kind arrives as it was sent, both ways") {
    const Pair pair = connected();
    const std::string binary("a\0b\nc\xff", 6);
    for (const auto kind : kinds)
        for (const auto &body : {std::string(), std::string("text"), binary}) {
            REQUIRE(send_message(pair.worker.get(), kind, body));
            const auto up = now(pair.parent);
            REQUIRE(up);
            CHECK(up->kind == kind);
            CHECK(up->body == body);
            CHECK_FALSE(up->fd);
            REQUIRE(send_message(pair.parent.get(), kind, body));
            const auto down = now(pair.worker);
            REQUIRE(down);
            CHECK(down->body == body);
        }
}

TEST_CASE("message: a descriptor goes with any kind and is another one of the same file") {
    const Pair pair = connected();
    const tree::Scratch scratch;
    tree::file(scratch / "f", "content");
    const Fd file(::open((scratch / "f").c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(file);
    const auto before = open_descriptors();
    for (const auto kind : kinds) {
        REQUIRE(send_message(pair.parent.get(), kind, "f", file.get()));
        const auto got = now(pair.worker);
        REQUIRE(got);
        CHECK(got->kind == kind);
        CHECK(got->body == "f");
        REQUIRE(got->fd);
        CHECK(got->fd.get() != file.get());
        CHECK(same_file(got->fd.get(), file.get()));
        CHECK((::fcntl(got->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("message: several keep their order and their ends") {
    const Pair pair = connected();
    REQUIRE(send_message(pair.worker.get(), MessageKind::log, "one"));
    REQUIRE(send_message(pair.worker.get(), MessageKind::log, ""));
    REQUIRE(send_message(pair.worker.get(), MessageKind::report, "three"));
    CHECK(now(pair.parent)->body == "one");
    CHECK(now(pair.parent)->body.empty());
    const auto last = now(pair.parent);
    CHECK(last->body == "three");
    CHECK(last->kind == MessageKind::report);
    CHECK_FALSE(now(pair.parent));
}

TEST_CASE("message: the largest fits, a larger one is nothing and not a part") {
    const Pair pair = connected();
    const std::string largest(largest_message, 'x');
    REQUIRE(send_message(pair.worker.get(), MessageKind::report, largest));
    const auto whole = now(pair.parent);
    REQUIRE(whole);
    CHECK(whole->body == largest);

    const auto before = open_descriptors();
    const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (const std::size_t more : {std::size_t{1}, std::size_t{1000}, largest_message * 10}) {
        const std::string body = largest + std::string(more, 'y');
        if (send_message(pair.worker.get(), MessageKind::report, body, null.get()))
            CHECK_FALSE(now(pair.parent));
    }
    CHECK(open_descriptors() == before + 1); // that of /dev/null itself
    // And the next one is whole again.
    REQUIRE(send_message(pair.worker.get(), MessageKind::log, "next"));
    CHECK(now(pair.parent)->body == "next");
}

TEST_CASE("message: nothing there yet is not the same as nobody there") {
    Pair pair = connected();
    bool would_block = false;
    CHECK_FALSE(receive_message(pair.parent.get(), false, would_block));
    CHECK(would_block);
    REQUIRE(send_message(pair.worker.get(), MessageKind::ready, ""));
    CHECK(receive_message(pair.parent.get(), false, would_block));
    CHECK_FALSE(would_block);
    pair.worker.reset();
    CHECK_FALSE(receive_message(pair.parent.get(), false, would_block));
    CHECK_FALSE(would_block);
    CHECK_FALSE(receive_message(pair.parent.get(), true, would_block));
    CHECK_FALSE(would_block);
}

TEST_CASE("message: what was said before the end is still heard") {
    Pair pair = connected();
    REQUIRE(send_message(pair.worker.get(), MessageKind::failed, "why"));
    pair.worker.reset();
    const auto last = now(pair.parent);
    REQUIRE(last);
    CHECK(last->kind == MessageKind::failed);
    CHECK(last->body == "why");
    CHECK_FALSE(now(pair.parent));
}

TEST_CASE("message: telling somebody who is gone fails and kills nobody") {
    const auto lines = tree::in_child([] {
        ::signal(SIGPIPE, SIG_DFL); // who started the tests may have it ignored
        Pair pair = connected();
        pair.worker.reset();
        return tree::Lines{send_message(pair.parent.get(), MessageKind::job, "f") ? "sent" : "gone",
                           send_message(-1, MessageKind::job, "f") ? "sent" : "gone"};
    });
    CHECK(lines == tree::Lines{"gone", "gone"});
}

TEST_CASE("message: a question is waited for and answered across processes") {
    Pair pair = connected();
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        pair.parent.reset();
        bool would_block = false;
        while (const auto asked = receive_message(pair.worker.get(), true, would_block))
            if (!send_message(pair.worker.get(), MessageKind::report, "heard " + asked->body))
                ::_exit(1);
        ::_exit(would_block ? 2 : 0);
    }
    pair.worker.reset();
    for (const std::string word : {"one", "two"}) {
        REQUIRE(processes::reaches(child, "S")); // it waits, and does not come back with nothing
        REQUIRE(send_message(pair.parent.get(), MessageKind::job, word));
        bool would_block = false;
        const auto answer = receive_message(pair.parent.get(), true, would_block);
        REQUIRE(answer);
        CHECK(answer->body == "heard " + word);
    }
    pair.parent.reset();
    int status = -1;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("message: an empty packet is nonsense") {
    const Pair pair = connected();
    REQUIRE(::send(pair.worker.get(), "", 0, MSG_NOSIGNAL) == 0);
    bool would_block = true;
    CHECK_FALSE(receive_message(pair.parent.get(), false, would_block));
    CHECK_FALSE(would_block);
}

TEST_CASE("message: descriptors that nobody asked for do not stay open") {
    const Pair pair = connected();
    const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int fd = null.get();
    auto before = open_descriptors();
    REQUIRE(send_raw(pair.worker.get(), "Rtwo", std::array{fd, fd}));
    static_cast<void>(now(pair.parent));
    CHECK(open_descriptors() == before);
    before = open_descriptors();
    REQUIRE(send_raw(pair.worker.get(), "Rmany", std::array{fd, fd, fd, fd, fd, fd, fd}));
    static_cast<void>(now(pair.parent));
    CHECK(open_descriptors() == before);
}

TEST_CASE("message: the ends do not outlive an exec") {
    const Pair pair = connected();
    CHECK((::fcntl(pair.parent.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(pair.worker.get(), F_GETFD) & FD_CLOEXEC) != 0);
}
