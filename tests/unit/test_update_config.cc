// SPDX-License-Identifier: GPL-2.0-only
//
// freshclam.conf and the command line as values; what the programs say of them is tests/cli's.
#include "update/config.h"
#include "update/custom.h"
#include "update/options.h"

#include "tests/support/catch.h"
#include "tests/support/tree.h"

using namespace hostav;

namespace {

Result<UpdateConfig> read(const tree::Scratch &scratch, const std::string &text,
                          std::vector<std::string> &warnings) {
    std::filesystem::remove(scratch / "conf");
    tree::file(scratch / "conf", text);
    tree::mode(scratch / "conf", 0600);
    return read_update_config(scratch / "conf", warnings);
}

std::string error_of(const std::string &text) {
    const tree::Scratch scratch;
    std::vector<std::string> warnings;
    const auto config = read(scratch, text, warnings);
    return config ? "none" : config.error().text().substr((scratch / "conf").size());
}

Result<UpdateOptions> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "sigupdate");
    std::vector<char *> argv;
    argv.reserve(words.size() + 1);
    for (auto &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    UpdateOptions options;
    std::vector<std::string> warnings;
    std::string help;
    const auto parsed =
        parse_update_options(static_cast<int>(words.size()), argv.data(), options, warnings, help);
    if (!parsed)
        return std::unexpected(parsed.error());
    return options;
}

} // namespace

TEST_CASE("without a configuration the official mirror is one") {
    std::vector<std::string> warnings;
    const auto config = read_update_config(std::nullopt, warnings, {"/nonexistent/a"});
    REQUIRE(config);
    CHECK(config->database_mirrors == std::vector<std::string>{"database.clamav.net"});
    CHECK(config->file.empty());
}

TEST_CASE("the first configuration that exists is read") {
    const tree::Scratch scratch;
    tree::file(scratch / "b", "Checks 2\n");
    tree::file(scratch / "c", "Checks 3\n");
    std::vector<std::string> warnings;
    const auto config =
        read_update_config(std::nullopt, warnings, {scratch / "a", scratch / "b", scratch / "c"});
    REQUIRE(config);
    CHECK(config->checks == 2);
}

TEST_CASE("a configuration's errors name the line") {
    CHECK(error_of("Checks 1\nNonsense yes\n") == ":2: unknown option Nonsense");
    CHECK(error_of("Checks -1\n") == ":1: Checks -1: is no value for it");
    CHECK(error_of("# x\n\nBytecode\n") == ":3: Bytecode needs a value");
    CHECK(error_of("LogFileMaxSize 1X\n") == ":1: LogFileMaxSize 1X: is no value for it");
    CHECK(error_of("Checks 2\nChecks x\n") == ":2: Checks x: is no value for it");
    CHECK(error_of("Example\n").find("edited") != std::string::npos);
    CHECK(error_of("Na\033me x\n") == ":1: unknown option Na\\033me");
}

TEST_CASE("a configuration is read and shown as it is in effect") {
    const tree::Scratch scratch;
    std::vector<std::string> warnings;
    const auto config =
        read(scratch,
             "LogFileMaxSize 2M\nBytecode no\nNotifyClamd\nSafeBrowsing yes\n"
             "DatabaseMirror a\nDatabaseMirror b\nConnectTimeout 7\nConnectTimeout 8\n"
             "HTTPProxyPassword secret\n",
             warnings);
    REQUIRE(config);
    CHECK(config->log_file_max_size == 2097152);
    CHECK_FALSE(config->bytecode);
    CHECK(config->notify_clamd == "/etc/clamav/clamd.conf");
    CHECK(config->connect_timeout == 7);
    CHECK(warnings.size() == 1);
    const auto text = config_text(*config);
    CHECK(text.find("DatabaseMirror = \"a\", \"b\"\n") != std::string::npos);
    CHECK(text.find("Bytecode disabled\n") != std::string::npos);
    CHECK(text.find("Checks = \"12\" # default\n") != std::string::npos);
    CHECK(text.find("secret") == std::string::npos);
}

TEST_CASE("the command line is freshclam's and ours") {
    const auto options = parse({"-c", "4", "-d", "-F", "--update-db=test", "--update-db=custom",
                                "--daemon-notify", "-l", "/log"});
    REQUIRE(options);
    CHECK(options->checks == 4);
    CHECK(options->daemon);
    CHECK(options->notify_clamd == "/etc/clamav/clamd.conf");
    CHECK(options->databases == std::vector<std::string>{"test", "custom"});
    UpdateConfig config;
    apply_options(*options, config);
    CHECK(config.checks == 4);
    CHECK(config.foreground);
    CHECK(config.update_log_file == "/log");
}

