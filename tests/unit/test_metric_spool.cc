// SPDX-License-Identifier: GPL-2.0-only
//
// Data on disk: what is committed is there again in its order, bounded, by series; with them what
// has to change in the same moment.
#include "metric/data_spool.h"
#include "metric/datum_record.h"
#include "metric/unfinished.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <ctime>

using namespace hostav;

namespace {

Datum datum(double value, std::int64_t time = std::time(nullptr)) {
    return {{"M", {{"Host", "a\"b"}}, "Bytes", true}, time, {{value, 1}, {0.1, 3}}};
}

std::unique_ptr<DataSpool> open(const std::string &directory, const std::string &series = "s",
                                std::uint64_t limit = 1 << 20) {
    auto spool = DataSpool::open({directory, series, limit});
    REQUIRE(spool.has_value());
    return std::move(*spool);
}

std::vector<double> values(const DataSpool &spool) {
    std::vector<double> all;
    const auto data = spool.get(0, spool.size());
    REQUIRE(data.has_value());
    for (const auto &one : *data)
        all.push_back(one.values.rbegin()->first);
    return all;
}

} // namespace

TEST_CASE("a datum is the same after it was written and read", "[metric_spool]") {
    const auto before = datum(1e100, 1'700'000'000);
    const auto after = read_datum(datum_text(before));
    REQUIRE(after.has_value());
    CHECK(after->metric == before.metric);
    CHECK(after->time == before.time);
    CHECK(after->values == before.values);
    for (const auto *bad :
         {"", "{}", "[]", R"({"metric":"M","unit":"Count","time":1,"values":[]})",
          R"({"metric":"M","unit":"Pieces","time":1,"values":[{"value":1,"times":1}]})",
          R"({"metric":"M","unit":"Count","values":[{"value":1,"times":1}]})",
          R"({"metric":"M","unit":"Count","time":1,"values":[{"value":"x","times":1}]})"}) {
        CAPTURE(bad);
        CHECK_FALSE(read_datum(bad).has_value());
    }
}

TEST_CASE("what was committed comes back in order, what was not does not", "[metric_spool]") {
    const tree::Scratch scratch;
    {
        auto spool = open(scratch / "s");
        spool->add({datum(1), datum(2), datum(3)});
        CHECK(values(*spool) == std::vector<double>{1, 2, 3});
        spool->drop_first(1);
        spool->put("place", "7");
        REQUIRE(spool->commit().has_value());
        spool->add({datum(4)});
        spool->put("place", "8");
        CHECK(spool->changed());
        CHECK_FALSE(DataSpool::open({scratch / "s", "s"}).has_value()); // one process
    }
    auto spool = open(scratch / "s");
    CHECK(values(*spool) == std::vector<double>{2, 3});
    CHECK(spool->others("pl").value() == std::map<std::string, std::string>{{"place", "7"}});
    spool->add({datum(5)});
    spool->drop_first(10);
    spool->add({datum(6)});
    CHECK(values(*spool) == std::vector<double>{6});
    save_unfinished(*spool, {datum(9), datum(10)});
    REQUIRE(spool->commit().has_value());
    spool.reset();
    std::uint64_t damaged = 0;
    spool = open(scratch / "s");
    CHECK(saved_unfinished(*spool, damaged).value().size() == 2);
    CHECK(damaged == 0);
    CHECK(values(*spool) == std::vector<double>{6});
}

TEST_CASE("another series is left alone until it is too old", "[metric_spool]") {
    const tree::Scratch scratch;
    {
        auto other = open(scratch / "s", "a");
        other->add({datum(1), datum(2, std::time(nullptr) - max_datum_age - 100)});
        REQUIRE(other->commit().has_value());
    }
    {
        auto spool = open(scratch / "s", "a/b");
        CHECK(spool->size() == 0);
        CHECK(spool->outdated() == 1);
        REQUIRE(spool->commit().has_value());
    }
    CHECK(values(*open(scratch / "s", "a")) == std::vector<double>{1});
}

TEST_CASE("a full spool says how many of the oldest have to go", "[metric_spool]") {
    const tree::Scratch scratch;
    const auto size = datum_text(datum(1)).size();
    auto spool = open(scratch / "s", "s", size * 80);
    for (int i = 0; i < 80; ++i)
        spool->add({datum(1)});
    CHECK(spool->excess() == 0);
    spool->add({datum(1)});
    CHECK(spool->excess() == 11); // an eighth is free then
    spool->drop_first(11);
    CHECK(spool->excess() == 0);
}
