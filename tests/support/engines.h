// SPDX-License-Identifier: GPL-2.0-only
//
// Small engines for the tests of what scans with them: one signature, of the EICAR file where a
// file or a member begins with it, so that nothing is found in a container that stays closed.
#pragma once

#include "base/fd.h"
#include "base/text.h"
#include "engine/engine.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <fcntl.h>
#include <string>
#include <utility>

namespace engines {

inline constexpr const char *signature = "Test-Eicar.UNOFFICIAL";

/// In two halves, so that no file of the repository is the test file.
inline std::string eicar() {
    return std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}") +
           "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
}

/// Loads the signature; makes `directory` for it. `options.load` is filled in here.
inline hostav::Engine load(const std::string &directory, hostav::EngineOptions options = {}) {
    tree::directory(directory);
    tree::file(directory + "/test.ndb", "Test-Eicar:0:0:" + hostav::hex(eicar()) + "\n");
    options.load.databases = {directory};
    auto engine = hostav::Engine::load(options);
    INFO((engine ? std::string() : engine.error().text()));
    REQUIRE(engine);
    return std::move(*engine);
}

/// The verdict, its first detection as `name member`, and the limits in brackets.
inline std::string text(const hostav::Report &report) {
    std::string line = report.verdict == hostav::Verdict::clean   ? "clean"
                       : report.verdict == hostav::Verdict::error ? "error " + report.error
                                                                  : "infected";
    if (!report.detections.empty())
        line += " " + report.detections[0].signature + " " + report.detections[0].member;
    return line + (report.limits.empty() ? "" : " [" + report.limits.text() + "]");
}

inline hostav::Fd open(const std::string &path) {
    hostav::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    tree::must(static_cast<bool>(fd), path);
    return fd;
}

} // namespace engines
