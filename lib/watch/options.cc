// SPDX-License-Identifier: GPL-2.0-only
#include "watch/options.h"

#include "base/text.h"
#include "conf/clam_options.h"
#include "conf/command_line.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace hostav {

namespace {

/// An option of clamd.conf that clamd takes on its command line, too.
struct Flag {
    const char *option, *flag;
};
constexpr std::array flags{Flag{"AlertExceedsMax", "alert-exceeds-max"},
                           Flag{"CacheSize", "cache-size"},
                           Flag{"PreludeEnable", "prelude-enable"},
                           Flag{"PreludeAnalyzerName", "prelude-analyzer-name"},
                           Flag{"LogRotate", "log-rotate"},
                           Flag{"OfficialDatabaseOnly", "official-db-only"},
                           Flag{"FailIfCvdOlderThan", "fail-if-cvd-older-than"},
                           Flag{"GenerateMetadataJson", "gen-json"},
                           Flag{"MaxDirectoryRecursion", "max-dir-recursion"},
                           Flag{"CrossFilesystems", "cross-fs"},
                           Flag{"DisableCache", "disable-cache"},
                           Flag{"Bytecode", "bytecode"},
                           Flag{"BytecodeTimeout", "bytecode-timeout"},
                           Flag{"BytecodeUnsigned", "bytecode-unsigned"},
                           Flag{"BytecodeMode", "bytecode-mode"},
                           Flag{"DetectPUA", "detect-pua"},
                           Flag{"ExcludePUA", "exclude-pua"},
                           Flag{"IncludePUA", "include-pua"},
                           Flag{"ScanPE", "scan-pe"},
                           Flag{"ScanELF", "scan-elf"},
                           Flag{"ScanMail", "scan-mail"},
                           Flag{"PhishingSignatures", "phishing-sigs"},
                           Flag{"PhishingScanURLs", "phishing-scan-urls"},
                           Flag{"HeuristicAlerts", "heuristic-alerts"},
                           Flag{"HeuristicScanPrecedence", "heuristic-scan-precedence"},
                           Flag{"StructuredDataDetection", "detect-structured"},
                           Flag{"StructuredMinCreditCardCount", "structured-cc-count"},
                           Flag{"StructuredMinSSNCount", "structured-ssn-count"},
                           Flag{"ScanHTML", "scan-html"},
                           Flag{"ScanOLE2", "scan-ole2"},
                           Flag{"AlertBrokenExecutables", "alert-broken"},
                           Flag{"AlertBrokenMedia", "alert-broken-media"},
                           Flag{"AlertEncrypted", "alert-encrypted"},
                           Flag{"StructuredCCOnly", "structured-cc-mode"},
                           Flag{"AlertEncryptedArchive", "alert-encrypted-archive"},
                           Flag{"AlertEncryptedDoc", "alert-encrypted-doc"},
                           Flag{"AlertOLE2Macros", "alert-macros"},
                           Flag{"AlertPhishingSSLMismatch", "alert-phishing-ssl"},
                           Flag{"AlertPhishingCloak", "alert-phishing-cloak"},
                           Flag{"AlertPartitionIntersection", "alert-partition-intersection"},
                           Flag{"ScanPDF", "scan-pdf"},
                           Flag{"ScanSWF", "scan-swf"},
                           Flag{"ScanXMLDOCS", "scan-xmldocs"},
                           Flag{"ScanHWP3", "scan-hwp3"},
                           Flag{"ScanOneNote", "scan-onenote"},
                           Flag{"ScanArchive", "scan-archive"},
                           Flag{"ScanImage", "scan-image"},
                           Flag{"ScanImageFuzzyHash", "scan-image-fuzzy-hash"},
                           Flag{"ForceToDisk", "force-to-disk"},
                           Flag{"MaxScanTime", "max-scantime"},
                           Flag{"MaxScanSize", "max-scansize"},
                           Flag{"MaxFileSize", "max-filesize"},
                           Flag{"MaxRecursion", "max-recursion"},
                           Flag{"MaxFiles", "max-files"},
                           Flag{"MaxEmbeddedPE", "max-embeddedpe"},
                           Flag{"MaxHTMLNormalize", "max-htmlnormalize"},
                           Flag{"MaxHTMLNoTags", "max-htmlnotags"},
                           Flag{"MaxScriptNormalize", "max-scriptnormalize"},
                           Flag{"MaxZipTypeRcg", "max-ziptypercg"},
                           Flag{"MaxPartitions", "max-partitions"},
                           Flag{"MaxIconsPE", "max-iconspe"},
                           Flag{"MaxRecHWP3", "max-rechwp3"},
                           Flag{"PCREMatchLimit", "pcre-match-limit"},
                           Flag{"PCRERecMatchLimit", "pcre-recmatch-limit"},
                           Flag{"PCREMaxFileSize", "pcre-max-filesize"},
                           Flag{"DisableCertCheck", "nocerts"},
                           Flag{"AlgorithmicDetection", "algorithmic-detection"},
                           Flag{"BlockMax", "block-max"},
                           Flag{"PhishingAlwaysBlockSSLMismatch", "phishing-ssl"},
                           Flag{"PhishingAlwaysBlockCloak", "phishing-cloak"},
                           Flag{"PartitionIntersection", "partition-intersection"},
                           Flag{"OLE2BlockMacros", "block-macros"},
                           Flag{"ArchiveBlockEncrypted", "block-encrypted"}};

/// Options whose field has no place for "not given".
struct Raw {
    std::vector<std::pair<std::string *, std::optional<std::string>>> texts;
    std::optional<std::string> datadir, ping, watch_list, exclude_list;
    bool wait = false;
};

/// Declares one by the type of its field. (What `raw` holds must not move any more.)
void declare(CommandLine &line, const char *flag, const ClamOption &option, Raw &raw) {
    struct Visitor {
        CommandLine &line;
        const char *flag;
        const ClamOption &option;
        Raw &raw;
        void operator()(bool *to) const { line.flag(flag, 0, *to, nullptr); }
        void operator()(std::uint64_t *to) const {
            if (option.size)
                line.size(flag, 0, *to, "SIZE", nullptr);
            else
                line.number(flag, 0, *to, option.least, option.most, "N", nullptr);
        }
        void operator()(std::optional<std::uint64_t> *to) const {
            line.number(flag, 0, *to, option.least, option.most, "N", nullptr);
        }
        void operator()(std::string *to) const {
            raw.texts.emplace_back(to, std::nullopt);
            line.text(flag, 0, raw.texts.back().second, "TEXT", nullptr);
        }
        void operator()(std::optional<std::string> *to) const {
            line.text(flag, 0, *to, "TEXT", nullptr);
        }
        void operator()(std::vector<std::string> *to) const {
            line.texts(flag, 0, *to, "TEXT", nullptr);
        }
        void operator()(std::vector<std::uint64_t> * /*none*/) const {}
    };
    std::visit(Visitor{line, flag, option, raw}, option.field);
}

void declare_own(CommandLine &line, WatchOptions &options, WatchConfig &config, Raw &raw) {
    line.group("What to do");
    line.flag("status", 0, options.status, "Say whether protection runs, and end");
    line.flag("json", 0, options.json, "--status as one JSON object");
    line.text("ping", 0, raw.ping, "A[:I]", "Ask the daemon A times, I seconds apart, and end");
    line.flag("wait", 'w', raw.wait, "As --ping 30:1");
    line.flag("check-config", 0, options.check_config, "Show the configuration in effect");
    line.flag("help", 'h', options.help, "Show this help");
    line.flag("version", 'V', options.version, "Show the versions");
    line.group("The daemon");
    line.text("config-file", 'c', options.config_file, "FILE", "Read this clamd.conf");
    line.flag("foreground", 'F', config.foreground, "Stay in the foreground [yes]");
    line.flag("daemon", 0, options.daemon, "Go to the background");
    line.text("pid", 'p', config.pid_file, "FILE", "Write the process id to FILE");
    line.text("datadir", 0, raw.datadir, "DIR", "The signatures' directory");
    line.text("tempdir", 0, config.temporary_directory, "DIR", "Temporary files below DIR");
    line.text("watch-list", 'W', raw.watch_list, "FILE", "More OnAccessIncludePath, one a line");
    line.text("exclude-list", 'e', raw.exclude_list, "FILE", "More OnAccessExcludePath");
    line.group("What happens to infected files that were opened");
    line.text("move", 0, options.move, "DIR", "Move them into DIR");
    line.text("copy", 0, options.copy, "DIR", "Copy them into DIR");
    line.flag("remove", 0, options.remove, "Remove them. Be careful!");
    line.text("quarantine", 0, config.quarantine, "DIR", "Keep them inert in DIR, with a record");
    line.group("Output");
    line.text("log", 'l', config.log_file, "FILE", "Write the log to FILE");
    line.flag("verbose", 'v', options.verbose, "Say more");
    line.flag("quiet", 'q', options.quiet, "Only error messages");
    line.flag("debug", 0, config.debug, "libclamav's debug messages");
}

/// What tunes the connection from clamonacc to clamd, which is not there.
void declare_deprecated(CommandLine &line) {
    for (const char *name : {"fdpass", "stream"})
        line.deprecated(name);
    line.deprecated("multiscan", 'm');
    line.deprecated("allmatch", 'z');
    line.deprecated("infected", 'i');
}

Result<void> add_list(const std::optional<std::string> &file, std::vector<std::string> &to) {
    if (!file)
        return {};
    std::ifstream lines(*file);
    if (!lines)
        return fail_errno(escape_path(*file));
    for (std::string line; std::getline(lines, line);)
        if (!line.empty())
            to.push_back(line);
    return {};
}

Result<void> read_ping(const Raw &raw, WatchOptions &options) {
    const auto text = raw.ping   ? raw.ping
                      : raw.wait ? std::optional<std::string>("30:1")
                                 : raw.ping;
    if (!text)
        return {};
    const auto colon = text->find(':');
    const auto attempts = parse_number(text->substr(0, colon));
    const auto interval = colon == std::string::npos ? std::optional<std::uint64_t>(1)
                                                     : parse_number(text->substr(colon + 1));
    constexpr std::uint64_t most = 86400;
    if (!attempts || !interval || *attempts == 0 || *attempts > most || *interval > most)
        return fail("--ping=" + escape_path(*text), "not ATTEMPTS or ATTEMPTS:SECONDS");
    options.ping_attempts = *attempts;
    options.ping_interval = *interval;
    return {};
}

Result<void> parse(int argc, char **argv, WatchOptions &options, WatchConfig &config,
                   std::vector<std::string> &warnings, std::string &help) {
    CommandLine line;
    Raw raw;
    raw.texts.reserve(flags.size());
    declare_own(line, options, config, raw);
    const auto table = watch_options(config);
    for (const auto &flag : flags) {
        const auto option = std::ranges::find_if(table, [&flag](const ClamOption &known) {
            return std::string_view(known.name) == flag.option;
        });
        if (option != table.end())
            declare(line, flag.flag, *option, raw);
    }
    declare_deprecated(line);
    help = line.help();
    const auto arguments = line.parse(argc, argv);
    warnings = line.warnings();
    if (!arguments)
        return std::unexpected(arguments.error());
    if (!arguments->empty())
        return fail(escape_path(arguments->front()), "unexpected argument");
    for (auto &[to, text] : raw.texts)
        if (text)
            *to = *text;
    if (raw.datadir)
        config.database_directory = *raw.datadir;
    if (options.move.has_value() + options.copy.has_value() + int{options.remove} > 1)
        return fail("", "only one of --move, --copy and --remove at a time");
    if (options.json && !options.status && !options.help && !options.version)
        return fail("--json", "goes with --status");
    if (auto read = read_ping(raw, options); !read)
        return read;
    if (options.help || options.version)
        return {};
    if (auto added = add_list(raw.watch_list, config.include_paths); !added)
        return added;
    return add_list(raw.exclude_list, config.exclude_paths);
}

} // namespace

Result<void> parse_watch_options(int argc, char **argv, WatchOptions &options, WatchConfig &config,
                                 std::vector<std::string> &warnings, std::string &help) {
    // Once to know the file, once more over what is in it.
    WatchConfig first;
    if (auto parsed = parse(argc, argv, options, first, warnings, help); !parsed)
        return parsed;
    if (options.help)
        return {};
    std::vector<std::string> file_warnings;
    auto read = read_watch_config(options.config_file, file_warnings);
    if (!read) {
        if (options.version)
            return {};
        return std::unexpected(read.error());
    }
    config = std::move(*read);
    options = {};
    if (auto parsed = parse(argc, argv, options, config, warnings, help); !parsed)
        return parsed;
    warnings.insert(warnings.end(), file_warnings.begin(), file_warnings.end());
    return settle(config, warnings);
}

Action WatchOptions::action(const WatchConfig &config) const {
    if (config.quarantine)
        return Action::quarantine;
    if (move)
        return Action::move;
    if (copy)
        return Action::copy;
    return remove ? Action::remove : Action::none;
}

std::string WatchOptions::action_directory(const WatchConfig &config) const {
    if (config.quarantine)
        return *config.quarantine;
    return move ? *move : copy.value_or("");
}

} // namespace hostav
