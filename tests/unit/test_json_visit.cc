// SPDX-License-Identifier: GPL-2.0-only
#include "base/json.h"

#include "tests/support/catch.h"

using namespace hostav;

namespace {

/// Writes down what it is told; ends the visit at the text `stop`.
class Notes : public JsonVisitor {
  public:
    bool key(std::string_view name) override { return note("k:" + std::string(name)); }
    bool text(std::string_view value) override {
        return note("t:" + std::string(value)) && value != "stop";
    }
    bool number(double value, std::string_view written) override {
        return note("n:" + std::string(written) + (value > 1 ? ">1" : ""));
    }
    bool boolean(bool value) override { return note(value ? "true" : "false"); }
    bool null() override { return note("null"); }
    bool begin_object() override { return note("{"); }
    bool begin_array() override { return note("["); }
    bool end() override { return note("end"); }
    std::string told;

  private:
    bool note(const std::string &what) {
        told += what + " ";
        return true;
    }
};

std::string told(std::string_view text, bool whole = true) {
    Notes notes;
    CHECK(visit_json(text, notes) == whole);
    return notes.told;
}

} // namespace

TEST_CASE("a JSON document is told value by value", "[json]") {
    CHECK(told(R"({"a":[1,-2,2.50,1e3],"a":null,"b":{"c":"\u0041\n"},"d":true})") ==
          "{ k:a [ n:1 n:-2 n:2.50>1 n:1e3>1 end k:a null k:b { k:c t:A\n end k:d true end ");
    CHECK(told("18446744073709551615") == "n:18446744073709551615>1 ");
    CHECK(told(R"(["stop","more"])", false) == "[ t:stop ");
}

TEST_CASE("what is no JSON document is said so, and depth is no matter", "[json]") {
    for (const std::string_view text : {"", "x", "{", "{}{}", "[1,]", "{\"a\"}", "\"\xff\""}) {
        INFO(text);
        told(text, false);
    }
    const std::string deep(500'000, '[');
    told(deep, false);
    told(deep + std::string(500'000, ']'));
}
