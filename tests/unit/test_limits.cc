// SPDX-License-Identifier: GPL-2.0-only
//
// A file that was not looked at in full is never said to have been: limits of size, number and
// depth, members that libclamav trims in silence, what its cache would hide, and files that are too
// large for it; and plain files are not accused of it.
#include "engine/engine.h"

#include "tests/support/catch.h"
#include "tests/support/containers.h"
#include "tests/support/engines.h"
#include "tests/support/infected.h"
#include "tests/support/tree.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace hostav;
using containers::have;

namespace {

/// Files in a scratch directory and an engine, called in this process and outside any cage.
class Bench {
  public:
    explicit Bench(const ScanLimits &limits = {}) : engine_(load(limits)) {
        tree::directory(scratch_ / "temp");
        engine_.set_temporary_directory(scratch_ / "temp");
    }
    [[nodiscard]] std::string operator/(const std::string &name) const { return scratch_ / name; }
    Report scan(const std::string &path) {
        const auto fd = engines::open(path);
        const auto report = engine_.scan(fd.get(), std::filesystem::path(path).filename().string());
        CHECK(infected::names(scratch_ / "temp").empty());
        return report;
    }
    std::string verdict(const std::string &name) { return engines::text(scan(scratch_ / name)); }
    /// Runs a command in the scratch directory.
    void run(const std::string &command) const {
        tree::must(containers::shell("cd '" + scratch_.path() + "' && " + command).has_value(),
                   command);
    }
    /// Packs files of the scratch directory, deflated.
    void zip(const std::string &archive, const std::string &names) const {
        run("python3 -m zipfile -c " + archive + " " + names);
    }

  private:
    tree::Scratch scratch_;
    Engine engine_;

