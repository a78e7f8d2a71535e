// SPDX-License-Identifier: GPL-2.0-only
#include "base/text.h"
#include "engine/clamav_handle.h"
#include "engine/database.h"

#include <array>
#include <climits>

namespace hostav {

namespace {

std::string reason(cl_error_t error) {
    return cl_strerror(error);
}

unsigned load_flags(const LoadOptions &load) {
    unsigned flags = 0;
    const auto set = [&flags](bool on, unsigned flag) { flags |= on ? flag : 0U; };
    set(load.phishing_signatures, CL_DB_PHISHING);
    set(load.phishing_urls, CL_DB_PHISHING_URLS);
    set(load.official_only, CL_DB_OFFICIAL_ONLY);
    set(load.bytecode, CL_DB_BYTECODE);
    set(load.bytecode_unsigned, CL_DB_BYTECODE_UNSIGNED);
    set(load.bytecode_statistics, CL_DB_BYTECODE_STATS);
    set(load.pcre_statistics, CL_DB_PCRE_STATS);
    set(load.yara == YaraRules::no, CL_DB_YARA_EXCLUDE);
    set(load.yara == YaraRules::only, CL_DB_YARA_ONLY);
    set(load.detect_pua, CL_DB_PUA);
    set(load.detect_pua && !load.exclude_pua.empty(), CL_DB_PUA_EXCLUDE);
    set(load.detect_pua && !load.include_pua.empty(), CL_DB_PUA_INCLUDE);
    return flags;
}

/// A limit as libclamav takes it: 0 means none, which is the largest number to it.
long long unlimited_if_zero(std::uint64_t value) {
    return value == 0 || value > LLONG_MAX ? LLONG_MAX : static_cast<long long>(value);
}

class Setter {
  public:
    explicit Setter(cl_engine *engine) : engine_(engine) {}

    void number(cl_engine_field field, const char *option, long long value) {
        if (const auto error = cl_engine_set_num(engine_, field, value); error != CL_SUCCESS)
            note(option, error);
    }
    void size(cl_engine_field field, const char *option, std::uint64_t value) {
        number(field, option, unlimited_if_zero(value));
    }
    void count(cl_engine_field field, const char *option, std::uint64_t value) {
        number(field, option, static_cast<long long>(value));
    }
    void text(cl_engine_field field, const char *option, const std::string &value) {
        if (const auto error = cl_engine_set_str(engine_, field, value.c_str());
            error != CL_SUCCESS)
            note(option, error);
    }
    [[nodiscard]] Result<void> result() const {
        if (failed_.empty())
            return {};
        return fail(failed_, why_);
    }

  private:
    cl_engine *engine_;
    std::string failed_, why_;

