// SPDX-License-Identifier: GPL-2.0-only
#include "ship/sink.h"

namespace hostav {

EventTime wall_clock() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

EventTime Sink::now() const {
    return wall_clock();
}

} // namespace hostav
