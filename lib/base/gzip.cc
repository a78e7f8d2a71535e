// SPDX-License-Identifier: GPL-2.0-only
//
// The one module that includes zlib.
#include "base/gzip.h"

#include <algorithm>
#include <array>
#include <limits>
#include <unistd.h>
#include <zlib.h>

namespace hostav {

namespace {

constexpr int gzip_window = 15 + 16; // zlib.h: 16 more than the window's bits means gzip
constexpr int memory_level = 8;      // zlib's default

Bytef *to_zlib(const char *bytes) {
    // zlib does not write to its input, but its interface does not say so.
    return reinterpret_cast<Bytef *>(const_cast<char *>(bytes)); // NOLINT(*-cast)
}

/// zlib counts in 32 bits.
uInt portion(std::size_t size) {
    return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

struct Deflater {
    z_stream stream{};
    Deflater() = default;
    Deflater(const Deflater &) = delete;
    Deflater &operator=(const Deflater &) = delete;
    Deflater(Deflater &&) = delete;
    Deflater &operator=(Deflater &&) = delete;
    ~Deflater() { deflateEnd(&stream); }
};

} // namespace

Result<std::string> gzip(std::string_view bytes) {
    Deflater deflater;
    z_stream &stream = deflater.stream;
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return fail_errno("gzip", ENOMEM);
    std::string out(deflateBound(&stream, bytes.size()), '\0');
    std::size_t taken = 0, given = 0;
    for (int status = Z_OK; status != Z_STREAM_END;) {
        stream.next_in = to_zlib(bytes.data() + taken);
        stream.avail_in = portion(bytes.size() - taken);
        stream.next_out = to_zlib(out.data() + given);
        stream.avail_out = portion(out.size() - given);
        const uInt offered = stream.avail_in, room = stream.avail_out;
        status = deflate(&stream, taken + offered == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
        taken += offered - stream.avail_in;
        given += room - stream.avail_out;
        if (status == Z_STREAM_ERROR || (status == Z_BUF_ERROR && given == out.size()))
            return fail("gzip", "zlib refuses"); // its own bound was too low: cannot be
    }
    out.resize(given);
    return out;
}

struct GzipReader::Impl {
    int fd = -1;
    off_t at = 0; ///< in the file, of the next piece
    z_stream stream{};
    bool ready = false;  ///< the stream needs an end
    bool inside = false; ///< of a member
    bool first = true;   ///< no member yet: an empty file is no gzip
    std::array<char, 16384> input{};

    explicit Impl(int file) : fd(file) { ready = inflateInit2(&stream, gzip_window) == Z_OK; }
    Impl(const Impl &) = delete;
    Impl &operator=(const Impl &) = delete;
    Impl(Impl &&) = delete;
    Impl &operator=(Impl &&) = delete;
    ~Impl() {
        if (ready)
            inflateEnd(&stream);
    }

    /// False at the end of the file.
    Result<bool> refill();
    /// Whether there is a member to read; skips the zeros that tapes and block devices append.
    Result<bool> next_member();
    /// Runs zlib once.
    Result<void> inflate_some();
};

Result<bool> GzipReader::Impl::refill() {
    if (stream.avail_in > 0)
        return true;
    ssize_t got = 0;
    do
        got = ::pread(fd, input.data(), input.size(), at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail_errno({});
    at += got;
    stream.next_in = to_zlib(input.data());
    stream.avail_in = static_cast<uInt>(got);
    return got > 0;
}

Result<bool> GzipReader::Impl::next_member() {
    while (true) {
        const auto more = refill();
        if (!more || !*more)
            return more;
        if (first || *stream.next_in != 0)
            break;
        ++stream.next_in;
        --stream.avail_in;
    }
    inflateReset(&stream);
    inside = true;
    first = false;
    return true;
}

Result<void> GzipReader::Impl::inflate_some() {
    const auto more = refill();
    if (!more)
        return std::unexpected(more.error());
    if (!*more)
        return fail({}, "the gzip file is cut off");
    switch (::inflate(&stream, Z_NO_FLUSH)) {
    case Z_OK:
    case Z_BUF_ERROR: // nothing could be done without more input: there will be some
        return {};
    case Z_STREAM_END:
        inside = false;
        return {};
    case Z_MEM_ERROR:
        return fail_errno({}, ENOMEM);
    default:
        return fail({}, stream.msg == nullptr ? "no gzip file"
                                              : "no gzip file: " + std::string(stream.msg));
    }
}

GzipReader::GzipReader(int fd) : impl_(std::make_unique<Impl>(fd)) {}
GzipReader::GzipReader(GzipReader &&) noexcept = default;
GzipReader &GzipReader::operator=(GzipReader &&) noexcept = default;
GzipReader::~GzipReader() = default;

Result<std::size_t> GzipReader::read(std::span<char> to) {
    if (!impl_->ready)
        return fail_errno({}, ENOMEM);
    z_stream &stream = impl_->stream;
    stream.next_out = to_zlib(to.data());
    stream.avail_out = portion(to.size());
    const uInt room = stream.avail_out;
    while (stream.avail_out > 0) {
        if (!impl_->inside) {
            const auto more = impl_->next_member();
            if (!more)
                return std::unexpected(more.error());
            if (!*more && impl_->first)
                return fail({}, "no gzip file: it is empty");
            if (!*more)
                break;
        }
        const auto done = impl_->inflate_some();
        if (!done && stream.avail_out == room)
            return std::unexpected(done.error());
        if (!done) // what came before it is good, and the next call fails again
            break;
    }
    return room - stream.avail_out;
}

} // namespace hostav
