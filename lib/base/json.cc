// SPDX-License-Identifier: GPL-2.0-only
//
// The one module that includes the JSON library.
#include "base/json.h"

#include "base/text.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace hostav {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char *base64_suffix = "_base64";

/// The library writes DEL, the C1 controls and U+2028/U+2029 as they are. JSON allows that, but a
/// terminal obeys some of them and line-wise readers split at others. They can stand only inside
/// strings, where \uXXXX means the same.
std::string escape_unsafe(const std::string &text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::string_view rest = std::string_view(text).substr(at);
        const auto second = rest.size() > 1 ? static_cast<unsigned char>(rest[1]) : 0U;
        if (rest[0] == '\x7F') {
            out += "\\u007f";
        } else if (rest[0] == '\xC2' && second < 0xA0) {
            out += "\\u00" + hex(rest.substr(1, 1));
            at += 1;
        } else if (rest.starts_with("\u2028") || rest.starts_with("\u2029")) {
            out += rest[2] == '\xA8' ? "\\u2028" : "\\u2029";
            at += 2;
        } else {
            out += rest[0];
        }
    }
    return out;
}

std::string dump(const Json &value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace

struct JsonObject::Impl {
    Json object = Json::object();
    void set(const std::string &name, Json value) { object[to_utf8(name)] = std::move(value); }
};

JsonObject::JsonObject() : impl_(std::make_unique<Impl>()) {}
JsonObject::~JsonObject() = default;
JsonObject::JsonObject(JsonObject &&) noexcept = default;
JsonObject &JsonObject::operator=(JsonObject &&) noexcept = default;

JsonObject &JsonObject::add(const std::string &name, std::string_view value) {
    impl_->set(name, to_utf8(value));
    return *this;
}

JsonObject &JsonObject::add(const std::string &name, const char *value) {
    return add(name, std::string_view(value));
}

JsonObject &JsonObject::add(const std::string &name, std::uint64_t value) {
    impl_->set(name, value);
    return *this;
}

JsonObject &JsonObject::add(const std::string &name, double value) {
    impl_->set(name, value);
    return *this;
}

JsonObject &JsonObject::add(const std::string &name, bool value) {
    impl_->set(name, value);
    return *this;
}

JsonObject &JsonObject::add(const std::string &name, const std::vector<std::string> &values) {
    Json array = Json::array();
    for (const auto &value : values)
        array.push_back(to_utf8(value));
    impl_->set(name, std::move(array));
    return *this;
}

JsonObject &JsonObject::add(const std::string &name, const std::vector<double> &values) {
    impl_->set(name, Json(values));
    return *this;
}

JsonObject &JsonObject::add(const std::string &name, const JsonObject &value) {
    impl_->set(name, value.impl_->object);
    return *this;
}

JsonObject &JsonObject::add(const std::string &name, const std::vector<JsonObject> &values) {
    Json array = Json::array();
    for (const auto &value : values)
        array.push_back(value.impl_->object);
    impl_->set(name, std::move(array));
    return *this;
}

JsonObject &JsonObject::add_bytes(const std::string &name, std::string_view bytes) {
    add(name, bytes);
    if (!is_utf8(bytes))
        add(name + base64_suffix, base64(bytes));
    return *this;
}

std::string JsonObject::text() const {
    return escape_unsafe(dump(impl_->object));
}

namespace {

using Fields = std::map<std::string, std::string>;

/// False for anything but a text, a number or a boolean.
bool take_scalar(const Json &value, std::string &to) {
    if (value.is_string())
        to = value.get_ref<const std::string &>();
    else if (value.is_number() || value.is_boolean())
        to = dump(value);
    else
        return false;
    return true;
}

Result<Fields> flat_fields(const Json &object, const std::string &what) {
    if (!object.is_object())
        return fail(what, "not a JSON object");
    Fields fields;
    for (const auto &[name, value] : object.items())
        if (!take_scalar(value, fields[name]))
            return fail(what, escape_path(name) + " is not a string, a number or a boolean");
    return fields;
}

Result<Json> parse(std::string_view text, const std::string &what) {
    Json parsed = Json::parse(text, nullptr, false);
    if (parsed.is_discarded())
        return fail(what, "malformed JSON");
    return parsed;
}

Result<Json> parse_object(std::string_view text, const std::string &what) {
    auto parsed = parse(text, what);
    if (parsed && !parsed->is_object())
        return fail(what, "not a JSON object");
    return parsed;
}

Result<void> take_array(JsonTree &tree, const std::string &name, const Json &array,
                        const std::string &what) {
    auto &texts = tree.lists[name];
    auto &objects = tree.objects[name];
    for (const auto &element : array) {
        if (element.is_object()) {
            auto fields = flat_fields(element, what);
            if (!fields)
                return std::unexpected(fields.error());
            objects.push_back(std::move(*fields));
        } else if (!take_scalar(element, texts.emplace_back())) {
            return fail(what, escape_path(name) + " holds neither texts nor objects");
        }
    }
    return {};
}

} // namespace

Result<std::map<std::string, std::string>> parse_flat_json(std::string_view text,
                                                           const std::string &what) {
    const auto parsed = parse(text, what);
    if (!parsed)
        return std::unexpected(parsed.error());
    return flat_fields(*parsed, what);
}

Result<JsonTree> parse_json_tree(std::string_view text, const std::string &what) {
    const auto parsed = parse_object(text, what);
    if (!parsed)
        return std::unexpected(parsed.error());
    JsonTree tree;
    for (const auto &[name, value] : parsed->items()) {
        if (value.is_array()) {
            if (auto taken = take_array(tree, name, value, what); !taken)
                return std::unexpected(taken.error());
        } else if (!take_scalar(value, tree.fields[name])) {
            return fail(what, escape_path(name) + " is nested too deep");
        }
    }
    return tree;
}

Result<std::vector<std::map<std::string, std::string>>> parse_json_lines(std::string_view text,
                                                                         const std::string &what) {
    std::vector<std::map<std::string, std::string>> objects;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos)
            return fail(what, "is cut off");
        auto object = parse_flat_json(text.substr(0, end), what);
        if (!object)
            return std::unexpected(object.error());
        objects.push_back(std::move(*object));
        text.remove_prefix(end + 1);
    }
    return objects;
}

