// SPDX-License-Identifier: GPL-2.0-only
//
// Ends a gate that has not come round its loop for so long: while it lives, whoever opens a file
// waits for it. A thread of the main process, since the main process itself may be one of those
// (its log, quarantine). It opens nothing and waits for nobody.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <sys/types.h>
#include <thread>

namespace hostav {

/// In memory that the gate shares: how often it has come round. (Not when: after a machine has
/// stood still, everybody would be late.)
struct GateBeat {
    std::atomic<std::uint64_t> rounds{0};
};

class GateGuard {
  public:
    /// More gates than this are not guarded, and not started.
    static constexpr std::size_t most = 64;

    explicit GateGuard(std::chrono::milliseconds patience); ///< at least 5 ms
    ~GateGuard();
    GateGuard(const GateGuard &) = delete;
    GateGuard &operator=(const GateGuard &) = delete;
    GateGuard(GateGuard &&) = delete;
    GateGuard &operator=(GateGuard &&) = delete;

    /// For a gate that is about to be forked; null when there are too many, or no memory is left.
    GateBeat *take();
    void watch(const GateBeat *beat, pid_t pid);
    /// The gate is gone; returns whether it was ended here.
    bool give_back(const GateBeat *beat);

  private:
    struct Place {
        bool taken = false, ended = false;
        pid_t pid = 0;            ///< 0: nothing to end
        std::uint64_t rounds = 0; ///< when they were looked at last
        unsigned same = 0;        ///< looks since they changed
    };
    std::chrono::milliseconds look_every_;
    GateBeat *beats_ = nullptr; ///< `most` of them, shared
    std::mutex mutex_;
    std::condition_variable changed_; ///< of running_, stopping_
    bool running_ = false;
    bool stopping_ = false;
    std::array<Place, most> places_; ///< under the mutex
    std::thread thread_;
    void run();
};

} // namespace hostav
