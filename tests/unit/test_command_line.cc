// SPDX-License-Identifier: GPL-2.0-only
//
// The command line as clamscan's users type it, and what is said of one that is wrong.
#include "conf/command_line.h"

#include "tests/support/arguments.h"
#include "tests/support/catch.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace {

using arguments::Arguments;
using hostav::CommandLine;
using hostav::Error;
using hostav::Result;
using Words = std::vector<std::string>;

constexpr std::uint64_t unset = 77;

/// A tool with an option of every kind.
struct Tool {
    bool recursive = false, remove = false, infected = false, quick = false, yes = true;
    std::uint64_t jobs = unset, any = unset, bytes = unset;
    std::optional<std::uint64_t> timeout;
    std::optional<std::string> log, logfile;
    Words database;
    unsigned mode = unset;
    CommandLine line;
    Result<Words> parsed;

    explicit Tool(const Words &words) {
        line.group("Output");
        line.flag("recursive", 'r', recursive, "Directories below directories");
        line.flag("remove", 0, remove, "Remove");
        line.flag("infected", 'i', infected, "Only infected files");
        line.flag("quick", 0, quick, nullptr);
        line.flag("yes", 0, yes, "On by itself");
        line.group("Values");
        line.number("jobs", 'j', jobs, 1, 1024, "N", "Workers");
        line.number("any", 0, any, 0, UINT64_MAX, "N", "Any number");
        line.number("timeout", 0, timeout, 1, 60, "SECONDS", "Longest time");
        line.size("max-filesize", 0, bytes, "SIZE", "Largest file");
        line.text("log", 'l', log, "FILE", "Append to FILE");
        line.text("logfile", 0, logfile, "FILE", "A name that begins with another option's");
        line.texts("database", 'd', database, "FILE|DIR", "Load these");
        line.choice("mode", 0, mode, {"yes", "no", "only"}, "How");
        line.deprecated("bytecode-trust-all", 't');
        line.deprecated("unrar");
        Arguments arguments(words);
        parsed = line.parse(arguments.count(), arguments.values());
    }
    Tool(const Tool &) = delete;
    Tool &operator=(const Tool &) = delete;
};

/// What was not an option; the error's text when the line was refused.
Words rest(const Tool &tool) {
    return tool.parsed ? *tool.parsed : Words{"refused: " + tool.parsed.error().text()};
}

Error error(const Words &words) {
    const Tool tool(words);
    return tool.parsed ? Error{"accepted", ""} : tool.parsed.error();
}

std::optional<bool> recursive(const std::string &word) {
    const Tool tool({word});
    return tool.parsed ? std::optional(tool.recursive) : std::nullopt;
}

std::optional<std::uint64_t> bytes(const std::string &value) {
    const Tool tool({"--max-filesize=" + value});
    return tool.parsed ? std::optional(tool.bytes) : std::nullopt;
}

std::optional<std::uint64_t> any(const std::string &value) {
    const Tool tool({"--any=" + value});
    return tool.parsed ? std::optional(tool.any) : std::nullopt;
}

} // namespace

TEST_CASE("command line: nothing given changes nothing") {
    const Tool tool({});
    CHECK(rest(tool).empty());
    CHECK_FALSE(tool.recursive);
    CHECK(tool.yes);
    CHECK(tool.jobs == unset);
    CHECK_FALSE(tool.timeout);
    CHECK_FALSE(tool.log);
    CHECK(tool.database.empty());
    CHECK(tool.line.warnings().empty());
}

TEST_CASE("command line: a flag is bare or has a word for yes or no") {
    CHECK(recursive("--recursive") == true);
    CHECK(recursive("-r") == true);
    for (const char *word : {"yes", "true", "1", "YES", "True"})
        CHECK(recursive(std::string("--recursive=") + word) == true);
    const Tool off({"--yes=no"});
    CHECK_FALSE(off.yes);
    for (const char *word : {"no", "false", "0", "No"})
        CHECK_FALSE(Tool({std::string("--yes=") + word}).yes);
    for (const char *word : {"maybe", "", "2", "yess"})
        CHECK(recursive(std::string("--recursive=") + word) == std::nullopt);
    const Error refused = error({"--recursive=maybe"});
    CHECK(refused.what == "--recursive=maybe");
    CHECK(refused.why == "not yes or no");
}

TEST_CASE("command line: a flag takes no word that follows it") {
    const Tool tool({"--recursive", "no", "-i", "yes"});
    CHECK(tool.recursive);
    CHECK(tool.infected);
    CHECK(rest(tool) == Words{"no", "yes"});
}

