// SPDX-License-Identifier: GPL-2.0-only
#include "update/allow_run.h"

#include "base/account.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log_file.h"
#include "base/text.h"
#include "update/aftermath.h"
#include "update/proof.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr unsigned commit_wait = 60; ///< seconds
constexpr mode_t readable = 0644;
constexpr const char *probe_name = "probe.hsb";

UpdateStatus lost(Session &session, const Error &error, UpdateStatus status) {
    session.messages.error(error.text());
    return status;
}

/// A signature for EICAR and one for the file in question, by digest.
Result<std::string> probe_text(const Allowed &entry) {
    const auto eicar = eicar_file();
    const auto digest =
        eicar ? sha256_of_fd(eicar->get()) : Result<std::string>(std::unexpected(eicar.error()));
    if (!digest)
        return digest;
    constexpr const char *eicar_size = ":68:Eicar-Probe\n";
    auto text = *digest + eicar_size;
    if (!entry.sha256.empty())
        text += entry.sha256 + ":" + std::to_string(entry.size) + ":Allowed-Probe\n";
    return text;
}

/// The file itself, if the entry is one and it is still there as it was.
std::optional<VitalFile> file_of(const Allowed &entry) {
    if (entry.path.empty())
        return std::nullopt;
    const AsRoot root;
    Fd fd(::open(entry.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat st = {};
    if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode))
        return std::nullopt;
    return VitalFile{entry.path, std::move(fd)};
}

/// Writes the entries and the probe into STATE/allow, for the proof to link from.
Result<Fd> lay_out(const Session &session, const std::vector<Allowed> &list, const Allowed &entry,
                   std::vector<ProofFile> &files) {
    auto probe = probe_text(entry);
    if (!probe)
        return std::unexpected(probe.error());
    auto directory = session.places.make_empty("allow");
    if (!directory)
        return directory;
    const auto add = [&](const char *name, const std::string &text) -> Result<void> {
        if (text.empty())
            return {};
        files.push_back({directory->get(), name});
        return replace_file(directory->get(), name, text, readable);
    };
    for (const auto &[name, text] :
         {std::pair(allowed_files_name, allowed_files_text(list)),
          std::pair(allowed_signatures_name, allowed_signatures_text(list)),
          std::pair(probe_name, *probe)})
        if (auto added = add(name, text); !added)
            return std::unexpected(added.error());
    return directory;
}

Result<void> prove_entry(Session &session, const std::vector<Allowed> &list, const Allowed &entry) {
    std::vector<ProofFile> files;
    const auto directory = lay_out(session, list, entry, files);
    if (!directory)
        return std::unexpected(directory.error());
    auto file = file_of(entry);
    const auto proof = prove(
        session.config, session.places,
        {.files = files, .vital_files = false, .also = file ? &*file : nullptr}, &session.signals);
    remove_contents(directory->get());
    ::unlinkat(session.places.state_fd(), "allow", AT_REMOVEDIR);
    if (!proof)
        return std::unexpected(proof.error());
    if (!proof->loaded || !proof->why.empty())
        return fail(entry.key(), "cannot be allowed: " + proof->why);
    if (!proof->false_alarms.empty())
        return fail(escape_path(entry.path), "would be found all the same");
    if (proof->eicar.empty())
        return fail(entry.key(), "would hide EICAR");
    return {};
}

/// The list without this entry and without what has expired.
Result<std::vector<Allowed>> others(Session &session, const std::string &key) {
    auto list = read_allowed(session.places);
    if (!list)
        return list;
    std::vector<std::string> expired;
    auto rest = still_allowed(std::move(*list), std::time(nullptr), expired);
    for (const auto &gone : expired)
        session.messages.info(gone + ": is not allowed any more: expired");
    std::erase_if(rest, [&key](const Allowed &entry) { return entry.key() == key; });
    return rest;
}

Result<Lock> lock_and_recover(Session &session) {
    auto lock = Lock::wait_for(session.places.control_fd(), "commit.lock", commit_wait);
    if (!lock)
        return lock;
    if (const auto recovered = recover(session.places); !recovered)
        return std::unexpected(recovered.error());
    return lock;
}

