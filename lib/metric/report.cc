// SPDX-License-Identifier: GPL-2.0-only
#include "metric/report.h"

#include "base/text.h"
#include "metric/sink.h"

#include <algorithm>

namespace hostav {

namespace {

std::string joined(const std::vector<std::string> &texts, const char *separator) {
    std::string all;
    for (const auto &text : texts)
        all += (all.empty() ? "" : separator) + text;
    return all;
}

std::string shown(const std::string &text) {
    return text.empty() ? "none" : escape_path(text);
}

} // namespace

std::string pairs_text(const std::map<std::string, std::string> &pairs) {
    std::string all;
    for (const auto &[name, value] : pairs)
        all += (all.empty() ? "" : " ") + name + "=" + value;
    return all;
}

void Changes::compare(const std::string &name, const std::string &from, const std::string &to) {
    if (from != to)
        add(name + " " + shown(from) + " -> " + shown(to));
}

void Changes::compare(const std::string &name, double from, double to) {
    compare(name, number_text(from), number_text(to));
}

void Changes::compare(const std::string &name, std::vector<std::string> from,
                      std::vector<std::string> to) {
    std::ranges::sort(from);
    std::ranges::sort(to);
    compare(name, joined(from, " "), joined(to, " "));
}

void Changes::compare(const std::string &name, const std::map<std::string, std::string> &from,
                      const std::map<std::string, std::string> &to) {
    if (from != to)
        compare(name, pairs_text(from), pairs_text(to));
}

std::string Changes::text() const {
    return joined(all_, ", ");
}

void Report::say(const std::string &state, const std::string &what, const std::string &detail) {
    output_.line(state + ": " + what + (detail.empty() ? "" : ": " + detail));
}

void Report::act(const char *done, const char *planned, const std::string &what,
                 const std::string &detail) {
    acted_ = true;
    say(plan_ ? planned : done, what, detail);
}

void Report::exists(const std::string &what, const std::string &detail) {
    say("exists", what, detail);
}

void Report::made(const std::string &what, const std::string &detail) {
    act("made", "would make", what, detail);
}

void Report::changed(const std::string &what, const std::string &changes) {
    act("changed", "would change", what, changes);
}

void Report::deleted(const std::string &what, const std::string &detail) {
    act("deleted", "would delete", what, detail);
}

void Report::absent(const std::string &what) {
    say("not there", what, "");
}

void Report::confirmed(const std::string &what) {
    say("confirmed", what, "");
}

void Report::kept(const std::string &what, const std::string &why) {
    say("kept", what, why);
}

} // namespace hostav
