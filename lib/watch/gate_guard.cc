// SPDX-License-Identifier: GPL-2.0-only
#include "watch/gate_guard.h"

#include <csignal>
#include <new>
#include <sys/mman.h>
#include <utility>

namespace hostav {

namespace {

/// In a row in which a gate has not come round. Each is a waking where nothing happens.
constexpr unsigned most_looks = 5;

} // namespace

GateGuard::GateGuard(std::chrono::milliseconds patience) : look_every_(patience / most_looks) {
    void *const shared = ::mmap(nullptr, most * sizeof(GateBeat), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) // NOLINT
        return;
    beats_ = new (shared) GateBeat[most];
    thread_ = std::thread([this] { run(); });
    // Whoever forks from now on finds it in its loop, where it holds no lock of an allocator.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return running_; });
}

GateGuard::~GateGuard() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable())
        thread_.join();
    if (beats_ != nullptr)
        ::munmap(beats_, most * sizeof(GateBeat));
}

GateBeat *GateGuard::take() {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; beats_ != nullptr && i < most; ++i)
        if (!places_.at(i).taken) {
            places_.at(i) = {};
            places_.at(i).taken = true;
            return &beats_[i];
        }
    return nullptr;
}

void GateGuard::watch(const GateBeat *beat, pid_t pid) {
    const std::scoped_lock lock(mutex_);
    places_.at(static_cast<std::size_t>(beat - beats_)).pid = pid;
}

bool GateGuard::give_back(const GateBeat *beat) {
    if (beat == nullptr)
        return false;
    const std::scoped_lock lock(mutex_);
    auto &place = places_.at(static_cast<std::size_t>(beat - beats_));
    const bool ended = place.ended;
    place = {};
    return ended;
}

void GateGuard::run() {
    std::unique_lock lock(mutex_);
    running_ = true;
    changed_.notify_all();
    while (!changed_.wait_for(lock, look_every_, [this] { return stopping_; })) {
        for (std::size_t i = 0; i < most; ++i) {
            auto &place = places_.at(i);
            const auto rounds = beats_[i].rounds.load(std::memory_order_relaxed);
            place.same = std::exchange(place.rounds, rounds) == rounds ? place.same + 1 : 0;
            if (place.pid == 0 || place.same < most_looks)
                continue;
            ::kill(place.pid, SIGKILL); // a zombie at least until the main process has seen it
            place.ended = true;
            place.pid = 0;
        }
    }
}

} // namespace hostav
