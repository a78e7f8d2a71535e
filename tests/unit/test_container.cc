// SPDX-License-Identifier: GPL-2.0-only
//
// Containers made by the real programs come out byte for byte; what is none is left alone.
#include "tests/support/catch.h"
#include "tests/support/containers.h"

#include <set>
#include <sys/wait.h>
#include <unistd.h>

using namespace containers;
using hostav::container_format;
using namespace std::string_view_literals;
using namespace std::string_literals;

namespace {

/// libclamav opens these by itself, or what is to be opened is inside of something it opens.
bool is_foreign(const std::string &kind) {
    static const std::set<std::string> kinds = {"tar", "tar.gz", "tar.bz2", "tar.xz", "gz",  "bz2",
                                                "xz",  "7z",     "zip",     "iso",    "cpio"};
    return kinds.contains(kind) || kind.ends_with(".in.zip") || kind.ends_with(".in.mail");
}

/// The last layer of these is a zip, gzip or xz, which is libclamav's to open.
bool ends_foreign(const std::string &kind) {
    return kind == "gzip.deb" || kind == "xz.deb" || kind == "zip.in.tar.zst";
}

/// A record as ISO 28500 has it.
std::string warc_record(const std::string &type, const std::string &address,
                        const std::string &content) {
    return "WARC/1.1\r\nWARC-Type: " + type +
           (address.empty() ? "" : "\r\nWARC-Target-URI: " + address) +
           "\r\ncontent-length: " + std::to_string(content.size()) + "\r\n\r\n" + content +
           "\r\n\r\n";
}

} // namespace

TEST_CASE("container: every kind gives the payload back") {
    const Scratch scratch;
    REQUIRE(fixtures().size() > 10);
    for (const auto &fixture : fixtures()) {
        INFO(fixture.kind);
        const hostav::Fd fd(::open(fixture.path.c_str(), O_RDONLY | O_CLOEXEC));
        REQUIRE(fd);
        if (is_foreign(fixture.kind)) {
            CHECK(format_of(fd.get()) == nullptr);
            CHECK_FALSE(Container::open(fd.get()));
            continue;
        }
        REQUIRE(format_of(fd.get()) != nullptr);
        // The descriptor's own offset neither matters nor changes.
        REQUIRE(::lseek(fd.get(), 7, SEEK_SET) == 7);
        const auto contents = read_all(fd.get());
        CHECK(::lseek(fd.get(), 0, SEEK_CUR) == 7);
        CHECK_FALSE(contents.trouble);
        if (!ends_foreign(fixture.kind)) {
            CHECK(contents.holds(payload()));
        } else if (have("bsdtar")) {
            write_file(scratch / "last", contents.members.back());
            CHECK(shell("bsdtar -xOf '" + scratch / "last" + "'") == payload());
        }
    }
}

