// SPDX-License-Identifier: GPL-2.0-only
//
// What gates and the door say: lines for the log, events, quarantine, statistics.
#include "watch/supervisor.h"

#include "base/json.h"
#include "base/log_file.h"
#include "base/text.h"
#include "watch/file_systems.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::size_t most_blocks = 10;

} // namespace

void Supervisor::event(const std::string &path, const std::string &signature) {
    if (!events_.add(path, signature))
        parts_.messages.error("VirusEvent: too many wait: lost the one of " + escape_path(path) +
                              ", and more until fewer do");
}

/// `detailed_too`: as clamd's ALLMATCHSCAN, which has a line with and one without.
void Supervisor::log_found(const std::string &path, const std::string &signature,
                           const std::string &md5, const std::string &size, bool detailed_too) {
    const auto shown = escape_path(path);
    const bool detailed = parts_.config.extended_detection_info && !md5.empty() && !size.empty();
    if (detailed)
        parts_.messages.info(shown + ": " + signature + "(" + md5 + ":" + size + ") FOUND");
    if (!detailed || detailed_too)
        parts_.messages.info(shown + ": " + signature + " FOUND");
}

void Supervisor::quarantine(Word &word) {
    if (parts_.actions == nullptr)
        return;
    if (!word.fd || !word.text(0).starts_with('/'))
        return parts_.messages.warning(escape_path(word.text(0)) + ": not put into quarantine: " +
                                       (word.fd
                                            ? "no path leads to it here"
                                            : "its file system or the load does not permit it"));
    InfectedFile file;
    file.shown_path = file.real_path = word.text(0);
    file.fd = word.fd.get();
    file.sha256 = word.text(4);
    file.signatures.assign(word.fields.begin() + 6, word.fields.end());
    const auto slash = file.real_path.rfind('/');
    if (slash == std::string::npos || ::fstat(file.fd, &file.st) != 0)
        return;
    file.name = file.real_path.substr(slash + 1);
    // The descriptor may have come through a mount that is none of ours: where the path that was
    // found here names the same file, that is the place. (Else the descriptor tells where it is.)
    struct stat named = {};
    if (::lstat(file.real_path.c_str(), &named) == 0 && named.st_dev == file.st.st_dev &&
        named.st_ino == file.st.st_ino)
        file.directory = std::make_shared<const Fd>(
            ::open(file.real_path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto result = parts_.actions->apply(file);
    if (result.done)
        ++quarantined_;
    parts_.messages.say(result.done ? Severity::info : Severity::error, result.message);
}

void Supervisor::found(Word &word) {
    constexpr std::size_t first_signature = 6;
    if (word.fields.size() <= first_signature)
        return;
    const auto path = word.text(0);
    const auto signature = word.text(first_signature);
    log_found(path, signature, word.text(2), word.text(3), false);
    const auto answer = word.text(1);
    if (answer == "late")
        parts_.messages.warning(
            escape_path(path) +
            ": the answer had been given when this was found (OnAccessDeadline)");
    blocks_.push_back({log_time(std::time(nullptr)), path, signature, answer});
    if (blocks_.size() > most_blocks)
        blocks_.pop_front();
    event(path, signature);
    quarantine(word);
}

/// A file by the handle that its file system knows it by; none when it is gone.
Fd Supervisor::reopen(std::uint64_t mount_id, const std::string &handle) const {
    const auto bytes = from_hex(handle);
    const auto *mount = territory_.table().find(mount_id);
    alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> copy{};
    if (mount == nullptr || !bytes || bytes->size() > copy.size() ||
        bytes->size() < sizeof(file_handle))
        return {};
    std::ranges::copy(*bytes, copy.begin());
    const Fd place(::open(mount->point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!place)
        return {};
    return Fd(::open_by_handle_at(place.get(), reinterpret_cast<file_handle *>(copy.data()),
                                  O_RDONLY | O_NOATIME | O_NONBLOCK | O_CLOEXEC));
}

void Supervisor::tell_lost(std::uint64_t lost, const std::string &what) {
    past_.count(Count::lost, lost);
    if (lost > 0)
        parts_.messages.warning(std::to_string(lost) + " messages " + what +
                                " are lost: there were too many at once");
}

void Supervisor::hear_gate(const std::string &name, GateChild &gate) {
    gate.wire.flush();
    tell_lost(gate.wire.take_lost(), "to the gate of " + name);
    // More than a socket holds, so that a dead gate is heard out, but no gate keeps us for good.
    constexpr unsigned most_at_once = 1000;
    for (unsigned i = 0; i < most_at_once; ++i) {
        auto word = gate.wire.receive();
        if (!word)
            return;
        hear_gate_word(name, gate, *word);
    }
}

void Supervisor::hear_gate_word(const std::string &name, GateChild &gate, Word &word) {
    auto &messages = parts_.messages;
    if (word.name == "found") {
        found(word);
    } else if (word.name == "failed") {
        messages.info(escape_path(word.text(0)) + ": " + word.text(1) + " ERROR");
        messages.warning(escape_path(word.text(0)) + ": " + word.text(2) +
                         " without a verdict (OnAccessDenyOnError)");
    } else if (word.name == "repeated") {
        messages.info(escape_path(word.text(0)) + ": " + word.text(1) + ": " + word.text(2) +
                      " more times within " + word.text(3) + " s");
    } else if (word.name == "deadline") {
        messages.warning(escape_path(word.text(0)) + ": no verdict within " +
                         std::to_string(parts_.config.deadline) + " s: " + word.text(1));
    } else if (word.name == "clean") {
        messages.info(escape_path(word.text(0)) + ": OK");
    } else if (word.name == "ready") {
        gate.ready = true;
        gate_backoffs_[name].delay = std::chrono::seconds(0);
        messages.verbose("gate of " + name + ": " + word.text(0));
    } else if (word.name == "marked") {
        gate.marked[word.text(0)] = word.text(1) + " (" + word.text(2) + ")";
        messages.info("Protecting " + escape_path(word.text(1)) + " (" + word.text(2) + ")");
    } else if (word.name == "failed-start") {
        if (!announced_)
            fatal_ = Error{"", word.text(0)};
        messages.verbose("gate of " + name + ": " + word.text(0));
    } else if (word.name == "warning") {
        messages.warning(word.text(0));
    } else if (word.name == "error") {
        messages.error(word.text(0));
    } else if (word.name == "lost") {
        tell_lost(word.number(0), "of the gate of " + name);
    } else if (word.name == "reopen") {
        gate.wire.send("reopened", {}, reopen(word.number(0), word.text(1)));
    } else if (word.name == "broken") {
        // The engine's own end is heard of elsewhere; one that lives is given anew.
        if (engine_ && word.number(0) == engine_->generation)
            gate.wants_engine = true;
    } else if (word.name == "statistics") {
        gate.statistics = Statistics::from(word.fields);
        gate.asked = false;
        if (std::ranges::none_of(gates_, [](const auto &each) { return each.second.asked; }))
            answer_statistics();
    }
}

void Supervisor::hear_door() {
    if (!door_)
        return;
    door_->wire.flush();
    tell_lost(door_->wire.take_lost(), "to the door");
    while (door_) {
        auto word = door_->wire.receive();
        if (!word)
            return;
        hear_door_word(*word);
    }
}

void Supervisor::hear_door_word(Word &word) {
    auto &messages = parts_.messages;
    const auto to_gates = [this](const char *name, const std::string &text) {
        for (auto &[gate_name, gate] : gates_)
            gate.wire.send(name, {text});
    };
    if (word.name == "log") {
        const auto severity = word.text(0) == "error"     ? Severity::error
                              : word.text(0) == "warning" ? Severity::warning
                              : word.text(0) == "verbose" ? Severity::verbose
                                                          : Severity::info;
        messages.say(severity, word.text(1));
    } else if (word.name == "found") {
        log_found(word.text(0), word.text(1), word.text(2), word.text(4), word.text(3) == "all");
    } else if (word.name == "lost") {
        tell_lost(word.number(0), "of the door");
    } else if (word.name == "event") {
        event(word.text(0), word.text(1));
    } else if (word.name == "ask") {
        asked_.push_back(word.text(0));
        ask_statistics();
    } else if (word.name == "register") {
        ++registered_[static_cast<pid_t>(word.number(0))];
        to_gates("register", word.text(0));
        door_->wire.send("registered", {word.text(0)});
    } else if (word.name == "unregister") {
        const auto pid = static_cast<pid_t>(word.number(0));
        if (registered_[pid] <= 1) {
            registered_.erase(pid);
            to_gates("unregister", word.text(0));
        } else {
            --registered_[pid];
        }
    } else if (word.name == "clean" && word.fd) {
        const auto plain = gates_.find(plain_gate);
        if (plain != gates_.end())
            plain->second.wire.send("clean", word.fields, std::move(word.fd));
    } else if (word.name == "reload") {
        reload();
    } else if (word.name == "broken") {
        if (engine_ && word.number(0) == engine_->generation)
            give_engine(door_->wire, true);
    } else if (word.name == "shutdown") {
        messages.info("SHUTDOWN was asked for on the socket.");
        quit_ = true;
    }
}

void Supervisor::ask_statistics() {
    asked_since_ = Clock::now();
    bool any = false;
    for (auto &[name, gate] : gates_) {
        if (!gate.asked)
            gate.wire.send("statistics");
        gate.asked = any = true;
    }
    if (!any)
        answer_statistics();
}

void Supervisor::answer_statistics() {
    for (auto &[name, gate] : gates_)
        gate.asked = false;
    for (const auto &name : std::exchange(asked_, {}))
        if (door_)
            door_->wire.send("text", {name, name == "status" ? status_json() : statistics_lines()});
    if (std::exchange(log_statistics_, false)) {
        std::string_view lines;
        const auto text = statistics_lines();
        lines = text;
        for (auto end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n')) {
            parts_.messages.info(lines.substr(0, end));
            lines.remove_prefix(end + 1);
        }
    }
}

Statistics Supervisor::total() const {
    auto sum = past_;
    sum.queue = sum.workers = sum.busy = 0;
    for (const auto &[name, gate] : gates_)
        sum.add(gate.statistics);
    return sum;
}

std::string Supervisor::statistics_lines() const {
    const auto sum = total();
    std::string lines = "WATCH:";
    for (std::size_t kind = 0; kind < count_kinds; ++kind)
        lines += std::string(" ") + count_name(kind) + " " + std::to_string(sum.counts.at(kind));
    lines += "\nWATCH-QUEUE: " + std::to_string(sum.queue) + " busy " + std::to_string(sum.busy) +
             " max " + std::to_string(sum.workers) + "\nWATCH-LATENCY: microseconds";
    for (const auto &[name, share] :
         {std::pair("p50", 0.5), std::pair("p90", 0.9), std::pair("p99", 0.99),
          std::pair("p999", 0.999), std::pair("max", 1.0)})
        lines += std::string(" ") + name + " " + std::to_string(sum.answers.percentile(share));
    return lines + "\n";
}

std::string Supervisor::status_json() const {
    const auto sum = total();
    const bool watches = parts_.config.watches();
    const bool gates = !gates_.empty() && std::ranges::all_of(gates_, [](const auto &gate) {
        return gate.second.ready;
    });
    JsonObject status;
    status.add("state", !engine_                   ? "no engine"
                        : watches && !gates        ? "not watching"
                        : !watches                 ? "serving"
                        : parts_.config.prevention ? "protecting"
                                                   : "reporting");
    status.add("pid", static_cast<std::uint64_t>(::getpid()));
    status.add(
        "uptime",
        static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_).count()));
    if (engine_ && engine_->state) {
        const auto &state = *engine_->state;
        status.add("version", state.version);
        status.add("signatures", std::uint64_t{state.signatures});
        status.add("embedded", state.embedded);
        if (state.newest != 0)
            status.add("signature_age", static_cast<std::uint64_t>(std::max<std::time_t>(
                                            0, std::time(nullptr) - state.newest)));
        status.add("generation", std::uint64_t{engine_->generation});
    }
    status.add("loading", loading_.has_value());
    std::vector<std::string> marked;
    for (const auto &[name, gate] : gates_)
        for (const auto &[device, place] : gate.marked)
            marked.push_back(place);
    status.add("file_systems", marked);
    status.add("missing", territory_.missing());
    status.add("queue", sum.queue);
    status.add("workers", sum.workers);
    status.add("busy", sum.busy);
    for (std::size_t kind = 0; kind < count_kinds; ++kind)
        status.add(std::string("count_") + count_name(kind), sum.counts.at(kind));
    for (const auto &[name, share] : {std::pair("p50", 0.5), std::pair("p99", 0.99)})
        status.add(std::string("latency_") + name, sum.answers.percentile(share));
    std::vector<JsonObject> blocks;
    for (const auto &block : blocks_) {
        JsonObject one;
        one.add("time", block.time);
        one.add_bytes("path", block.path);
        one.add("signature", block.signature).add("answer", block.answer);
        blocks.push_back(std::move(one));
    }
    status.add("blocks", blocks);
    return status.text();
}

} // namespace hostav
