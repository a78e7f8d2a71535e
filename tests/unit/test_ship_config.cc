// SPDX-License-Identifier: GPL-2.0-only
//
// awslogs.conf as values; what logship says of it is tests/cli's.
#include "aws/placeholders.h"
#include "ship/config.h"
#include "ship/destination.h"
#include "ship/event_format.h"

#include "tests/support/catch.h"
#include "tests/support/tree.h"

using namespace hostav;

namespace {

using Warnings = std::vector<std::string>;

const std::string section = "[s]\nfile = /l\nlog_group_name = g\nlog_stream_name = {instance_id}\n";

/// A configuration in a directory of its own, which messages leave out.
struct Files {
    tree::Scratch scratch;
    Warnings warnings;

    explicit Files(const std::string &text) { tree::file(scratch / "c", text); }
    Files &further(const std::string &name, const std::string &text) {
        std::filesystem::create_directory(scratch / "config");
        tree::file(scratch / ("config/" + name), text);
        return *this;
    }
    [[nodiscard]] std::string relative(std::string text) const {
        const auto prefix = scratch / "";
        for (std::size_t at = 0; (at = text.find(prefix)) != std::string::npos;)
            text.erase(at, prefix.size());
        return text;
    }
    ShipConfig read() {
        auto config = read_ship_config(scratch / "c", std::nullopt, warnings);
        INFO((config ? "" : config.error().text()));
        REQUIRE(config);
        for (auto &warning : warnings)
            warning = relative(warning);
        return std::move(*config);
    }
    std::string error() {
        const auto config = read_ship_config(scratch / "c", std::nullopt, warnings);
        return config ? "none" : relative(config.error().text());
    }
};

StreamConfig stream_of(const std::string &lines) {
    const auto config = Files(section + lines).read();
    REQUIRE(config.streams.size() == 1);
    return config.streams[0];
}

std::string error_of(const std::string &lines) {
    return Files(section + lines).error();
}

std::string warning_of(const std::string &lines) {
    Files files(section + lines);
    files.read();
    REQUIRE(files.warnings.size() == 1);
    return files.warnings[0];
}

Result<std::string> expanded(const std::string &text) {
    return expand_placeholders(
        text,
        [](const std::string &name) -> Result<std::string> {
            if (name == "ip_address")
                return fail("ip", "none");
            return "<" + name + ">";
        },
        "here");
}

} // namespace

TEST_CASE("the configuration that users have", "[ship_config]") {
    Files files(R"([general]
state_file = /var/lib/awslogs/agent-state

#[/var/log/messages]
#datetime_format = %b %d %H:%M:%S

[clamav]
log_group_name = clamav
log_stream_name = {instance_id}
initial_position = start_of_file
datetime_format = %a %b %d %H:%M:%S %Y
file = /var/log/clamd.scan
buffer_duration = 5000
)");
    const auto config = files.read();
    CHECK(files.warnings.empty());
    CHECK(config.state_file == "/var/lib/awslogs/agent-state");
    CHECK(config.use_gzip_http_content_encoding);
    CHECK(config.queue_size == 10);
    REQUIRE(config.streams.size() == 1);
    StreamConfig expected;
    expected.name = "clamav";
    expected.where = config.streams[0].where;
    expected.file = "/var/log/clamd.scan";
    expected.log_group_name = "clamav";
    expected.log_stream_name = "{instance_id}";
    expected.datetime_format = "%a %b %d %H:%M:%S %Y";
    CHECK(config.streams[0] == expected);
    CHECK(files.relative(expected.where) == "c:7");
}

