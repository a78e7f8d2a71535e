// SPDX-License-Identifier: GPL-2.0-only
//
// Names of codecs, the loop around iconv(3), and UTF-8, which needs none.
#include "base/encoding.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iconv.h>
#include <optional>
#include <utility>

namespace hostav {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD
// The longest that one character becomes: iconv holds a base letter back to compose it with an
// accent, and then writes both.
constexpr std::size_t longest_character = 16;

/// Python's codecs (its documentation, "Standard Encodings") and aliases as squashed() makes them,
/// by glibc's name. The many numbered ones have rules, in iconv_name().
constexpr auto codecs = std::to_array<std::pair<std::string_view, const char *>>({
    {"ascii", "ASCII"},
    {"usascii", "ASCII"},
    {"us", "ASCII"},
    {"646", "ASCII"},
    {"utf8", "UTF-8"},
    {"u8", "UTF-8"},
    {"utf", "UTF-8"},
    {"cp65001", "UTF-8"},
    {"utf8sig", "UTF-8"},
    {"utf7", "UTF-7"},
    {"u7", "UTF-7"},
    {"utf16", "UTF-16LE"},
    {"u16", "UTF-16LE"},
    {"utf16le", "UTF-16LE"},
    {"utf16be", "UTF-16BE"},
    {"utf32", "UTF-32LE"},
    {"u32", "UTF-32LE"},
    {"utf32le", "UTF-32LE"},
    {"utf32be", "UTF-32BE"},
    {"latin", "ISO-8859-1"},
    {"8859", "ISO-8859-1"},
    {"iso8859", "ISO-8859-1"},
    {"latin1", "ISO-8859-1"},
    {"latin2", "ISO-8859-2"},
    {"latin3", "ISO-8859-3"},
    {"latin4", "ISO-8859-4"},
    {"latin5", "ISO-8859-9"},
    {"latin6", "ISO-8859-10"},
    {"latin7", "ISO-8859-13"},
    {"latin8", "ISO-8859-14"},
    {"latin9", "ISO-8859-15"},
    {"latin10", "ISO-8859-16"},
    {"cyrillic", "ISO-8859-5"},
    {"arabic", "ISO-8859-6"},
    {"greek", "ISO-8859-7"},
    {"hebrew", "ISO-8859-8"},
    {"thai", "ISO-8859-11"},
    {"big5", "BIG5"},
    {"big5tw", "BIG5"},
    {"big5hkscs", "BIG5-HKSCS"},
    {"hkscs", "BIG5-HKSCS"},
    {"eucjp", "EUC-JP"},
    {"ujis", "EUC-JP"},
    {"eucjis2004", "EUC-JISX0213"},
    {"jisx0213", "EUC-JISX0213"},
    {"eucjisx0213", "EUC-JISX0213"},
    {"euckr", "EUC-KR"},
    {"korean", "EUC-KR"},
    {"ksc5601", "EUC-KR"},
    {"ksx1001", "EUC-KR"},
    {"gb2312", "EUC-CN"},
    {"chinese", "EUC-CN"},
    {"euccn", "EUC-CN"},
    {"gbk", "GBK"},
    {"ms936", "GBK"},
    {"cp936", "GBK"},
    {"936", "GBK"},
    {"gb18030", "GB18030"},
    {"gb180302000", "GB18030"},
    {"hz", "HZ"},
    {"hzgb2312", "HZ"},
    {"iso2022jp", "ISO-2022-JP"},
    {"iso2022jp1", "ISO-2022-JP-2"},
    {"iso2022jp2", "ISO-2022-JP-2"},
    {"iso2022jp3", "ISO-2022-JP-3"},
    {"iso2022jp2004", "ISO-2022-JP-3"},
    {"iso2022jpext", "ISO-2022-JP-2"},
    {"iso2022kr", "ISO-2022-KR"},
    {"johab", "JOHAB"},
    {"koi8r", "KOI8-R"},
    {"koi8t", "KOI8-T"},
    {"koi8u", "KOI8-U"},
    {"kz1048", "RK1048"},
    {"rk1048", "RK1048"},
    {"maccyrillic", "MAC-CYRILLIC"},
    {"macgreek", "MACGREEK"},
    {"maciceland", "MAC-IS"},
    {"maclatin2", "MAC-CENTRALEUROPE"},
    {"maccenteuro", "MAC-CENTRALEUROPE"},
    {"macroman", "MACINTOSH"},
    {"macintosh", "MACINTOSH"},
    {"macturkish", "MACTURKISH"},
    {"ptcp154", "PT154"},
    {"pt154", "PT154"},
    {"cp154", "PT154"},
    {"shiftjis", "SHIFT_JIS"},
    {"sjis", "SHIFT_JIS"},
    {"shiftjis2004", "SHIFT_JISX0213"},
    {"sjis2004", "SHIFT_JISX0213"},
    {"shiftjisx0213", "SHIFT_JISX0213"},
    {"sjisx0213", "SHIFT_JISX0213"},
    {"mskanji", "CP932"},
    {"ms932", "CP932"},
    {"uhc", "CP949"},
    {"ms949", "CP949"},
    {"ms950", "CP950"},
    {"tis620", "TIS-620"},
});

/// Lower case, letters and digits only.
std::string squashed(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c >= 'A' && c <= 'Z')
            out += static_cast<char>(c - 'A' + 'a');
        else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out += c;
        else if (c != '-' && c != '_' && c != ' ')
            return {};
    }
    return out;
}

