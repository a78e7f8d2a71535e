// SPDX-License-Identifier: GPL-2.0-only
//
// scan's options: clamscan's defaults, its old names, and which options exclude one another.
#include "scan/options.h"

#include "tests/support/arguments.h"
#include "tests/support/catch.h"

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using arguments::Arguments;
using hostav::Action;
using hostav::gibi;
using hostav::kibi;
using hostav::mebi;
using hostav::ScanOptions;
using Words = std::vector<std::string>;

struct Parsed {
    ScanOptions options;
    Words warnings;
    std::string help;
    std::string error; ///< empty: accepted
};

Parsed parse(const Words &words) {
    Parsed parsed;
    Arguments arguments(words);
    if (auto done = hostav::parse_scan_options(arguments.count(), arguments.values(),
                                               parsed.options, parsed.warnings, parsed.help);
        !done)
        parsed.error = done.error().text();
    return parsed;
}

ScanOptions accepted(const Words &words) {
    auto parsed = parse(words);
    INFO(parsed.error);
    REQUIRE(parsed.error.empty());
    return parsed.options;
}

} // namespace

TEST_CASE("scan options: by itself scan does what clamscan does, output and selection") {
    const auto options = accepted({"file"});
    CHECK(options.paths == Words{"file"});
    CHECK_FALSE(options.help);
    CHECK_FALSE(options.version);
    CHECK_FALSE(options.print.verbose);
    CHECK_FALSE(options.print.quiet);
    CHECK_FALSE(options.print.to_stdout);
    CHECK_FALSE(options.print.infected_only);
    CHECK_FALSE(options.print.suppress_ok);
    CHECK_FALSE(options.print.bell);
    CHECK_FALSE(options.print.archive_verbose);
    CHECK_FALSE(options.no_summary);
    CHECK_FALSE(options.debug);
    CHECK_FALSE(options.log);
    CHECK_FALSE(options.recursive);
    CHECK(options.follow_directory_links == 1);
    CHECK(options.follow_file_links == 1);
    CHECK(options.max_directory_depth == 15);
    CHECK(options.cross_fs);
    CHECK_FALSE(options.file_list);
    CHECK_FALSE(options.tempdir);
    CHECK(options.action() == Action::none);
    CHECK(options.action_directory().empty());
    CHECK(options.selection.exclude.empty());
    CHECK(options.selection.include_dir.empty());
}

TEST_CASE("scan options: by itself scan does what clamscan does, the engine") {
    const auto engine = accepted({}).engine;
    CHECK(engine.load.databases.empty());
    CHECK_FALSE(engine.load.official_only);
    CHECK_FALSE(engine.load.fail_if_older_than_days);
    CHECK(engine.load.yara == hostav::YaraRules::yes);
    CHECK(engine.load.bytecode);
    CHECK_FALSE(engine.load.bytecode_unsigned);
    CHECK(engine.load.bytecode_timeout == 10000);
    CHECK(engine.load.bytecode_mode == hostav::BytecodeMode::automatic);
    CHECK(engine.load.phishing_signatures);
    CHECK(engine.load.phishing_urls);
    CHECK_FALSE(engine.load.detect_pua);
    CHECK_FALSE(engine.all_matches);
    CHECK_FALSE(engine.disable_cache);
    CHECK(engine.cache_size.value_or(65536) == 65536);
    CHECK_FALSE(engine.force_to_disk);
    CHECK_FALSE(engine.leave_temporary_files);
    CHECK_FALSE(engine.pe_section_hashes);

    const auto &limits = engine.limits;
    CHECK(limits.scan_time == 0);
    CHECK(limits.scan_size == 419430400);
    CHECK(limits.file_size == 104857600);
    CHECK(limits.recursion == 17);
    CHECK(limits.files == 10000);
    CHECK(limits.embedded_pe == 40 * mebi);
    CHECK(limits.html_normalize == 40 * mebi);
    CHECK(limits.html_no_tags == 8 * mebi);
    CHECK(limits.script_normalize == 20 * mebi);
    CHECK(limits.zip_type_recognition == mebi);
    CHECK(limits.partitions == 50);
    CHECK(limits.icons_pe == 100);
    CHECK(limits.recursion_hwp3 == 16);
    CHECK(limits.pcre_match == 100000);
    CHECK(limits.pcre_recursion == 2000);
    CHECK(limits.pcre_file_size == 100 * mebi);
}