TEST_CASE("every key of a stream", "[ship_config]") {
    const auto all = stream_of("datetime_format = %Y\ntime_zone = UTC\n"
                               "file_fingerprint_lines = 2-5\n"
                               "multi_line_start_pattern = {datetime_format}\n"
                               "initial_position = end_of_file\nencoding = latin_1\n"
                               "buffer_duration = 6000\nbatch_count = 5\nbatch_size = 32768\n"
                               "follow = all\nretention_in_days = 30\ntags = a=1, b = x=y,c=\n");
    CHECK(all.datetime_format == "%Y");
    CHECK(all.time_zone == TimeZone::utc);
    CHECK(all.fingerprint_first == 2);
    CHECK(all.fingerprint_last == 5);
    CHECK(all.multi_line_start_pattern == "{datetime_format}");
    CHECK(all.from_end);
    CHECK(all.encoding == "latin_1");
    CHECK(all.buffer_duration == 6000);
    CHECK(all.batch_count == 5);
    CHECK(all.batch_size == 32768);
    CHECK(all.follow_all);
    CHECK(all.retention_in_days == 30);
    CHECK(all.tags ==
          std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "x=y"}, {"c", ""}});
}

TEST_CASE("the journal instead of a file", "[ship_config]") {
    const std::string names = "log_group_name = g\nlog_stream_name = s\n";
    auto config = Files("[DEFAULT]\ndatetime_format = %Y\n[j]\njournal_unit = ssh.service, "
                        "cron.service\njournal_identifier = sudo\n" +
                        names)
                      .read();
    REQUIRE(config.streams.size() == 1);
    CHECK(config.streams[0].file.empty());
    CHECK(config.streams[0].journal_units ==
          std::vector<std::string>{"ssh.service", "cron.service"});
    CHECK(config.streams[0].journal_identifiers == std::vector<std::string>{"sudo"});
    CHECK_FALSE(config.streams[0].datetime_format);
    CHECK(Files("[j]\njournal_unit = a\nfile = /x\n" + names).error() ==
          "c:3: file is for files: [j] reads the journal");
    CHECK(Files("[j]\njournal_unit = a\nencoding = ascii\n" + names).error() ==
          "c:3: encoding is for files: [j] reads the journal");
}

TEST_CASE("numbers out of range are raised and lowered, with a warning", "[ship_config]") {
    CHECK(stream_of("buffer_duration = 1\n").buffer_duration == 5000);
    CHECK(stream_of("batch_count = 10001\n").batch_count == 10000);
    CHECK(stream_of("batch_size = 2000000\n").batch_size == 1048576);
    CHECK(stream_of("batch_size = 1\n").batch_size == 1024);
    CHECK(warning_of("buffer_duration = 1\n") == "buffer_duration 1 at c:5: raised to 5000");
    CHECK(warning_of("batch_count = 10001\n") == "batch_count 10001 at c:5: lowered to 10000");
}

TEST_CASE("what the agent forgives is a warning", "[ship_config]") {
    CHECK(stream_of("time_zone = CET\n").time_zone == TimeZone::local);
    CHECK(warning_of("time_zone = CET\n") ==
          "time_zone CET at c:5: is neither UTC nor LOCAL: LOCAL it is");
    Files gzip("[general]\nuse_gzip_http_content_encoding = maybe\n");
    CHECK(gzip.read().use_gzip_http_content_encoding);
    CHECK(gzip.warnings.size() == 1);
    CHECK_FALSE(Files("[general]\nuse_gzip_http_content_encoding = False\n")
                    .read()
                    .use_gzip_http_content_encoding);
    Files logging("[general]\nlogging_config_file = /x\n");
    CHECK(logging.read().logging_config_file == "/x");
    CHECK(logging.warnings.size() == 1);
}

