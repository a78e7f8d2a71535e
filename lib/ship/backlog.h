// SPDX-License-Identifier: GPL-2.0-only
//
// How far spools and journals are behind, for --status. What has to be known to look is put into
// the state when they are opened, so that no configuration is needed for it.
#pragma once

#include "base/error.h"
#include "store/durable_map.h"

#include <map>
#include <string>
#include <vector>

namespace hostav {

/// A spool or a journal, as it was opened.
struct BacklogSource {
    std::string section;
    std::string name;      ///< SpoolOptions::name, JournalOptions::name
    std::string directory; ///< of the spool; of the journal, empty: the system's
    bool is_spool = false;
    std::vector<std::string> units, identifiers;
};
/// Where it is kept, of an input whose record is under `prefix` + `key`.
[[nodiscard]] std::string backlog_key(const std::string &prefix, const std::string &key);
[[nodiscard]] std::string backlog_record(const BacklogSource &source);

/// Lines for every one that is in the state, by section. `json`: one object each.
[[nodiscard]] Result<std::map<std::string, std::string>>
read_backlogs(const DurableMap &state, const std::string &prefix, bool json);

} // namespace hostav