TEST_CASE("command line: letters may stand together, the last one with its value") {
    const Tool tool({"-rij3", "-ril", "file"});
    CHECK(rest(tool).empty());
    CHECK(tool.recursive);
    CHECK(tool.infected);
    CHECK(tool.jobs == 3);
    CHECK(tool.log == "file");
}

TEST_CASE("command line: a name may be cut short as long as it stays unique") {
    CHECK(recursive("--recurs") == true);
    CHECK(recursive("--rec=no") == false);
    const Tool tool({"--dat", "one", "--time=5"});
    CHECK(tool.database == Words{"one"});
    CHECK(tool.timeout == 5U);
    // An option's whole name is that option, whatever else begins with it.
    const Tool whole({"--log=a", "--logf=b"});
    CHECK(whole.log == "a");
    CHECK(whole.logfile == "b");
}

TEST_CASE("command line: a name that could be two options is refused with both") {
    for (const auto *word : {"--re", "--re=1"}) {
        const Error refused = error({"x", word, "y"});
        CHECK(refused.what == "--re");
        CHECK(refused.why == "ambiguous option, could be --recursive, --remove");
    }
}

TEST_CASE("command line: what no option is called is refused by its name") {
    CHECK(error({"--nonsense"}).text() == "--nonsense: unknown option");
    CHECK(error({"--nonsense=5"}).text() == "--nonsense: unknown option");
    CHECK(error({"a", "b", "--nonsense", "c"}).text() == "--nonsense: unknown option");
    CHECK(error({"--recursively"}).text() == "--recursively: unknown option");
    CHECK(error({"-Z"}).text() == "-Z: unknown option");
    CHECK(error({"-rZi"}).text() == "-Z: unknown option");
    CHECK(error({"a", "-rZ", "b"}).text() == "-Z: unknown option");
    CHECK(error({"--line\nend"}).what == "--line\\nend");
    CHECK(error({"--=x"}).why == "unknown option");
}

TEST_CASE("command line: a letter outside ASCII is refused by its own argument") {
    CHECK(error({"-\u00fc"}).text() == "-\u00fc: unknown option");
    CHECK(error({"file", "-\u00fc"}).text() == "-\u00fc: unknown option");
}

TEST_CASE("command line: a value that is missing or empty is refused") {
    CHECK(error({"--log"}).text() == "--log: needs a value");
    CHECK(error({"file", "--log"}).text() == "--log: needs a value");
    CHECK(error({"-l"}).text() == "-l: needs a value");
    CHECK(error({"-rl"}).text() == "-l: needs a value");
    CHECK(error({"--jo"}).why == "needs a value");
    // Nor is the next word taken for it.
    CHECK(error({"--log=", "y"}).text() == "--log=: needs a value that is not empty");
    CHECK(error({"-l", ""}).text() == "--log=: needs a value that is not empty");
    CHECK(error({"--database="}).text() == "--database=: needs a value that is not empty");
}

TEST_CASE("command line: a value follows at once or in the next word") {
    CHECK(Tool({"-lFILE"}).log == "FILE");
    CHECK(Tool({"-l", "FILE"}).log == "FILE");
    CHECK(Tool({"--log=FILE"}).log == "FILE");
    CHECK(Tool({"--log", "FILE"}).log == "FILE");
    CHECK(Tool({"-l=FILE"}).log == "=FILE"); // as getopt has it
    CHECK(Tool({"--log=a=b"}).log == "a=b");
    CHECK(Tool({"--log", "-r"}).log == "-r");
    CHECK(Tool({"--log", "--"}).log == "--");
}

TEST_CASE("command line: of an option given twice the first counts") {
    const Tool tool({"--log=a", "-l", "b", "--yes=no", "--yes", "-j2", "--jobs=3", "--mode=no",
                     "--mode=only", "--max-filesize=1K", "--max-filesize=2K", "--timeout=4",
                     "--timeout=5"});
    CHECK(rest(tool).empty());
    CHECK(tool.log == "a");
    CHECK_FALSE(tool.yes);
    CHECK(tool.jobs == 2);
    CHECK(tool.mode == 1);
    CHECK(tool.bytes == 1024);
    CHECK(tool.timeout == 4U);
}

TEST_CASE("command line: an option that may be repeated collects its values in order") {
    const Tool tool({"-d", "DB", "DIR", "--database=two", "-dthree"});
    CHECK(tool.database == Words{"DB", "two", "three"});
    CHECK(rest(tool) == Words{"DIR"}); // and takes only the word after it
}

TEST_CASE("command line: what is no option stays as it is and in order") {
    const Tool tool({"b", "-r", "a", "[a,b]", "-", "{x}", "", "--infected", "*"});
    CHECK(rest(tool) == Words{"b", "a", "[a,b]", "-", "{x}", "", "*"});
    CHECK(tool.recursive);
    CHECK(tool.infected);
}

