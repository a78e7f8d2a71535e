// SPDX-License-Identifier: GPL-2.0-only
//
// JSON patterns. Examples are those of the user guide's page, and what the service answered for
// others.
#include "tests/unit/filter_cases.h"

using namespace hostav;
using namespace hostav::filter_cases;

namespace {

constexpr std::string_view trail =
    R"({"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111",)"
    R"("arrayKey":["value","another value"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],)"
    R"("SomeObject":null,"cluster.name":"c","ThisFlag":true})";
constexpr std::string_view users =
    R"({"user":{"id":1,"email":"John.Stiles@example.com"},"users":[{"id":2,"email":"John.Doe@example.com"},)"
    R"({"id":3,"email":"Jane.Doe@example.com"}],"actions":["GET","PUT","DELETE"],)"
    R"("coordinates":[[0,1,2],[4,5,6],[7,8,9]]})";
constexpr std::string_view paths =
    R"({"rows":[{"n":1,"m":5},{"n":4,"m":2}],"tags":["old","new"],"grid":[[0,1],[2,3]],)"
    R"("zone":{"id":"inner"},"zone.id":"flat","outer":{"leaf":"new"},"x":1,"y":0,"z":0})";

} // namespace

TEST_CASE("JSON: the user guide's document", "[filter]") {
    check({
        {R"({ $.eventType = "UpdateTrail" })", trail, true},
        {R"({ $.eventType = UpdateTrail })", trail, true},
        {R"({ $.eventType = "Update" })", trail, false},
        {R"({ $.sourceIPAddress != 123.123.* })", trail, true},
        {R"({ $.sourceIPAddress != 111.111.* })", trail, false},
        {R"({ $.eventType = "*" && $.sourceIPAddress != 123.123.* })", trail, true},
        {R"({ $.arrayKey[0] = "value" })", trail, true},
        {R"({ $.arrayKey[1] = "value" })", trail, false},
        {R"({ $.arrayKey = "value" })", trail, false},
        {R"({ $.arrayKey != "value" })", trail, false},
        {R"({ $.objectList[1].id = 2 })", trail, true},
        {R"({ $.objectList[1].number = 2 })", trail, false},
        {R"({ $.eventType = %Trail% })", trail, true},
        {R"({ $.eventType != %Trail% })", trail, false},
        {R"({ $.arrayKey[*] = %val.{2}% })", trail, true},
        {R"({ $.arrayKey[*] = %^val.{3}% })", trail, false},
        {R"({ $.* = %111\.111\.111\.1[0-9]{1,2}% })", trail, true},
        {R"({ $.['cluster.name'] = "c" })", trail, true},
        {R"({ $['cluster.name'] = "c" })", trail, true},
        {R"({ $.["cluster.name"] = "c" })", trail, true},
        {R"({ $.cluster.name = "c" })", trail, false},
        {R"({ $.SomeObject IS NULL })", trail, true},
        {R"({ $.eventType IS NULL })", trail, false},
        {R"({ $.SomeOtherObject IS NULL })", trail, false},
        {R"({ $.SomeOtherObject NOT EXISTS })", trail, true},
        {R"({ $.SomeObject NOT EXISTS })", trail, false},
        {R"({ $.objectList NOT EXISTS })", trail, false},
        {R"({ $.ThisFlag IS TRUE })", trail, true},
        {R"({ $.ThisFlag IS FALSE })", trail, false},
        {R"({ $.ThisFlag[0] = "value" })", trail, false},
    });
}

TEST_CASE("JSON: compound expressions", "[filter]") {
    check({
        {R"({ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") })", users, true},
        {R"({ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch" && $.actions[2] = "nonmatch" })",
         users, true},
        {R"({ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch") && $.actions[2] = "nonmatch" })",
         users, false},
        {R"({ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" })", users,
         false},
        {R"({ $.coordinates[1][2] = 6 })", users, true},
        {R"({ $.users[*].id > 2 })", users, true},
        {R"({ $.users[*].id > 3 })", users, false},
        {R"({ ((($.user.id = 1))) })", users, true},
        {R"({$.user.id=1&&$.actions[0]="GET"||$.x=1})", users, true},
        {R"({ $.actions[3] NOT EXISTS && $.actions[2] = DELETE })", users, true},
        {R"({ $.rows[*].n = 1 && $.rows[*].m = 2 })", paths, true}, // of any two elements
        {R"({ $.x = 1 || $.y = 2 && $.z = 3 })", paths, true},
        {R"({ ($.x = 1 || $.y = 2) && $.z = 3 })", paths, false},
    });
}