    Engine load(const ScanLimits &limits) const {
        EngineOptions options;
        options.limits = limits;
        return engines::load(scratch_ / "database", options);
    }
};

std::string found(const std::string &member) {
    return std::string("infected ") + engines::signature + " " + member;
}

/// 200,000 bytes that compress to about half.
std::string large() {
    std::string bytes;
    while (bytes.size() < 200'000)
        bytes += containers::payload() + std::to_string(bytes.size());
    return bytes;
}

ScanLimits file_size(std::uint64_t bytes) {
    ScanLimits limits;
    limits.file_size = bytes;
    return limits;
}

} // namespace

TEST_CASE("limits: within them nothing is cut, twice") {
    if (!have("python3"))
        return;
    Bench bench;
    tree::file(bench / "member", large());
    tree::file(bench / "bad", engines::eicar());
    bench.zip("large.zip", "member");
    bench.zip("inner.zip", "member bad");
    bench.zip("outer.zip", "inner.zip");
    for (int i = 0; i < 2; ++i) {
        CHECK(bench.verdict("member") == "clean");
        CHECK(bench.verdict("bad") == found(""));
        CHECK(bench.verdict("large.zip") == "clean");
        CHECK(bench.verdict("outer.zip") == found("inner.zip/bad"));
    }
}

TEST_CASE("limits: a file larger than MaxFileSize is not fully scanned") {
    Bench bench(file_size(1000));
    tree::file(bench / "exact", std::string(1000, 'x'));
    tree::file(bench / "larger", std::string(1001, 'x'));
    for (int i = 0; i < 2; ++i) {
        CHECK(bench.verdict("exact") == "clean");
        CHECK(bench.verdict("larger") == "clean [MaxFileSize]");
    }
}

TEST_CASE("limits: a trimmed member is told, and again when it is scanned again") {
    if (!have("python3"))
        return;
    Bench bench(file_size(50 * kibi));
    tree::file(bench / "member", std::string(200'000, '\0')); // small when packed
    tree::file(bench / "bad", engines::eicar());
    bench.zip("large.zip", "member");
    bench.zip("outer.zip", "large.zip");
    bench.zip("both.zip", "member bad");
    bench.run("gzip -k member");
    for (int i = 0; i < 2; ++i) {
        CHECK(bench.verdict("large.zip") == "clean [MaxFileSize]");
        CHECK(bench.verdict("member.gz") == "clean [MaxFileSize]");
        CHECK(bench.verdict("outer.zip") == "clean [MaxFileSize]");
        CHECK(bench.verdict("both.zip") == found("bad") + " [MaxFileSize]");
    }
}

TEST_CASE("limits: the cache does not hide what was cut inside another file") {
    if (!have("python3"))
        return;
    Bench bench(file_size(50 * kibi));
    tree::file(bench / "member", std::string(200'000, '\0'));
    bench.zip("inner.zip", "member");
    bench.zip("outer.zip", "inner.zip");
    CHECK(bench.verdict("outer.zip") == "clean [MaxFileSize]");
    CHECK(bench.verdict("inner.zip") == "clean [MaxFileSize]");
    CHECK(bench.verdict("outer.zip") == "clean [MaxFileSize]");
}

TEST_CASE("limits: MaxScanSize") {
    if (!have("python3"))
        return;
    ScanLimits limits;
    limits.scan_size = 100 * kibi;
    Bench bench(limits);
    tree::file(bench / "member", large());
    bench.zip("large.zip", "member");
    tree::file(bench / "small");
    bench.zip("small.zip", "small");
    for (int i = 0; i < 2; ++i) {
        CHECK(bench.verdict("large.zip") == "clean [MaxScanSize]");
        CHECK(bench.verdict("small.zip") == "clean");
    }
}

TEST_CASE("limits: MaxFiles") {
    if (!have("python3"))
        return;
    ScanLimits limits;
    limits.files = 20;
    Bench bench(limits);
    bench.run("mkdir m && for i in $(seq 10 70); do echo \"member $i\" >m/$i; done");
    bench.zip("many.zip", "m/*");
    bench.zip("few.zip", "m/1*");
    for (int i = 0; i < 2; ++i) {
        CHECK(bench.verdict("many.zip") == "clean [MaxFiles]");
        CHECK(bench.verdict("few.zip") == "clean");
    }
}

TEST_CASE("limits: MaxRecursion, and what is found above it stays found") {
    if (!have("python3"))
        return;
    ScanLimits limits;
    limits.recursion = 3;
    Bench bench(limits);
    tree::file(bench / "bad", engines::eicar());
    tree::file(bench / "good");
    bench.zip("1.zip", "bad");
    bench.zip("2.zip", "1.zip");
    bench.zip("3.zip", "2.zip");
    bench.zip("4.zip", "good 3.zip");
    for (int i = 0; i < 2; ++i) {
        CHECK(bench.verdict("1.zip") == found("bad"));
        CHECK(bench.verdict("2.zip") == found("1.zip/bad"));
        CHECK(bench.verdict("3.zip") == "clean [MaxRecursion]");
        CHECK(bench.verdict("4.zip") == "clean [MaxRecursion]");
        CHECK(bench.verdict("good") == "clean");
    }
}

TEST_CASE("limits: they count in containers that only libarchive opens") {
    if (!have("zstd") || !have("tar"))
        return;
    auto limits = file_size(50 * kibi);
    limits.files = 20;
    limits.recursion = 3;
    Bench bench(limits);
    tree::file(bench / "member", std::string(200'000, '\0'));
    tree::file(bench / "bad", engines::eicar());
    bench.run("mkdir m && for i in $(seq 10 70); do echo \"member $i\" >m/$i; done");
    bench.run("tar -cf - member | zstd -q >large.tar.zst");
    bench.run("tar -cf - m | zstd -q >many.tar.zst");
    bench.run("tar -cf - bad | zstd -q >1.tar.zst");
    bench.run("tar -cf - 1.tar.zst | zstd -q >2.tar.zst");
    bench.run("tar -cf - 2.tar.zst | zstd -q >3.tar.zst");
    bench.run("tar -cf - 3.tar.zst | zstd -q >4.tar.zst");
    for (int i = 0; i < 2; ++i) {
        CHECK(bench.verdict("large.tar.zst") == "clean [MaxFileSize]");
        CHECK(bench.verdict("many.tar.zst") == "clean [MaxFiles]");
        CHECK(bench.verdict("1.tar.zst") == found("bad"));
        CHECK(bench.verdict("4.tar.zst") == "clean [MaxRecursion]");
    }
}

TEST_CASE("limits: a closed container inside an open one is opened every time, and back") {
    if (!have("python3") || !have("zstd") || !have("tar"))
        return;
    Bench bench;
    tree::file(bench / "bad", engines::eicar());
    tree::file(bench / "good");
    bench.run("tar -cf - bad | zstd -q >inner.tar.zst");
    bench.run("tar -cf - good | zstd -q >good.tar.zst");
    bench.zip("outer.zip", "good inner.tar.zst");
    bench.zip("good.zip", "good.tar.zst");
    bench.zip("bad.zip", "bad");
    bench.run("tar -cf - bad.zip | zstd -q >outer.tar.zst");
    for (int i = 0; i < 2; ++i) {
        CHECK(bench.verdict("good.zip") == "clean");
        CHECK(bench.verdict("outer.zip") == found("inner.tar.zst/bad"));
        CHECK(bench.verdict("inner.tar.zst") == found("bad"));
        CHECK(bench.verdict("outer.tar.zst") == found("bad.zip/bad"));
    }
}

TEST_CASE("limits: programs and libraries are scanned in full") {
    Bench bench;
    const auto report = bench.scan("/bin/ls");
    CHECK(engines::text(report) == "clean");
    CHECK(report.type == "CL_TYPE_ELF");
    CHECK(engines::text(bench.scan("/bin/sh")) == "clean");
    const auto library =
        containers::shell("find /usr/lib -name '*.a' -size +16k -size -2M -print -quit");
    if (!library || library->empty()) {
        tree::skipped("limits: no static library is installed");
        return;
    }
    const auto path = library->substr(0, library->find('\n'));
    INFO(path);
    CHECK(engines::text(bench.scan(path)) == "clean");
}

TEST_CASE("limits: a program that only looks like an archive in places is not accused") {
    if (!have("python3"))
        return;
    Bench bench(file_size(mebi));
    // A local header of a zip with a size of 3 GiB, and nothing behind it, in an ELF program.
    bench.run("python3 -c \"import struct,sys; "
              "d=open('/bin/ls','rb').read()[:200000]; "
              "h=struct.pack('<4s5H3I2H',b'PK\\3\\4',20,0,8,0,0,0,100,3<<30,4,0)+b'name'; "
              "open('program','wb').write(d+h+b'\\xff'*5000)\"");
    CHECK(bench.verdict("program") == "clean");
}

TEST_CASE("limits: an archive behind a program counts where libclamav opens it") {
    if (!have("python3"))
        return;
    Bench bench(file_size(mebi));
    tree::file(bench / "member", std::string(2'000'000, '\0'));
    tree::file(bench / "bad", engines::eicar());
    bench.zip("large.zip", "member");
    bench.zip("both.zip", "member bad");
    bench.run("cat /bin/ls large.zip >large");
    bench.run("cat /bin/ls both.zip >both");
    for (int i = 0; i < 2; ++i) {
        CHECK(bench.verdict("large") == "clean [MaxFileSize]");
        CHECK(bench.verdict("both") == found("bad") + " [MaxFileSize]");
    }
}

TEST_CASE("limits: what libclamav cannot take for its size is said to be so") {
    Bench bench;
    const auto sparse = [&bench](const std::string &name, std::uint64_t size) {
        tree::file(bench / name);
        tree::must(::truncate((bench / name).c_str(), static_cast<off_t>(size)) == 0, name);
    };
    sparse("almost", engine_file_limit);
    sparse("two", engine_file_limit + 1);
    sparse("more", 5 * gibi);
    for (int i = 0; i < 2; ++i) {
        CHECK(bench.scan(bench / "almost").limits.names() ==
              std::vector<std::string>{"MaxFileSize"});
        for (const char *name : {"two", "more"}) {
            const auto report = bench.scan(bench / name);
            CHECK(report.verdict == Verdict::clean);
            CHECK(report.limits.has(Limit::engine_size));
            CHECK_FALSE(report.limits.has(Limit::max_file_size));
        }
    }
}
