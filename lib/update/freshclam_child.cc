// SPDX-License-Identifier: GPL-2.0-only
//
// libfreshclam (of ClamAV 1.4 and 1.5) as freshclam uses it, in a process of its own.
#include "update/freshclam_child.h"

#include "base/files.h"
#include "engine/database.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <unistd.h>

// The header does not say so itself.
extern "C" {
#include <libfreshclam.h>
}

namespace hostav {

namespace {

using Text = std::unique_ptr<char, void (*)(void *)>;

/// libfreshclam asks whether a file is good before it renames it; our proof comes later and is of
/// the whole set.
fc_error_t accept(const char * /*file*/, void * /*context*/) {
    return FC_SUCCESS;
}

const char *or_null(const std::optional<std::string> &text) {
    return text ? text->c_str() : nullptr;
}

/// libfreshclam 4 (ClamAV 1.5) wants it, libfreshclam 3 has no such thing.
template <typename Config>
void set_certificates(Config &options, const std::string &directory) {
    if constexpr (requires { options.certsDirectory; })
        options.certsDirectory = directory.c_str();
}

fc_error_t initialise(const UpdateConfig &config, const OfficialRequest &request, bool progress,
                      const std::string &temporary) {
    fc_config options{};
    options.msgFlags = (request.debug ? FC_CONFIG_MSG_DEBUG : 0U) |
                       (request.verbose || request.debug ? FC_CONFIG_MSG_VERBOSE : 0U) |
                       (progress ? FC_CONFIG_MSG_SHOWPROGRESS : 0U);
    options.maxAttempts =
        static_cast<std::uint32_t>(std::max<std::uint64_t>(config.max_attempts, 1));
    options.connectTimeout = static_cast<std::uint32_t>(config.connect_timeout);
    options.requestTimeout = static_cast<std::uint32_t>(config.receive_timeout);
    options.bCompressLocalDatabase = config.compress_local_database ? 1 : 0;
    options.localIP = or_null(config.local_ip_address);
    options.userAgent = or_null(config.user_agent);
    options.proxyServer = or_null(config.proxy_server);
    options.proxyPort = static_cast<std::uint16_t>(config.proxy_port.value_or(0));
    options.proxyUsername = or_null(config.proxy_username);
    options.proxyPassword = or_null(config.proxy_password);
    options.databaseDirectory = request.staging.c_str();
    options.tempDirectory = temporary.c_str();
    const auto certificates = certificates_directory();
    set_certificates(options, certificates);
    const auto error = fc_initialize(&options);
    fc_set_fccb_download_complete(accept);
    return error;
}

/// As freshclam rewrites them: the official names all mean the CDN, and a bare name is https.
std::string server_url(const std::string &mirror) {
    if (mirror.starts_with("db.") && mirror.ends_with(".clamav.net"))
        return "https://database.clamav.net";
    return mirror.find("://") == std::string::npos ? "https://" + mirror : mirror;
}

std::vector<char *> pointers(std::vector<std::string> &texts) {
    std::vector<char *> all;
    all.reserve(texts.size());
    for (auto &text : texts)
        all.push_back(text.data());
    return all;
}

/// Asks DNS for the newest versions; without an answer the mirrors are asked.
Text query_versions(const UpdateConfig &config, bool dns, const ChildReport &report) {
    char *info = nullptr;
    char *newer = nullptr;
    const auto error =
        fc_dns_query_update_info(dns ? config.dns_database_info.c_str() : nullptr, &info, &newer);
    const Text owned(newer, std::free);
    if (error == FC_SUCCESS && newer != nullptr)
        report.add("outdated", newer);
    return {info, std::free};
}

void prune(const OfficialRequest &request) {
    auto names = request.databases;
    names.insert(names.end(), request.keep.begin(), request.keep.end());
    auto list = pointers(names);
    static_cast<void>(
        fc_prune_database_directory(list.data(), static_cast<std::uint32_t>(list.size())));
}

/// Single files, with libfreshclam's identity, cool-down and proxies.
fc_error_t fetch_files(const std::vector<std::string> &servers, const OfficialRequest &request,
                       const ChildReport &report) {
    for (std::size_t i = 0; i < request.files.size(); ++i) {
        auto error = FC_EFAILEDGET;
        for (const auto &server : servers) {
            int updated = 0;
            error = fc_download_url_database((server + "/" + request.files[i]).c_str(), nullptr,
                                             &updated);
            if (error == FC_SUCCESS || error == FC_UPTODATE)
                break;
        }
        if (error == FC_SUCCESS || error == FC_UPTODATE)
            continue;
        for (; i < request.files.size(); ++i)
            report.add("failed", request.files[i]);
        return error;
    }
    return FC_SUCCESS;
}

fc_error_t update_all(const UpdateConfig &config, const OfficialRequest &request,
                      const ChildReport &report) {
    const bool is_private = !config.private_mirrors.empty();
    std::vector<std::string> servers;
    for (const auto &mirror : is_private ? config.private_mirrors : config.database_mirrors)
        servers.push_back(server_url(mirror));
    if (servers.empty()) {
        std::fputs("ERROR: No DatabaseMirror or PrivateMirror servers set in the configuration\n",
                   stderr);
        return FC_ECONFIG;
    }
    if (!request.files.empty())
        return fetch_files(servers, request, report);
    auto list = pointers(servers);
    const auto versions = query_versions(config, !is_private && !request.no_dns, report);
    fc_error_t first = FC_SUCCESS;
    for (const auto &database : request.databases) {
        // One by one, so that one that fails stops no other; by the call for many, because only
        // that one keeps and heeds the cool-down.
        auto name = database;
        char *one = name.data();
        std::uint32_t updated = 0;
        const auto error = fc_update_databases(
            &one, 1, list.data(), static_cast<std::uint32_t>(list.size()), is_private ? 1 : 0,
            versions.get(), config.scripted_updates && !is_private ? 1 : 0, nullptr, &updated);
        if (error == FC_SUCCESS || error == FC_UPTODATE)
            continue;
        report.add("failed", database);
        first = first == FC_SUCCESS ? error : first;
        // Whoever is told to stay away stays away.
        if (error == FC_EFORBIDDEN || error == FC_ERETRYLATER)
            break;
    }
    return first;
}

} // namespace

void ChildReport::add(const std::string &name, const std::string &value) const {
    best_effort(write_all(fd_, name + " " + value + "\n", "report"));
}

int run_freshclam(const UpdateConfig &config, const OfficialRequest &request, bool progress,
                  const ChildReport &report) {
    auto temporary = request.staging + "/tmp.XXXXXXXXXX";
    if (::mkdtemp(temporary.data()) == nullptr) {
        std::perror("ERROR: cannot make a temporary directory");
        report.add("status", std::to_string(FC_EDBDIRACCESS));
        return 1;
    }
    auto error = initialise(config, request, progress, temporary);
    if (error == FC_SUCCESS) {
        if (request.prune)
            prune(request);
        error = update_all(config, request, report);
    }
    fc_cleanup();
    report.add("status", std::to_string(error));
    return 0;
}

} // namespace hostav
