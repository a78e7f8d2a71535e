// SPDX-License-Identifier: GPL-2.0-only
#include "metric/sink.h"

#include <array>
#include <charconv>

namespace hostav {

double sum_of(const Datum &datum) {
    double sum = 0;
    for (const auto &[value, times] : datum.values)
        sum += value * times;
    return sum;
}

double count_of(const Datum &datum) {
    double count = 0;
    for (const auto &[value, times] : datum.values)
        count += times;
    return count;
}

std::string number_text(double value) {
    std::array<char, 32> digits{};
    auto *const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return {digits.data(), end};
}

} // namespace hostav
