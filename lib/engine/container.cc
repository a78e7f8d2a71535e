// SPDX-License-Identifier: GPL-2.0-only
//
// Containers by libarchive. Exactly the decoder that the magic asks for is set up, never
// libarchive's own choice: that bounds memory (a chain of 25 decoders of 128 MiB each is possible),
// has every layer counted by the caller's recursion limit, and never comes to a decoder that
// runs a program (lzop, grzip, lrzip), which the cage would kill the worker for.
//
// What bounds memory: zstd refuses windows over 128 MiB, libarchive lzip dictionaries over 128 MiB
// and RAR5 ones over 64 MiB; lzma and the compression of an rpm's payload have no bound but the
// cage's limit on address space, nor has the length of a name in a cpio or an ar.
// What bounds time: the read callback hands out little at a time and asks `go_on` each time; next()
// decodes what it has to pass over block by block, asking as often.
#include "engine/container_reader.h"
#include "engine/lzop.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <strings.h>
#include <vector>

namespace hostav {

namespace {

/// At the 32768:1 that zstd reaches, 16 KiB is half a gigabyte between two questions to `go_on`.
constexpr std::size_t read_size = 16 * 1024;
/// Answers in a row that bring nothing before a container counts as damaged.
constexpr unsigned most_empty_answers = 1000;

struct ArchiveFree {
    void operator()(archive *a) const { archive_read_free(a); }
};

/// The bytes libarchive reads: the file from `begin`, or what an lzop file holds.
class Source {
  public:
    Source(int fd, const ContainerPlace &place, std::function<bool()> go_on)
        : fd_(fd), begin_(place.begin), end_(place.end), position_(place.begin),
          go_on_(std::move(go_on)), buffer_(read_size) {
        if (place.kind == ContainerKind::lzo)
            lzop_.emplace(fd, place.end);
    }

    [[nodiscard]] bool stopped() const { return stopped_; }
    /// Asks the caller; remembers a no.
    bool go_on() {
        if (!stopped_ && go_on_)
            stopped_ = !go_on_();
        return !stopped_;
    }
    [[nodiscard]] int open(archive *a) {
        archive_read_set_callback_data(a, this);
        archive_read_set_read_callback(a, on_read);
        if (!lzop_) {
            archive_read_set_skip_callback(a, on_skip);
            archive_read_set_seek_callback(a, on_seek);
        }
        return archive_read_open1(a);
    }

  private:
    static la_ssize_t on_read(archive *a, void *self, const void **block);
    static la_int64_t on_skip(archive *a, void *self, la_int64_t request);
    static la_int64_t on_seek(archive *a, void *self, la_int64_t offset, int whence);

    int fd_;
    std::uint64_t begin_, end_, position_;
    std::function<bool()> go_on_;
    bool stopped_ = false;
    std::optional<LzopReader> lzop_;
    std::vector<char> buffer_;
};

la_ssize_t Source::on_read(archive *a, void *self, const void **block) {
    auto &source = *static_cast<Source *>(self);
    if (!source.go_on()) {
        archive_set_error(a, ECANCELED, "stopped");
        return -1;
    }
    if (source.lzop_) {
        const auto size = source.lzop_->next_block(block);
        if (size < 0)
            archive_set_error(a, EILSEQ, "%s", source.lzop_->why());
        return size;
    }
    *block = source.buffer_.data();
    const auto left = source.end_ - std::min(source.position_, source.end_);
    const auto got = read_at(source.fd_, source.buffer_.data(),
                             std::min<std::uint64_t>(read_size, left), source.position_);
    if (got < 0)
        archive_set_error(a, errno, "cannot be read");
    else
        source.position_ += static_cast<std::uint64_t>(got);
    return got;
}

// Never beyond the end, so that libarchive notices when data is missing.
la_int64_t Source::on_skip(archive * /*a*/, void *self, la_int64_t request) {
    auto &source = *static_cast<Source *>(self);
    const auto left = source.end_ - std::min(source.position_, source.end_);
    const auto step = std::min(static_cast<std::uint64_t>(std::max<la_int64_t>(request, 0)), left);
    source.position_ += step;
    return static_cast<la_int64_t>(step);
}

la_int64_t Source::on_seek(archive * /*a*/, void *self, la_int64_t offset, int whence) {
    auto &source = *static_cast<Source *>(self);
    const auto size = static_cast<la_int64_t>(source.end_ - source.begin_);
    la_int64_t base = 0;
    if (whence == SEEK_CUR)
        base = static_cast<la_int64_t>(source.position_ - source.begin_);
    else if (whence == SEEK_END)
        base = size;
    la_int64_t target = 0;
    if (__builtin_add_overflow(base, offset, &target) || target < 0)
        return ARCHIVE_FATAL;
    target = std::min(target, size);
    source.position_ = source.begin_ + static_cast<std::uint64_t>(target);
    return target;
}

/// Whether libarchive's last error is about encryption; RAR5 has no other way of telling.
bool about_encryption(archive *a) {
    const char *text = archive_error_string(a);
    return text != nullptr && ::strcasestr(text, "encrypt") != nullptr;
}

bool set_decoder(archive *a, const ContainerPlace &place) {
    switch (place.kind) {
    case ContainerKind::zst:
        return archive_read_append_filter(a, ARCHIVE_FILTER_ZSTD) == ARCHIVE_OK;
    case ContainerKind::lz4:
        return archive_read_append_filter(a, ARCHIVE_FILTER_LZ4) == ARCHIVE_OK;
    case ContainerKind::lz:
        return archive_read_append_filter(a, ARCHIVE_FILTER_LZIP) == ARCHIVE_OK;
    case ContainerKind::lzma:
        return archive_read_append_filter(a, ARCHIVE_FILTER_LZMA) == ARCHIVE_OK;
    case ContainerKind::Z: // this one reads when it is set up, which appending is too early for
        return archive_read_support_filter_compress(a) == ARCHIVE_OK;
    default:
        break;
    }
    switch (place.payload) {
    case Compression::none:
        return true;
    case Compression::gzip:
        return archive_read_append_filter(a, ARCHIVE_FILTER_GZIP) == ARCHIVE_OK;
    case Compression::bzip2:
        return archive_read_append_filter(a, ARCHIVE_FILTER_BZIP2) == ARCHIVE_OK;
    case Compression::xz:
        return archive_read_append_filter(a, ARCHIVE_FILTER_XZ) == ARCHIVE_OK;
    case Compression::lzma:
        return archive_read_append_filter(a, ARCHIVE_FILTER_LZMA) == ARCHIVE_OK;
    case Compression::zstd:
        return archive_read_append_filter(a, ARCHIVE_FILTER_ZSTD) == ARCHIVE_OK;
    }
    return false;
}

bool set_formats(archive *a, ContainerKind kind) {
    if (kind == ContainerKind::ar)
        return archive_read_support_format_ar(a) == ARCHIVE_OK;
    if (kind == ContainerKind::rar)
        return archive_read_support_format_rar(a) == ARCHIVE_OK &&
               archive_read_support_format_rar5(a) == ARCHIVE_OK;
    // `raw` takes whatever nothing else does, as one member: right for what was compressed. Tars
    // that follow the first are read as well: what libarchive would not look at nobody scans.
    return archive_read_support_format_tar(a) == ARCHIVE_OK &&
           archive_read_support_format_cpio(a) == ARCHIVE_OK &&
           archive_read_support_format_empty(a) == ARCHIVE_OK &&
           archive_read_support_format_raw(a) == ARCHIVE_OK &&
           archive_read_set_format_option(a, "tar", "read_concatenated_archives", "1") ==
               ARCHIVE_OK;
}

class ArchiveReader final : public ContainerReader {
  public:
    ArchiveReader(int fd, const ContainerPlace &place, std::function<bool()> go_on)
        : source_(fd, place, std::move(go_on)), archive_(archive_read_new()),
          trailing_(place.trailing),
          seekable_(place.kind == ContainerKind::ar || place.kind == ContainerKind::rar) {}