namespace {

/// Deeper than any answer that we ask for; the parser's own recursion is not what ends it.
constexpr unsigned deepest = 64;

void collect_fields(const Json &value, const std::string &path, unsigned depth, Fields &to) {
    if (std::string text; take_scalar(value, text)) {
        to[path] = std::move(text);
        return;
    }
    if (depth >= deepest || !value.is_structured())
        return;
    const auto below = path.empty() ? path : path + ".";
    for (const auto &[name, child] : value.items()) // a list's names are its indices
        collect_fields(child, below + name, depth + 1, to);
}

} // namespace

Result<std::map<std::string, std::string>> parse_json_fields(std::string_view text,
                                                             const std::string &what) {
    const auto parsed = parse_object(text, what);
    if (!parsed)
        return std::unexpected(parsed.error());
    Fields fields;
    collect_fields(*parsed, "", 0, fields);
    return fields;
}

namespace {

/// Hands the library's events on. It tells integers without their text, which is made again.
class Events : public nlohmann::json_sax<nlohmann::json> {
  public:
    explicit Events(JsonVisitor &visitor) : visitor_(visitor) {}
    bool null() override { return visitor_.null(); }
    bool boolean(bool value) override { return visitor_.boolean(value); }
    bool number_integer(number_integer_t value) override { return whole(value); }
    bool number_unsigned(number_unsigned_t value) override { return whole(value); }
    bool number_float(number_float_t value, const string_t &written) override {
        return visitor_.number(value, written);
    }
    bool string(string_t &value) override { return visitor_.text(value); }
    bool binary(binary_t & /*value*/) override { return false; }
    bool start_object(std::size_t /*size*/) override { return visitor_.begin_object(); }
    bool key(string_t &name) override { return visitor_.key(name); }
    bool end_object() override { return visitor_.end(); }
    bool start_array(std::size_t /*size*/) override { return visitor_.begin_array(); }
    bool end_array() override { return visitor_.end(); }
    bool parse_error(std::size_t /*at*/, const std::string & /*token*/,
                     const nlohmann::detail::exception & /*why*/) override {
        return false;
    }

  private:
    template <typename Integer>
    bool whole(Integer value) {
        std::array<char, 24> written{};
        const auto end = std::to_chars(written.begin(), written.end(), value).ptr;
        return visitor_.number(static_cast<double>(value), std::string_view(written.begin(), end));
    }
    JsonVisitor &visitor_;
};

} // namespace

bool visit_json(std::string_view text, JsonVisitor &visitor) {
    Events events(visitor);
    return nlohmann::json::sax_parse(text.begin(), text.end(), &events);
}

std::string text_field(const std::map<std::string, std::string> &object, const std::string &name) {
    const auto found = object.find(name);
    return found == object.end() ? std::string() : found->second;
}

Result<std::string> bytes_field(const std::map<std::string, std::string> &object,
                                const std::string &name, const std::string &what) {
    if (const auto encoded = object.find(name + base64_suffix); encoded != object.end()) {
        auto bytes = from_base64(encoded->second);
        if (!bytes)
            return fail(what, name + base64_suffix + " is not base64");
        return std::move(*bytes);
    }
    const auto plain = object.find(name);
    if (plain == object.end())
        return fail(what, "no " + name);
    return plain->second;
}

} // namespace hostav
