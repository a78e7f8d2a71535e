// SPDX-License-Identifier: GPL-2.0-only
#include "metric/unfinished.h"

#include "base/ascii.h"
#include "metric/datum_record.h"

namespace hostav {

namespace {

constexpr const char *key = "unfinished";

} // namespace

void save_unfinished(DataSpool &spool, const std::vector<Datum> &counted) {
    std::string text;
    for (const auto &datum : counted)
        text += datum_text(datum) + "\n";
    spool.put(key, text.empty() ? std::nullopt : std::optional(std::move(text)));
}

Result<std::vector<Datum>> saved_unfinished(const DataSpool &spool, std::uint64_t &damaged) {
    const auto saved = spool.others(key);
    if (!saved)
        return std::unexpected(saved.error());
    std::vector<Datum> counted;
    for (const auto &[name, text] : *saved)
        for (const auto line : split(text, '\n')) {
            auto datum = read_datum(line);
            if (datum)
                counted.push_back(std::move(*datum));
            else if (!line.empty())
                ++damaged;
        }
    return counted;
}

} // namespace hostav
