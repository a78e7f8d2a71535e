// SPDX-License-Identifier: GPL-2.0-only
#include "metric/seen.h"

#include "base/digest.h"
#include "base/text.h"

#include <algorithm>
#include <iterator>

namespace hostav {

bool Seen::add(std::int64_t window, std::string_view thing) {
    const auto bytes = from_hex(sha256_of(thing));
    Digest digest{};
    if (!bytes || bytes->size() < digest.size())
        return true; // without SHA-256 all is new
    std::copy_n(bytes->begin(), digest.size(), digest.begin());
    auto &seen = windows_[window];
    if (seen.contains(digest))
        return false;
    while (size_ >= most_seen && windows_.size() > 1) {
        auto oldest = windows_.begin();
        if (oldest->first == window)
            ++oldest;
        size_ -= oldest->second.size();
        windows_.erase(oldest);
    }
    if (size_ >= most_seen) {
        ++forgotten_;
        return true;
    }
    seen.insert(digest);
    ++size_;
    return true;
}

} // namespace hostav