TEST_CASE("command line: two dashes end the options") {
    const Tool tool({"-r", "a", "--", "-i", "--nonsense", "--", "-"});
    CHECK(tool.recursive);
    CHECK_FALSE(tool.infected);
    CHECK(rest(tool) == Words{"a", "-i", "--nonsense", "--", "-"});
}

TEST_CASE("command line: a number is decimal and in its range") {
    CHECK(Tool({"--jobs=1"}).jobs == 1);
    CHECK(Tool({"--jobs=1024"}).jobs == 1024);
    CHECK(any("18446744073709551615") == UINT64_MAX);
    for (const char *bad : {"", "-1", "+1", " 1", "1 ", "1x", "0x10", "1.5", "1K",
                            "18446744073709551616", "99999999999999999999999"}) {
        INFO("'" << bad << "'");
        CHECK(any(bad) == std::nullopt);
    }
    CHECK(error({"--jobs=0"}).text() == "--jobs=0: not a number from 1 to 1024");
    CHECK(error({"-j", "1025"}).text() == "--jobs=1025: not a number from 1 to 1024");
    CHECK(error({"--timeout=61"}).text() == "--timeout=61: not a number from 1 to 60");
    CHECK(error({"--any=x\n"}).text() == "--any=x\\n: not a number of 0 or more");
}

TEST_CASE("command line: a size has K, M or G and fits 63 bits") {
    CHECK(bytes("0") == 0U);
    CHECK(bytes("1000") == 1000U);
    CHECK(bytes("2K") == 2048U);
    CHECK(bytes("2k") == 2048U);
    CHECK(bytes("3M") == 3U << 20);
    CHECK(bytes("1g") == 1U << 30);
    CHECK(bytes("9223372036854775807") == static_cast<std::uint64_t>(INT64_MAX));
    CHECK(bytes("8589934591G") == std::uint64_t{8589934591} << 30);
    for (const char *bad : {"", "K", "-1", "1KB", "1T", "1.5M", "9223372036854775808",
                            "8589934592G", "18446744073709551616K"}) {
        INFO("'" << bad << "'");
        CHECK(bytes(bad) == std::nullopt);
    }
    CHECK(error({"--max-filesize=1T"}).text() ==
          "--max-filesize=1T: not a size in bytes, or with K, M or G");
}

TEST_CASE("command line: a choice is one of its words") {
    CHECK(Tool({"--mode=yes"}).mode == 0);
    CHECK(Tool({"--mode", "only"}).mode == 2);
    CHECK(Tool({}).mode == unset);
    CHECK(error({"--mode=Only"}).text() == "--mode=Only: not one of yes, no, only");
    CHECK(error({"--mode=on"}).why == "not one of yes, no, only");
}

TEST_CASE("command line: deprecated options are told of, every time") {
    const Tool tool({"-t", "--unrar=/usr/bin/unrar", "a", "--bytecode-trust-all", "--unrar"});
    CHECK(rest(tool) == Words{"a"});
    CHECK(tool.line.warnings() == Words{"Ignoring deprecated option --bytecode-trust-all (-t)",
                                        "Ignoring deprecated option --unrar",
                                        "Ignoring deprecated option --bytecode-trust-all (-t)",
                                        "Ignoring deprecated option --unrar"});
}

TEST_CASE("command line: help has the groups in order and hides what has no text") {
    const std::string help = Tool({}).line.help();
    INFO(help);
    const auto output = help.find("\nOutput:\n");
    const auto values = help.find("\nValues:\n");
    REQUIRE(output != std::string::npos);
    REQUIRE(values != std::string::npos);
    CHECK(output < help.find("  -r, --recursive "));
    CHECK(help.find("--yes ") < values);
    CHECK(values < help.find("  -j, --jobs=N "));
    CHECK(help.contains("\n      --timeout=SECONDS "));
    CHECK(help.contains("\n  -d, --database=FILE|DIR "));
    CHECK(help.contains("Append to FILE\n"));
    for (const char *hidden : {"--quick", "--unrar", "--bytecode-trust-all"})
        CHECK_FALSE(help.contains(hidden));
}

TEST_CASE("command line: one that was refused half-way leaves nothing to the next") {
    CHECK(error({"a", "-rZi", "b"}).what == "-Z");
    const Tool next({"x", "-j4", "y"});
    CHECK(rest(next) == Words{"x", "y"});
    CHECK(next.jobs == 4);
    CHECK_FALSE(next.infected);
    const Tool again({"--", "-j4"});
    CHECK(rest(again) == Words{"-j4"});
    CHECK(rest(Tool({"-i", "z"})) == Words{"z"});
}
