// SPDX-License-Identifier: GPL-2.0-only
//
// Containers that libclamav 1.4 leaves closed, opened with libarchive: tar compressed with zstd,
// lz4, lzip, lzo, lzma or compress, single files so compressed, ar and .deb, RAR and RAR5, rpm;
// WARC and the lzo compression without its help (see warc.cc, lzop.h). One layer at a time: what a
// member holds is opened by opening the member. Runs inside the cage; runs no program.
// archive.h is included in container.cc only.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hostav {

/// Bytes at the head of a file that container_format() wants to see.
inline constexpr std::size_t container_head = 512;

/// The format's name (`zst`, `lz4`, `lz`, `lzo`, `Z`, `lzma`, `ar`, `warc`, `rar`, `rpm`) when
/// these first bytes are of a container that this module opens, or nullptr. libclamav's own formats
/// are not listed, although libarchive could open them.
[[nodiscard]] const char *container_format(std::string_view head);

/// Whether a format's magic proves it by itself: what then does not open is damaged. Of the others
/// (`Z`, `lzma`) it was something else.
[[nodiscard]] bool is_certain(std::string_view format);

enum class MemberEnd {
    complete,
    too_large, ///< cut at the limit given to extract()
    stopped,   ///< the caller's `go_on` said no
    damaged,   ///< decoding failed or the data ends early
    encrypted,
    write_failed,
};

struct Member {
    std::string name;     ///< raw bytes as stored; empty for a single compressed file
    bool regular = false; ///< only regular files have content to extract
    bool encrypted = false;
};

/// Reads the members of one container, front to back.
class Container {
  public:
    /// `fd` is read by position from its start and must stay open. Fails when libarchive does not
    /// open it either. `go_on` is asked now and by next() about every 16 KiB read from the file and
    /// every block passed over, so that a bomb nobody extracts can be stopped too.
    static Result<Container> open(int fd, std::function<bool()> go_on = {});
    Container(Container &&) noexcept;
    Container &operator=(Container &&) noexcept;
    ~Container();

    /// The next member; nothing at the end. damaged() then tells whether the end was reached
    /// because the rest cannot be read, stopped() whether open()'s `go_on` said no.
    [[nodiscard]] std::optional<Member> next();
    /// Writes the current member's content to `out` (which is emptied first), `limit` bytes at
    /// most, holes included.
    /// `go_on(bytes decoded so far)` is asked at least once a decoded block and may stop it.
    MemberEnd extract(int out, std::uint64_t limit,
                      const std::function<bool(std::uint64_t)> &go_on);
    [[nodiscard]] bool damaged() const;
    [[nodiscard]] bool stopped() const;

  private:
    struct Impl;
    explicit Container(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
