// SPDX-License-Identifier: GPL-2.0-only
//
// Everything an administrator can say about loading signatures and scanning, as clamscan's
// options and clamd.conf have it. A plain struct; defaults are clamscan 1.4's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

inline constexpr std::uint64_t kibi = 1024;
inline constexpr std::uint64_t mebi = 1024 * kibi;
inline constexpr std::uint64_t gibi = 1024 * mebi;

enum class YaraRules { yes, no, only };
enum class BytecodeMode { automatic, force_jit, force_interpreter, test };

/// Which signatures are loaded and how.
struct LoadOptions {
    std::vector<std::string> databases; ///< files or directories; empty: the installed ones
    bool embedded = false; ///< our own embedded ones: names without the suffix .UNOFFICIAL
    bool official_only = false;
    std::optional<std::uint64_t> fail_if_older_than_days;
    YaraRules yara = YaraRules::yes;
    bool phishing_signatures = true;
    bool phishing_urls = true;
    bool bytecode = true;
    bool bytecode_unsigned = false;
    bool bytecode_paranoid = false;         ///< run-time checks for signed ones too
    std::uint64_t bytecode_timeout = 10000; ///< milliseconds
    BytecodeMode bytecode_mode = BytecodeMode::automatic;
    bool bytecode_statistics = false;
    bool pcre_statistics = false;
    bool detect_pua = false;
    std::vector<std::string> exclude_pua, include_pua;
    bool ac_only = false; ///< developer: the Aho-Corasick matcher alone
    std::optional<std::uint64_t> ac_depth;
};

/// Limits of one scan. Sizes in bytes; 0 means no limit, as clamscan has it.
struct ScanLimits {
    std::uint64_t scan_time = 0; ///< milliseconds; 0: the engine's own default
    std::uint64_t scan_size = 400 * mebi;
    std::uint64_t file_size = 100 * mebi;
    std::uint64_t recursion = 17;
    std::uint64_t files = 10000;
    std::uint64_t embedded_pe = 40 * mebi;
    std::uint64_t html_normalize = 40 * mebi;
    std::uint64_t html_no_tags = 8 * mebi;
    std::uint64_t script_normalize = 20 * mebi;
    std::uint64_t zip_type_recognition = 1 * mebi;
    std::uint64_t partitions = 50;
    std::uint64_t icons_pe = 100;
    std::uint64_t recursion_hwp3 = 16;
    std::uint64_t pcre_match = 100000;
    std::uint64_t pcre_recursion = 2000;
    std::uint64_t pcre_file_size = 100 * mebi;
};

/// What a scan parses and what it alerts on.
struct ParseOptions {
    bool archive = true, elf = true, pdf = true, swf = true, hwp3 = true, xmldocs = true;
    bool mail = true, ole2 = true, html = true, pe = true, onenote = true;
    bool image = true, image_fuzzy_hash = true;

    bool heuristics = true;
    bool heuristic_precedence = false;
    bool alert_broken = false, alert_broken_media = false;
    bool alert_encrypted_archive = false, alert_encrypted_doc = false;
    bool alert_macros = false;
    bool alert_exceeds_max = false;
    bool alert_phishing_ssl = false, alert_phishing_cloak = false;
    bool alert_partition_intersection = false;
    bool structured = false;
    std::uint64_t structured_ssn_count = 3, structured_cc_count = 3;
    std::uint64_t structured_ssn_format = 0; ///< 0 normal, 1 stripped, 2 both
    bool structured_cc_only = false;
    bool performance = false; ///< developer: collect timing
};

struct EngineOptions {
    LoadOptions load;
    ScanLimits limits;
    ParseOptions parse;
    bool all_matches = false;
    bool member_lines = false; ///< --archive-verbose: tell the members of containers
    std::optional<std::uint64_t> cache_size;
    bool disable_cache = false;
    bool force_to_disk = false;
    bool leave_temporary_files = false;
    bool metadata_json = false;
    bool disable_certificates = false;
    bool dump_certificates = false;
    bool pe_section_hashes = false; ///< --gen-mdb
    bool debug = false;
};

/// libclamav's own limit where --max-scantime is not given, in milliseconds (clamav 1.4).
inline constexpr std::uint64_t default_scan_time = 120000;
/// libclamav takes no file of 2 GiB or more, whatever the options say.
inline constexpr std::uint64_t engine_file_limit = 2 * gibi - 1;

} // namespace hostav
