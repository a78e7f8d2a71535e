// SPDX-License-Identifier: GPL-2.0-only
#include "engine/clamav_layers.h"

namespace hostav {

void LayerPath::enter(unsigned level, const char *name) {
    names_.resize(level);
    const std::string text = name == nullptr ? "" : name;
    // libclamav's own temporary file stands for a member that has no name.
    const bool temporary = text.starts_with("clamav-") && text.ends_with(".tmp");
    // The outermost layer's name is the file's own, which stands in the line already.
    names_.emplace_back(level == 0 || temporary ? "" : text);
}

void LayerPath::leave() {
    if (!names_.empty())
        names_.pop_back();
}

std::string LayerPath::text() const {
    std::string path = prefix_;
    for (const auto &name : names_) {
        if (name.empty())
            continue;
        if (!path.empty())
            path += '/';
        path += name;
    }
    return path;
}

void MemberChain::layer_ends(bool infected) {
    if (level_ == added_level_ && !infected && !members_.empty()) {
        members_.pop_back();
        --added_level_;
    }
    if (infected && infected_level_ == 0)
        infected_level_ = level_;
    if (level_ > 0)
        --level_;
}

void MemberChain::member(const std::string &type, const std::string &name) {
    constexpr std::size_t prefix = sizeof "CL_TYPE_" - 1;
    const auto shown = (type.starts_with("CL_TYPE_") ? type.substr(prefix) : type) + ":" + name;
    if (added_level_ == level_ && !members_.empty()) {
        members_.back() = shown;
        return;
    }
    members_.push_back(shown);
    added_level_ = level_;
}

std::string MemberChain::outer() const {
    std::string text;
    for (std::size_t i = 0; i + 1 < members_.size(); ++i)
        text += "!" + members_[i];
    return text;
}

std::string MemberChain::found_text() const {
    if (infected_level_ == 0)
        return {};
    const auto depth = "!(" + std::to_string(infected_level_ - 1) + ")";
    return members_.empty() ? depth : outer() + depth + members_.back();
}

std::string MemberChain::scanning_text() const {
    return members_.empty() ? std::string() : outer() + "!" + members_.back();
}

} // namespace hostav
