// SPDX-License-Identifier: GPL-2.0-only
//
// The libclamav engine: loaded and compiled once, shared by fork(). Not thread-safe while it
// loads; scan() is called by one thread of each process. clamav.h is included in the files
// lib/engine/clamav_*.cc only.
#pragma once

#include "base/error.h"
#include "engine/engine_options.h"
#include "engine/verdict.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct cl_engine;
struct cl_scan_options;

namespace hostav {

/// Called while signatures are loaded and compiled: what, how far, of how much.
using LoadProgress = std::function<void(const char *what, std::size_t done, std::size_t total)>;
/// One message of libclamav, `LibClamAV Warning: …`, without a line end, not escaped.
using MessageSink = std::function<void(std::string_view text)>;

class Engine {
  public:
    /// Loads and compiles. `options.load.databases` must not be empty.
    static Result<Engine> load(const EngineOptions &options, const LoadProgress &progress = {});
    Engine(Engine &&) noexcept;
    Engine &operator=(Engine &&) noexcept;
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;
    ~Engine();

    [[nodiscard]] unsigned signatures() const { return signatures_; }
    [[nodiscard]] const EngineOptions &options() const { return options_; }
    /// libclamav's version, `1.4.6`.
    [[nodiscard]] static std::string version();

    /// Where temporary files go. Called by a worker once it is in its cage.
    void set_temporary_directory(const std::string &path);
    /// Where libclamav's warnings and errors go in this process; nowhere by default.
    static void set_messages(MessageSink sink);

    /// Scans an open regular file with everything inside it that libclamav opens, and what it
    /// leaves closed with libarchive. `name` is the file's own name without directories.
    /// `all_matches`: as EngineOptions::all_matches, for this file.
    [[nodiscard]] Report scan(int fd, const std::string &name, bool all_matches = false);

  private:
    struct Handle; ///< owns the cl_engine
    Engine(std::unique_ptr<Handle> handle, EngineOptions options, unsigned signatures);

    std::unique_ptr<Handle> handle_;
    EngineOptions options_;
    unsigned signatures_ = 0;
    friend class FileScan; // lib/engine/clamav_file_scan.h
};

} // namespace hostav
