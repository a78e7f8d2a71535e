// SPDX-License-Identifier: GPL-2.0-only
//
// One pass over a JSON document that tells the values which paths lead to. It holds no document:
// the memory is that of the paths, whatever the document is.
#pragma once

#include "base/json.h"
#include "metric/filter_field.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

class JsonWalk : private JsonVisitor {
  public:
    /// What stands where a path leads.
    struct Value {
        enum class Kind { null, boolean, number, text, container };
        Kind kind = Kind::null;
        bool truth = false;    ///< of a boolean
        double number = 0;     ///< of a number
        std::string_view text; ///< of a text; of a number and a boolean as written. For now only
    };
    /// Told what the walk finds for the paths, which go by their number.
    class Sink {
      public:
        Sink() = default;
        Sink(const Sink &) = delete;
        Sink &operator=(const Sink &) = delete;
        virtual ~Sink() = default;
        virtual void found(std::size_t path, const Value &value) = 0;
        /// What was found for this path does not count: a key came again, and the last one counts.
        virtual void forget(std::size_t path) = 0;
    };

    /// Paths must live as long as the walk does.
    void add(const JsonPath &path);
    /// False when the text is no JSON document; what was told then means nothing.
    bool run(std::string_view text, Sink &sink);
    [[nodiscard]] bool root_is_object() const { return root_is_object_; }
    [[nodiscard]] bool root_is_array() const { return root_is_array_; }

  private:
    struct Track {
        const JsonPath *path;
        std::size_t wildcard; ///< which step is one, or the number of steps
        std::size_t matched;  ///< steps that lead to the container that is open
    };
    struct Level {
        bool array;
        std::size_t next; ///< index of the next element
    };

    bool key(std::string_view name) override;
    bool text(std::string_view value) override;
    bool number(double value, std::string_view written) override;
    bool boolean(bool value) override;
    bool null() override;
    bool begin_object() override { return begin(false); }
    bool begin_array() override { return begin(true); }
    bool end() override;
    bool begin(bool array);
    bool scalar(const Value &value);
    void enter(const Value &value);
    [[nodiscard]] bool leads(const JsonStep &step, const Level &level) const;

    std::vector<Track> tracks_;
    std::size_t longest_ = 0;   ///< steps
    std::vector<Level> levels_; ///< of the open containers, the outer `longest_` of them
    std::size_t depth_ = 0;     ///< open containers
    std::string key_;
    bool root_is_object_ = false, root_is_array_ = false;
    Sink *sink_ = nullptr;
};

} // namespace hostav
