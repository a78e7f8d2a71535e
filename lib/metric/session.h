// SPDX-License-Identifier: GPL-2.0-only
//
// One run of metric-push: standard input or files counted and pushed, once a period and at the end.
// Reading never waits for a push.
#pragma once

#include "aws/environment.h"
#include "base/error.h"
#include "base/messages.h"
#include "base/signals.h"
#include "metric/counter.h"
#include "metric/options.h"

#include <cstdint>
#include <vector>

namespace hostav {

struct PushSession {
    const PushOptions &options;
    Messages &messages;
    Signals &signals;
    Variables variables; ///< the environment
};

struct PushResult {
    std::uint64_t pushed = 0, given_up = 0; ///< data; what was given up has been said
    std::uint64_t kept = 0;                 ///< for the next run, which has been said
    Counter::Counts counts;
    bool read_failed = false, write_failed = false; ///< which has been said
};

/// Puts this machine's names into the dimensions: seconds, where the instance's metadata has to be
/// asked and does not answer.
[[nodiscard]] Result<void> expand_dimensions(PushOptions &options, const Variables &variables);
/// --aws-config, --profile, --value, --unique, --datetime-format: what can be known to be wrong
/// before anything is read. what = the option.
[[nodiscard]] Result<Counter> make_counter(const PushOptions &options, Filter filter,
                                           const Variables &variables);
/// Until the input's end or a signal. Fails where it cannot even begin.
[[nodiscard]] Result<PushResult> run_push_session(const PushSession &session, Counter counter);

/// Pushes these and nothing else. What could not be pushed has been said, and is not kept: it is
/// about now. Its return value says whether all is.
[[nodiscard]] Result<bool> push_now(const PushSession &session, std::vector<Datum> data);

} // namespace hostav
