// SPDX-License-Identifier: GPL-2.0-only
//
// Containers made to harm: cut short, altered, far larger inside than outside. Reading them ends,
// in bounded memory, and what is missing is said to be.
#include "tests/support/catch.h"
#include "tests/support/containers.h"

#include <random>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace containers;
using namespace std::string_view_literals;

namespace {

/// Runs `work` in a child: whether it returned true, and the memory it had, in MiB.
std::pair<bool, long> in_child(const std::function<bool()> &work) {
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(work() ? 0 : 1);
    int status = 0;
    struct rusage usage {};
    if (child < 0 || ::wait4(child, &status, 0, &usage) != child)
        return {false, 0};
    return {WIFEXITED(status) && WEXITSTATUS(status) == 0, usage.ru_maxrss / 1024};
}

#ifdef __SANITIZE_ADDRESS__
constexpr long most_memory = 800; // the sanitizer keeps what was freed
#else
constexpr long most_memory = 256;
#endif

hostav::Fd from_shell(const Scratch &scratch, const std::string &command) {
    if (!shell("{ " + command + "; } >'" + scratch / "file" + "'"))
        return {};
    return hostav::Fd(::open((scratch / "file").c_str(), O_RDONLY | O_CLOEXEC));
}

/// `compress` has no end mark, so what is cut off an uncontained file cannot be noticed.
bool shows_its_end(const std::string &kind) {
    return kind != "Z";
}

} // namespace

TEST_CASE("container: a truncated container is damaged, never complete") {
    for (const auto &fixture : fixtures()) {
        const auto whole = read_file(fixture.path);
        if (hostav::container_format(std::string_view(whole).substr(0, 512)) == nullptr)
            continue;
        for (std::size_t eighth = 1; eighth < 8; ++eighth) {
            INFO(fixture.kind << " " << eighth << "/8");
            const auto file =
                memory_file(std::string_view(whole).substr(0, whole.size() * eighth / 8));
            const auto contents = read_all(file.get());
            if (shows_its_end(fixture.kind))
                CHECK((contents.trouble || contents.holds(payload())));
        }
    }
}

TEST_CASE("container: altered bytes end in some answer") {
    std::minstd_rand random(1); // NOLINT(cert-msc51-cpp): the same bytes every time
    std::size_t read = 0, noticed = 0;
    for (const auto &fixture : fixtures()) {
        const auto whole = read_file(fixture.path);
        if (hostav::container_format(std::string_view(whole).substr(0, 512)) == nullptr)
            continue;
        for (int i = 0; i < 200; ++i) {
            auto altered = whole;
            // Half of them where the headers are.
            const auto range =
                i % 2 == 0 ? altered.size() : std::min<std::size_t>(altered.size(), 600);
            altered[random() % range] ^= static_cast<char>(1U << random() % 8);
            // read_all() aborts when more than the limit is written.
            noticed += read_all(memory_file(altered).get(), 1U << 20).trouble ? 1 : 0;
            ++read;
        }
    }
    CHECK(read > 2000);
    CHECK(noticed > read / 4);
}

TEST_CASE("container: a bomb ends at the limit in bounded memory") {
    const Scratch scratch;
    const std::vector<std::pair<std::string, std::string>> bombs = {
        {"zstd", "head -c 1G /dev/zero | zstd -q -1 --long=27"},
        {"lzop", "head -c 300M /dev/zero | lzop -1"},
        {"lzip", "head -c 300M /dev/zero | lzip -0"},
        {"zstd", "truncate -s 1G '" + scratch / "m" + "' && tar -C '" + scratch.path() +
                     "' -cf - m | zstd -q -1"}};
    for (const auto &[program, command] : bombs) {
        if (!have(program))
            continue;
        INFO(command);
        const auto file = from_shell(scratch, command);
        REQUIRE(file);
        constexpr std::uint64_t limit = 20'000'000;
        const auto [done, memory] = in_child([&] {
            const hostav::Fd out(::open((scratch / "out").c_str(), O_RDWR | O_CREAT, 0600));
            auto container = Container::open(file.get());
            if (!container || !container->next())
                return false;
            const auto end =
                container->extract(out.get(), limit, [](std::uint64_t) { return true; });
            struct stat status {};
            return end == MemberEnd::too_large && ::fstat(out.get(), &status) == 0 &&
                   static_cast<std::uint64_t>(status.st_size) == limit;
        });
        CHECK(done);
        CHECK(memory < most_memory);
    }
}

