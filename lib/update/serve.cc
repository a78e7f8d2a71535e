// SPDX-License-Identifier: GPL-2.0-only
#include "update/serve.h"

#include "base/digest.h"
#include "base/directory_reader.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/database.h"
#include "update/allow.h"
#include "update/freshclam.h"

#include <algorithm>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr const char *list_name = ".hostav-served"; ///< what we put there, a name a line
constexpr std::size_t largest_list = std::size_t{1} << 20;
constexpr mode_t readable = 0644;
constexpr std::string_view diff_head = "ClamAV-Diff:"; ///< how every .cdiff begins

std::string diff_name(const std::string &database, std::uint64_t version) {
    return database + "-" + std::to_string(version) + ".cdiff";
}

bool exists(int directory, const std::string &name) {
    return ::faccessat(directory, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/// A file that clients may be reading at this moment: put beside it, then renamed.
Result<void> publish(int from, const std::string &name, int directory) {
    const auto temporary = "." + name + ".new";
    ::unlinkat(directory, temporary.c_str(), 0);
    if (auto copied = copy_file(from, name, directory, temporary); !copied)
        return copied;
    if (::fchmodat(directory, temporary.c_str(), readable, 0) != 0 ||
        ::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) {
        ::unlinkat(directory, temporary.c_str(), 0);
        return fail_errno(escape_path(name));
    }
    return {};
}

bool is_diff(int directory, const std::string &name) {
    const Fd fd(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    std::string head(diff_head.size(), '\0');
    return fd &&
           ::pread(fd.get(), head.data(), head.size(), 0) == static_cast<ssize_t>(head.size()) &&
           head == diff_head;
}

std::set<std::string> read_list(int directory) {
    std::set<std::string> names;
    const auto bytes = read_file(directory, list_name, largest_list);
    std::string_view text = bytes ? std::string_view(*bytes) : std::string_view();
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (const auto name = text.substr(0, end); name.find('/') == std::string_view::npos)
            names.emplace(name);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return names;
}

class Mirror {
  public:
    Mirror(const UpdateConfig &config, const Places &places, OfficialRequest request,
           Messages &messages, Signals *signals, Fd directory)
        : config_(config), places_(places), request_(std::move(request)), messages_(messages),
          signals_(signals), directory_(std::move(directory)),
          listed_(read_list(directory_.get())) {}

    Result<void> update(const DatabaseSet &live) {
        for (const auto &file : live.files) {
            if (!file.managed || file.name == allowed_files_name ||
                file.name == allowed_signatures_name)
                continue;
            if (file.name.ends_with(".cld")) {
                messages_.warning(escape_path(file.name) +
                                  ": is not served: only a whole signed .cvd is");
                continue;
            }
            if (auto served = serve(file); !served)
                return served;
        }
        return remove_old();
    }

  private:
    const UpdateConfig &config_;
    const Places &places_;
    OfficialRequest request_;
    Messages &messages_;
    Signals *signals_;
    Fd directory_;
    std::set<std::string> listed_; ///< ours, from earlier runs
    std::set<std::string> wanted_; ///< that stay

    Result<void> serve(const DatabaseFile &file) {
        if (file.name.ends_with(".cvd") && file.version != 0)
            if (auto fetched = fetch_diffs(file); !fetched)
                return fetched;
        wanted_.insert(file.name);
        const Fd served(::openat(directory_.get(), file.name.c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
        if (served)
            if (const auto digest = sha256_of_fd(served.get()); digest && *digest == file.sha256)
                return {};
        return publish(places_.database_fd(), file.name, directory_.get());
    }

    /// Back from the newest one, until one is there already or cannot be had.
    Result<void> fetch_diffs(const DatabaseFile &file) {
        const auto database = file.database();
        const auto oldest = file.version > served_diffs ? file.version - served_diffs + 1 : 2;
        bool ours = false;
        std::vector<std::string> missing;
        for (auto version = file.version; version >= oldest && version >= 2; --version) {
            const auto name = diff_name(database, version);
            ours = ours || exists(directory_.get(), name);
            if (ours)
                wanted_.insert(name);
            else
                missing.push_back(name);
        }
        if (missing.empty())
            return {};
        auto staging = places_.make_empty("serving");
        if (!staging)
            return std::unexpected(staging.error());
        request_.staging = places_.state() + "/serving";
        request_.files = missing;
        const auto result = fetch_quietly();
        for (const auto &name : missing) {
            if (!exists(staging->get(), name))
                continue;
            if (!is_diff(staging->get(), name)) {
                messages_.warning(escape_path(name) + ": is no ClamAV diff: not served");
                continue;
            }
            if (auto published = publish(staging->get(), name, directory_.get()); !published)
                return published;
            wanted_.insert(name);
        }
        if (!ours && result.failed.size() == missing.size())
            messages_.warning(escape_path(database) +
                              ": no diffs can be had: clients take the whole file");
        remove_contents(staging->get());
        return {};
    }

    /// That the mirrors have diffs of a few versions only is no error of ours.
    OfficialResult fetch_quietly() {
        auto unheard = Messages::open(LogOptions{}, {.quiet = true, .no_terminal = true});
        DownloadBar bar(STDOUT_FILENO, false, false);
        if (!unheard)
            return {};
        return fetch_official(config_, request_, *unheard, bar, signals_);
    }

    Result<void> remove_old() {
        std::string list;
        for (const auto &name : wanted_)
            list += name + "\n";
        for (const auto &name : listed_)
            if (!wanted_.contains(name) && ::unlinkat(directory_.get(), name.c_str(), 0) != 0 &&
                errno != ENOENT)
                return fail_errno(escape_path(name));
        return replace_file(directory_.get(), list_name, list, readable);
    }
};

} // namespace

Result<void> update_served(const UpdateConfig &config, const Places &places,
                           const DatabaseSet &live, bool no_dns,
                           const std::optional<Account> &account, Messages &messages,
                           Signals *signals) {
    if (!config.serve_directory)
        return {};
    Fd directory(
        ::open(config.serve_directory->c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory)
        return fail_errno(escape_path(*config.serve_directory));
    OfficialRequest request;
    request.no_dns = no_dns;
    request.account = account;
    return Mirror(config, places, std::move(request), messages, signals, std::move(directory))
        .update(live);
}

} // namespace hostav
