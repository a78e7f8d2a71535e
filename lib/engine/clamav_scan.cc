// SPDX-License-Identifier: GPL-2.0-only
//
// One file, scanned in full or said not to be. libclamav gives the verdict; its callbacks tell
// which layers it saw, so that what limits cut off and what it leaves closed is known:
//
// - Limits. libclamav reports a limit only as an alert of its own (Heuristics.Limits.Exceeded.*),
//   a weak one. We ask for these alerts and take them out again. A weak alert can hide another
//   weak one, so where a limit is all that was found the file is scanned once more without them:
//   the verdict is then exactly clamscan's. Members that libclamav trims raise no alert at all;
//   their sizes in the callbacks tell.
// - Closed containers. Layers that only libarchive opens are kept and opened after the scan of
//   what surrounds them; their members are scanned as files of their own, within the same limits.
// - libclamav remembers clean layers by digest and does not look inside them again. What was cut
//   short or holds a closed container must not be remembered: the cache is off from there on.
#include "base/files.h"
#include "engine/clamav_handle.h"
#include "engine/clamav_layers.h"
#include "engine/container.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <sys/stat.h>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;

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

std::uint64_t or_unlimited(std::uint64_t limit) { return limit == 0 ? UINT64_MAX : limit; }

} // namespace

class FileScan {
  public:
    FileScan(Engine &engine, Report &report)
        : engine_(engine), options_(engine.options_), report_(report),
          file_limit_(std::min(or_unlimited(options_.limits.file_size), engine_file_limit)),
          size_limit_(or_unlimited(options_.limits.scan_size)),
          files_limit_(or_unlimited(options_.limits.files)),
          time_limit_(options_.limits.scan_time == 0 ? default_scan_time
                                                     : options_.limits.scan_time) {}

    void run(int fd, const std::string &name) {
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

    static void install(cl_engine *engine, bool member_lines) {
        cl_engine_set_clcb_virus_found(engine, on_virus);
        cl_engine_set_clcb_file_inspection(engine, on_layer);
        cl_engine_set_clcb_meta(engine, on_member);
        cl_engine_set_clcb_post_scan(engine, on_layer_end);
        if (member_lines)
            cl_engine_set_clcb_pre_cache(engine, on_layer_begin);
    }

  private:
    struct Closed {
        Fd content;
        std::string head; ///< its first bytes
        std::string member;
        unsigned depth;
    };

    Engine &engine_;
    const EngineOptions &options_;
    Report &report_;
    std::uint64_t file_limit_, size_limit_, files_limit_, time_limit_;
    Clock::time_point start_ = Clock::now();

    LayerPath path_;
    MemberChain chain_;
    std::vector<std::string> member_lines_;
    std::vector<Detection> found_; ///< of the libclamav call that is running
    std::vector<Closed> closed_;
    std::uint64_t bytes_ = 0; ///< of all layers
    std::uint64_t files_ = 0; ///< layers
    unsigned depth_ = 0;      ///< containers opened by us around the running call
    std::string member_name_; ///< of the archive entry told last
    std::string layer_type_;  ///< of the layer inspected last
    Limits claimed_;          ///< exceeded if a member's claim of its size is true
    bool counting_ = true;    ///< false while a second call looks at layers already counted

    [[nodiscard]] Engine::Handle &handle() const { return *engine_.handle_; }
    [[nodiscard]] std::uint64_t elapsed() const {
        const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() -
                                                                                 start_);
        return static_cast<std::uint64_t>(since.count());
    }
    [[nodiscard]] bool go_on() const {
        return (report_.verdict == Verdict::clean ||
                (report_.verdict == Verdict::infected && options_.all_matches)) &&
               elapsed() < time_limit_;
    }
    void cut(Limit limit) {
        report_.limits.add(limit);
        forget_nothing();
    }
    /// Keeps libclamav from remembering the layers that are open now as clean.
    void forget_nothing() { cl_engine_set_num(handle().engine, CL_ENGINE_DISABLE_CACHE, 1); }

    // ---- what libclamav tells while it scans ----

    static FileScan &self(void *context) { return *static_cast<FileScan *>(context); }