TEST_CASE("container: a member nobody extracts can be stopped") {
    const Scratch scratch;
    if (!have("zstd"))
        return;
    const auto file = from_shell(scratch, "truncate -s 1G '" + scratch / "m" + "' && tar -C '" +
                                              scratch.path() + "' -cf - m m | zstd -q -1");
    REQUIRE(file);
    unsigned asked = 0;
    auto container = Container::open(file.get(), [&] { return ++asked < 50; });
    REQUIRE(container);
    REQUIRE(container->next());
    CHECK_FALSE(container->next());
    CHECK(asked == 50);
    CHECK(container->stopped());
    CHECK_FALSE(container->damaged());
    CHECK_FALSE(Container::open(file.get(), [] { return false; }));
}

TEST_CASE("container: extracting can be stopped") {
    const Scratch scratch;
    if (!have("zstd"))
        return;
    const auto file = from_shell(scratch, "head -c 100M /dev/zero | zstd -q");
    REQUIRE(file);
    auto container = Container::open(file.get());
    REQUIRE(container);
    REQUIRE(container->next());
    std::uint64_t last = 0;
    const auto out = memory_file();
    const auto end = container->extract(out.get(), ~std::uint64_t{0}, [&](std::uint64_t bytes) {
        last = bytes;
        return bytes < 1'000'000;
    });
    CHECK(end == MemberEnd::stopped);
    CHECK(last >= 1'000'000);
    CHECK(last < 4'000'000);
}

// 70 KB that ask for gigabytes in the header of a member.
TEST_CASE("container: a name of any length takes no memory") {
    const Scratch scratch;
    if (!have("zstd"))
        return;
    const std::string cpio = "070701" + std::string(8, '0') + "000081A4" + std::string(72, '0') +
                             "7FFFFFFF" + std::string(8, '0');
    std::string tar(512, '\0');
    tar.replace(0, 13, "././@LongLink").replace(124, 11, "17777777777").replace(156, 1, "L");
    tar.replace(257, 7, "ustar  ").replace(148, 8, "        ");
    unsigned sum = 0;
    for (const char c : tar)
        sum += static_cast<unsigned char>(c);
    std::array<char, 8> digits{};
    std::snprintf(digits.data(), digits.size(), "%06o", sum);
    tar.replace(148, 6, digits.data()).replace(154, 1, 1, '\0');
    for (const auto &head : {cpio, tar}) {
        write_file(scratch / "head", head);
        const auto file = from_shell(scratch, "{ cat '" + scratch / "head" +
                                                  "'; head -c 2G /dev/zero; } | zstd -q -1");
        REQUIRE(file);
        const auto [done, memory] = in_child([&] { return read_all(file.get()).trouble; });
        CHECK(done);
        CHECK(memory < most_memory);
    }
}

TEST_CASE("container: a write that fails is said") {
    const auto file = memory_file(
        "!<arch>\nname/           0           0     0     100644  5         `\nhello\n"sv);
    auto container = Container::open(file.get());
    REQUIRE(container);
    const auto member = container->next();
    REQUIRE(member);
    CHECK(member->name == "name");
    const hostav::Fd read_only(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    CHECK(container->extract(read_only.get(), 100, [](std::uint64_t) { return true; }) ==
          MemberEnd::write_failed);
}
