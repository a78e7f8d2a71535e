// SPDX-License-Identifier: GPL-2.0-only
//
// logship's command line: what goes together, what does not, and what is said of it.
#include "ship/options.h"

#include "tests/support/arguments.h"
#include "tests/support/catch.h"

using namespace hostav;

namespace {

struct Parsed {
    ShipOptions options;
    std::vector<std::string> warnings;
    std::string help, error;
    explicit Parsed(std::vector<std::string> words) {
        arguments::Arguments arguments(std::move(words));
        if (auto done =
                parse_ship_options(arguments.count(), arguments.values(), options, warnings, help);
            !done)
            error = done.error().text();
    }
};

} // namespace

TEST_CASE("a stream on the command line comes from standard input, files or the journal") {
    CHECK(Parsed({"--group", "g"}).options.reads_stdin());
    CHECK(Parsed({"--group", "g", "-"}).options.reads_stdin());
    CHECK_FALSE(Parsed({"--group", "g", "/a", "/b"}).options.reads_stdin());
    CHECK_FALSE(Parsed({"--group", "g", "--unit", "u"}).options.reads_stdin());
    CHECK(Parsed({"--group", "g", "--identifier", "i"}).options.journal);
    CHECK_FALSE(Parsed({}).options.has_stream());
    CHECK_FALSE(Parsed({"-c", "/x"}).options.reads_stdin());
}

TEST_CASE("the old agent's names of options are the same options") {
    const Parsed parsed({"--log-group-name", "g", "--log-stream-name", "s", "--tag", "a=b", "--tag",
                         "c=d", "--no-gzip-http-content-encoding", "--logging-config-file", "x"});
    CHECK(parsed.error.empty());
    CHECK(parsed.options.stream.at("log_group_name") == "g");
    CHECK(parsed.options.stream.at("log_stream_name") == "s");
    CHECK(parsed.options.stream.at("tags") == "a=b, c=d");
    CHECK_FALSE(parsed.options.gzip);
    CHECK(parsed.warnings.size() == 1);
}

TEST_CASE("sinks and their targets") {
    const auto sink = [](const std::string &to) {
        const Parsed parsed({"--group", "g", "--to", to});
        return parsed.error.empty()
                   ? std::string(sink_name(parsed.options.sink)) + " " + parsed.options.target
                   : "error";
    };
    CHECK(sink("cloudwatch") == "cloudwatch ");
    CHECK(sink("stdout") == "stdout ");
    CHECK(sink("otlp=http://host:4318/v1/logs?a=b") == "otlp http://host:4318/v1/logs?a=b");
    CHECK(sink("syslog=[::1]:6514") == "syslog [::1]:6514");
    for (const char *bad : {"", "otlp", "otlp=", "syslog", "stdout=x", "cloudwatch=", "file"}) {
        CAPTURE(bad);
        CHECK(sink(bad) == "error");
    }
    const Parsed dry({"--group", "g", "--dry-run"});
    CHECK(dry.options.sink == SinkKind::standard_output);
}

TEST_CASE("what does not go together is refused, not ignored") {
    const std::vector<std::vector<std::string>> refused{
        {"--stream", "s"},
        {"--group", "g", "--log-group-name", "h"},
        {"--group", "g", "-c", "/x"},
        {"--group", "g", "--journal", "/a"},
        {"--group", "g", "-", "/a"},
        {"--group", "g", "--follow", "all"},
        {"--group", "g", "--initial-position", "end_of_file"},
        {"--group", "g", "--journal", "--encoding", "utf_8"},
        {"--group", "g", "--to", "stdout", "--retention", "30"},
        {"--group", "g", "--to", "stdout", "--tag", "a=b"},
        {"--group", "g", "--dry-run", "--to", "cloudwatch"},
        {"--group", "g", "--spool", "/x", "/a"},
        {"--group", "g", "--spool-size", "1G"},
        {"--group", "g", "--when-full", "wait"},
        {"--group", "g", "--spool", "/x", "--spool-size", "1K"},
        {"--group", "g", "--spool", "/x", "--when-full", "explode"},
        {"--group", "g", "--timeout", "0"},
        {"--sample", "x"},
        {"--json"},
        {"--nonsense"}};
    for (const auto &words : refused) {
        CAPTURE(words);
        CHECK_FALSE(Parsed(words).error.empty());
    }
    // The same twice is no contradiction.
    CHECK(Parsed({"--group", "g", "--log-group-name", "g"}).error.empty());
}

TEST_CASE("a spool's options") {
    const Parsed parsed(
        {"--group", "g", "--spool", "/x", "--spool-size", "2M", "--when-full", "drop-oldest"});
    CHECK(parsed.error.empty());
    CHECK(parsed.options.spool_size == 2 << 20);
    CHECK(parsed.options.when_full == WhenFull::drop_oldest);
    CHECK(Parsed({"--group", "g"}).options.when_full == WhenFull::wait);
}
