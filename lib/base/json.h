// SPDX-License-Identifier: GPL-2.0-only
//
// JSON objects, written in the order their fields are added, one line, always valid UTF-8; flat
// objects read back (records that we wrote ourselves); and any document value by value. The
// library's header is included in json.cc only.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

class JsonObject {
  public:
    JsonObject();
    ~JsonObject();
    JsonObject(JsonObject &&) noexcept;
    JsonObject &operator=(JsonObject &&) noexcept;
    JsonObject(const JsonObject &) = delete;
    JsonObject &operator=(const JsonObject &) = delete;

    /// Invalid UTF-8 in a value becomes U+FFFD.
    JsonObject &add(const std::string &name, std::string_view value);
    JsonObject &add(const std::string &name, const char *value);
    JsonObject &add(const std::string &name, std::uint64_t value);
    JsonObject &add(const std::string &name, double value);
    JsonObject &add(const std::string &name, bool value);
    JsonObject &add(const std::string &name, const std::vector<std::string> &values);
    JsonObject &add(const std::string &name, const std::vector<double> &values);
    JsonObject &add(const std::string &name, const JsonObject &value);
    JsonObject &add(const std::string &name, const std::vector<JsonObject> &values);
    /// Adds `name` as UTF-8 and, when the bytes are not UTF-8, `name_base64` with the exact bytes.
    JsonObject &add_bytes(const std::string &name, std::string_view bytes);
    /// One line without the line end.
    [[nodiscard]] std::string text() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Reads one object whose values are strings, numbers and booleans; numbers and booleans come
/// back as their text. Fails on anything else. `what` names the source in the error.
[[nodiscard]] Result<std::map<std::string, std::string>> parse_flat_json(std::string_view text,
                                                                         const std::string &what);
/// An object one level deeper: lists of texts and of flat objects beside plain fields.
struct JsonTree {
    std::map<std::string, std::string> fields;
    std::map<std::string, std::vector<std::string>> lists; ///< an empty list is in both
    std::map<std::string, std::vector<std::map<std::string, std::string>>> objects;
};
[[nodiscard]] Result<JsonTree> parse_json_tree(std::string_view text, const std::string &what);
/// Such objects one a line, each line ended; what is cut off or anything else is a failure.
[[nodiscard]] Result<std::vector<std::map<std::string, std::string>>>
parse_json_lines(std::string_view text, const std::string &what);
/// The scalars of an object of any depth by their path: `a.b`, `list.0.name`; numbers and booleans
/// as their text, null left out. For answers of services, of which a few fields count.
[[nodiscard]] Result<std::map<std::string, std::string>> parse_json_fields(std::string_view text,
                                                                           const std::string &what);
/// What visit_json() tells, in the document's order, repeated keys too. An answer of false ends the
/// visit. Views are valid during the call only.
class JsonVisitor {
  public:
    JsonVisitor() = default;
    JsonVisitor(const JsonVisitor &) = delete;
    JsonVisitor &operator=(const JsonVisitor &) = delete;
    virtual ~JsonVisitor() = default;

    virtual bool key(std::string_view name) = 0; ///< of the value that comes next
    virtual bool text(std::string_view value) = 0;
    virtual bool number(double value, std::string_view written) = 0;
    virtual bool boolean(bool value) = 0;
    virtual bool null() = 0;
    virtual bool begin_object() = 0;
    virtual bool begin_array() = 0;
    virtual bool end() = 0; ///< of the object or array
};
/// Whether `text` is one whole document and the visitor saw all of it. Builds nothing and does not
/// recurse: memory is that of the longest string and a bit a level, however deep it is nested.
bool visit_json(std::string_view text, JsonVisitor &visitor);
/// The value of a field, empty where there is none.
[[nodiscard]] std::string text_field(const std::map<std::string, std::string> &object,
                                     const std::string &name);
/// The bytes that add_bytes() stored under `name`.
[[nodiscard]] Result<std::string> bytes_field(const std::map<std::string, std::string> &object,
                                              const std::string &name, const std::string &what);

} // namespace hostav
