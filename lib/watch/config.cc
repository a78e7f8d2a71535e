// SPDX-License-Identifier: GPL-2.0-only
//
// One table says which options there are; reading, defaults and --check-config follow it.
#include "watch/config.h"

#include "base/cpus.h"
#include "base/text.h"
#include "conf/clam_options.h"

#include <algorithm>
#include <array>

namespace hostav {

namespace {

constexpr std::uint64_t any = UINT64_MAX;
constexpr std::uint64_t most_32 = UINT32_MAX;
using Table = std::vector<ClamOption>;

ClamOption size_of(const char *name, ClamOption::Field field) {
    return {.name = name, .field = field, .size = true, .most = any};
}

ClamOption number(const char *name, ClamOption::Field field, std::uint64_t least,
                  std::uint64_t most) {
    return {.name = name, .field = field, .most = most, .least = least};
}

ClamOption old(const char *name, ClamOption::Field field, const char *instead) {
    return {.name = name, .field = field, .instead = instead};
}

void add_process(Table &table, WatchConfig &c) {
    table.insert(
        table.end(),
        {{"AlertExceedsMax", &c.engine.parse.alert_exceeds_max},
         number("CacheSize", &c.engine.cache_size, 1, most_32),
         {"PreludeEnable", &c.prelude},
         {"PreludeAnalyzerName", &c.prelude_name},
         {"LogFile", &c.log_file},
         {"LogFileUnlock", &c.log_file_unlock},
         size_of("LogFileMaxSize", &c.log_file_max_size),
         {"LogTime", &c.log_time},
         {"LogClean", &c.log_clean},
         {"LogSyslog", &c.log_syslog},
         {"LogFacility", &c.log_facility},
         {"LogVerbose", &c.log_verbose},
         {"LogRotate", &c.log_rotate},
         {"ExtendedDetectionInfo", &c.extended_detection_info},
         {"PidFile", &c.pid_file},
         {"TemporaryDirectory", &c.temporary_directory},
         {"DatabaseDirectory", &c.database_directory},
         {"OfficialDatabaseOnly", &c.engine.load.official_only},
         number("FailIfCvdOlderThan", &c.engine.load.fail_if_older_than_days, 1, INT32_MAX),
         {"LocalSocket", &c.local_socket},
         {"LocalSocketGroup", &c.local_socket_group},
         {"LocalSocketMode", &c.local_socket_mode},
         {"FixStaleSocket", &c.fix_stale_socket},
         number("TCPSocket", &c.tcp_socket, 1, UINT16_MAX),
         {"TCPAddr", &c.tcp_addr},
         number("MaxConnectionQueueLength", &c.max_connection_queue, 1, INT32_MAX),
         size_of("StreamMaxLength", &c.stream_max_length),
         number("StreamMinPort", &c.stream_min_port, 1024, UINT16_MAX),
         number("StreamMaxPort", &c.stream_max_port, 1024, UINT16_MAX),
         number("MaxThreads", &c.max_threads, 1, 1024),
         {"ReadTimeout", &c.read_timeout},
         {"CommandReadTimeout", &c.command_read_timeout},
         {"SendBufTimeout", &c.send_buf_timeout},
         number("MaxQueue", &c.max_queue, 1, INT32_MAX),
         {"IdleTimeout", &c.idle_timeout},
         {"ExcludePath", &c.exclude_path},
         {"MaxDirectoryRecursion", &c.max_directory_recursion},
         {"FollowDirectorySymlinks", &c.follow_directory_symlinks},
         {"FollowFileSymlinks", &c.follow_file_symlinks},
         {"CrossFilesystems", &c.cross_filesystems},
         {"SelfCheck", &c.self_check},
         {"ConcurrentDatabaseReload", &c.concurrent_reload},
         {"DisableCache", &c.engine.disable_cache},
         {"VirusEvent", &c.virus_event},
         {"ExitOnOOM", &c.exit_on_oom},
         {"AllowAllMatchScan", &c.allow_all_match},
         {"Foreground", &c.foreground},
         {"Debug", &c.debug},
         {"LeaveTemporaryFiles", &c.engine.leave_temporary_files},
         {"GenerateMetadataJson", &c.engine.metadata_json},
         {"User", &c.user}});
}

void add_engine(Table &table, WatchConfig &c) {
    auto &load = c.engine.load;
    auto &parse = c.engine.parse;
    table.insert(table.end(),
                 {{"Bytecode", &load.bytecode},
                  {"BytecodeSecurity", &c.bytecode_security},
                  {"BytecodeTimeout", &load.bytecode_timeout},
                  {"BytecodeUnsigned", &load.bytecode_unsigned},
                  {"BytecodeMode", &c.bytecode_mode},
                  {"DetectPUA", &load.detect_pua},
                  {"ExcludePUA", &load.exclude_pua},
                  {"IncludePUA", &load.include_pua},
                  {"ScanPE", &parse.pe},
                  {"ScanELF", &parse.elf},
                  {"ScanMail", &parse.mail},
                  {"ScanPartialMessages", &c.scan_partial_messages},
                  {"PhishingSignatures", &load.phishing_signatures},
                  {"PhishingScanURLs", &load.phishing_urls},
                  {"HeuristicAlerts", &parse.heuristics},
                  {"HeuristicScanPrecedence", &parse.heuristic_precedence},
                  {"StructuredDataDetection", &parse.structured},
                  number("StructuredMinCreditCardCount", &parse.structured_cc_count, 1, INT32_MAX),
                  number("StructuredMinSSNCount", &parse.structured_ssn_count, 1, INT32_MAX),
                  {"StructuredSSNFormatNormal", &c.ssn_normal},
                  {"StructuredSSNFormatStripped", &c.ssn_stripped},
                  {"ScanHTML", &parse.html},
                  {"ScanOLE2", &parse.ole2},
                  {"AlertBrokenExecutables", &parse.alert_broken},
                  {"AlertBrokenMedia", &parse.alert_broken_media},
                  {"AlertEncrypted", &c.alert_encrypted},
                  {"StructuredCCOnly", &parse.structured_cc_only},
                  {"AlertEncryptedArchive", &parse.alert_encrypted_archive},
                  {"AlertEncryptedDoc", &parse.alert_encrypted_doc},
                  {"AlertOLE2Macros", &parse.alert_macros},
                  {"AlertPhishingSSLMismatch", &parse.alert_phishing_ssl},
                  {"AlertPhishingCloak", &parse.alert_phishing_cloak},
                  {"AlertPartitionIntersection", &parse.alert_partition_intersection},
                  {"ScanPDF", &parse.pdf},
                  {"ScanSWF", &parse.swf},
                  {"ScanXMLDOCS", &parse.xmldocs},
                  {"ScanHWP3", &parse.hwp3},
                  {"ScanOneNote", &parse.onenote},
                  {"ScanArchive", &parse.archive},
                  {"ScanImage", &parse.image},
                  {"ScanImageFuzzyHash", &parse.image_fuzzy_hash},
                  {"ForceToDisk", &c.engine.force_to_disk}});
}

void add_limits(Table &table, ScanLimits &limits) {
    table.insert(table.end(), {number("MaxScanTime", &limits.scan_time, 0, most_32),
                               size_of("MaxScanSize", &limits.scan_size),
                               size_of("MaxFileSize", &limits.file_size),
                               number("MaxRecursion", &limits.recursion, 0, most_32),
                               number("MaxFiles", &limits.files, 0, most_32),
                               size_of("MaxEmbeddedPE", &limits.embedded_pe),
                               size_of("MaxHTMLNormalize", &limits.html_normalize),
                               size_of("MaxHTMLNoTags", &limits.html_no_tags),
                               size_of("MaxScriptNormalize", &limits.script_normalize),
                               size_of("MaxZipTypeRcg", &limits.zip_type_recognition),
                               number("MaxPartitions", &limits.partitions, 0, most_32),
                               number("MaxIconsPE", &limits.icons_pe, 0, most_32),
                               number("MaxRecHWP3", &limits.recursion_hwp3, 0, most_32),
                               number("PCREMatchLimit", &limits.pcre_match, 0, any),
                               number("PCRERecMatchLimit", &limits.pcre_recursion, 0, any),
                               size_of("PCREMaxFileSize", &limits.pcre_file_size)});
}

void add_gate(Table &table, WatchConfig &c) {
    table.insert(
        table.end(),
        {{"OnAccessMountPath", &c.mount_paths},
         {"OnAccessIncludePath", &c.include_paths},
         {"OnAccessExcludePath", &c.exclude_paths},
         {"OnAccessExcludeRootUID", &c.exclude_root},
         number("OnAccessExcludeUID", &c.exclude_uids, 0, most_32),
         {"OnAccessExcludeUname", &c.exclude_names},
         size_of("OnAccessMaxFileSize", &c.on_access_max_file_size),
         {"OnAccessDisableDDD", &c.disable_ddd},
         {"OnAccessPrevention", &c.prevention},
         {"OnAccessExtraScanning", &c.extra_scanning},
         {"OnAccessCurlTimeout", &c.curl_timeout},
         number("OnAccessMaxThreads", &c.on_access_threads, 1, 1024),
         {"OnAccessRetryAttempts", &c.on_access_retries},
         {"OnAccessDenyOnError", &c.deny_on_error},
         {"DisableCertCheck", &c.engine.disable_certificates},
         old("AlgorithmicDetection", &c.algorithmic, "HeuristicAlerts"),
         old("BlockMax", &c.block_max, "AlertExceedsMax"),
         old("PhishingAlwaysBlockSSLMismatch", &c.ssl_mismatch, "AlertPhishingSSLMismatch"),
         old("PhishingAlwaysBlockCloak", &c.cloak, "AlertPhishingCloak"),
         old("PartitionIntersection", &c.partition_intersection, "AlertPartitionIntersection"),
         old("OLE2BlockMacros", &c.ole2_macros, "AlertOLE2Macros"),
         old("ArchiveBlockEncrypted", &c.block_encrypted, "AlertEncrypted"),
         // Developers' own.
         {"DevACOnly", &c.engine.load.ac_only},
         number("DevACDepth", &c.engine.load.ac_depth, 0, most_32),
         {"DevCollectHashes", &c.collect_hashes},
         {"DevPerformance", &c.engine.parse.performance},
         {"DevLiblog", &c.liblog},
         // hostav's.
         {"OnAccessEvents", &c.events},
         {"OnAccessExcludePattern", &c.exclude_patterns},
         number("OnAccessDeadline", &c.deadline, 1, 300),
         {"OnAccessQuarantine", &c.quarantine}});
}

constexpr std::array deprecated{"DetectBrokenExecutables",
                                "MailMaxRecursion",
                                "ArchiveMaxScanSize",
                                "ArchiveMaxRecursion",
                                "ArchiveMaxFiles",
                                "ArchiveMaxCompressionRatio",
                                "ArchiveBlockMax",
                                "ArchiveLimitMemoryUsage",
                                "MailFollowURLs",
                                "AllowSupplementaryGroups",
                                "ScanOnAccess"};

} // namespace

std::vector<ClamOption> watch_options(WatchConfig &config) {
    Table table;
    add_process(table, config);
    add_engine(table, config);
    add_limits(table, config.engine.limits);
    add_gate(table, config);
    return table;
}

std::uint64_t WatchConfig::access_file_limit() const {
    auto limit = on_access_max_file_size.value_or(engine.limits.file_size);
    if (limit == 0)
        limit = engine_file_limit;
    const auto engines = engine.limits.file_size == 0 ? engine_file_limit : engine.limits.file_size;
    return std::min({limit, engines, engine_file_limit});
}

unsigned WatchConfig::gate_workers() const {
    constexpr unsigned least = 3; // small, large, and what nobody waits for
    return std::max(least, static_cast<unsigned>(on_access_threads.value_or(available_cpus() + 1)));
}

std::chrono::milliseconds WatchConfig::file_timeout() const {
    constexpr std::uint64_t margin = 30000;
    const auto time = engine.limits.scan_time;
    return std::chrono::milliseconds((time == 0 ? default_scan_time : time) + margin);
}

LogOptions WatchConfig::log_options() const {
    LogOptions log;
    log.file = log_file;
    log.max_size = log_file_max_size;
    log.lock = !log_file_unlock;
    log.time = log_time;
    log.verbose = log_verbose;
    log.syslog = log_syslog;
    log.facility = log_facility;
    log.ident = "clamd"; // what filters of syslog look for
    return log;
}

Result<WatchConfig> read_watch_config(const std::optional<std::string> &file,
                                      std::vector<std::string> &warnings,
                                      const std::vector<std::string> &files) {
    WatchConfig config;
    const auto found = file ? file : first_existing(files);
    if (!found)
        return fail("configuration", "there is none: give one by --config-file, or make " +
                                         escape_path(files.front()));
    config.file = *found;
    WatchConfig scratch;
    const auto ignored = watch_options(scratch);
    if (auto read =
            read_clam_options(config.file, watch_options(config), {deprecated, ignored}, warnings);
        !read)
        return std::unexpected(read.error());
    return config;
}

std::string config_text(const WatchConfig &config) {
    WatchConfig shown = config;
    WatchConfig defaults;
    // What unset ones stand for is said, too: it is what is in effect.
    if (!shown.on_access_max_file_size)
        shown.on_access_max_file_size = defaults.on_access_max_file_size =
            config.access_file_limit();
    if (!shown.on_access_threads)
        shown.on_access_threads = defaults.on_access_threads = config.gate_workers();
    if (shown.engine.limits.scan_time == 0)
        shown.engine.limits.scan_time = defaults.engine.limits.scan_time = default_scan_time;
    return clam_options_text(config.file, watch_options(shown), watch_options(defaults));
}

} // namespace hostav
