// SPDX-License-Identifier: GPL-2.0-only
#include "scan/options.h"

#include <algorithm>

namespace hostav {

namespace {

constexpr std::uint64_t any = UINT64_MAX;
constexpr std::uint64_t most_32 = UINT32_MAX;

/// Values that are not fields of ScanOptions in the form the command line gives them.
struct Raw {
    unsigned yara = 0, bytecode_mode = 0;
    std::vector<std::string> statistics;
    bool alert_encrypted = false, block_encrypted = false;
    bool algorithmic = true, block_max = false, ssl = false, cloak = false, partition = false,
         macros = false;
    bool collect_hashes = false;
    bool normalize = true;
};

void declare_output(CommandLine &line, ScanOptions &options) {
    auto &print = options.print;
    line.group("Output");
    line.flag("help", 'h', options.help, "Show this help");
    line.flag("version", 'V', options.version, "Show the version of engine and database");
    line.flag("verbose", 'v', print.verbose, "Say more");
    line.flag("archive-verbose", 'a', print.archive_verbose, "Show names inside archives");
    line.flag("debug", 0, options.debug, "Show libclamav's debug messages on stderr");
    line.flag("quiet", 'q', print.quiet, "Only error messages");
    line.flag("stdout", 0, print.to_stdout, "Warnings and errors to stdout too");
    line.flag("no-summary", 0, options.no_summary, "No summary at the end");
    line.flag("infected", 'i', print.infected_only, "Only infected files");
    line.flag("suppress-ok-results", 'o', print.suppress_ok, "No OK lines");
    line.flag("bell", 0, print.bell, "Ring the bell when something is found");
    line.text("log", 'l', options.log, "FILE", "Append the report to FILE");
    line.text("report", 0, options.report, "FILE", "A completed scan's numbers as JSON");
    line.flag("null", '0', print.nul, "End lines with NUL, print names raw");
    line.flag("json", 0, print.json, "One JSON object a file");
    line.flag("strict", 0, options.strict, "Exit status 2 if a file was not fully scanned");
}

void declare_selection(CommandLine &line, ScanOptions &options) {
    auto &select = options.selection;
    line.group("What is scanned");
    line.flag("recursive", 'r', options.recursive, "Scan directories below directories");
    line.text("file-list", 'f', options.file_list, "FILE", "Scan the paths in FILE, one a line");
    line.text("files0-from", 0, options.files0_from, "F",
              "Scan the NUL-terminated paths in F; - is stdin");
    line.flag("cross-fs", 0, options.cross_fs, "Enter other file systems [yes]");
    line.number("follow-dir-symlinks", 0, options.follow_directory_links, 0, 2, "N",
                "Directory links: 0 never, 1 arguments, 2 always [1]");
    line.number("follow-file-symlinks", 0, options.follow_file_links, 0, 2, "N",
                "File links: 0 never, 1 arguments, 2 always [1]");
    line.number("max-dir-recursion", 0, options.max_directory_depth, 0, most_32, "N",
                "Directory levels [15]");
    line.texts("exclude", 0, select.exclude, "REGEX", "Leave out files that match");
    line.texts("exclude-dir", 0, select.exclude_dir, "REGEX", "Leave out directories that match");
    line.texts("include", 0, select.include, "REGEX", "Only files that match");
    line.texts("include-dir", 0, select.include_dir, "REGEX", "Only directories that match");
}

void declare_actions(CommandLine &line, ScanOptions &options) {
    line.group("What happens to infected files");
    line.flag("remove", 0, options.remove, "Remove them. Be careful!");
    line.text("move", 0, options.move, "DIR", "Move them into DIR");
    line.text("copy", 0, options.copy, "DIR", "Copy them into DIR");
    line.text("quarantine", 0, options.quarantine, "DIR", "Keep them inert in DIR, with a record");
    line.text("restore", 0, options.restore, "FILE", "Put a quarantined FILE back");
}

void declare_resources(CommandLine &line, ScanOptions &options) {
    line.group("Resources");
    line.number("jobs", 'j', options.jobs, 1, 1024, "N", "Workers [the CPUs there are]");
    line.number("timeout", 0, options.timeout, 1, 86400, "SECONDS",
                "Longest time for a file [--max-scantime and 30 s]");
    line.flag("nice", 0, options.nice, "Only idle CPU and disk time");
    line.text("engine", 0, options.engine_choice, "WHICH",
              "auto, local or PATH: use the resident engine's signatures [auto]");
    line.text("tempdir", 0, options.tempdir, "DIR", "Temporary files below DIR");
    line.flag("leave-temps", 0, options.engine.leave_temporary_files, "Keep temporary files");
    line.flag("force-to-disk", 0, options.engine.force_to_disk,
              "Temporary files for what could be in memory");
    line.flag("gen-json", 0, options.engine.metadata_json, "Metadata for --debug, --leave-temps");
    line.number("cache-size", 0, options.engine.cache_size, 1, most_32, "N",
                "Clean layers each worker remembers [65536]");
    line.flag("disable-cache", 0, options.engine.disable_cache, "Remember no clean layers");
}

void declare_signatures(CommandLine &line, LoadOptions &load, Raw &raw) {
    line.group("Signatures");
    line.texts("database", 'd', load.databases, "FILE|DIR", "Load these instead of the installed");
    line.flag("official-db-only", 0, load.official_only, "Only officially signed ones");
    line.number("fail-if-cvd-older-than", 0, load.fail_if_older_than_days, 1, most_32, "DAYS",
                "Exit status 2 if older");
    line.choice("yara-rules", 0, raw.yara, {"yes", "no", "only"},
                "YARA rules: yes, no, only [yes]");
    line.flag("phishing-sigs", 0, load.phishing_signatures, "Phishing signatures [yes]");
    line.flag("phishing-scan-urls", 0, load.phishing_urls, "Phishing by URLs [yes]");
    line.flag("bytecode", 0, load.bytecode, "Bytecode signatures [yes]");
    line.flag("bytecode-unsigned", 0, load.bytecode_unsigned,
              "Bytecode that is not signed: runs code of whoever wrote it");
    line.number("bytecode-timeout", 0, load.bytecode_timeout, 0, most_32, "MS",
                "Longest time of one [10000]");
    line.choice("bytecode-mode", 0, raw.bytecode_mode,
                {"Auto", "ForceJIT", "ForceInterpreter", "Test"},
                "Auto, ForceJIT, ForceInterpreter, Test");
    line.texts("statistics", 0, raw.statistics, "KIND", "bytecode, pcre: print statistics");
    line.flag("detect-pua", 0, load.detect_pua, "Possibly unwanted applications too");
    line.texts("exclude-pua", 0, load.exclude_pua, "CAT", "Not these categories of them");
    line.texts("include-pua", 0, load.include_pua, "CAT", "Only these categories of them");
    line.flag("dev-ac-only", 0, load.ac_only, nullptr);
    line.number("dev-ac-depth", 0, load.ac_depth, 0, most_32, "N", nullptr);
    line.flag("dev-collect-hashes", 0, raw.collect_hashes, nullptr);
}

void declare_parsers(CommandLine &line, EngineOptions &engine, Raw &raw) {
    auto &parse = engine.parse;
    line.group("What is opened and parsed");
    line.flag("allmatch", 'z', engine.all_matches, "Go on in a file after a match");
    line.flag("scan-archive", 0, parse.archive, "Archives [yes]");
    line.flag("scan-mail", 0, parse.mail, "Mail [yes]");
    line.flag("scan-html", 0, parse.html, "HTML [yes]");
    line.flag("scan-pdf", 0, parse.pdf, "PDF [yes]");
    line.flag("scan-ole2", 0, parse.ole2, "OLE2: office documents, MSI [yes]");
    line.flag("scan-xmldocs", 0, parse.xmldocs, "Office documents in XML [yes]");
    line.flag("scan-hwp3", 0, parse.hwp3, "HWP3 documents [yes]");
    line.flag("scan-onenote", 0, parse.onenote, "OneNote [yes]");
    line.flag("scan-swf", 0, parse.swf, "SWF [yes]");
    line.flag("scan-pe", 0, parse.pe, "PE programs [yes]");
    line.flag("scan-elf", 0, parse.elf, "ELF programs [yes]");
    line.flag("scan-image", 0, parse.image, "Images [yes]");
    line.flag("scan-image-fuzzy-hash", 0, parse.image_fuzzy_hash, "Fuzzy hashes of images [yes]");
    line.flag("normalize", 0, raw.normalize, "Normalize HTML, scripts and text [yes]");
    line.flag("gen-mdb", 0, engine.pe_section_hashes, "Always hash PE sections");
    line.flag("nocerts", 0, engine.disable_certificates, "Do not verify Authenticode");
    line.flag("dumpcerts", 0, engine.dump_certificates, "Print Authenticode certificates");
}

void declare_alerts(CommandLine &line, ParseOptions &parse, Raw &raw) {
    line.group("Alerts");
    line.flag("heuristic-alerts", 0, parse.heuristics, "Heuristic alerts [yes]");
    line.flag("heuristic-scan-precedence", 0, parse.heuristic_precedence,
              "Stop at a heuristic alert");
    line.flag("alert-broken", 0, parse.alert_broken, "Broken programs");
    line.flag("alert-broken-media", 0, parse.alert_broken_media, "Broken images");
    line.flag("alert-encrypted", 0, raw.alert_encrypted, "Encrypted archives and documents");
    line.flag("alert-encrypted-archive", 0, parse.alert_encrypted_archive, "Encrypted archives");
    line.flag("alert-encrypted-doc", 0, parse.alert_encrypted_doc, "Encrypted documents");
    line.flag("alert-macros", 0, parse.alert_macros, "Documents with VBA macros");
    line.flag("alert-exceeds-max", 0, parse.alert_exceeds_max, "Files that exceed a limit");
    line.flag("alert-phishing-ssl", 0, parse.alert_phishing_ssl, "Mail: SSL mismatches in URLs");
    line.flag("alert-phishing-cloak", 0, parse.alert_phishing_cloak, "Mail: cloaked URLs");
    line.flag("alert-partition-intersection", 0, parse.alert_partition_intersection,
              "Disk images with overlapping partitions");
    line.flag("detect-structured", 0, parse.structured, "Card and social security numbers");
    line.number("structured-ssn-format", 0, parse.structured_ssn_format, 0, 2, "N",
                "0 normal, 1 stripped, 2 both [0]");
    line.number("structured-ssn-count", 0, parse.structured_ssn_count, 0, most_32, "N",
                "From so many [3]");
    line.number("structured-cc-count", 0, parse.structured_cc_count, 0, most_32, "N",
                "From so many [3]");
    line.flag("structured-cc-mode", 0, parse.structured_cc_only, "Credit cards only");
    line.flag("dev-performance", 0, parse.performance, nullptr);
    // Old names, which work without a word in clamscan too.
    line.flag("algorithmic-detection", 0, raw.algorithmic, nullptr);
    line.flag("block-max", 0, raw.block_max, nullptr);
    line.flag("phishing-ssl", 0, raw.ssl, nullptr);
    line.flag("phishing-cloak", 0, raw.cloak, nullptr);
    line.flag("partition-intersection", 0, raw.partition, nullptr);
    line.flag("block-macros", 0, raw.macros, nullptr);
    line.flag("block-encrypted", 0, raw.block_encrypted, nullptr);
}

void declare_limits(CommandLine &line, ScanLimits &limits) {
    line.group("Limits (0: none)");
    line.number("max-scantime", 0, limits.scan_time, 0, most_32, "MS", "A scan's time [120000]");
    line.size("max-scansize", 0, limits.scan_size, "SIZE", "Data of a container [400M]");
    line.size("max-filesize", 0, limits.file_size, "SIZE", "A file or member [100M]");
    line.number("max-recursion", 0, limits.recursion, 0, most_32, "N", "Nested containers [17]");
    line.number("max-files", 0, limits.files, 0, most_32, "N", "Files in a container [10000]");
    line.size("max-embeddedpe", 0, limits.embedded_pe, "SIZE", "Looked for embedded PE [40M]");
    line.size("max-htmlnormalize", 0, limits.html_normalize, "SIZE", "HTML to normalize [40M]");
    line.size("max-htmlnotags", 0, limits.html_no_tags, "SIZE", "Normalized HTML [8M]");
    line.size("max-scriptnormalize", 0, limits.script_normalize, "SIZE", "Script [20M]");
    line.size("max-ziptypercg", 0, limits.zip_type_recognition, "SIZE",
              "ZIP whose type is looked at again [1M]");
    line.number("max-partitions", 0, limits.partitions, 0, most_32, "N", "Partitions [50]");
    line.number("max-iconspe", 0, limits.icons_pe, 0, most_32, "N", "Icons in a PE [100]");
    line.number("max-rechwp3", 0, limits.recursion_hwp3, 0, most_32, "N", "HWP3 calls [16]");
    line.number("pcre-match-limit", 0, limits.pcre_match, 0, any, "N", "PCRE calls [100000]");
    line.number("pcre-recmatch-limit", 0, limits.pcre_recursion, 0, any, "N",
                "PCRE recursion [2000]");
    line.size("pcre-max-filesize", 0, limits.pcre_file_size, "SIZE", "File for PCRE [100M]");
}

void declare_deprecated(CommandLine &line) {
    line.deprecated("bytecode-trust-all", 't');
    for (const char *name : {"force",
                             "disable-summary",
                             "disable-archive",
                             "no-archive",
                             "no-pe",
                             "no-elf",
                             "no-ole2",
                             "no-pdf",
                             "no-html",
                             "no-mail",
                             "no-phishing-sigs",
                             "no-phishing-scan-urls",
                             "no-algorithmic",
                             "no-phishing-restrictedscan",
                             "max-ratio",
                             "max-space",
                             "unzip",
                             "unrar",
                             "arj",
                             "unzoo",
                             "lha",
                             "jar",
                             "tar",
                             "tgz",
                             "deb",
                             "timelimit",
                             "detect-broken",
                             "mail-follow-urls"})
        line.deprecated(name);
}

Result<void> settle(ScanOptions &options, const Raw &raw) {
    auto &parse = options.engine.parse;
    auto &load = options.engine.load;
    load.yara = static_cast<YaraRules>(raw.yara);
    load.bytecode_mode = static_cast<BytecodeMode>(raw.bytecode_mode);
    for (const auto &kind : raw.statistics) {
        if (kind != "bytecode" && kind != "pcre" && kind != "none")
            return fail("--statistics=" + kind, "not one of bytecode, pcre");
        (kind == "pcre" ? load.pcre_statistics : load.bytecode_statistics) |= kind != "none";
    }
    const bool encrypted = raw.alert_encrypted || raw.block_encrypted;
    parse.alert_encrypted_archive |= encrypted;
    parse.alert_encrypted_doc |= encrypted;
    // clamscan --normalize=no does what --scan-html=no does: no HTML or script is normalized.
    parse.html = parse.html && raw.normalize;
    parse.heuristics = parse.heuristics && raw.algorithmic;
    parse.alert_exceeds_max |= raw.block_max;
    parse.alert_phishing_ssl |= raw.ssl;
    parse.alert_phishing_cloak |= raw.cloak;
    parse.alert_partition_intersection |= raw.partition;
    parse.alert_macros |= raw.macros;
    options.engine.debug = options.debug;
    options.engine.member_lines = options.print.archive_verbose;
    if (!load.exclude_pua.empty() && !load.include_pua.empty() && load.detect_pua)
        return fail("--include-pua", "cannot be used together with --exclude-pua");
    if (options.print.nul && options.print.json)
        return fail("--json", "cannot be used together with --null");
    if (options.file_list && options.files0_from)
        return fail("--files0-from", "cannot be used together with --file-list");
    return {};
}

} // namespace

Action ScanOptions::action() const {
    if (quarantine)
        return Action::quarantine;
    if (move)
        return Action::move;
    if (copy)
        return Action::copy;
    return remove ? Action::remove : Action::none;
}

std::string ScanOptions::action_directory() const {
    switch (action()) {
    case Action::quarantine:
        return *quarantine;
    case Action::move:
        return *move;
    case Action::copy:
        return *copy;
    default:
        return {};
    }
}

std::chrono::milliseconds ScanOptions::file_timeout() const {
    constexpr std::uint64_t margin = 30000;
    if (timeout)
        return std::chrono::seconds(*timeout);
    const auto scan_time = engine.limits.scan_time;
    return std::chrono::milliseconds((scan_time == 0 ? default_scan_time : scan_time) + margin);
}

WalkOptions ScanOptions::walk() const {
    WalkOptions options;
    options.recursive = recursive;
    options.directory_links = static_cast<Follow>(follow_directory_links);
    options.file_links = static_cast<Follow>(follow_file_links);
    options.cross_fs = cross_fs;
    options.max_depth = static_cast<unsigned>(max_directory_depth);
    return options;
}

Result<void> parse_scan_options(int argc, char **argv, ScanOptions &options,
                                std::vector<std::string> &warnings, std::string &help) {
    CommandLine line;
    Raw raw;
    declare_output(line, options);
    declare_selection(line, options);
    declare_actions(line, options);
    declare_resources(line, options);
    declare_signatures(line, options.engine.load, raw);
    declare_parsers(line, options.engine, raw);
    declare_alerts(line, options.engine.parse, raw);
    declare_limits(line, options.engine.limits);
    declare_deprecated(line);
    auto paths = line.parse(argc, argv);
    warnings = line.warnings();
    help = line.help();
    if (!paths)
        return std::unexpected(paths.error());
    options.paths = std::move(*paths);
    return settle(options, raw);
}

} // namespace hostav