    static void on_virus(int /*fd*/, const char *name, void *context) {
        if (context != nullptr && name != nullptr)
            self(context).found(name, self(context).path_.text());
    }
    static cl_error_t on_layer_begin(int /*fd*/, const char * /*type*/, void *context) {
        if (context != nullptr)
            self(context).chain_.layer_begins();
        return CL_CLEAN;
    }
    static cl_error_t on_layer_end(int /*fd*/, int /*result*/, const char *virus,
                                   void *context) {
        if (context != nullptr) {
            self(context).path_.leave();
            self(context).chain_.layer_ends(virus != nullptr);
        }
        return CL_CLEAN; // leaves the result as it is
    }
    static cl_error_t on_member(const char *container, unsigned long /*container_size*/,
                                const char *name, unsigned long size, int /*encrypted*/,
                                unsigned /*position*/, void *context) {
        if (context != nullptr)
            self(context).member(container, name, size);
        return CL_CLEAN;
    }
    static cl_error_t on_layer(int /*fd*/, const char *type, const char ** /*ancestors*/,
                               std::size_t /*parent_size*/, const char *name, std::size_t size,
                               const char *bytes, std::uint32_t level, std::uint32_t /*attributes*/,
                               void *context) {
        if (context != nullptr)
            self(context).layer(type != nullptr ? type : "", name,
                                {bytes, bytes != nullptr ? size : 0}, level);
        return CL_CLEAN;
    }

    void found(std::string_view name, std::string member) {
        constexpr std::string_view suffix = ".UNOFFICIAL";
        if (options_.load.embedded && name.ends_with(suffix))
            name.remove_suffix(suffix.size());
        found_.push_back({std::string(name), std::move(member)});
    }