TEST_CASE("a log may be larger than a number may be") {
    CHECK(error_of("LogFileMaxSize 5000M\n") == "none");
    CHECK(error_of("ConnectTimeout 2147483647\n") == "none");
    CHECK(error_of("ConnectTimeout 2147483648\n") ==
          ":1: ConnectTimeout 2147483648: is no value for it");
}

TEST_CASE("our own options reach the configuration") {
    const auto options = parse({"--state-dir=/s", "--proof-memory=2M", "--vital-dir=/a",
                                "--vital-dir=/b", "--log-rotate", "-q"});
    REQUIRE(options);
    CHECK(options->quiet);
    UpdateConfig config;
    config.vital_directories = {"/file"};
    apply_options(*options, config);
    CHECK(config.state_directory == "/s");
    CHECK(config.proof_memory == 2097152);
    CHECK(config.vital_directories == std::vector<std::string>{"/file", "/a", "/b"});
    CHECK(config.log_rotate);
}

TEST_CASE("what the command line and the configuration say must fit") {
    UpdateConfig config;
    CHECK(check_update(*parse({"--update-db=test"}), config));
    CHECK_FALSE(check_update(*parse({"--update-db=test", "--update-db=bogus"}), config));
    CHECK_FALSE(check_update(*parse({"--update-db=Daily"}), config));
    CHECK_FALSE(check_update(*parse({"--update-db=custom"}), config));
    config.custom_urls = {"file:///x.hdb"};
    CHECK(check_update(*parse({"--update-db=custom"}), config));
}

TEST_CASE("a resident's checks a day, as freshclam takes them") {
    UpdateConfig config;
    config.checks = 0;
    CHECK(check_update(*parse({}), config));
    CHECK_FALSE(check_update(*parse({"-d"}), config));
    config.checks = 51;
    CHECK(check_update(*parse({"-d"}), config));
    CHECK(check_update(*parse({"--no-dns"}), config));
    CHECK_FALSE(check_update(*parse({"-d", "--no-dns"}), config));
    config.checks = 50;
    CHECK(check_update(*parse({"-d", "--no-dns"}), config));
    config.checks = 86401;
    CHECK_FALSE(check_update(*parse({"-d"}), config));
}

TEST_CASE("a mirror of one's own needs whole files") {
    const auto options = parse({"--serve-dir=/www"});
    REQUIRE(options);
    UpdateConfig config;
    apply_options(*options, config);
    CHECK_FALSE(config.scripted_updates);
}

TEST_CASE("one action at a time") {
    CHECK(parse({"--rollback"})->back == 1);
    CHECK(parse({"--rollback", "3"})->back == 3);
    CHECK(parse({"--rollback=2"})->back == 2);
    CHECK(parse({"--allow=x", "--reason=y"})->argument == "x");
    CHECK_FALSE(parse({"--list", "--rollback"}));
    CHECK_FALSE(parse({"--rollback", "x"}));
    CHECK_FALSE(parse({"--rollback=0"}));
    CHECK_FALSE(parse({"--reason=y"}));
    CHECK_FALSE(parse({"something"}));
    CHECK_FALSE(parse({"--checks=51"}));
}

TEST_CASE("sources of third parties are taken apart") {
    const auto digest = std::string(64, 'A');
    const auto source = parse_custom_source(
        "https://user:pw@host/dir/x.ndb?k=v#sha256=" + digest + "&max-size=2K", 10);
    REQUIRE(source);
    CHECK(source->name == "x.ndb");
    CHECK(source->url == "https://user:pw@host/dir/x.ndb?k=v");
    CHECK(source->sha256 == std::string(64, 'a'));
    CHECK(source->max_size == 2048);
    const auto signed_one =
        parse_custom_source("http://host/dir/x.ndb#signature=.sig&key=/etc/key", 10);
    REQUIRE(signed_one);
    CHECK(signed_one->signature_url == "http://host/dir/x.ndb.sig");
    CHECK(parse_custom_source("http://h/d/x.ndb#signature=y&key=/k", 1)->signature_url ==
          "http://h/d/y");
    for (const char *bad :
         {"x.ndb", "ftp://h/x.ndb", "http://h/x.exe", "http://h/", "http://h/.ndb",
          "http://h/x.ndb#sha256=1", "http://h/x.ndb#key=/k", "http://h/x.ndb#signature=.sig",
          "http://h/x.ndb#what", "file://h/x.ndb", "http://h/x.ndb#max-size=0"}) {
        INFO(bad);
        CHECK_FALSE(parse_custom_source(bad, 1));
    }
    const auto refused = parse_custom_source("https://user:pw@host/x.exe?secret", 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text().find("pw") == std::string::npos);
    CHECK(refused.error().text().find("secret") == std::string::npos);
}
