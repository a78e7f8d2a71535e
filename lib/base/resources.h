// SPDX-License-Identifier: GPL-2.0-only
//
// What this process takes of the machine.
#pragma once

namespace hostav {

/// Only the CPU and disk time that nobody else wants: nice 19, idle I/O class. Best effort.
void use_idle_time_only();

/// Raises the soft limit of open descriptors to the hard one. Best effort.
void raise_descriptor_limit();

/// How soon this process is killed when memory runs out, of -1000 (never) to 1000 (first); proc(5),
/// oom_score_adj. Children inherit it. Only root may lower it. Best effort.
void set_oom_score(int score);

/// Freed memory goes back to the system, also from the middle of the heap.
void give_back_memory();
/// What is opened later must not become a standard descriptor: messages would go into it. They
/// stay as useless as they were: reading the one and writing to the others fails.
[[nodiscard]] bool fill_standard_descriptors();

} // namespace hostav
