// SPDX-License-Identifier: GPL-2.0-only
//
// Containers by libarchive. Exactly the decoder that the magic asks for is set up, never
// libarchive's own choice: that bounds memory (a chain of 25 decoders of 128 MiB each is possible),
// has every layer counted by the caller's recursion limit, and never comes to a decoder that
// runs a program (lzop, grzip, lrzip), which the cage would kill the worker for.
//
// What bounds memory: zstd refuses windows over 128 MiB, libarchive lzip dictionaries over 128 MiB
// and RAR5 ones over 64 MiB, locate_container() lzma ones over 128 MiB; an rpm's xz or lzma payload
// (up to 1.5 GiB) and an ar's table of names (which the file holds as it is) have no bound but the
// cage's limit on address space.
// What bounds time: the read callback hands out little at a time and asks `go_on` each time; next()
// decodes what it has to pass over block by block, asking as often.
#include "engine/container_source.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <cerrno>
#include <strings.h>

namespace hostav {

namespace {

/// Answers in a row that bring nothing before a container counts as damaged.
constexpr unsigned most_empty_answers = 1000;

struct ArchiveFree {
    void operator()(archive *a) const { archive_read_free(a); }
};

using Source = ContainerSource;

la_ssize_t on_read(archive *a, void *source, const void **block) {
    auto &from = *static_cast<Source *>(source);
    const auto size = from.read(block);
    if (size < 0)
        archive_set_error(a, EIO, "%s", from.why());
    return size;
}

la_int64_t on_skip(archive * /*a*/, void *source, la_int64_t request) {
    return static_cast<Source *>(source)->skip(request);
}

la_int64_t on_seek(archive * /*a*/, void *source, la_int64_t offset, int whence) {
    const auto position = static_cast<Source *>(source)->seek(offset, whence);
    return position < 0 ? ARCHIVE_FATAL : position;
}

bool open_archive(archive *a, Source &source) {
    archive_read_set_callback_data(a, &source);
    archive_read_set_read_callback(a, on_read);
    if (source.can_seek()) {
        archive_read_set_skip_callback(a, on_skip);
        archive_read_set_seek_callback(a, on_seek);
    }
    return archive_read_open1(a) == ARCHIVE_OK;
}

/// Whether libarchive's last error is about encryption; RAR5 has no other way of telling.
bool about_encryption(archive *a) {
    const char *text = archive_error_string(a);
    return text != nullptr && ::strcasestr(text, "encrypt") != nullptr;
}

int filter_code(const ContainerPlace &place) {
    constexpr std::array payloads = {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2,
                                     ARCHIVE_FILTER_XZ,   ARCHIVE_FILTER_LZMA, ARCHIVE_FILTER_ZSTD};
    switch (place.kind) {
    case ContainerKind::zst:
        return ARCHIVE_FILTER_ZSTD;
    case ContainerKind::lz4:
        return ARCHIVE_FILTER_LZ4;
    case ContainerKind::lz:
        return ARCHIVE_FILTER_LZIP;
    case ContainerKind::lzma:
        return ARCHIVE_FILTER_LZMA;
    default:
        return payloads.at(static_cast<std::size_t>(place.payload));
    }
}

bool set_decoder(archive *a, const ContainerPlace &place) {
    // This one reads when it is set up, which appending is too early for.
    if (place.kind == ContainerKind::Z)
        return archive_read_support_filter_compress(a) == ARCHIVE_OK;
    return archive_read_append_filter(a, filter_code(place)) == ARCHIVE_OK;
}

bool set_format(archive *a, ContainerKind kind, Inside inside) {
    if (kind == ContainerKind::ar)
        return archive_read_support_format_ar(a) == ARCHIVE_OK;
    if (kind == ContainerKind::rar)
        return archive_read_support_format_rar(a) == ARCHIVE_OK &&
               archive_read_support_format_rar5(a) == ARCHIVE_OK;
    // A tar behind the first one is read as well: it would be scanned by nobody else.
    if (inside == Inside::tar)
        return archive_read_support_format_tar(a) == ARCHIVE_OK &&
               archive_read_set_format_option(a, "tar", "read_concatenated_archives", "1") ==
                   ARCHIVE_OK;
    return archive_read_support_format_raw(a) == ARCHIVE_OK; // whatever it is, as one member
}

std::string error_of(archive *a) {
    const char *text = archive_error_string(a);
    return text != nullptr ? text : "cannot be decoded";
}

/// What a filter decodes, without a look at what it is.
class RawStream final : public DecodedStream {
  public:
    RawStream(int fd, const ContainerPlace &place, std::function<bool()> go_on)
        : source_(fd, place, std::move(go_on)), archive_(archive_read_new()) {}