    /// Opens it and reads the first header, for only then is it known to be what it seems.
    Result<void> open(const ContainerPlace &place);
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

    Source source_; // outlives the archive, whose callbacks use it
    std::unique_ptr<archive, ArchiveFree> archive_;
    archive_entry *entry_ = nullptr; // libarchive's own
    bool trailing_;                  // the file goes on after what is decoded
    bool seekable_;                  // passes over members without decoding them
    bool first_ = true;              // the first header is read and not told yet
    bool unread_ = false;            // the current member's content is not read to its end
    bool undecoded_ = false;         // libarchive had an error before the first header
    bool hidden_ = false;            // names are encrypted as well
    bool over_ = false;
};

Result<void> ArchiveReader::open(const ContainerPlace &place) {
    auto *const a = archive_.get();
    if (a == nullptr)
        return fail("", "out of memory");
    const bool set =
        set_decoder(a, place) && set_formats(a, place.kind) && source_.open(a) == ARCHIVE_OK;
    // What cannot be decoded at all looks like something empty to libarchive from here on.
    undecoded_ = archive_error_string(a) != nullptr;
    const std::string first_error = undecoded_ ? archive_error_string(a) : "";
    if (!set || (!read_header() && (damaged_ || stopped_) && !hidden_)) {
        const char *why = archive_error_string(a);
        return fail("", why != nullptr ? why : first_error);
    }
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
            return end_here(trailing_ || (undecoded_ && archive_format(a) == ARCHIVE_FORMAT_EMPTY));
        if (status == ARCHIVE_OK || status == ARCHIVE_WARN) {
            unread_ = true;
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

Member ArchiveReader::describe() const {
    Member member;
    member.encrypted = archive_entry_is_encrypted(entry_) != 0;
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
    if (hidden_ || (!over_ && archive_entry_is_encrypted(entry_) != 0))
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

} // namespace

struct Container::Impl {
    std::unique_ptr<ContainerReader> reader;
};

Container::Container(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Container::Container(Container &&) noexcept = default;
Container &Container::operator=(Container &&) noexcept = default;
Container::~Container() = default;

Result<Container> Container::open(int fd, std::function<bool()> go_on) {
    const auto place = locate_container(fd);
    if (!place)
        return std::unexpected(place.error());
    if (place->kind == ContainerKind::warc)
        return Container(std::make_unique<Impl>(Impl{open_warc(fd, *place, std::move(go_on))}));
    auto reader = std::make_unique<ArchiveReader>(fd, *place, std::move(go_on));
    if (auto opened = reader->open(*place); !opened)
        return std::unexpected(opened.error());
    return Container(std::make_unique<Impl>(Impl{std::move(reader)}));
}

std::optional<Member> Container::next() {
    return impl_->reader->next();
}

MemberEnd Container::extract(int out, std::uint64_t limit,
                             const std::function<bool(std::uint64_t)> &go_on) {
    return impl_->reader->extract(out, limit, go_on);
}

bool Container::damaged() const {
    return impl_->reader->damaged();
}
bool Container::stopped() const {
    return impl_->reader->stopped();
}

} // namespace hostav
