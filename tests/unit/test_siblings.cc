// SPDX-License-Identifier: GPL-2.0-only
//
// Listing rotated files while they are renamed: one that readdir(3) misses would be read too late.
#include "follow/rotation.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <thread>

using namespace hostav;
using namespace std::chrono_literals;

TEST_CASE("siblings are all there, earlier ones first, whenever they are renamed", "[follower]") {
    // Renaming takes longer than listing, so that most listings fall into one.
    constexpr int files = 400;
    constexpr int rounds = 40;
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    const auto name = [&](int n) { return log + "." + std::to_string(n); };
    // All of one second, so that names alone give the order.
    const std::array times{timespec{1'000'000'000, 0}, timespec{1'000'000'000, 0}};
    for (int n = 1; n <= files; ++n) {
        tree::file(name(n), std::to_string(n));
        tree::must(::utimensat(AT_FDCWD, name(n).c_str(), times.data(), 0) == 0, name(n));
    }
    std::atomic<int> round{0};
    std::atomic<bool> ended{false};
    std::thread rotation([&] {
        for (; round < rounds; ++round) {
            for (int n = files; n >= 1; --n)
                std::rename(name(n + round).c_str(), name(n + round + 1).c_str());
            std::this_thread::sleep_for(20ms);
        }
        ended = true;
    });
    int listings = 0;
    int incomplete = 0;
    int disordered = 0;
    while (!ended) {
        const auto found = find_siblings(log, {});
        ++listings;
        incomplete += !found || found->size() != files ? 1 : 0;
        const auto is_earlier = [](const Sibling &a, const Sibling &b) {
            return a.number <= b.number;
        };
        disordered +=
            found && std::ranges::adjacent_find(*found, is_earlier) != found->end() ? 1 : 0;
    }
    rotation.join();
    CHECK(listings > 0);
    CHECK(incomplete == 0);
    CHECK(disordered == 0);
}