// As root in an empty root directory: no program can be run, no conversion table be loaded.
TEST_CASE("container: nothing but the descriptor is needed") {
    if (::geteuid() != 0) {
        std::cerr << "SKIP: chroot needs root\n";
        return;
    }
    const Scratch scratch;
    std::vector<hostav::Fd> files;
    for (const auto &fixture : fixtures())
        if (!is_foreign(fixture.kind) && !ends_foreign(fixture.kind))
            files.emplace_back(::open(fixture.path.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(files.size() > 8);
    write_file(scratch / "payload.bin", payload());
    for (const auto *kind : {"rar4", "rar5"})
        if (const auto rar = shell(std::string("tests/support/make-rar.py ") + kind + " unicode '" +
                                   scratch / "payload.bin" + "'"))
            files.push_back(memory_file(*rar));
    fs::create_directory(scratch / "empty");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        if (::chroot((scratch / "empty").c_str()) != 0 || ::chdir("/") != 0)
            ::_exit(100);
        int wrong = 0;
        for (const auto &file : files)
            wrong += read_all(file.get()).holds(payload()) ? 0 : 1;
        ::_exit(wrong);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("container: several blocks and several frames") {
    const Scratch scratch;
    std::string large;
    for (int i = 0; i < 75; ++i)
        large += payload(); // 3 MB
    write_file(scratch / "large", large);
    const auto file = "'" + scratch / "large" + "'";
    const std::vector<std::pair<std::string, std::string>> programs = {
        {"zstd", "zstd -qc "}, {"lz4", "lz4 -qc "},         {"lz4", "lz4 -qlc "},
        {"lzip", "lzip -c "},  {"lzop", "lzop -c "},        {"lzop", "lzop -9c "},
        {"lzop", "lzop -Fc "}, {"compress", "compress -c "}};
    for (const auto &[program, command] : programs) {
        if (!have(program))
            continue;
        INFO(command);
        const auto once = shell(command + file);
        REQUIRE(once);
        CHECK(read_all(memory_file(*once).get()).members == std::vector{large});
        if (program == "compress") // which has no end mark
            continue;
        const auto twice = read_all(memory_file(*once + *once).get());
        CHECK_FALSE(twice.trouble);
        CHECK(twice.members == std::vector{large + large});
    }
}

TEST_CASE("container: skippable frames come first") {
    if (!have("zstd"))
        return;
    const auto packed = shell("printf hello | zstd -qc");
    const auto skipped = std::string("\x5a\x2a\x4d\x18\xf4\x01\0\0"sv) + std::string(500, 'x');
    const auto file = memory_file(skipped + skipped + *packed + skipped);
    CHECK(format_of(file.get()) == "zst"sv);
    const auto contents = read_all(file.get());
    CHECK_FALSE(contents.trouble);
    CHECK(contents.members == std::vector<std::string>{"hello"});
}

TEST_CASE("container: what follows is not overlooked") {
    const Scratch scratch;
    if (!have("zstd") || !have("bsdtar"))
        return;
    write_file(scratch / "one", "first");
    write_file(scratch / "two", "second");
    for (const std::string format : {"ustar", "newc", "odc"}) {
        INFO(format);
        const auto command = "cd '" + scratch.path() + "' && { bsdtar --format=" + format +
                             " -cf - one; bsdtar --format=" + format + " -cf - two; } | zstd -qc";
        const auto contents = read_all(memory_file(shell(command).value_or("")).get());
        CHECK_FALSE(contents.trouble);
        CHECK(contents.members == std::vector<std::string>{"first", "second"});
    }
    // Something else behind the frames is said to be there, and costs nothing of what comes before.
    const auto behind =
        read_all(memory_file(*shell("printf payload | zstd -qc") + "garbage").get());
    CHECK(behind.trouble);
    CHECK(behind.members == std::vector<std::string>{"payload"});
}

TEST_CASE("container: a disk image that begins with zeros is no empty tar") {
    if (!have("zstd"))
        return;
    const auto file = memory_file(*shell("{ head -c 4096 /dev/zero; printf end; } | zstd -qc"));
    const auto contents = read_all(file.get());
    CHECK_FALSE(contents.trouble);
    CHECK(contents.members == std::vector{std::string(4096, '\0') + "end"});
}

TEST_CASE("container: names are raw, and only regular files have content") {
    const Scratch scratch;
    if (!have("zstd"))
        return;
    const std::string name = "b\xff\n FOUND";
    fs::create_directory(scratch / "d");
    write_file(scratch / ("d/" + name), "x");
    fs::create_symlink("nowhere", scratch / "d/link");
    REQUIRE(::mkfifo((scratch / "d/pipe").c_str(), 0600) == 0);
    fs::create_hard_link(scratch / ("d/" + name), scratch / "d/z");
    const auto file =
        memory_file(*shell("tar -C '" + scratch.path() + "' --sort=name -cf - d | zstd -qc"));
    auto container = Container::open(file.get());
    REQUIRE(container);
    std::vector<std::pair<std::string, bool>> members;
    while (const auto member = container->next())
        members.emplace_back(member->name, member->regular);
    CHECK_FALSE(container->damaged());
    const std::vector<std::pair<std::string, bool>> expected = {
        {"d/", false}, {"d/" + name, true}, {"d/link", false}, {"d/pipe", false}, {"d/z", false}};
    CHECK(members == expected);
}

TEST_CASE("container: holes are kept, the limit counts them") {
    const Scratch scratch;
    if (!have("zstd"))
        return;
    std::string expected(5'000'000, '\0');
    expected.replace(1'000'000, 4, "data");
    write_file(scratch / "s", "");
    REQUIRE(shell("cd '" + scratch.path() + "' && truncate -s 5000000 s && printf data | " +
                  "dd of=s bs=1 seek=1000000 conv=notrunc status=none"));
    const auto packed = shell("tar -C '" + scratch.path() + "' -Scf - s | zstd -qc");
    REQUIRE(packed);
    const auto file = memory_file(*packed);
    const auto contents = read_all(file.get());
    CHECK_FALSE(contents.trouble);
    CHECK(contents.members == std::vector{expected});
    const auto cut = read_all(file.get(), 2'000'000); // read_all() looks at what was written
    CHECK(cut.trouble);
    CHECK(cut.members == std::vector{expected.substr(0, 2'000'000)});
}

TEST_CASE("container: every record of a WARC is a member") {
    const std::string body = "payload\r\n\r\nmore";
    const auto file =
        memory_file(warc_record("warcinfo", "", "software: test\r\n") +
                    warc_record("resource", "http://example.org/", body) +
                    warc_record("conversion", "<http://example.org/x>", body) +
                    warc_record("response", "http://example.org/y",
                                "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n" + body));
    const auto contents = read_all(file.get());
    CHECK_FALSE(contents.trouble);
    CHECK(contents.members == std::vector<std::string>{"software: test\r\n", body, body, body});
    CHECK(contents.names[1] == "http://example.org/");
}

TEST_CASE("container: encrypted RAR members are said to be encrypted") {
    const Scratch scratch;
    if (!have("python3"))
        return;
    write_file(scratch / "p", "cipher text");
    for (const std::string kind :
         {"rar4 encrypted", "rar5 encrypted", "rar4 encrypted-names", "rar5 encrypted-names"}) {
        INFO(kind);
        const auto rar = shell("tests/support/make-rar.py " + kind + " '" + scratch / "p" + "'");
        REQUIRE(rar);
        const auto file = memory_file(*rar), out = memory_file();
        auto container = Container::open(file.get());
        REQUIRE(container);
        const auto member = container->next();
        REQUIRE(member);
        CHECK(member->encrypted);
        CHECK(container->extract(out.get(), 100, [](std::uint64_t) { return true; }) ==
              MemberEnd::encrypted);
        CHECK(read_fd(out.get()).empty());
        CHECK_FALSE(container->next());
    }
}

TEST_CASE("container: magic alone is not enough where it is short") {
    CHECK(container_format("") == nullptr);
    CHECK(container_format("!<arch>") == nullptr);
    CHECK(container_format("!<arch>\n") == "ar"sv);
    CHECK(container_format("!<thin>\n/ ") == nullptr);
    CHECK(container_format("Rar! is what he said, and WARC is what she heard") == nullptr);
    CHECK(container_format("WARC/1.0\r\n") == "warc"sv);
    CHECK(container_format("\x1f\x9d\x90X\x02"sv) == "Z"sv);
    CHECK(container_format("\x1f\x9d\x90X\x03"sv) == nullptr); // the first code is no byte
    CHECK(container_format("\x1f\x9d\xb0X\x02"sv) == nullptr); // a reserved flag
    CHECK(container_format("\x1f\x9d\x88X\x02"sv) == nullptr); // 8 bits
    CHECK(container_format("\x1f\x9d\x91X\x02"sv) == nullptr); // 17 bits
    CHECK(container_format("\x28\xb5\x2f\xfd\x08X"sv) == nullptr);
    CHECK(container_format("LZIP\x01\x05"sv) == nullptr);
    const std::string lzma("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0abcd"sv);
    CHECK(container_format(lzma) == "lzma"sv);
    const auto with = [&](std::size_t at, char byte) {
        auto other = lzma;
        other[at] = byte;
        return container_format(other);
    };
    CHECK(with(0, '\xe1') == nullptr);
    CHECK(with(1, '\x01') == nullptr);
    CHECK(with(12, '\x7f') == nullptr);
    CHECK(with(13, '\x01') == nullptr);
    CHECK(container_format(std::string(512, '\0')) == nullptr);
    CHECK(hostav::is_certain("zst"));
    CHECK_FALSE(hostav::is_certain("Z"));
    CHECK_FALSE(hostav::is_certain("lzma"));
}

TEST_CASE("container: programs and documents are none, static libraries are") {
    std::vector<std::string> taken;
    std::size_t looked_at = 0, libraries = 0;
    for (const std::string directory : {"/usr/bin", "/usr/share/doc", "/usr/lib"}) {
        unsigned left = 1500; // of each
        for (const auto &entry : fs::recursive_directory_iterator(
                 directory, fs::directory_options::skip_permission_denied)) {
            const auto path = entry.path().string();
            if (entry.is_symlink() || !entry.is_regular_file())
                continue;
            if (left-- == 0)
                break;
            const hostav::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
            const auto *format = fd ? format_of(fd.get()) : nullptr;
            ++looked_at;
            if (format != nullptr && format == "ar"sv && path.ends_with(".a"))
                ++libraries;
            else if (format != nullptr && !path.ends_with("."s + format))
                taken.push_back(format + (" " + path));
        }
    }
    for (const auto &file : taken)
        FAIL_CHECK(file);
    CHECK(looked_at > 100);
    const auto library = shell("${CXX:-g++} -print-file-name=libstdc++.a");
    if (libraries == 0 && library && !library->starts_with('/'))
        std::cerr << "SKIP: no static library is installed\n";
    else if (library && library->starts_with('/'))
        CHECK_FALSE(read_all(library->substr(0, library->find('\n'))).trouble);
}