    void note(const char *option, cl_error_t error) {
        if (failed_.empty()) {
            failed_ = option;
            why_ = reason(error);
        }
    }
};

void set_limits(Setter &set, const ScanLimits &limits) {
    if (limits.scan_time != 0)
        set.count(CL_ENGINE_MAX_SCANTIME, "--max-scantime", limits.scan_time);
    set.size(CL_ENGINE_MAX_SCANSIZE, "--max-scansize", limits.scan_size);
    set.size(CL_ENGINE_MAX_FILESIZE, "--max-filesize", limits.file_size);
    set.count(CL_ENGINE_MAX_FILES, "--max-files", limits.files);
    set.count(CL_ENGINE_MAX_RECURSION, "--max-recursion", limits.recursion);
    set.size(CL_ENGINE_MAX_EMBEDDEDPE, "--max-embeddedpe", limits.embedded_pe);
    set.size(CL_ENGINE_MAX_HTMLNORMALIZE, "--max-htmlnormalize", limits.html_normalize);
    set.size(CL_ENGINE_MAX_HTMLNOTAGS, "--max-htmlnotags", limits.html_no_tags);
    set.size(CL_ENGINE_MAX_SCRIPTNORMALIZE, "--max-scriptnormalize", limits.script_normalize);
    set.size(CL_ENGINE_MAX_ZIPTYPERCG, "--max-ziptypercg", limits.zip_type_recognition);
    set.count(CL_ENGINE_MAX_PARTITIONS, "--max-partitions", limits.partitions);
    set.count(CL_ENGINE_MAX_ICONSPE, "--max-iconspe", limits.icons_pe);
    set.count(CL_ENGINE_MAX_RECHWP3, "--max-rechwp3", limits.recursion_hwp3);
    set.count(CL_ENGINE_PCRE_MATCH_LIMIT, "--pcre-match-limit", limits.pcre_match);
    set.count(CL_ENGINE_PCRE_RECMATCH_LIMIT, "--pcre-recmatch-limit", limits.pcre_recursion);
    set.size(CL_ENGINE_PCRE_MAX_FILESIZE, "--pcre-max-filesize", limits.pcre_file_size);
}

/// Categories as libclamav wants them in one string, `.Win.Tool.`.
std::string pua_categories(const LoadOptions &load) {
    const auto &list = load.exclude_pua.empty() ? load.include_pua : load.exclude_pua;
    std::string joined;
    for (const auto &category : list)
        joined += "." + category;
    return joined.empty() ? joined : joined + ".";
}

void set_loading(Setter &set, const LoadOptions &load) {
    constexpr std::array modes{CL_BYTECODE_MODE_AUTO, CL_BYTECODE_MODE_JIT,
                               CL_BYTECODE_MODE_INTERPRETER, CL_BYTECODE_MODE_TEST};
    if (const auto categories = pua_categories(load); load.detect_pua && !categories.empty())
        set.text(CL_ENGINE_PUA_CATEGORIES, "--exclude-pua or --include-pua", categories);
    if (load.ac_only)
        set.number(CL_ENGINE_AC_ONLY, "--dev-ac-only", 1);
    if (load.ac_depth)
        set.count(CL_ENGINE_AC_MAXDEPTH, "--dev-ac-depth", *load.ac_depth);
    set.count(CL_ENGINE_BYTECODE_TIMEOUT, "--bytecode-timeout", load.bytecode_timeout);
    if (load.bytecode_paranoid)
        set.number(CL_ENGINE_BYTECODE_SECURITY, "BytecodeSecurity", CL_BYTECODE_TRUST_NOTHING);
    set.number(CL_ENGINE_BYTECODE_MODE, "--bytecode-mode",
               modes.at(static_cast<std::size_t>(load.bytecode_mode)));
#if CLAMAV_VERSION_NUM >= 0x010500
    set.text(CL_ENGINE_CVDCERTSDIR, "certificates", certificates_directory());
#endif
}

Result<void> configure(cl_engine *engine, const EngineOptions &options) {
    Setter set(engine);
    const auto flag = [&set](bool on, cl_engine_field field, const char *option) {
        if (on)
            set.number(field, option, 1);
    };
    set_loading(set, options.load);
    set_limits(set, options.limits);
    if (options.cache_size)
        set.count(CL_ENGINE_CACHE_SIZE, "--cache-size", *options.cache_size);
    flag(options.disable_cache, CL_ENGINE_DISABLE_CACHE, "--disable-cache");
    flag(options.force_to_disk, CL_ENGINE_FORCETODISK, "--force-to-disk");
    flag(options.leave_temporary_files, CL_ENGINE_KEEPTMP, "--leave-temps");
    flag(options.disable_certificates, CL_ENGINE_DISABLE_PE_CERTS, "--nocerts");
    flag(options.dump_certificates, CL_ENGINE_PE_DUMPCERTS, "--dumpcerts");
    if (options.parse.structured) {
        set.count(CL_ENGINE_MIN_SSN_COUNT, "--structured-ssn-count",
                  options.parse.structured_ssn_count);
        set.count(CL_ENGINE_MIN_CC_COUNT, "--structured-cc-count",
                  options.parse.structured_cc_count);
    }
    return set.result();
}

struct ProgressContext {
    const LoadProgress *progress;
    const char *what;
};

cl_error_t on_progress(std::size_t total, std::size_t done, void *context) {
    const auto *to = static_cast<const ProgressContext *>(context);
    (*to->progress)(to->what, done, total);
    return CL_SUCCESS;
}

Result<void> check_age(const std::string &path, std::uint64_t days) {
    constexpr std::uint64_t seconds_a_day = 86400;
    time_t age = 0;
    if (const auto error = cl_cvdgetage(path.c_str(), &age); error != CL_SUCCESS)
        return fail(escape_path(path), reason(error));
    if (age > 0 && static_cast<std::uint64_t>(age) > days * seconds_a_day)
        return fail(escape_path(path),
                    "signatures are " +
                        std::to_string(static_cast<std::uint64_t>(age) / seconds_a_day) +
                        " days old, more than --fail-if-cvd-older-than=" + std::to_string(days));
    return {};
}

/// libclamav keeps no message for the caller but prints it; we give the last one as the reason.
std::string &last_message() {
    static std::string text;
    return text;
}

MessageSink &message_sink() {
    static MessageSink sink;
    return sink;
}

void on_message(cl_msg /*severity*/, const char *full, const char *message, void * /*context*/) {
    std::string_view text(full != nullptr ? full : "");
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    if (message_sink())
        message_sink()(text);
    std::string_view last(message != nullptr ? message : "");
    while (last.ends_with('\n'))
        last.remove_suffix(1);
    last_message() = last;
}

Result<void> initialise(const EngineOptions &options) {
    cl_set_clcb_msg(on_message);
    if (options.debug)
        cl_debug();
    if (const auto error = cl_init(CL_INIT_DEFAULT); error != CL_SUCCESS)
        return fail("libclamav", reason(error));
    if (options.pe_section_hashes)
        cl_always_gen_section_hash();
    return {};
}

Result<unsigned> load_databases(cl_engine *engine, const LoadOptions &load) {
    unsigned signatures = 0;
    for (const auto &path : load.databases) {
        if (load.fail_if_older_than_days)
            if (auto young = check_age(path, *load.fail_if_older_than_days); !young)
                return std::unexpected(young.error());
        last_message().clear();
        const auto error = cl_load(path.c_str(), engine, &signatures, load_flags(load));
        if (error != CL_SUCCESS) {
            auto why = reason(error);
            if (!last_message().empty())
                why += " (" + escape_path(last_message()) + ")";
            return fail(escape_path(path), "cannot load signatures: " + why);
        }
    }
    // A scan with nothing to look for would call everything clean.
    if (signatures == 0)
        return fail(escape_path(load.databases.back()), "holds no signatures");
    return signatures;
}

Result<cl_engine *> bare_engine(const EngineOptions &options) {
    auto same_limits = options;
    same_limits.load = {};
    same_limits.disable_cache = true; // what it remembers as clean it would not unpack again
    same_limits.leave_temporary_files = false;
    cl_engine *engine = cl_engine_new();
    if (engine == nullptr)
        return fail("libclamav", "cannot make an engine");
    auto ready = configure(engine, same_limits);
    if (const auto error = cl_engine_compile(engine); ready && error != CL_SUCCESS)
        ready = fail("libclamav", reason(error));
    if (!ready) {
        cl_engine_free(engine);
        return std::unexpected(ready.error());
    }
    return engine;
}

} // namespace

cl_scan_options scan_flags(const EngineOptions &options) {
    cl_scan_options flags{};
    const auto &parse = options.parse;
    const auto set = [](std::uint32_t &word, bool on, unsigned flag) { word |= on ? flag : 0U; };
    // The worker has the descriptor and nothing else: libclamav must not open paths.
    flags.general = CL_SCAN_GENERAL_UNPRIVILEGED;
    set(flags.general, options.all_matches, CL_SCAN_GENERAL_ALLMATCHES);
    set(flags.general, options.metadata_json, CL_SCAN_GENERAL_COLLECT_METADATA);
    set(flags.general, parse.heuristics, CL_SCAN_GENERAL_HEURISTICS);
    set(flags.general, parse.heuristic_precedence, CL_SCAN_GENERAL_HEURISTIC_PRECEDENCE);
    set(flags.parse, parse.archive, CL_SCAN_PARSE_ARCHIVE);
    set(flags.parse, parse.elf, CL_SCAN_PARSE_ELF);
    set(flags.parse, parse.pdf, CL_SCAN_PARSE_PDF);
    set(flags.parse, parse.swf, CL_SCAN_PARSE_SWF);
    set(flags.parse, parse.hwp3, CL_SCAN_PARSE_HWP3);
    set(flags.parse, parse.xmldocs, CL_SCAN_PARSE_XMLDOCS);
    set(flags.parse, parse.mail, CL_SCAN_PARSE_MAIL);
    set(flags.parse, parse.ole2, CL_SCAN_PARSE_OLE2);
    set(flags.parse, parse.html, CL_SCAN_PARSE_HTML);
    set(flags.parse, parse.pe, CL_SCAN_PARSE_PE);
    set(flags.parse, parse.onenote, CL_SCAN_PARSE_ONENOTE);
    set(flags.parse, parse.image, CL_SCAN_PARSE_IMAGE);
    set(flags.parse, parse.image_fuzzy_hash, CL_SCAN_PARSE_IMAGE_FUZZY_HASH);
    auto &alert = flags.heuristic;
    set(alert, parse.alert_broken, CL_SCAN_HEURISTIC_BROKEN);
    set(alert, parse.alert_broken_media, CL_SCAN_HEURISTIC_BROKEN_MEDIA);
    set(alert, parse.alert_exceeds_max, CL_SCAN_HEURISTIC_EXCEEDS_MAX);
    set(alert, parse.alert_phishing_ssl, CL_SCAN_HEURISTIC_PHISHING_SSL_MISMATCH);
    set(alert, parse.alert_phishing_cloak, CL_SCAN_HEURISTIC_PHISHING_CLOAK);
    set(alert, parse.alert_macros, CL_SCAN_HEURISTIC_MACROS);
    set(alert, parse.alert_encrypted_archive, CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE);
    set(alert, parse.alert_encrypted_doc, CL_SCAN_HEURISTIC_ENCRYPTED_DOC);
    set(alert, parse.alert_partition_intersection, CL_SCAN_HEURISTIC_PARTITION_INTXN);
    set(alert, parse.structured, CL_SCAN_HEURISTIC_STRUCTURED);
    set(alert, parse.structured && parse.structured_ssn_format != 1,
        CL_SCAN_HEURISTIC_STRUCTURED_SSN_NORMAL);
    set(alert, parse.structured && parse.structured_ssn_format != 0,
        CL_SCAN_HEURISTIC_STRUCTURED_SSN_STRIPPED);
    set(alert, parse.structured && parse.structured_cc_only, CL_SCAN_HEURISTIC_STRUCTURED_CC);
    set(flags.dev, parse.performance, CL_SCAN_DEV_COLLECT_PERFORMANCE_INFO);
    return flags;
}

Engine::Engine(std::unique_ptr<Handle> handle, EngineOptions options, unsigned signatures)
    : handle_(std::move(handle)), options_(std::move(options)), signatures_(signatures) {}
Engine::Engine(Engine &&) noexcept = default;
Engine &Engine::operator=(Engine &&) noexcept = default;
Engine::~Engine() = default;

std::string Engine::version() {
    return cl_retver();
}

void Engine::set_messages(MessageSink sink) {
    message_sink() = std::move(sink);
}

Result<Engine> Engine::load(const EngineOptions &options, const LoadProgress &progress) {
    if (auto ready = initialise(options); !ready)
        return std::unexpected(ready.error());
    auto handle = std::make_unique<Handle>();
    handle->engine = cl_engine_new();
    if (handle->engine == nullptr)
        return fail("libclamav", "cannot make an engine");
    if (auto ready = configure(handle->engine, options); !ready)
        return std::unexpected(ready.error());
    ProgressContext loading{&progress, "Loading signatures"};
    ProgressContext compiling{&progress, "Compiling signatures"};
    if (progress) {
        cl_engine_set_clcb_sigload_progress(handle->engine, on_progress, &loading);
        cl_engine_set_clcb_engine_compile_progress(handle->engine, on_progress, &compiling);
    }
    auto signatures = load_databases(handle->engine, options.load);
    if (!signatures)
        return std::unexpected(signatures.error());
    if (const auto error = cl_engine_compile(handle->engine); error != CL_SUCCESS)
        return fail("libclamav", "cannot compile the signatures: " + reason(error));
    auto bare = bare_engine(options);
    if (!bare)
        return std::unexpected(bare.error());
    handle->bare = *bare;
    // Their contexts end with this function.
    cl_engine_set_clcb_sigload_progress(handle->engine, nullptr, nullptr);
    cl_engine_set_clcb_engine_compile_progress(handle->engine, nullptr, nullptr);
    handle->scan = scan_flags(options);
    return Engine(std::move(handle), options, *signatures);
}

} // namespace hostav