TEST_CASE("scan options: by itself scan does what clamscan does, parsers and alerts") {
    const auto parse = accepted({}).engine.parse;
    CHECK((parse.archive && parse.elf && parse.pdf && parse.swf && parse.hwp3 && parse.xmldocs &&
           parse.mail && parse.ole2 && parse.html && parse.pe && parse.onenote && parse.image &&
           parse.image_fuzzy_hash));
    CHECK(parse.heuristics);
    CHECK_FALSE(parse.heuristic_precedence);
    CHECK_FALSE((parse.alert_broken || parse.alert_broken_media || parse.alert_encrypted_archive ||
                 parse.alert_encrypted_doc || parse.alert_macros || parse.alert_exceeds_max ||
                 parse.alert_phishing_ssl || parse.alert_phishing_cloak ||
                 parse.alert_partition_intersection));
    CHECK_FALSE(parse.structured);
    CHECK(parse.structured_ssn_count == 3);
    CHECK(parse.structured_cc_count == 3);
    CHECK(parse.structured_ssn_format == 0);
    CHECK_FALSE(parse.structured_cc_only);
}

TEST_CASE("scan options: each option reaches its own field") {
    const auto options = accepted({"-r",
                                   "-i",
                                   "-z",
                                   "--max-filesize=5M",
                                   "--max-scansize=2G",
                                   "--max-files=3",
                                   "--max-recursion=4",
                                   "--max-htmlnotags=7K",
                                   "--follow-dir-symlinks=2",
                                   "--follow-file-symlinks=0",
                                   "--cross-fs=no",
                                   "--max-dir-recursion=6",
                                   "--scan-pdf=no",
                                   "--alert-broken",
                                   "--yara-rules=only",
                                   "--exclude=a",
                                   "--exclude=b",
                                   "--include-dir=c",
                                   "-d",
                                   "one",
                                   "-d",
                                   "two",
                                   "--cache-size=9"});
    CHECK(options.recursive);
    CHECK(options.print.infected_only);
    CHECK(options.engine.all_matches);
    CHECK(options.engine.limits.file_size == 5 * mebi);
    CHECK(options.engine.limits.scan_size == 2 * gibi);
    CHECK(options.engine.limits.files == 3);
    CHECK(options.engine.limits.recursion == 4);
    CHECK(options.engine.limits.html_no_tags == 7 * kibi);
    CHECK_FALSE(options.engine.parse.pdf);
    CHECK(options.engine.parse.ole2);
    CHECK(options.engine.parse.alert_broken);
    CHECK(options.engine.load.yara == hostav::YaraRules::only);
    CHECK(options.engine.load.databases == Words{"one", "two"});
    CHECK(options.engine.cache_size == 9U);
    CHECK(options.selection.exclude == Words{"a", "b"});
    CHECK(options.selection.include_dir == Words{"c"});
    const auto walk = options.walk();
    CHECK(walk.recursive);
    CHECK(static_cast<unsigned>(walk.directory_links) == 2);
    CHECK(static_cast<unsigned>(walk.file_links) == 0);
    CHECK_FALSE(walk.cross_fs);
    CHECK(walk.max_depth == 6);
}

TEST_CASE("scan options: clamscan's old names still work, without a word") {
    const auto parsed =
        parse({"--block-encrypted", "--block-max", "--algorithmic-detection=no", "--phishing-ssl",
               "--phishing-cloak", "--partition-intersection", "--block-macros", "--normalize=no"});
    CHECK(parsed.error.empty());
    CHECK(parsed.warnings.empty());
    const auto &alerts = parsed.options.engine.parse;
    CHECK(alerts.alert_encrypted_archive);
    CHECK(alerts.alert_encrypted_doc);
    CHECK(alerts.alert_exceeds_max);
    CHECK_FALSE(alerts.heuristics);
    CHECK(alerts.alert_phishing_ssl);
    CHECK(alerts.alert_phishing_cloak);
    CHECK(alerts.alert_partition_intersection);
    CHECK(alerts.alert_macros);
    CHECK_FALSE(alerts.html);
}

TEST_CASE("scan options: an old name that says no does not undo the new one") {
    const auto parse = accepted({"--alert-exceeds-max", "--block-max=no", "--alert-macros",
                                 "--block-macros=no", "--alert-encrypted", "--block-encrypted=no"})
                           .engine.parse;
    CHECK(parse.alert_exceeds_max);
    CHECK(parse.alert_macros);
    CHECK(parse.alert_encrypted_archive);
    CHECK(parse.alert_encrypted_doc);
    const auto archive = accepted({"--alert-encrypted-archive"}).engine.parse;
    CHECK(archive.alert_encrypted_archive);
    CHECK_FALSE(archive.alert_encrypted_doc);
    CHECK_FALSE(
        accepted({"--heuristic-alerts=no", "--algorithmic-detection"}).engine.parse.heuristics);
}

