// SPDX-License-Identifier: GPL-2.0-only
//
// Private to lib/engine/clamav_*.cc: one file, scanned in full or said not to be. libclamav gives
// the verdict (clamav_scan.cc); its callbacks tell which layers it saw, so that what limits cut
// off and what it leaves closed (clamav_closed.cc) is known:
//
// - Limits. libclamav reports a limit only as an alert of its own, a weak one that can hide another
//   weak one: asking for it would change verdicts. So the verdict comes from a scan without, and
//   what is a container is unpacked a second time by an engine that has the same limits and no
//   signatures, which costs little, and only to hear these alerts. Members that libclamav trims
//   raise no alert at all; their sizes in the callbacks tell.
// - Closed containers. Layers that only libarchive opens are kept and opened after the scan of
//   what surrounds them; their members are scanned as files of their own, within the same limits.
// - libclamav remembers clean layers by digest and does not look inside them again. What was cut
//   short or holds a closed container must not be remembered: the cache is off from there on.
#pragma once

#include "base/fd.h"
#include "engine/clamav_handle.h"
#include "engine/clamav_layers.h"
#include "engine/container.h"

#include <chrono>

namespace hostav {

class FileScan {
  public:
    FileScan(Engine &engine, Report &report);

    void run(int fd, const std::string &name);
    /// Sets the callbacks of both engines.
    static void install(Engine::Handle &handle, bool member_lines);

  private:
    using Clock = std::chrono::steady_clock;
    /// A layer that libclamav does not open.
    struct Closed {
        Fd content;
        std::string head; ///< its first bytes
        std::string member;
        unsigned depth;
    };
    struct Outcome {
        cl_error_t code = CL_CLEAN;
        std::vector<Detection> found;
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
    unsigned layers_ = 0;     ///< of the libclamav call that is running
    unsigned depth_ = 0;      ///< containers opened by us around the running call
    std::string member_name_; ///< of the archive entry told last
    std::string layer_type_;  ///< of the layer inspected last
    Limits claimed_;          ///< exceeded if a member's claim of its size is true

    [[nodiscard]] Engine::Handle &handle() const { return *engine_.handle_; }
    [[nodiscard]] std::uint64_t elapsed() const; ///< milliseconds
    [[nodiscard]] bool go_on() const;
    void cut(Limit limit);
    void forget_nothing();

    // What libclamav tells while it scans; the context is the FileScan.
    static void on_limit(int fd, const char *name, void *context);
    static void on_virus(int fd, const char *name, void *context);
    static cl_error_t on_layer_begin(int fd, const char *type, void *context);
    static cl_error_t on_layer_end(int fd, int result, const char *virus, void *context);
    static cl_error_t on_member(const char *container, unsigned long container_size,
                                const char *name, unsigned long size, int encrypted,
                                unsigned position, void *context);
    static cl_error_t on_layer(int fd, const char *type, const char **ancestors,
                               std::size_t parent_size, const char *name, std::size_t size,
                               const char *bytes, std::uint32_t level, std::uint32_t attributes,
                               void *context);
    void found(std::string_view name, std::string member);
    void member(const char *container, const char *name, std::uint64_t size);
    [[nodiscard]] const char *full_name(const char *name) const;
    void believe_claims();
    void layer(std::string_view type, const char *name, std::string_view bytes,
               std::uint32_t level);

    // libclamav's answer.
    Outcome call(int fd, const std::string &name, const std::string &member, unsigned long *blocks);
    [[nodiscard]] bool may_meet_limits() const;
    void look_for_limits(int fd, const std::string &name);
    void scan_layer(int fd, const std::string &name, const std::string &member, unsigned depth,
                    std::uint64_t size);
    void settle(Outcome &outcome);
    void note_member_lines();

    // Containers that libarchive opens.
    void keep_if_closed(std::string_view bytes, std::uint32_t level);
    void open_closed(int fd, std::string_view head, const std::string &member, unsigned depth);
    void note_encrypted(std::string_view format, const std::string &member);
    bool scan_member(Container &container, const std::string &member, unsigned depth);
};

} // namespace hostav
