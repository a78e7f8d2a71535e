// SPDX-License-Identifier: GPL-2.0-only
#include "ship/reject_file.h"

#include "base/files.h"
#include "base/json.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr const char *file_name = "rejected.jsonl";
constexpr const char *old_name = "rejected.jsonl.1";
constexpr off_t largest = 10L * 1024 * 1024;

} // namespace

Result<void> RejectFile::add(const Destination &destination, const std::string &source,
                             const std::vector<Batch::Reject> &rejects) {
    if (directory_ < 0 || rejects.empty())
        return {};
    struct stat st = {};
    if (::fstatat(directory_, file_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > largest &&
        ::renameat(directory_, file_name, directory_, old_name) != 0)
        return fail_errno(file_name);
    const Fd fd(::openat(directory_, file_name,
                         O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
                         S_IRUSR | S_IWUSR));
    if (!fd)
        return fail_errno(file_name);
    std::string lines;
    for (const auto &reject : rejects) {
        JsonObject line;
        line.add("logGroupName", destination.group).add("logStreamName", destination.stream);
        line.add_bytes("source", source);
        line.add("offset", reject.offset);
        line.add("timestamp", static_cast<std::uint64_t>(std::max<EventTime>(reject.time, 0)));
        line.add("reason", reject.why).add("message", reject.message);
        lines += line.text() + "\n";
    }
    const auto end = ::lseek(fd.get(), 0, SEEK_END);
    if (auto written = write_all(fd.get(), lines, file_name); !written) {
        // They will come again: no half line, and none twice.
        if (end >= 0 && ::ftruncate(fd.get(), end) != 0)
            return fail_errno(file_name);
        return written;
    }
    return sync(fd.get(), file_name);
}

} // namespace hostav
