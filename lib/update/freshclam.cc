// SPDX-License-Identifier: GPL-2.0-only
#include "update/freshclam.h"

#include "base/child.h"
#include "base/directory_reader.h"
#include "base/files.h"
#include "base/text.h"
#include "update/freshclam_child.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

/// What libfreshclam prints; the only prose that we read. Its own words for a file that is in place
/// come too early: it is not live yet, and may never be.
constexpr std::string_view cooling_down_text = "on cool-down until after:";
constexpr std::string_view updated_text = " updated (version: ";
constexpr std::string_view downloading_text = "Downloading ";

/// Lines of the child, as they come, to where they belong.
class Relay {
  public:
    Relay(Messages &messages, DownloadBar &bar) : messages_(messages), bar_(bar) {}

    void add(std::string_view piece) {
        for (const char c : piece) {
            if (c != '\n' && c != '\r') {
                line_ += c;
                continue;
            }
            finish();
        }
    }
    void finish() {
        auto line = std::exchange(line_, {});
        if (line.empty())
            return;
        if (bar_.active() && bar_.relay(name_.empty() ? "download" : name_, line))
            return;
        cooling_down = cooling_down || line.find(cooling_down_text) != std::string::npos;
        if (const auto at = line.find(downloading_text); at != std::string::npos) {
            const auto rest = line.substr(at + downloading_text.size());
            name_ = rest.substr(0, rest.find(' '));
        }
        if (line.find(updated_text) == std::string::npos)
            messages_.relay(line);
    }
    bool cooling_down = false;

  private:
    Messages &messages_;
    DownloadBar &bar_;
    std::string line_, name_;
};

/// libfreshclam ends by itself: every transfer has its timeouts and attempts. This is for the case
/// that it does not.
std::chrono::milliseconds longest(const UpdateConfig &config, std::size_t databases) {
    constexpr std::uint64_t slowest = 6 * 3600; // of one transfer that always goes on a little
    constexpr std::uint64_t pause = 10;
    const auto attempts = std::max<std::uint64_t>(config.max_attempts, 1);
    return std::chrono::seconds(slowest +
                                (config.connect_timeout + config.receive_timeout + pause) *
                                    attempts * (databases + 1));
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> piece{};
    for (ssize_t size = 0; (size = ::read(fd, piece.data(), piece.size())) > 0;)
        text.append(piece.data(), static_cast<std::size_t>(size));
    return text;
}

OfficialResult parse_report(std::string_view text) {
    OfficialResult result;
    result.status = UpdateStatus::error; // unless it says otherwise
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto blank = line.find(' ');
        const auto name = line.substr(0, blank);
        const auto value = blank == std::string_view::npos ? "" : line.substr(blank + 1);
        if (name == "failed")
            result.failed.emplace_back(value);
        else if (name == "outdated")
            result.outdated = value;
        else if (name == "status")
            result.status = static_cast<UpdateStatus>(
                parse_number(value).value_or(static_cast<std::uint64_t>(UpdateStatus::error)));
    }
    return result;
}

/// libfreshclam's temporary directory, when it was killed.
void remove_temporary(const std::string &staging) {
    const Fd fd(::open(staging.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd)
        return;
    std::vector<std::string> left;
    DirectoryReader reader(fd.get());
    while (const auto entry = reader.next())
        if (entry->name.starts_with("tmp.") || entry->name.starts_with("new-"))
            left.push_back(entry->name);
    for (const auto &name : left) {
        if (::unlinkat(fd.get(), name.c_str(), 0) == 0)
            continue;
        const Fd directory(
            ::openat(fd.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (directory)
            remove_contents(directory.get());
        ::unlinkat(fd.get(), name.c_str(), AT_REMOVEDIR);
    }
}

int child_main(const UpdateConfig &config, const OfficialRequest &request, bool progress,
               const ChildReport &report) {
    ::setvbuf(stdout, nullptr, _IOLBF, 0); // in order with stderr
    if (request.account)
        if (const auto became = become(*request.account); !became) {
            std::fprintf(stderr, "ERROR: %s\n", became.error().text().c_str());
            return 1;
        }
    ::umask(022); // what others load must be readable for them
    const bool directory = std::ranges::any_of(config.private_mirrors, is_directory_mirror);
    return directory ? run_directory_mirror(config, request, report)
                     : run_freshclam(config, request, progress, report);
}

} // namespace

std::vector<std::string> standard_databases(const UpdateConfig &config) {
    std::vector<std::string> names{"daily", "main"};
    if (config.bytecode)
        names.emplace_back("bytecode");
    std::erase_if(names, [&config](const std::string &name) {
        return std::ranges::find(config.exclude_databases, name) != config.exclude_databases.end();
    });
    for (const auto &name : config.extra_databases)
        if (std::ranges::find(names, name) == names.end())
            names.push_back(name);
    return names;
}

OfficialResult fetch_official(const UpdateConfig &config, const OfficialRequest &request,
                              Messages &messages, DownloadBar &bar, Signals *signals) {
    std::array<int, 2> pipe{-1, -1};
    OfficialResult result;
    result.status = UpdateStatus::init;
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
        messages.error(fail_errno("pipe").error().text());
        return result;
    }
    const Fd reading(pipe[0]);
    Fd writing(pipe[1]);
    auto child = Child::start({.name = "freshclam", .capture_output = true}, [&] {
        return child_main(config, request, bar.active(), ChildReport(writing.get()));
    });
    writing.reset();
    if (!child) {
        messages.error(child.error().text());
        return result;
    }
    Relay relay(messages, bar);
    const auto ended = child->wait(longest(config, request.databases.size()), signals,
                                   [&relay](std::string_view piece) { relay.add(piece); });
    relay.finish();
    remove_temporary(request.staging);
    result = parse_report(read_all(reading.get()));
    result.cooling_down = relay.cooling_down;
    if (!ended) {
        messages.error(ended.error().text());
        result.status = UpdateStatus::failed_update;
    }
    return result;
}

} // namespace hostav