TEST_CASE("JSON: selectors", "[filter]") {
    check({
        {R"({ $.outer.leaf = "new" })", paths, true},
        {R"({ $.outer.leaf = "new" })", R"({"outer.leaf":"new"})", false},
        {R"({ $.outer.leaf = "new" })", R"({"outer":[{"leaf":"new"}]})", false},
        {R"({ $.zone.id = "flat" })", paths, false},
        {R"({ $.zone.id = "inner" })", paths, true},
        {R"({ $.tags[0] = "new" })", R"({"tags":["new","old"]})", true},
        {R"({ $.tags[0] = "new" })", R"({"tags":{"0":"new"}})", false},
        {R"({ $.tags[0] = "new" })", R"({"tags":"new"})", false},
        {R"({ $.tags[0] = "new" })", R"({"tags":[["new"]]})", false},
        {R"({ $.tags[*] = "new" })", paths, true},
        {R"({ $.tags[*] = "new" })", R"({"tags":{"0":"new"}})", true},
        {R"({ $.tags[*] = "new" })", R"({"tags":"new"})", false},
        {R"({ $.* = "new" })", R"({"outer":{"leaf":null},"tags":"new"})", true},
        {R"({ $.* = "new" })", paths, false},
        {R"({ $.grid[0][1] = 1 })", paths, true},
        {R"({ $.grid[*][1] = 3 })", paths, true},
        {R"({ $[*].v = 1 })", R"([{"v":0},{"v":1}])", true},
        {R"({ $[1].v = 1 })", R"([{"v":0},{"v":1}])", true},
        {R"({ $[0].v = 1 })", R"([{"v":0},{"v":1}])", false},
        {R"({ $[*] = "b" })", R"(["a","b"])", true},
        {R"({ $.v = 1 })", R"([{"v":1}])", false},
        {R"({ $.v NOT EXISTS })", R"([{"v":1}])", false},
        {R"({ $.user-id = 1 && $.user_id = 2 })", R"({"user-id":1,"user_id":2})", true},
        {R"({ $.0 = 1 })", R"({"0":1})", true},
        {R"({ $.a.b = 1 })", R"({"a":{"x":{"b":2},"b":1}})", true},
        {R"({ $.a.b = 1 })", R"({"a":{"x":{"b":1}}})", false},
        {R"({ $.a.b = 1 })", R"({"x":{"b":1},"a":{}})", false},
        {R"({ $.a[1] = 1 })", R"({"a":[[1,1],1]})", true},
    });
}

TEST_CASE("JSON: what equals what", "[filter]") {
    const struct {
        std::string_view value;
        bool one, not_one, above, quoted, word, not_word, any;
    } cases[] = {
        {"null", false, false, false, false, false, false, false},
        {R"("null")", false, true, false, false, false, true, true},
        {"true", false, false, false, false, false, false, false},
        {"0", false, true, false, false, false, true, true},
        {"1", true, false, false, true, false, true, true},
        {"1.0", true, false, false, false, false, true, true},
        {"1e0", true, false, false, false, false, true, true},
        {R"("1")", true, false, false, true, false, true, true},
        {R"("1.0")", false, true, false, false, false, true, true},
        {"-1", false, true, false, false, false, true, true},
        {"1.5", false, true, true, false, false, true, true},
        {"10", false, true, true, false, false, true, true},
        {R"("10")", false, true, false, false, false, true, true},
        {R"("Infect")", false, true, false, false, true, false, true},
        {R"("infect")", false, true, false, false, false, true, true},
        {R"("")", false, true, false, false, false, true, true},
        {"[]", false, false, false, false, false, false, false},
        {"{}", false, false, false, false, false, false, false},
        {R"([1,"Infect"])", false, false, false, false, false, false, false},
        {R"(1,"v":2)", false, true, true, false, false, true, true},
        {R"(2,"v":1)", true, false, false, true, false, true, true},
    };
    for (const auto &one : cases) {
        const auto line = R"({"v":)" + std::string(one.value) + "}";
        check({{"{ $.v = 1 }", line, one.one},
               {"{ $.v != 1 }", line, one.not_one},
               {"{ $.v > 1 }", line, one.above},
               {R"({ $.v = "1" })", line, one.quoted},
               {R"({ $.v = "Infect" })", line, one.word},
               {R"({ $.v != "Infect" })", line, one.not_word},
               {"{ $.v = * }", line, one.any}});
    }
}

