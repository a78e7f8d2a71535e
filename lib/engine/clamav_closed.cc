// SPDX-License-Identifier: GPL-2.0-only
//
// Containers that libclamav leaves closed, opened with libarchive, their members scanned as files.
#include "base/files.h"
#include "engine/clamav_file_scan.h"

#include <algorithm>
#include <sys/stat.h>

namespace hostav {

namespace {

std::string join(const std::string &outer, const std::string &name) {
    return outer.empty() || name.empty() ? outer + name : outer + "/" + name;
}

} // namespace

void FileScan::keep_if_closed(std::string_view bytes, std::uint32_t level) {
    if (!options_.parse.archive || container_format(bytes.substr(0, container_head)) == nullptr)
        return;
    forget_nothing();
    auto copy = unnamed_file(handle().temporary_directory);
    if (!copy || !write_all(copy->get(), bytes, "")) {
        report_.limits.add(Limit::max_scan_size);
        return;
    }
    closed_.push_back({std::move(*copy), std::string(bytes.substr(0, container_head)), path_.text(),
                       depth_ + level});
}

void FileScan::open_closed(int fd, std::string_view head, const std::string &member,
                           unsigned depth) {
    const char *format = container_format(head);
    if (format == nullptr)
        return;
    if (depth + 1 >= options_.limits.recursion)
        return cut(Limit::max_recursion);
    auto container = Container::open(fd, [this] { return elapsed() < time_limit_; });
    if (!container) {
        // Weak evidence may have been something else; otherwise the file is broken.
        if (is_certain(format))
            cut(Limit::damaged);
        return;
    }
    while (go_on()) {
        const auto next = container->next();
        if (!next)
            break;
        if (++files_ > files_limit_)
            return cut(Limit::max_files);
        const auto path = join(member, next->name);
        if (next->encrypted)
            note_encrypted(format, path);
        else if (next->regular && !scan_member(*container, path, depth))
            return;
    }
    if (container->damaged())
        cut(Limit::damaged);
}

/// As libclamav answers for the archives it opens itself.
void FileScan::note_encrypted(std::string_view format, const std::string &member) {
    if (!options_.parse.alert_encrypted_archive || !options_.parse.heuristics)
        return;
    std::string name = "Heuristics.Encrypted.";
    for (const char c : format)
        name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    report_.verdict = Verdict::infected;
    report_.detections.push_back({name, member});
}

/// False: a limit of the whole file is reached.
bool FileScan::scan_member(Container &container, const std::string &member, unsigned depth) {
    auto content = unnamed_file(handle().temporary_directory);
    if (!content) {
        report_.verdict = Verdict::error;
        report_.error = cl_strerror(CL_ETMPFILE);
        return false;
    }
    const auto room = size_limit_ - std::min(size_limit_, bytes_);
    const auto limit = std::min(file_limit_, room);
    const auto end = container.extract(content->get(), limit,
                                       [this](std::uint64_t) { return elapsed() < time_limit_; });
    struct stat st = {};
    ::fstat(content->get(), &st);
    if (end == MemberEnd::too_large)
        cut(room < file_limit_ ? Limit::max_scan_size : Limit::max_file_size);
    if (end == MemberEnd::write_failed)
        cut(Limit::max_scan_size);
    if (end == MemberEnd::damaged)
        cut(Limit::damaged);
    const auto slash = member.rfind('/');
    const auto name = slash == std::string::npos ? member : member.substr(slash + 1);
    if (end != MemberEnd::encrypted && st.st_size > 0) {
        scan_layer(content->get(), name, member, depth + 1, static_cast<std::uint64_t>(st.st_size));
        depth_ = depth;
    }
    const bool full = end == MemberEnd::too_large && room < file_limit_;
    return end != MemberEnd::stopped && !full;
}

} // namespace hostav