std::optional<std::string> iconv_name(std::string name) {
    if (name.size() >= 2 && name[0] == 'l' && parse_number(name.substr(1)))
        name = "latin" + name.substr(1);
    const auto *const known =
        std::ranges::find_if(codecs, [&name](const auto &codec) { return codec.first == name; });
    if (known != codecs.end())
        return known->second;
    constexpr std::string_view iso = "iso8859";
    if (name.starts_with(iso) && parse_number(name.substr(iso.size())))
        return "ISO-8859-" + name.substr(iso.size());
    for (const std::string_view prefix : {"cp", "ibm", "windows", ""})
        if (name.starts_with(prefix) && parse_number(name.substr(prefix.size())))
            return "CP" + name.substr(prefix.size());
    return std::nullopt;
}

class Iconv {
  public:
    Iconv(const std::string &to, const std::string &from)
        : cd_(::iconv_open(to.c_str(), from.c_str())) {}
    Iconv(const Iconv &) = delete;
    Iconv &operator=(const Iconv &) = delete;
    Iconv(Iconv &&other) noexcept : cd_(std::exchange(other.cd_, none())) {}
    Iconv &operator=(Iconv &&other) noexcept {
        std::swap(cd_, other.cd_);
        return *this;
    }
    ~Iconv() {
        if (*this)
            ::iconv_close(cd_);
    }
    explicit operator bool() const { return cd_ != none(); }

    void reset() { ::iconv(cd_, nullptr, nullptr, nullptr, nullptr); }
    /// Converts from the front of `bytes`, appends at most `most` (up to 4 KiB a call), removes
    /// what was taken; an errno value, 0 when all was. Without `bytes`: what iconv held back.
    int convert(std::string_view *bytes, std::string &to, std::size_t most) {
        std::array<char, 4096> buffer; // NOLINT(*-member-init): iconv fills it
        char *out = buffer.data();
        std::size_t room = std::min(most, buffer.size());
        std::size_t left = bytes == nullptr ? 0 : bytes->size();
        // iconv does not write to its input.
        char *in = bytes == nullptr ? nullptr : const_cast<char *>(bytes->data()); // NOLINT
        const bool failed = ::iconv(cd_, bytes == nullptr ? nullptr : &in, &left, &out, &room) ==
                            static_cast<std::size_t>(-1);
        const int error = failed ? errno : 0;
        to.append(buffer.data(), static_cast<std::size_t>(out - buffer.data()));
        if (bytes != nullptr)
            bytes->remove_prefix(bytes->size() - left);
        return error;
    }

  private:
    iconv_t cd_;
    static iconv_t none() { return reinterpret_cast<iconv_t>(-1); } // NOLINT(*-cast,*-int-to-ptr)
};

std::string encoded(const std::string &name, std::string_view text) {
    std::string out;
    if (Iconv encoder(name, "UTF-8"); encoder)
        encoder.convert(&text, out, longest_character);
    return out;
}

Decoder::Decoded decode_utf8(std::string_view bytes, std::string &to, std::size_t most, bool last) {
    Decoder::Decoded done;
    while (done.taken < bytes.size()) {
        const auto rest = bytes.substr(done.taken);
        const auto fits = rest.substr(0, most);
        const auto valid = utf8_prefix(fits);
        to += fits.substr(0, valid);
        done.taken += valid;
        most -= valid;
        if (valid == rest.size())
            break;
        const auto wrong = rest.substr(valid, 4);
        const bool room_only = utf8_prefix(wrong) > 0; // a character that does not fit
        if (room_only || most < replacement.size() || (!last && is_cut_utf8(wrong)))
            break;
        to += replacement;
        most -= replacement.size();
        ++done.taken;
        ++done.replaced;
    }
    return done;
}