TEST_CASE("errors name file and line", "[ship_config]") {
    CHECK(error_of("fiel = /x\n") == "c:5: unknown key fiel in [s]");
    CHECK(Files("[general]\nfile = /x\n").error() == "c:2: unknown key file in [general]");
    CHECK(Files("[DEFAULT]\nnonsense = 1\n" + section).error() ==
          "c:2: unknown key nonsense in [s]");
    CHECK(Files("\n[s]\nfile = /l\nlog_stream_name = s\n").error() ==
          "c:2: [s] needs log_group_name");
    CHECK(Files("[s]\nlog_group_name = g\nlog_stream_name = s\n").error() == "c:1: [s] needs file");
    CHECK(error_of("batch_count = many\n") == "c:5: batch_count many: is no number");
    CHECK(error_of("initial_position = middle\n") ==
          "c:5: initial_position middle: is neither start_of_file nor end_of_file");
    CHECK(error_of("file_fingerprint_lines = 0\n").starts_with("c:5: file_fingerprint_lines 0: "));
    CHECK(error_of("file_fingerprint_lines = 5-2\n").starts_with("c:5: "));
    CHECK(error_of("encoding = klingon\n") == "c:5: encoding klingon: no encoding has that name");
    CHECK(error_of("\ndatetime_format = %Q\n") ==
          "c:6: datetime_format %Q: %Q is no directive of strptime");
    CHECK(error_of("datetime_format = %Y\nmulti_line_start_pattern = (\n") ==
          "c:6: multi_line_start_pattern: missing closing parenthesis at 1");
    CHECK(error_of("multi_line_start_pattern = {datetime_format}\n") ==
          "c:5: multi_line_start_pattern: there is no datetime_format");
    CHECK(error_of("retention_in_days = 2\n")
              .starts_with("c:5: retention_in_days 2: is none of 1 3 "));
    CHECK(error_of("tags = a\n") == "c:5: tags a: a tag is key=value");
    CHECK(error_of("tags = a=1,a=2\n").ends_with("is there twice"));
    CHECK(error_of("datetime_format = %Y \033\n")
              .starts_with("c:5: datetime_format holds a control"));
    CHECK(Files("[s]\nfile = l\n").error() == "c:2: file l: is no absolute path");
    CHECK(Files("[s]\nfile = /l\nlog_group_name = a b\nlog_stream_name = s\n").error() ==
          "c:3: log_group_name: a b may hold only A-Z a-z 0-9 . _ - / #");
    CHECK(Files("[s]\nfile = /l\nlog_group_name = g\nlog_stream_name = {host}\n").error() ==
          "c:4: log_stream_name: {host} is none of {instance_id}, {hostname} and {ip_address}");
}

TEST_CASE("further files add sections, and cannot change any", "[ship_config]") {
    Files files("[general]\nqueue_size = 3\n" + section);
    const std::string rest = "file = /m\nlog_group_name = g\nlog_stream_name = s\n";
    files.further("b.conf", "[general]\nqueue_size = 5\n[b]\n" + rest)
        .further("a", "[s]\n" + rest + "[a]\n" + rest)
        .further("broken", "no configuration\n")
        .further(".hidden", "[hidden]\n" + rest);
    const auto config = files.read();
    CHECK(config.queue_size == 3);
    REQUIRE(config.streams.size() == 3);
    CHECK(config.streams[0].file == "/l");
    CHECK(config.streams[1].name == "a");
    CHECK(config.streams[2].name == "b");
    CHECK(
        files.warnings ==
        Warnings{"[s] at config/a:1 is ignored: there is one of that name already",
                 "[general] at config/b.conf:1 is ignored: it counts in c only",
                 "config/broken:1: nothing may stand before the first [section]: the file is left "
                 "out"});
    files.further("c", "[c]\nfiel = 1\n");
    CHECK(files.error() == "config/c:2: unknown key fiel in [c]");
}

TEST_CASE("a directory of further files that is named must be there", "[ship_config]") {
    Files files(section);
    CHECK_FALSE(read_ship_config(files.scratch / "c", files.scratch / "none", files.warnings));
    std::filesystem::create_directory(files.scratch / "d");
    tree::file(files.scratch / "d/x", "[x]\nfile = /x\nlog_group_name = g\nlog_stream_name = s\n");
    const auto config = read_ship_config(files.scratch / "c", files.scratch / "d", files.warnings);
    REQUIRE(config);
    CHECK(config->streams.size() == 2);
}