Result<Allowed> make_entry(const Session &session, const AllowRequest &request) {
    const auto now = std::time(nullptr);
    auto entry = [&] {
        const AsRoot root; // the file may be readable for root alone
        return parse_allowed(request.what, read_current(session.places).eicar);
    }();
    if (!entry)
        return entry;
    entry->reason = request.reason;
    entry->by = request.by;
    entry->added = now;
    if (request.expires) {
        const auto expires = parse_expiry(*request.expires, now);
        if (!expires)
            return std::unexpected(expires.error());
        entry->expires = *expires;
    }
    return entry;
}

std::string sentence(const Allowed &entry) {
    const auto name = entry.path.empty() ? escape_path(entry.key()) : escape_path(entry.path);
    return name + ": allowed" +
           (entry.expires ? " until " + log_time(*entry.expires) : std::string());
}

} // namespace

UpdateStatus run_allow(Session &session, const AllowRequest &request) {
    const auto entry = make_entry(session, request);
    if (!entry)
        return lost(session, entry.error(), UpdateStatus::argument);
    const auto lock = lock_and_recover(session);
    if (!lock)
        return lost(session, lock.error(), UpdateStatus::locked);
    auto list = others(session, entry->key());
    if (!list)
        return lost(session, list.error(), UpdateStatus::file);
    list->push_back(*entry);
    if (const auto proven = prove_entry(session, *list, *entry); !proven)
        return lost(session, proven.error(), UpdateStatus::test_failed);
    if (const auto wrote = write_allowed(session.places, *list); !wrote)
        return lost(session, wrote.error(), UpdateStatus::file);
    session.messages.info(sentence(*entry));
    notify(session);
    return UpdateStatus::ok;
}

UpdateStatus run_disallow(Session &session, const std::string &what) {
    const auto lock = lock_and_recover(session);
    if (!lock)
        return lost(session, lock.error(), UpdateStatus::locked);
    auto list = read_allowed(session.places);
    if (!list)
        return lost(session, list.error(), UpdateStatus::file);
    // By what --list-allowed shows, or by what --allow was given; a file may have changed since.
    std::string key;
    for (const auto &entry : *list)
        if (entry.key() == what || entry.path == what)
            key = entry.key();
    if (key.empty())
        if (const auto named = parse_allowed(what, ""); named)
            key = named->key();
    if (std::ranges::none_of(*list, [&](const Allowed &entry) { return entry.key() == key; }))
        return lost(session, {escape_path(what), "is not allowed (see --list-allowed)"},
                    UpdateStatus::argument);
    const auto rest = others(session, key);
    if (!rest)
        return lost(session, rest.error(), UpdateStatus::file);
    if (const auto wrote = write_allowed(session.places, *rest); !wrote)
        return lost(session, wrote.error(), UpdateStatus::file);
    session.messages.info(escape_path(what) + ": is not allowed any more");
    notify(session);
    return UpdateStatus::ok;
}

std::string allowed_text(const std::vector<Allowed> &list, bool json) {
    std::string text;
    for (const auto &entry : list) {
        if (json) {
            JsonObject line;
            line.add("what", entry.key());
            if (!entry.path.empty())
                line.add_bytes("path", entry.path);
            line.add("reason", entry.reason).add("by", entry.by);
            line.add("added", static_cast<std::uint64_t>(entry.added));
            if (entry.expires)
                line.add("expires", static_cast<std::uint64_t>(*entry.expires));
            text += line.text() + "\n";
            continue;
        }
        text += escape_path(entry.key());
        if (!entry.path.empty())
            text += "  " + escape_path(entry.path);
        text += "  since " + log_time(entry.added);
        if (entry.expires)
            text += "  until " + log_time(*entry.expires);
        if (!entry.by.empty())
            text += "  by " + escape_path(entry.by);
        if (!entry.reason.empty())
            text += "  " + escape_path(entry.reason);
        text += "\n";
    }
    return text;
}

} // namespace hostav
