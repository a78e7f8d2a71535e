// SPDX-License-Identifier: GPL-2.0-only
#include "store/quarantine_record.h"

#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cstdio>
#include <limits>
#include <optional>
#include <unistd.h>

namespace hostav {
namespace {

constexpr std::uint64_t record_version = 1;
constexpr std::string_view xattr_prefix = "xattr:";
constexpr std::string_view base64_suffix = "_base64"; ///< as add_bytes() has it
constexpr std::size_t digest_length = 64;
/// Bytes of all values together; XFS lets a user hang any amount on a file.
constexpr std::size_t xattr_limit = 1UL << 20;

using Fields = std::map<std::string, std::string>;

std::string time_text(const struct timespec &time) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%lld.%09ld", static_cast<long long>(time.tv_sec),
                  time.tv_nsec);
    return text.data();
}

std::optional<struct timespec> parse_time(std::string_view text) {
    const std::size_t point = text.find('.');
    if (point == std::string_view::npos || text.size() - point != 10)
        return std::nullopt;
    const std::string_view whole = text.substr(0, point); // before 1970 it has a sign
    const char *const whole_end = whole.data() + whole.size();
    struct timespec time = {};
    const auto [end, error] = std::from_chars(whole.data(), whole_end, time.tv_sec);
    const auto fraction = parse_number(text.substr(point + 1));
    if (error != std::errc() || end != whole_end || !fraction)
        return std::nullopt;
    time.tv_nsec = static_cast<long>(*fraction);
    return time;
}

std::optional<mode_t> parse_mode(std::string_view text) {
    mode_t mode = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (error != std::errc() || end != text.data() + text.size() || mode > 07777)
        return std::nullopt;
    return mode;
}

/// Absolute, and nothing in it that names another directory than it seems to.
bool sound_origin(const std::string &path) {
    if (path.size() < 2 || path[0] != '/' || path.find('\0') != std::string::npos)
        return false;
    for (std::size_t from = 1; from <= path.size();) {
        const std::size_t slash = std::min(path.find('/', from), path.size());
        const std::string_view part = std::string_view(path).substr(from, slash - from);
        if (part.empty() || part == "." || part == "..")
            return false;
        from = slash + 1;
    }
    return true;
}

bool sound_digest(const std::string &digest) {
    return digest.size() == digest_length &&
           digest.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    struct tm parts = {};
    std::array<char, 32> text{};
    gmtime_r(&now, &parts);
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// The value of a field that is needed, empty when it is not there.
std::string field(const Fields &fields, const std::string &name) {
    const auto found = fields.find(name);
    return found == fields.end() ? "" : found->second;
}

/// A user or group number; the highest value means "leave it" to chown(2) and is none.
std::optional<unsigned> parse_id(const Fields &fields, const std::string &name) {
    const auto number = parse_number(field(fields, name));
    if (!number || *number >= std::numeric_limits<unsigned>::max())
        return std::nullopt;
    return static_cast<unsigned>(*number);
}

Result<void> read_xattrs(const Fields &fields, const std::string &what,
                         std::map<std::string, std::string> &xattrs) {
    for (const auto &[key, text] : fields) {
        if (!key.starts_with(xattr_prefix) || key.ends_with(base64_suffix))
            continue;
        auto value = bytes_field(fields, key, what);
        if (!value)
            return std::unexpected(value.error());
        xattrs[key.substr(xattr_prefix.size())] = std::move(*value);
    }
    return {};
}

} // namespace

QuarantineRecord record_of(const InfectedFile &file, const struct stat &st, const Location &where) {
    QuarantineRecord record;
    // Where its name is now, as the kernel says, not where the walk was told it would be.
    std::string directory = path_of_fd(where.directory->get());
    record.origin =
        directory.empty() ? file.real_path : directory + (directory == "/" ? "" : "/") + where.name;
    record.uid = st.st_uid;
    record.gid = st.st_gid;
    record.mode = st.st_mode & 07777U;
    record.mtime = st.st_mtim;
    record.atime = st.st_atim;
    record.size = static_cast<std::uint64_t>(st.st_size);
    record.signatures = file.signatures;
    std::size_t room = xattr_limit;
    for (const std::string &name : xattr_names(file.fd))
        if (is_utf8(name) && !name.ends_with(base64_suffix))
            if (auto value = xattr_value(file.fd, name); value && value->size() <= room) {
                room -= value->size();
                record.xattrs[name] = std::move(*value);
            }
    return record;
}

std::string record_text(const QuarantineRecord &record) {
    std::array<char, 16> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(record.mode));
    std::string signatures;
    for (const std::string &signature : record.signatures)
        signatures += (signatures.empty() ? "" : " ") + signature;
    JsonObject object;
    object.add("version", record_version)
        .add_bytes("origin", record.origin)
        .add("uid", std::uint64_t{record.uid})
        .add("gid", std::uint64_t{record.gid})
        .add("mode", mode.data())
        .add("mtime", time_text(record.mtime))
        .add("atime", time_text(record.atime))
        .add("size", record.size)
        .add("sha256", record.sha256)
        .add("signatures", signatures)
        .add("quarantined", utc_now())
        .add("host", host_name());
    for (const auto &[name, value] : record.xattrs)
        object.add_bytes(std::string(xattr_prefix) + name, value);
    return object.text() + "\n";
}

Result<QuarantineRecord> parse_record(std::string_view text, const std::string &what) {
    const auto fields = parse_flat_json(text, what);
    if (!fields)
        return std::unexpected(fields.error());
    const auto malformed = [&what](const char *name) {
        return fail(what, std::string("malformed record: ") + name);
    };
    if (field(*fields, "version") != std::to_string(record_version))
        return malformed("version");
    QuarantineRecord record;
    auto origin = bytes_field(*fields, "origin", what);
    if (!origin || !sound_origin(*origin))
        return malformed("origin");
    record.origin = std::move(*origin);
    const auto uid = parse_id(*fields, "uid");
    const auto gid = parse_id(*fields, "gid");
    if (!uid || !gid)
        return malformed(uid ? "gid" : "uid");
    const auto mode = parse_mode(field(*fields, "mode"));
    if (!mode)
        return malformed("mode");
    const auto mtime = parse_time(field(*fields, "mtime"));
    const auto atime = parse_time(field(*fields, "atime"));
    if (!mtime || !atime)
        return malformed(mtime ? "atime" : "mtime");
    const auto size = parse_number(field(*fields, "size"));
    if (!size)
        return malformed("size");
    record.sha256 = field(*fields, "sha256");
    if (!sound_digest(record.sha256))
        return malformed("sha256");
    record.uid = *uid;
    record.gid = *gid;
    record.mode = *mode;
    record.mtime = *mtime;
    record.atime = *atime;
    record.size = *size;
    if (auto read = read_xattrs(*fields, what, record.xattrs); !read)
        return std::unexpected(read.error());
    return record;
}

} // namespace hostav
