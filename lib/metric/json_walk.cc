// SPDX-License-Identifier: GPL-2.0-only
#include "metric/json_walk.h"

#include <algorithm>

namespace hostav {

void JsonWalk::add(const JsonPath &path) {
    const auto wildcard = std::ranges::find(path, JsonStep::Kind::any, &JsonStep::kind);
    tracks_.push_back({.path = &path,
                       .wildcard = static_cast<std::size_t>(wildcard - path.begin()),
                       .matched = 0});
    longest_ = std::max(longest_, path.size());
}

bool JsonWalk::run(std::string_view text, Sink &sink) {
    sink_ = &sink;
    levels_.clear();
    depth_ = 0;
    root_is_object_ = root_is_array_ = false;
    for (auto &track : tracks_)
        track.matched = 0;
    return visit_json(text, *this);
}

bool JsonWalk::leads(const JsonStep &step, const Level &level) const {
    switch (step.kind) {
    case JsonStep::Kind::any:
        return true;
    case JsonStep::Kind::index:
        return level.array && level.next == step.index;
    case JsonStep::Kind::key:
        return !level.array && key_ == step.key;
    }
    return false;
}

/// A value begins; the open containers are those that hold it. A path that led here before without
/// a wildcard did so by a key that was there twice.
void JsonWalk::enter(const Value &value) {
    if (depth_ == 0 || depth_ > longest_)
        return;
    auto &level = levels_[depth_ - 1];
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
        auto &track = tracks_[i];
        const auto steps = track.path->size();
        if (track.matched != depth_ - 1 || steps < depth_ ||
            !leads((*track.path)[depth_ - 1], level))
            continue;
        if (depth_ <= track.wildcard)
            sink_->forget(i);
        if (depth_ == steps)
            sink_->found(i, value);
        else if (value.kind == Value::Kind::container)
            track.matched = depth_;
    }
    ++level.next;
}

bool JsonWalk::begin(bool array) {
    if (depth_ == 0)
        (array ? root_is_array_ : root_is_object_) = true;
    enter({.kind = Value::Kind::container, .truth = false, .number = 0, .text = {}});
    if (++depth_ <= longest_)
        levels_.push_back({.array = array, .next = 0});
    return true;
}

bool JsonWalk::end() {
    if (depth_ <= longest_)
        levels_.pop_back();
    --depth_;
    for (auto &track : tracks_)
        if (depth_ > 0 && track.matched == depth_)
            --track.matched;
    return true;
}

bool JsonWalk::key(std::string_view name) {
    if (depth_ <= longest_)
        key_ = name;
    return true;
}

bool JsonWalk::scalar(const Value &value) {
    enter(value);
    return true;
}

bool JsonWalk::text(std::string_view value) {
    return scalar({.kind = Value::Kind::text, .truth = false, .number = 0, .text = value});
}

bool JsonWalk::number(double value, std::string_view written) {
    return scalar({.kind = Value::Kind::number, .truth = false, .number = value, .text = written});
}

bool JsonWalk::boolean(bool value) {
    return scalar({.kind = Value::Kind::boolean,
                   .truth = value,
                   .number = 0,
                   .text = value ? "true" : "false"});
}

bool JsonWalk::null() {
    return scalar({});
}

} // namespace hostav
