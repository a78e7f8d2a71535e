// SPDX-License-Identifier: GPL-2.0-only
//
// DatabaseCustomURL: databases of third parties, fetched one by one into the staging directory.
// Each source stands alone: one that fails leaves its live file and the others as they are.
//
// A URL may carry, after `#`, what it must be (hostav's own; several joined by `&`):
//   sha256=HEX           this content and no other
//   signature=URL        a detached signature over the file; a URL without `//` is relative: `.sig`
//   key=PATH             the PEM public key that made it (Ed25519, or RSA/ECDSA with SHA-256)
//   max-size=SIZE        instead of CustomMaxSize
#pragma once

#include "base/account.h"
#include "base/error.h"
#include "base/messages.h"
#include "base/signals.h"
#include "update/config.h"
#include "update/download_bar.h"
#include "update/freshclam.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct CustomSource {
    std::string url;  ///< without the fragment
    std::string name; ///< file name in the database directory, the URL path's last part
    std::string sha256, signature_url, key;
    std::uint64_t max_size = 0; ///< bytes
};

/// Fails when the name is no database file name, the scheme is not http, https or file, or the
/// fragment holds something else. what = DatabaseCustomURL URL.
[[nodiscard]] Result<CustomSource> parse_custom_source(const std::string &url,
                                                       std::uint64_t max_size);

/// What was last fetched from a URL: sent back as the condition of the next request while the live
/// file still has that digest.
struct SourceRecord {
    std::string etag, last_modified, sha256;
};
using SourceRecords = std::map<std::string, SourceRecord>; ///< by URL
[[nodiscard]] SourceRecords read_source_records(int state_directory);
[[nodiscard]] Result<void> write_source_records(int state_directory, const SourceRecords &records);

struct CustomResult {
    std::string name;
    bool fetched = false; ///< a new file stands in staging
    UpdateStatus status = UpdateStatus::ok;
    SourceRecord record; ///< when fetched, or not modified; the digest is the caller's to add
};

struct CustomRequest {
    std::string staging; ///< the live files stand in it
    std::vector<CustomSource> sources;
    std::map<std::string, std::string> live_sha256; ///< by file name
    SourceRecords records;
    std::optional<Account> account; ///< to become, in a child; nothing: stay who we are
    std::string ca_bundle;          ///< other certificates than the system's; empty: the system's
};

/// Runs in a child of its own. Never fails itself. One result a source, in order.
[[nodiscard]] std::vector<CustomResult> fetch_custom(const UpdateConfig &config,
                                                     const CustomRequest &request,
                                                     Messages &messages, DownloadBar &bar,
                                                     Signals *signals);

} // namespace hostav
