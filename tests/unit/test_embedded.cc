// SPDX-License-Identifier: GPL-2.0-only
//
// The signatures that come with the program: EICAR as people really write it, the ClamAV test file,
// and nothing else.
#include "engine/database.h"

#include "tests/support/catch.h"
#include "tests/support/containers.h"
#include "tests/support/engines.h"
#include "tests/support/infected.h"
#include "tests/support/tree.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace hostav;
using containers::have;

namespace {

/// `text` in UTF-16: low byte first, or high byte first.
std::string wide(const std::string &text, bool high_first) {
    std::string bytes;
    for (const char c : text) {
        const std::string zero(1, '\0');
        bytes += high_first ? zero + c : c + zero;
    }
    return bytes;
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

/// An engine with the embedded signatures, or nothing where others are installed.
std::optional<Engine> embedded(const tree::Scratch &scratch) {
    EngineOptions options;
    REQUIRE(choose_databases(options.load, scratch.path()));
    if (!options.load.embedded) {
        tree::skipped("embedded signatures: others are installed");
        return std::nullopt;
    }
    auto engine = Engine::load(options);
    REQUIRE(engine);
    tree::directory(scratch / "temp");
    engine->set_temporary_directory(scratch / "temp");
    return std::move(*engine);
}

std::string verdict(Engine &engine, const std::string &content) {
    const auto fd = containers::memory_file(content);
    return engines::text(engine.scan(fd.get(), "file"));
}

} // namespace

TEST_CASE("embedded signatures: EICAR in every spelling that people try") {
    const tree::Scratch scratch;
    auto engine = embedded(scratch);
    if (!engine)
        return;
    const auto eicar = engines::eicar();
    const std::string bom = "\xEF\xBB\xBF";
    // As `echo "..."` writes it, where $EICAR and $H are variables that are not set.
    const auto expanded = replaced(replaced(eicar, "$EICAR", ""), "$H", "");
    for (const auto &[what, content] : std::vector<std::pair<std::string, std::string>>{
             {"plain", eicar},
             {"line end", eicar + "\n"},
             {"CRLF", eicar + "\r\n"},
             {"empty line before", "\r\n" + eicar},
             {"quoted", "'" + eicar + "'\n"},
             {"BOM", bom + eicar},
             {"UTF-16LE", wide(eicar, false)},
             {"UTF-16LE with BOM", "\xFF\xFE" + wide(eicar + "\r\n", false)},
             {"UTF-16BE", wide(eicar, true)},
             {"UTF-16BE with BOM", "\xFE\xFF" + wide(eicar + "\r\n", true)},
             {"doubled backslash", replaced(eicar, "\\", "\\\\")},
             {"zero for O", replaced(eicar, "X5O", "X50")},
             {"zero for O, CRLF", replaced(eicar, "X5O", "X50") + "\r\n"},
             {"expanded by a shell", expanded + "\n"}}) {
        INFO(what);
        CHECK(verdict(*engine, content) == "infected Eicar-Signature ");
    }
}

TEST_CASE("embedded signatures: a text that quotes EICAR, or a part of it, is clean") {
    const tree::Scratch scratch;
    auto engine = embedded(scratch);
    if (!engine)
        return;
    const auto eicar = engines::eicar();
    CHECK(verdict(*engine, "The test file has 68 bytes and looks like this:\n" + eicar) == "clean");
    CHECK(verdict(*engine, eicar.substr(0, eicar.size() / 2)) == "clean");
    CHECK(verdict(*engine, eicar.substr(1)) == "clean");
    CHECK(verdict(*engine, "nothing") == "clean");
}

TEST_CASE("embedded signatures: the ClamAV test file, and both in an archive") {
    const tree::Scratch scratch;
    auto engine = embedded(scratch);
    if (!engine || !have("python3"))
        return;
    tree::file(scratch / "bad", engines::eicar());
    tree::must(containers::shell("cd '" + scratch.path() + "' && python3 -m zipfile -c a.zip bad")
                   .has_value(),
               "zipfile");
    CHECK(verdict(*engine, infected::read(scratch / "a.zip")) == "infected Eicar-Signature bad");
    const std::string sample = "/usr/share/clamav-testfiles/clam.exe";
    if (!infected::exists(sample)) {
        tree::skipped("embedded signatures: clamav-testfiles is not installed");
        return;
    }
    CHECK(verdict(*engine, infected::read(sample)) == "infected ClamAV-Test-File ");
}

TEST_CASE("embedded signatures: named databases are taken as they are") {
    const tree::Scratch scratch;
    LoadOptions load;
    load.databases = {"/named"};
    REQUIRE(choose_databases(load, scratch.path()));
    CHECK(load.databases == std::vector<std::string>{"/named"});
    CHECK_FALSE(load.embedded);
    CHECK(infected::names(scratch.path()).empty());
}