TEST_CASE("scan options: deprecated ones are accepted and told of") {
    const auto parsed = parse({"--no-archive", "-t", "--max-ratio=5", "file"});
    CHECK(parsed.error.empty());
    CHECK(parsed.warnings == Words{"Ignoring deprecated option --no-archive",
                                   "Ignoring deprecated option --bytecode-trust-all (-t)",
                                   "Ignoring deprecated option --max-ratio"});
    CHECK(parsed.options.engine.parse.archive);
    CHECK(parsed.options.paths == Words{"file"});
}

TEST_CASE("scan options: of several actions the safest is taken") {
    const Words all{"--remove", "--copy=C", "--move=M", "--quarantine=Q"};
    const auto action = [&all](std::size_t count) {
        return accepted({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)});
    };
    CHECK(action(1).action() == Action::remove);
    CHECK(action(1).action_directory().empty());
    CHECK(action(2).action() == Action::copy);
    CHECK(action(2).action_directory() == "C");
    CHECK(action(3).action() == Action::move);
    CHECK(action(3).action_directory() == "M");
    CHECK(action(4).action() == Action::quarantine);
    CHECK(action(4).action_directory() == "Q");
    CHECK(accepted({"--remove=no"}).action() == Action::none);
}

TEST_CASE("scan options: those that exclude one another are refused by name") {
    CHECK(parse({"-0", "--json"}).error == "--json: cannot be used together with --null");
    CHECK(parse({"-0", "--json=no"}).error.empty());
    CHECK(parse({"-f", "a", "--files0-from=b"}).error ==
          "--files0-from: cannot be used together with --file-list");
    CHECK(parse({"--detect-pua", "--exclude-pua=A", "--include-pua=B"}).error ==
          "--include-pua: cannot be used together with --exclude-pua");
    CHECK(parse({"--exclude-pua=A", "--include-pua=B"}).error.empty()); // they do nothing then
    CHECK(parse({"--detect-pua", "--exclude-pua=A", "--exclude-pua=B"}).error.empty());
}

TEST_CASE("scan options: bad values are refused") {
    CHECK(parse({"--statistics=time"}).error == "--statistics=time: not one of bytecode, pcre");
    CHECK(parse({"--jobs=0"}).error == "--jobs=0: not a number from 1 to 1024");
    CHECK(parse({"--timeout=0"}).error == "--timeout=0: not a number from 1 to 86400");
    CHECK(parse({"--follow-dir-symlinks=3"}).error ==
          "--follow-dir-symlinks=3: not a number from 0 to 2");
    CHECK(parse({"--yara-rules=maybe"}).error == "--yara-rules=maybe: not one of yes, no, only");
    CHECK(parse({"--max-filesize=lots"}).error.starts_with("--max-filesize=lots: "));
}

TEST_CASE("scan options: statistics may be asked for twice") {
    const auto load = accepted({"--statistics=pcre", "--statistics=bytecode"}).engine.load;
    CHECK(load.pcre_statistics);
    CHECK(load.bytecode_statistics);
    const auto one = accepted({"--statistics=bytecode"}).engine.load;
    CHECK_FALSE(one.pcre_statistics);
    CHECK(one.bytecode_statistics);
}

TEST_CASE("scan options: a file's time is libclamav's own limit and a margin") {
    CHECK(accepted({}).file_timeout() == 150s);
    CHECK(accepted({"--max-scantime=0"}).file_timeout() == 150s);
    CHECK(accepted({"--max-scantime=5000"}).file_timeout() == 35s);
    CHECK(accepted({"--timeout=7"}).file_timeout() == 7s);
    CHECK(accepted({"--timeout=7", "--max-scantime=500000"}).file_timeout() == 7s);
    // The largest number accepted is no overflow.
    CHECK(accepted({"--max-scantime=4294967295"}).file_timeout() == 4294967295ms + 30s);
}

TEST_CASE("scan options: refused or not, help and warnings are there") {
    const auto parsed = parse({"--unrar", "--nonsense"});
    CHECK(parsed.error == "--nonsense: unknown option");
    CHECK(parsed.warnings == Words{"Ignoring deprecated option --unrar"});
    CHECK(parsed.help.contains("--max-filesize=SIZE"));
    CHECK(parsed.help.contains("\nLimits (0: none):\n"));
    CHECK_FALSE(parsed.help.contains("--block-max"));
    CHECK_FALSE(parsed.help.contains("--dev-"));
}
