// SPDX-License-Identifier: GPL-2.0-only
#include "engine/clamav_file_scan.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <sys/stat.h>
#include <tuple>

namespace hostav {

namespace {

constexpr std::string_view limit_alert = "Heuristics.Limits.Exceeded.";

Limit limit_of_alert(std::string_view name) {
    name.remove_prefix(limit_alert.size());
    if (name.starts_with("MaxFileSize"))
        return Limit::max_file_size;
    if (name.starts_with("MaxScanSize"))
        return Limit::max_scan_size;
    if (name.starts_with("MaxFiles"))
        return Limit::max_files;
    if (name.starts_with("MaxRecursion"))
        return Limit::max_recursion;
    if (name.starts_with("MaxScanTime"))
        return Limit::max_scan_time;
    return Limit::parser; // lines folded or headers counted in a mail, and their kind
}

std::uint64_t or_unlimited(std::uint64_t limit) {
    return limit == 0 ? UINT64_MAX : limit;
}

FileScan &self(void *context) {
    return *static_cast<FileScan *>(context);
}

} // namespace

FileScan::FileScan(Engine &engine, Report &report)
    : engine_(engine), options_(engine.options_), report_(report),
      file_limit_(std::min(or_unlimited(options_.limits.file_size), engine_file_limit)),
      size_limit_(or_unlimited(options_.limits.scan_size)),
      files_limit_(or_unlimited(options_.limits.files)),
      time_limit_(options_.limits.scan_time == 0 ? default_scan_time : options_.limits.scan_time) {}

void FileScan::run(int fd, const std::string &name) {
    struct stat st = {};
    if (::fstat(fd, &st) != 0) {
        report_.verdict = Verdict::error;
        report_.error = cl_strerror(CL_ESTAT);
        return;
    }
    const auto size = static_cast<std::uint64_t>(st.st_size);
    if (size > engine_file_limit)
        report_.limits.add(Limit::engine_size);
    else if (size > file_limit_)
        report_.limits.add(Limit::max_file_size);
    scan_layer(fd, name, "", 0, size);
    if (!options_.disable_cache)
        cl_engine_set_num(handle().engine, CL_ENGINE_DISABLE_CACHE, 0);
    if (elapsed() >= time_limit_)
        report_.limits.add(Limit::max_scan_time);
}

void FileScan::install(Engine::Handle &handle, bool member_lines) {
    cl_engine_set_clcb_virus_found(handle.engine, on_virus);
    cl_engine_set_clcb_file_inspection(handle.engine, on_layer);
    cl_engine_set_clcb_meta(handle.engine, on_member);
    cl_engine_set_clcb_post_scan(handle.engine, on_layer_end);
    if (member_lines)
        cl_engine_set_clcb_pre_cache(handle.engine, on_layer_begin);
    cl_engine_set_clcb_virus_found(handle.bare, on_limit);
}

std::uint64_t FileScan::elapsed() const {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
    return static_cast<std::uint64_t>(since.count());
}

bool FileScan::go_on() const {
    return (report_.verdict == Verdict::clean ||
            (report_.verdict == Verdict::infected && options_.all_matches)) &&
           elapsed() < time_limit_;
}

void FileScan::cut(Limit limit) {
    report_.limits.add(limit);
    forget_nothing();
}

/// Keeps libclamav from remembering the layers that are open now as clean.
void FileScan::forget_nothing() {
    cl_engine_set_num(handle().engine, CL_ENGINE_DISABLE_CACHE, 1);
}

void FileScan::on_limit(int /*fd*/, const char *name, void *context) {
    if (context != nullptr && name != nullptr && std::string_view(name).starts_with(limit_alert))
        self(context).report_.limits.add(limit_of_alert(name));
}

void FileScan::on_virus(int /*fd*/, const char *name, void *context) {
    if (context != nullptr && name != nullptr)
        self(context).found(name, self(context).path_.text());
}

cl_error_t FileScan::on_layer_begin(int /*fd*/, const char * /*type*/, void *context) {
    if (context != nullptr)
        self(context).chain_.layer_begins();
    return CL_CLEAN;
}

cl_error_t FileScan::on_layer_end(int /*fd*/, int /*result*/, const char *virus, void *context) {
    if (context != nullptr) {
        self(context).path_.leave();
        self(context).chain_.layer_ends(virus != nullptr);
    }
    return CL_CLEAN; // leaves the result as it is
}

cl_error_t FileScan::on_member(const char *container, unsigned long /*container_size*/,
                               const char *name, unsigned long size, int /*encrypted*/,
                               unsigned /*position*/, void *context) {
    if (context != nullptr)
        self(context).member(container, name, size);
    return CL_CLEAN;
}

cl_error_t FileScan::on_layer(int /*fd*/, const char *type, const char ** /*ancestors*/,
                              std::size_t /*parent_size*/, const char *name, std::size_t size,
                              const char *bytes, std::uint32_t level, std::uint32_t /*attributes*/,
                              void *context) {
    if (context != nullptr)
        self(context).layer(type != nullptr ? type : "", name, {bytes, bytes != nullptr ? size : 0},
                            level);
    return CL_CLEAN;
}

void FileScan::found(std::string_view name, std::string member) {
    constexpr std::string_view suffix = ".UNOFFICIAL";
    if (options_.load.embedded && name.ends_with(suffix))
        name.remove_suffix(suffix.size());
    found_.push_back({std::string(name), std::move(member)});
}

void FileScan::member(const char *container, const char *name, std::uint64_t size) {
    if (options_.member_lines) {
        chain_.member(container != nullptr ? container : "", name != nullptr ? name : "");
        member_lines_.push_back(chain_.scanning_text());
    }
    member_name_ = name != nullptr ? name : "";
    // What only looks like an archive inside a program claims sizes at random. Believe the
    // claim when the layer is such an archive, or else when something was unpacked from it.
    claimed_.add(size > file_limit_ ? Limit::max_file_size : Limit::max_scan_size,
                 size > std::min(file_limit_, size_limit_));
    if (container != nullptr && layer_type_ == container)
        believe_claims();
}

/// A layer comes with its base name; the archive's own entry before it has the whole one.
const char *FileScan::full_name(const char *name) const {
    return name != nullptr && member_name_.ends_with(name) ? member_name_.c_str() : name;
}

void FileScan::believe_claims() {
    if (claimed_.empty())
        return;
    report_.limits.add(std::exchange(claimed_, {}));
    forget_nothing();
}

void FileScan::layer(std::string_view type, const char *name, std::string_view bytes,
                     std::uint32_t level) {
    path_.enter(level, full_name(name));
    layer_type_ = type;
    if (level > 0)
        believe_claims();
    if (level == 0 && depth_ == 0)
        report_.type = type;
    bytes_ += bytes.size();
    ++files_;
    ++layers_;
    if (level > 0 && bytes.size() > file_limit_)
        cut(Limit::max_file_size);
    if (type == "CL_TYPE_HTML" && options_.parse.html &&
        bytes.size() > or_unlimited(options_.limits.html_normalize))
        cut(Limit::max_html_normalize);
    if (level > 0)
        keep_if_closed(bytes, level);
}

FileScan::Outcome FileScan::call(int fd, const std::string &name, const std::string &member,
                                 unsigned long *blocks) {
    found_.clear();
    claimed_ = {};
    layers_ = 0;
    member_name_.clear();
    path_.begin(member);
    chain_.begin();
    const char *virus = nullptr;
    const auto code = cl_scandesc_callback(fd, name.c_str(), &virus, blocks, handle().engine,
                                           &handle().scan, this);
    // Alerts decided at the very end of a scan come back only here.
    if (code == CL_VIRUS && found_.empty() && virus != nullptr)
        found(virus, member);
    return {code, std::move(found_)};
}

/// Whether the last call saw something that unpacks: more than the file itself, or a type that
/// holds other files but gave none, as one that is too large does.
bool FileScan::may_meet_limits() const {
    constexpr std::array plain{"CL_TYPE_BINARY_DATA", "CL_TYPE_ELF",  "CL_TYPE_HTML",
                               "CL_TYPE_GIF",         "CL_TYPE_PNG",  "CL_TYPE_JPEG",
                               "CL_TYPE_TIFF",        "CL_TYPE_MP3",  "CL_TYPE_GRAPHICS",
                               "CL_TYPE_SCRIPT",      "CL_TYPE_RIFF", "CL_TYPE_IGNORED"};
    return layers_ > 1 || (!layer_type_.starts_with("CL_TYPE_TEXT_") &&
                           std::ranges::find(plain, layer_type_) == plain.end());
}

void FileScan::look_for_limits(int fd, const std::string &name) {
    auto flags = handle().scan;
    // All of them, and nothing but them.
    flags.general |= CL_SCAN_GENERAL_ALLMATCHES | CL_SCAN_GENERAL_HEURISTICS;
    flags.general &= ~static_cast<std::uint32_t>(CL_SCAN_GENERAL_COLLECT_METADATA |
                                                 CL_SCAN_GENERAL_HEURISTIC_PRECEDENCE);
    flags.heuristic = CL_SCAN_HEURISTIC_EXCEEDS_MAX;
    const char *virus = nullptr;
    unsigned long blocks = 0;
    cl_scandesc_callback(fd, name.c_str(), &virus, &blocks, handle().bare, &flags, this);
    if (virus != nullptr)
        on_limit(fd, virus, this);
}

/// Scans one file, or one member that we unpacked, and then what libclamav left closed in it.
void FileScan::scan_layer(int fd, const std::string &name, const std::string &member,
                          unsigned depth, std::uint64_t size) {
    depth_ = depth;
    unsigned long blocks = 0;
    if (size <= engine_file_limit) {
        auto outcome = call(fd, name, member, &blocks);
        report_.scanned_blocks += blocks;
        settle(outcome);
        if (size <= file_limit_ && go_on() && may_meet_limits())
            look_for_limits(fd, name);
    }
    if (!options_.parse.archive || size > file_limit_)
        return;
    auto closed = std::exchange(closed_, {});
    std::array<char, container_head> head{};
    const auto got = ::pread(fd, head.data(), head.size(), 0);
    if (got > 0 && go_on())
        open_closed(fd, {head.data(), static_cast<std::size_t>(got)}, member, depth);
    for (const auto &inner : closed)
        if (go_on())
            open_closed(inner.content.get(), inner.head, inner.member, inner.depth);
}

void FileScan::settle(Outcome &outcome) {
    for (auto &detection : outcome.found)
        report_.detections.push_back(std::move(detection));
    if (options_.member_lines)
        note_member_lines();
    // What was found stays found, whatever fails afterwards.
    if (outcome.code == CL_VIRUS || !report_.detections.empty()) {
        report_.verdict = Verdict::infected;
    } else if (outcome.code != CL_CLEAN && report_.verdict == Verdict::clean) {
        report_.verdict = Verdict::error;
        report_.error = cl_strerror(outcome.code);
    }
}

void FileScan::note_member_lines() {
    auto lines = std::exchange(member_lines_, {});
    for (auto &line : lines)
        report_.members.push_back("Scanning " + line);
    if (const auto text = chain_.found_text(); !text.empty() && !report_.detections.empty())
        report_.members.push_back(text + ": " + report_.detections.back().signature + " FOUND");
}

void Engine::set_temporary_directory(const std::string &path) {
    handle_->temporary_directory = path;
    for (cl_engine *engine : {handle_->engine, handle_->bare})
        cl_engine_set_str(engine, CL_ENGINE_TMPDIR, path.c_str());
}

Report Engine::scan(int fd, const std::string &name, bool all_matches) {
    Report report;
    const auto usual = std::pair(options_.all_matches, handle_->scan.general);
    if (all_matches) {
        options_.all_matches = true;
        handle_->scan.general |= CL_SCAN_GENERAL_ALLMATCHES;
    }
    FileScan::install(*handle_, options_.member_lines);
    FileScan(*this, report).run(fd, name);
    std::tie(options_.all_matches, handle_->scan.general) = usual;
    return report;
}

} // namespace hostav