    /// Fails when not even the first bytes can be decoded.
    Result<void> open(const ContainerPlace &place);
    ssize_t read(char *to, std::size_t size) override;
    bool go_on() override { return source_.go_on(); }
    [[nodiscard]] bool stopped() const override { return source_.stopped(); }

  private:
    Source source_; // outlives the archive, whose callbacks use it
    std::unique_ptr<archive, ArchiveFree> archive_;
    std::string_view block_;
    bool over_ = false;
};

Result<void> RawStream::open(const ContainerPlace &place) {
    auto *const a = archive_.get();
    if (a == nullptr || !set_decoder(a, place) ||
        archive_read_support_format_raw(a) != ARCHIVE_OK ||
        archive_read_support_format_empty(a) != ARCHIVE_OK)
        return fail("", "out of memory");
    if (!open_archive(a, source_) || archive_error_string(a) != nullptr) // else it looks empty
        return fail("", error_of(a));
    archive_entry *entry = nullptr;
    const int status = archive_read_next_header(a, &entry);
    over_ = status == ARCHIVE_EOF;
    if (!over_ && status != ARCHIVE_OK)
        return fail("", error_of(a));
    return {};
}

ssize_t RawStream::read(char *to, std::size_t size) {
    for (unsigned empty = 0; block_.empty() && !over_ && empty < most_empty_answers; ++empty) {
        const void *data = nullptr;
        std::size_t got = 0;
        la_int64_t offset = 0;
        const int status = archive_read_data_block(archive_.get(), &data, &got, &offset);
        over_ = status == ARCHIVE_EOF;
        if (!over_ && status != ARCHIVE_OK)
            return -1;
        block_ = {static_cast<const char *>(data), got};
    }
    const auto step = block_.copy(to, size);
    block_.remove_prefix(step);
    return step > 0 || over_ ? static_cast<ssize_t>(step) : -1;
}

class ArchiveReader final : public ContainerReader {
  public:
    ArchiveReader(int fd, const ContainerPlace &place, std::function<bool()> go_on)
        : place_(place), source_(fd, place, std::move(go_on)), archive_(archive_read_new()),
          seekable_(place.kind == ContainerKind::ar || place.kind == ContainerKind::rar) {
        if (place.rar5)
            rar5_ = survey_rar5(fd, place);
    }

    /// Opens it and reads the first header, for only then is it known to be what it seems.
    Result<void> open(Inside inside);
    std::optional<Member> next() override;
    MemberEnd extract(int out, std::uint64_t limit,
                      const std::function<bool(std::uint64_t)> &go_on) override;

  private:
    bool read_header();
    bool pass_over();
    bool end_here(bool damage);
    MemberEnd failed();
    MemberEnd finish(int out, std::uint64_t limit, std::uint64_t end);
    [[nodiscard]] Member describe() const;
    [[nodiscard]] bool encrypted() const;

    ContainerPlace place_;
    std::optional<Rar5Survey> rar5_;
    std::size_t headers_ = 0; // read so far