TEST_CASE("JSON: numbers, wildcards and words", "[filter]") {
    check({
        {"{ $.bandwidth > 75 }", R"({"bandwidth":76})", true},
        {"{ $.latency < 50 }", R"({"latency":49.9})", true},
        {"{ $.refreshRate >= 60 }", R"({"refreshRate":60})", true},
        {"{ $.responseTime <= 5 }", R"({"responseTime":5.1})", false},
        {"{ $.errorCode = 400}", R"({"errorCode":400})", true},
        {"{ $.errorCode != 500 }", R"({"errorCode":400})", true},
        {"{ $.number[0] = 1e-3 }", R"({"number":[0.001]})", true},
        {"{ $.number[0] != 1e+3 }", R"({"number":[1000]})", false},
        {"{ $.v = 1e+0 }", R"({"v":"1"})", false},
        {"{ $.v = +5 }", R"({"v":5})", true},
        {"{ $.v = -.5 }", R"({"v":-0.5})", true},
        {"{ $.v = 4* }", R"({"v":404})", true},
        {"{ $.v = 4* }", R"({"v":504})", false},
        {"{ $.v > 18446744073709551615 }", R"({"v":18446744073709551616000})", true},
        {R"({ $.v = "Infect*" })", R"({"v":"Infected"})", true},
        {R"({ $.v = "*Infect" })", R"({"v":"not Infect"})", true},
        {R"({ $.v = "*Infect" })", R"({"v":"Infected"})", false},
        {R"({ $.v = "*a*b*" })", R"({"v":"xaybz"})", true},
        {R"({ $.v = "a*a" })", R"({"v":"a"})", false},
        {R"({ $.v = "a\*b" })", R"({"v":"a*b"})", true},
        {R"({ $.v = "a\*b" })", R"({"v":"axb"})", false},
        {R"({ $.v = "a?b" })", R"({"v":"axb"})", false},
        {R"({ $.v = "" })", R"({"v":""})", true},
        {R"({ $.v = true })", R"({"v":"true"})", true},
        {R"({ $.v = true })", R"({"v":true})", false},
        {R"({ $.v = "say \"x\"" })", R"({"v":"say \"x\""})", true},
        {R"({ $.v = infected })", R"({"v":"\u0069nfected"})", true},
        {"{ $.v = \"\u00e4\" }", R"({"v":"\u00e4"})", true},
        {R"({ $.verdict = "infected" && $.size > 1000 })", R"({"verdict":"infected","size":1001})",
         true},
        {R"({ $.verdict = "infected" && $.size > 1000 })", R"({"verdict":"infected","size":1000})",
         false},
    });
}

TEST_CASE("JSON: EXISTS and IS NOT work here, and are known to work here only", "[filter]") {
    check({
        {"{ $.a EXISTS }", R"({"a":null})", true},
        {"{ $.a EXISTS }", R"({"b":1})", false},
        {"{ $.a IS NOT NULL }", R"({"a":1})", true},
        {"{ $.a IS NOT NULL }", R"({"a":null})", false},
        {"{ $.a IS NOT NULL }", R"({"b":1})", false},
        {"{ $.a is not true }", R"({"a":false})", true},
    });
    const auto local = filter("{ $.a NOT EXISTS || $.b EXISTS }").local_only();
    REQUIRE(local);
    CHECK(local->offset == 24);
    CHECK(filter("{ $.a IS NOT NULL }").local_only()->offset == 9);
    CHECK_FALSE(filter("{ $.a NOT EXISTS || $.b IS NULL }").local_only());
}

TEST_CASE("JSON: what is no document", "[filter]") {
    check({
        {"{ $.v NOT EXISTS }", "{}", true},
        {"{ $.v NOT EXISTS }", "not JSON", false},
        {"{ $.v NOT EXISTS }", "{broken", false},
        {"{ $.v NOT EXISTS }", "", false},
        {"{ $.v NOT EXISTS }", "{} {}", false},
        {"{ $.v NOT EXISTS }", R"("text")", false},
        {"{ $.v = 1 }", R"({"v":1)", false},
        {"{ $.v = 1 }", R"(  {"v":1} )", true},
        {"{ $.v = 1 }", "{\"p\":\"\xff\",\"v\":1}", true},
    });
}

TEST_CASE("fields of a JSON line", "[filter]") {
    CHECK(
        fields(R"({ $.user.id = 1 && $.actions[*] = "*" && $.user.id > 0 && $.users NOT EXISTS })",
               users) == "$.user.id=1|$.actions[*]=GET");
    CHECK(fields(R"({ $.a = * || $.['b.c'] IS TRUE || $.d IS NULL })",
                 R"({"a":1.50,"b.c":true,"d":null})") == "$.a=1.50|$.['b.c']=true");

    const auto parsed = filter("{ $.latency = * }");
    std::vector<FieldReference> wanted;
    for (const auto *name : {"$.latency", "$.requestType", "$.none", "$.list[1]"}) {
        auto reference = parsed.reference(name);
        REQUIRE(reference);
        wanted.push_back(std::move(*reference));
    }
    const auto values =
        parsed.values(R"({"latency":50,"requestType":"GET","list":[1,-2.5e3]})", wanted);
    CHECK(values[0] == "50");
    CHECK(values[1] == "GET");
    CHECK_FALSE(values[2]);
    CHECK(values[3] == "-2.5e3");
    CHECK_FALSE(parsed.reference("$latency"));
    CHECK_FALSE(parsed.reference("$.a[*]"));
    CHECK_FALSE(parsed.reference("$.a = 1"));
}