    void member(const char *container, const char *name, std::uint64_t size) {
        if (options_.member_lines && counting_) {
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
    [[nodiscard]] const char *full_name(const char *name) const {
        return name != nullptr && member_name_.ends_with(name) ? member_name_.c_str() : name;
    }

    void believe_claims() {
        if (claimed_.empty())
            return;
        report_.limits.add(std::exchange(claimed_, {}));
        forget_nothing();
    }

    void layer(std::string_view type, const char *name, std::string_view bytes,
               std::uint32_t level) {
        path_.enter(level, full_name(name));
        layer_type_ = type;
        if (level > 0)
            believe_claims();
        if (level == 0 && depth_ == 0)
            report_.type = type;
        if (!counting_)
            return;
        bytes_ += bytes.size();
        ++files_;
        if (level > 0 && bytes.size() > file_limit_)
            cut(Limit::max_file_size);
        if (type == "CL_TYPE_HTML" && options_.parse.html &&
            bytes.size() > or_unlimited(options_.limits.html_normalize))
            cut(Limit::max_html_normalize);
        if (level > 0)
            keep_if_closed(bytes, level);
    }

    void keep_if_closed(std::string_view bytes, std::uint32_t level) {
        if (!options_.parse.archive ||
            container_format(bytes.substr(0, container_head)) == nullptr)
            return;
        forget_nothing();
        auto copy = unnamed_file(handle().temporary_directory);
        if (!copy || !write_all(copy->get(), bytes, "")) {
            report_.limits.add(Limit::max_scan_size);
            return;
        }
        closed_.push_back({std::move(*copy), std::string(bytes.substr(0, container_head)),
                           path_.text(), depth_ + level});
    }

    // ---- libclamav ----

    struct Outcome {
        cl_error_t code = CL_CLEAN;
        std::vector<Detection> found;
    };

    Outcome call(int fd, const std::string &name, const std::string &member, bool ask_limits,
                 unsigned long *blocks) {
        auto flags = handle().scan;
        if (ask_limits)
            flags.heuristic |= CL_SCAN_HEURISTIC_EXCEEDS_MAX;
        found_.clear();
        claimed_ = {};
        member_name_.clear();
        path_.begin(member);
        chain_.begin();
        const char *virus = nullptr;
        const auto code = cl_scandesc_callback(fd, name.c_str(), &virus, blocks, handle().engine,
                                               &flags, this);
        // Alerts decided at the very end of a scan come back only here.
        if (code == CL_VIRUS && found_.empty() && virus != nullptr)
            found(virus, member);
        return {code, std::move(found_)};
    }

    /// Takes libclamav's alerts about limits out of `outcome`. True when nothing else was found.
    bool take_limits(Outcome &outcome) {
        const auto before = outcome.found.size();
        std::erase_if(outcome.found, [this](const Detection &detection) {
            if (!detection.signature.starts_with(limit_alert))
                return false;
            report_.limits.add(limit_of_alert(detection.signature));
            return true;
        });
        const bool only_limits = before != 0 && outcome.found.empty();
        if (only_limits)
            outcome.code = CL_CLEAN;
        return only_limits;
    }

    Outcome ask(int fd, const std::string &name, const std::string &member, unsigned long *blocks) {
        const auto &parse = options_.parse;
        if (parse.alert_exceeds_max)
            return call(fd, name, member, false, blocks);
        // Under heuristic precedence a limit's alert would end the scan: ask for it afterwards,
        // where something was unpacked at all.
        if (parse.heuristic_precedence) {
            auto plain = call(fd, name, member, false, blocks);
            if (plain.code == CL_CLEAN && files_ > 1)
                look_for_limits(fd, name, member);
            return plain;
        }
        auto outcome = call(fd, name, member, true, blocks);
        if (take_limits(outcome) && !options_.all_matches && elapsed() < time_limit_ / 2) {
            counting_ = false;
            unsigned long again = 0;
            outcome = call(fd, name, member, false, &again);
            counting_ = true;
        }
        return outcome;
    }

    void look_for_limits(int fd, const std::string &name, const std::string &member) {
        counting_ = false;
        unsigned long blocks = 0;
        auto outcome = call(fd, name, member, true, &blocks);
        take_limits(outcome);
        counting_ = true;
    }

    /// Scans one file, or one member that we unpacked, and then what libclamav left closed in it.
    void scan_layer(int fd, const std::string &name, const std::string &member, unsigned depth,
                    std::uint64_t size) {
        depth_ = depth;
        unsigned long blocks = 0;
        if (size <= engine_file_limit) {
            auto outcome = ask(fd, name, member, &blocks);
            report_.scanned_blocks += blocks;
            settle(outcome);
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

    void settle(Outcome &outcome) {
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

    void note_member_lines() {
        auto lines = std::exchange(member_lines_, {});
        for (auto &line : lines)
            report_.members.push_back("Scanning " + line);
        if (const auto text = chain_.found_text(); !text.empty() && !report_.detections.empty())
            report_.members.push_back(text + ": " + report_.detections.back().signature + " FOUND");
    }

    // ---- containers that libarchive opens ----

    void open_closed(int fd, std::string_view head, const std::string &member, unsigned depth) {
        const char *format = container_format(head);
        if (format == nullptr)
            return;
        if (depth + 1 >= options_.limits.recursion)
            return cut(Limit::max_recursion);
        auto container = Container::open(fd, [this] { return elapsed() < time_limit_; });
        if (!container) {
            // Weak evidence may have been something else; otherwise the file is broken.
            if (is_certain(format))
                cut(Limit::damaged);
            return;
        }
        while (go_on()) {
            const auto next = container->next();
            if (!next)
                break;
            if (++files_ > files_limit_)
                return cut(Limit::max_files);
            const auto path = join(member, next->name);
            if (next->encrypted)
                note_encrypted(format, path);
            else if (next->regular && !scan_member(*container, path, depth))
                return;
        }
        if (container->damaged())
            cut(Limit::damaged);
    }

    /// As libclamav answers for the archives it opens itself.
    void note_encrypted(std::string_view format, const std::string &member) {
        if (!options_.parse.alert_encrypted_archive || !options_.parse.heuristics)
            return;
        std::string name = "Heuristics.Encrypted.";
        for (const char c : format)
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        report_.verdict = Verdict::infected;
        report_.detections.push_back({name, member});
    }

    static std::string join(const std::string &outer, const std::string &name) {
        return outer.empty() || name.empty() ? outer + name : outer + "/" + name;
    }

    /// False: a limit of the whole file is reached.
    bool scan_member(Container &container, const std::string &member, unsigned depth) {
        auto content = unnamed_file(handle().temporary_directory);
        if (!content) {
            report_.verdict = Verdict::error;
            report_.error = cl_strerror(CL_ETMPFILE);
            return false;
        }
        const auto room = size_limit_ - std::min(size_limit_, bytes_);
        const auto limit = std::min(file_limit_, room);
        const auto end = container.extract(content->get(), limit, [this](std::uint64_t) {
            return elapsed() < time_limit_;
        });
        struct stat st = {};
        ::fstat(content->get(), &st);
        if (end == MemberEnd::too_large)
            cut(room < file_limit_ ? Limit::max_scan_size : Limit::max_file_size);
        if (end == MemberEnd::write_failed)
            cut(Limit::max_scan_size);
        if (end == MemberEnd::damaged)
            cut(Limit::damaged);
        const auto slash = member.rfind('/');
        const auto name = slash == std::string::npos ? member : member.substr(slash + 1);
        if (end != MemberEnd::encrypted && st.st_size > 0) {
            scan_layer(content->get(), name, member, depth + 1,
                       static_cast<std::uint64_t>(st.st_size));
            depth_ = depth;
        }
        const bool full = end == MemberEnd::too_large && room < file_limit_;
        return end != MemberEnd::stopped && !full;
    }
};

void Engine::set_temporary_directory(const std::string &path) {
    handle_->temporary_directory = path;
    cl_engine_set_str(handle_->engine, CL_ENGINE_TMPDIR, path.c_str());
}

Report Engine::scan(int fd, const std::string &name) {
    Report report;
    FileScan::install(handle_->engine, options_.member_lines);
    FileScan(*this, report).run(fd, name);
    return report;
}

} // namespace hostav