    Source source_; // outlives the archive, whose callbacks use it
    std::unique_ptr<archive, ArchiveFree> archive_;
    archive_entry *entry_ = nullptr; // libarchive's own
    bool seekable_;                  // passes over members without decoding them
    bool single_ = false;            // one file, behind which nothing comes
    bool first_ = true;              // the first header is read and not told yet
    bool unread_ = false;            // the current member's content is not read to its end
    bool broken_ = false;            // a member could not be decoded
    bool hidden_ = false;            // names are encrypted as well
    bool over_ = false;
};

Result<void> ArchiveReader::open(Inside inside) {
    single_ = inside == Inside::one_file && !seekable_;
    over_ = inside == Inside::nothing;
    damaged_ = over_ && place_.trailing;
    if (over_)
        return {};
    auto *const a = archive_.get();
    if (a == nullptr)
        return fail("", "out of memory");
    if (!set_decoder(a, place_) || !set_format(a, place_.kind, inside) ||
        !open_archive(a, source_) || (!read_header() && (damaged_ || stopped_) && !hidden_))
        return fail("", error_of(a));
    return {};
}

bool ArchiveReader::end_here(bool damage) {
    over_ = true;
    stopped_ = source_.stopped();
    damaged_ = damaged_ || (damage && !stopped_);
    return false;
}

bool ArchiveReader::read_header() {
    auto *const a = archive_.get();
    unread_ = false;
    for (unsigned tries = 0; tries < most_empty_answers; ++tries) {
        const int status = archive_read_next_header(a, &entry_);
        if (status == ARCHIVE_EOF)
            return end_here(place_.trailing || (rar5_ && !rar5_->ends));
        if (status == ARCHIVE_OK || status == ARCHIVE_WARN) {
            unread_ = true;
            ++headers_;
            return true;
        }
        if (status == ARCHIVE_RETRY) { // passed over something unreadable, and more may come
            damaged_ = true;
            continue;
        }
        hidden_ = first_ && (archive_read_has_encrypted_entries(a) > 0 || about_encryption(a));
        break;
    }
    return end_here(true);
}

/// Decodes the rest of a member that nobody wants. libarchive would do so in one go.
bool ArchiveReader::pass_over() {
    if (single_)
        return end_here(place_.trailing || broken_);
    const void *block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    for (unsigned empty = 0; unread_ && !seekable_ && empty < most_empty_answers;) {
        if (!source_.go_on())
            return end_here(false);
        const int status = archive_read_data_block(archive_.get(), &block, &size, &offset);
        unread_ = status == ARCHIVE_OK || status == ARCHIVE_WARN || status == ARCHIVE_RETRY;
        empty = size == 0 ? empty + 1 : 0;
    }
    return true;
}

std::optional<Member> ArchiveReader::next() {
    const bool first = std::exchange(first_, false);
    if (first && hidden_)
        return Member{.name = {}, .regular = true, .encrypted = true};
    if (over_ || (!first && (!pass_over() || !read_header())))
        return std::nullopt;
    return describe();
}

bool ArchiveReader::encrypted() const {
    const bool by_rar5 = rar5_ && headers_ <= rar5_->encrypted.size() && headers_ > 0 &&
                         rar5_->encrypted[headers_ - 1];
    return by_rar5 || archive_entry_is_encrypted(entry_) != 0;
}

Member ArchiveReader::describe() const {
    Member member;
    member.encrypted = encrypted();
    switch (archive_entry_filetype(entry_)) {
    case AE_IFDIR:
    case AE_IFLNK:
    case AE_IFCHR:
    case AE_IFBLK:
    case AE_IFIFO:
    case AE_IFSOCK:
        break;
    default: // a hard link has content of its own in some cpio archives
        member.regular =
            archive_entry_hardlink(entry_) == nullptr || archive_entry_size(entry_) > 0;
    }
    if (archive_format(archive_.get()) == ARCHIVE_FORMAT_RAW)
        return member;
    // In the C locale a name kept as UTF-8 or UTF-16 may have no other form.
    const char *name = archive_entry_pathname(entry_);
    if (name == nullptr)
        name = archive_entry_pathname_utf8(entry_);
    member.name = name != nullptr ? name : "?";
    return member;
}

MemberEnd ArchiveReader::failed() {
    unread_ = false;
    if (source_.stopped()) {
        end_here(false);
        return MemberEnd::stopped;
    }
    broken_ = true;
    return about_encryption(archive_.get()) ? MemberEnd::encrypted : MemberEnd::damaged;
}

/// A sparse file may end in a hole, which comes as no block.
MemberEnd ArchiveReader::finish(int out, std::uint64_t limit, std::uint64_t end) {
    unread_ = false;
    if (archive_entry_sparse_count(entry_) == 0 || archive_entry_size(entry_) < 0)
        return MemberEnd::complete;
    const auto size = static_cast<std::uint64_t>(archive_entry_size(entry_));
    if (size > end && ::ftruncate(out, static_cast<off_t>(std::min(size, limit))) != 0)
        return MemberEnd::write_failed;
    return size > limit ? MemberEnd::too_large : MemberEnd::complete;
}

MemberEnd ArchiveReader::extract(int out, std::uint64_t limit,
                                 const std::function<bool(std::uint64_t)> &go_on) {
    if (hidden_ || (!over_ && encrypted()))
        return MemberEnd::encrypted;
    if (over_ || !unread_)
        return MemberEnd::damaged;
    if (::ftruncate(out, 0) != 0)
        return MemberEnd::write_failed;
    std::uint64_t decoded = 0, end = 0;
    for (unsigned empty = 0; empty < most_empty_answers;) {
        const void *block = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int status = archive_read_data_block(archive_.get(), &block, &size, &offset);
        if (status == ARCHIVE_EOF)
            return finish(out, limit, end);
        if ((status != ARCHIVE_OK && status != ARCHIVE_WARN && status != ARCHIVE_RETRY) ||
            offset < 0)
            return failed();
        if (status == ARCHIVE_RETRY)
            size = 0;
        empty = size == 0 ? empty + 1 : 0;
        decoded += size;
        const auto at = static_cast<std::uint64_t>(offset);
        const auto room = static_cast<std::size_t>(
            at < limit ? std::min<std::uint64_t>(size, limit - at) : std::uint64_t{0});
        if (room > 0 && !write_at(out, block, room, at))
            return MemberEnd::write_failed;
        end = std::max(end, at + room);
        if (room < size)
            return MemberEnd::too_large;
        if (!go_on(decoded))
            return MemberEnd::stopped;
    }
    return failed();
}

std::string_view read_some(DecodedStream &stream, std::array<char, inside_head> &bytes) {
    std::size_t filled = 0;
    while (filled < bytes.size()) {
        const auto got = stream.read(bytes.data() + filled, bytes.size() - filled);
        if (got <= 0)
            break;
        filled += static_cast<std::size_t>(got);
    }
    return {bytes.data(), filled};
}

} // namespace

Result<std::unique_ptr<ContainerReader>> open_by_libarchive(int fd, const ContainerPlace &place,
                                                            std::function<bool()> go_on) {
    Inside inside = Inside::one_file;
    if (place.kind != ContainerKind::ar && place.kind != ContainerKind::rar) {
        auto stream = std::make_unique<RawStream>(fd, place, go_on);
        if (auto opened = stream->open(place); !opened)
            return std::unexpected(opened.error());
        std::array<char, inside_head> bytes{};
        const auto head = read_some(*stream, bytes);
        inside = inside_of(head);
        if (inside == Inside::cpio)
            return open_cpio(std::move(stream), head, place.trailing);
    }
    auto reader = std::make_unique<ArchiveReader>(fd, place, std::move(go_on));
    if (auto opened = reader->open(inside); !opened)
        return std::unexpected(opened.error());
    return reader;
}

} // namespace hostav