TEST_CASE("the printed configuration is read back unchanged", "[ship_config]") {
    const std::string text =
        "[DEFAULT]\ntime_zone = UTC\n[general]\nstate_file = /s\nqueue_size = 4\n"
        "use_gzip_http_content_encoding = no\n" +
        section +
        "datetime_format = %b\t%d %% \\d\nmulti_line_start_pattern = ^[^\\s]\n"
        "file_fingerprint_lines = 3-4\ntags = a=1,\n b=2\nretention_in_days = 1\nfollow = all\n"
        "[/var/log/x]\njournal_identifier = a, b\nlog_group_name = {hostname}\n"
        "log_stream_name = {ip_address}-{instance_id}\ninitial_position = end_of_file\n";
    const auto config = Files(text).read();
    auto again = Files(config_text(config)).read();
    CHECK(config_text(again) == config_text(config));
    again.file = config.file;
    REQUIRE(again.streams.size() == 2);
    for (std::size_t i = 0; i < 2; ++i)
        again.streams[i].where = config.streams[i].where;
    CHECK(again == config);
    CHECK(config_text(Files(section).read()) ==
          "[general]\nuse_gzip_http_content_encoding = true\nqueue_size = 10\n\n" + section +
              "time_zone = LOCAL\nfile_fingerprint_lines = 1\ninitial_position = start_of_file\n"
              "encoding = utf_8\nbuffer_duration = 5000\nbatch_count = 10000\n"
              "batch_size = 1048576\nfollow = newest\n");
}

TEST_CASE("placeholders in any combination", "[ship_config]") {
    CHECK(expanded("a{hostname}-{instance_id}{hostname}") == "a<hostname>-<instance_id><hostname>");
    CHECK(expanded("plain") == "plain");
    CHECK(expanded("{open") == "{open");
    CHECK(expanded("x{ip_address}").error().text() == "ip: none");
    CHECK(expanded("{other}").error().text() ==
          "here: {other} is none of {instance_id}, {hostname} and {ip_address}");
}

TEST_CASE("names that CloudWatch Logs takes", "[ship_config]") {
    CHECK(check_group_name("/aws/x-Y_z.1#", "g"));
    CHECK(check_group_name(std::string(512, 'a'), "g"));
    for (const std::string &bad : {std::string(), std::string(513, 'a'), std::string("a b"),
                                   std::string("a:b"), std::string("aws/x"), std::string("\u00e4")})
        CHECK_FALSE(check_group_name(bad, "g"));
    CHECK(check_stream_name("i-1 \u00e4/{}", "s"));
    for (const std::string &bad : {std::string(), std::string(513, 'a'), std::string("a:b"),
                                   std::string("a*"), std::string("\xff")})
        CHECK_FALSE(check_stream_name(bad, "s"));
}

TEST_CASE("a sample line's events", "[ship_config]") {
    const auto config = stream_of("datetime_format = %Y-%m-%dT%H:%M:%S.%f\ntime_zone = UTC\n");
    const auto events = sample(config, "2026-01-02T03:04:05.6 a\n b\nno date", 1'700'000'000);
    REQUIRE(events);
    CHECK(*events == std::vector<SampleEvent>{
                         {"2026-01-02T03:04:05.600Z", true, "2026-01-02T03:04:05.6 a\n b"},
                         {"2026-01-02T03:04:05.600Z", false, "no date"}});
    const auto undated = sample(stream_of("encoding = utf_16\n"), "x", 1'700'000'000);
    REQUIRE(undated);
    CHECK(*undated == std::vector<SampleEvent>{{"2023-11-14T22:13:20.000Z", false, "x"}});
    CHECK(sample(config, "\n", 0)->empty());
}
