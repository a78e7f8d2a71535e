// SPDX-License-Identifier: GPL-2.0-only
//
// Cuts what read(2) gives into paths. Only unread bytes are kept, so that a list of any length
// costs one read's worth of memory.
#include "base/path_list.h"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace hostav {
namespace {

constexpr std::size_t read_size = std::size_t{64} * 1024;

// There is no limit on a path's length, but a list without separators (a device, the wrong file)
// must end in an error, not in all of the memory.
constexpr std::size_t longest_path = std::size_t{16} * 1024 * 1024;

} // namespace

PathList::PathList(Fd fd, char separator, std::string what)
    : fd_(std::move(fd)), separator_(separator), what_(std::move(what)) {}

Result<void> PathList::fill() {
    if (end_)
        return {};
    buffer_.erase(0, used_);
    searched_ -= std::min(searched_, used_);
    used_ = 0;
    if (searched_ >= longest_path) {
        give_up();
        return fail(what_, "a path of more than 16 MiB");
    }
    std::array<char, read_size> chunk; // NOLINT(*-member-init): read(2) fills it
    const ssize_t got = read(fd_.get(), chunk.data(), chunk.size());
    if (got < 0) {
        // A signal, or a descriptor that the caller has set non-blocking: not the list's fault.
        if (errno == EINTR || errno == EAGAIN)
            return {};
        const int error = errno;
        give_up();
        return fail_errno(what_, error);
    }
    if (got == 0)
        end_ = true;
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    return {};
}

void PathList::give_up() {
    // What has no separator yet is half a path, and half a path names another file.
    const std::size_t last = buffer_.rfind(separator_);
    buffer_.resize(last == std::string::npos ? 0 : last + 1);
    searched_ = 0;
    end_ = true;
}

std::optional<std::string> PathList::next() {
    const std::size_t found = buffer_.find(separator_, std::max(used_, searched_));
    if (found == std::string::npos && (!end_ || used_ == buffer_.size())) {
        searched_ = buffer_.size();
        return std::nullopt;
    }
    const std::size_t stop = found == std::string::npos ? buffer_.size() : found;
    std::string path = buffer_.substr(used_, stop - used_);
    used_ = found == std::string::npos ? stop : stop + 1;
    searched_ = used_;
    if (separator_ == '\n')
        while (path.ends_with('\r'))
            path.pop_back();
    return path;
}

} // namespace hostav