Decoder::Decoded decode_other(Iconv &iconv, std::size_t unit, std::string_view bytes,
                              std::string &to, std::size_t most, bool last) {
    Decoder::Decoded done;
    const auto begin = to.size();
    const auto room = [&to, begin, most] {
        const auto used = to.size() - begin;
        return most - used > longest_character ? most - used - longest_character : 0;
    };
    auto rest = bytes;
    iconv.reset();
    while (!rest.empty() && room() > 0) {
        const auto before = rest.size();
        const int error = iconv.convert(&rest, to, room());
        if (error == 0 || (error == E2BIG && rest.size() < before))
            continue;
        if (error == E2BIG || (error == EINVAL && !last))
            break;
        to += replacement;
        ++done.replaced;
        rest.remove_prefix(std::min(error == EINVAL ? rest.size() : unit, rest.size()));
    }
    iconv.convert(nullptr, to, longest_character);
    done.taken = bytes.size() - rest.size();
    return done;
}

} // namespace

struct Decoder::Impl {
    std::string name;                ///< iconv's
    std::optional<std::string> mark; ///< which first bytes mean something, by the codec's name
    std::optional<Iconv> iconv;      ///< none: UTF-8
    std::string line_end, carriage_return;

    bool use(const std::string &iconv_name) {
        name = iconv_name;
        iconv.reset();
        line_end = "\n";
        carriage_return = "\r";
        if (name == "UTF-8")
            return true;
        iconv.emplace("UTF-8", name);
        line_end = encoded(name, "\n");
        carriage_return = encoded(name, "\r");
        return *iconv && !line_end.empty() && !carriage_return.empty();
    }
};

Decoder::Decoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Decoder::Decoder(Decoder &&) noexcept = default;
Decoder &Decoder::operator=(Decoder &&) noexcept = default;
Decoder::~Decoder() = default;

Result<Decoder> Decoder::create(const std::string &name) {
    const auto codec = squashed(name);
    const auto known = iconv_name(codec);
    if (!known)
        return fail(escape_path(name), "no encoding has that name");
    auto impl = std::make_unique<Impl>();
    if (!impl->use(*known))
        return fail(escape_path(name), "this system's iconv does not know this encoding");
    if (codec == "utf16" || codec == "u16")
        impl->mark = "UTF-16";
    else if (codec == "utf32" || codec == "u32")
        impl->mark = "UTF-32";
    else if (codec == "utf8sig")
        impl->mark = "UTF-8";
    return Decoder(std::move(impl));
}

Decoder::Decoded Decoder::decode(std::string_view bytes, std::string &to, std::size_t most,
                                 bool last) {
    if (!impl_->iconv)
        return decode_utf8(bytes, to, most, last);
    return decode_other(*impl_->iconv, impl_->line_end.size(), bytes, to, most, last);
}

bool Decoder::is_utf8() const {
    return !impl_->iconv;
}
std::string_view Decoder::line_end() const {
    return impl_->line_end;
}
std::string_view Decoder::carriage_return() const {
    return impl_->carriage_return;
}
bool Decoder::may_have_mark() const {
    return impl_->mark.has_value();
}

std::size_t Decoder::start(std::string_view first_bytes) {
    if (!impl_->mark)
        return 0;
    struct Mark {
        const char *codec, *name;
        std::string_view bytes;
    };
    constexpr std::array marks{
        Mark{"UTF-8", "UTF-8", "\xEF\xBB\xBF"},
        Mark{"UTF-16", "UTF-16LE", "\xFF\xFE"},
        Mark{"UTF-16", "UTF-16BE", "\xFE\xFF"},
        Mark{"UTF-32", "UTF-32LE", {"\xFF\xFE\0\0", 4}},
        Mark{"UTF-32", "UTF-32BE", {"\0\0\xFE\xFF", 4}},
    };
    for (const auto &mark : marks)
        if (*impl_->mark == mark.codec && first_bytes.starts_with(mark.bytes)) {
            if (impl_->name != mark.name)
                impl_->use(mark.name);
            return mark.bytes.size();
        }
    // The source before had a mark, perhaps; this one has none.
    if (const auto own = *impl_->mark == "UTF-8" ? *impl_->mark : *impl_->mark + "LE";
        impl_->name != own)
        impl_->use(own);
    return 0;
}

} // namespace hostav
