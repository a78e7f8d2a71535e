// SPDX-License-Identifier: GPL-2.0-only
//
// The elements that are read from answers of query services, also from what is none.
#include "aws/xml.h"
#include "tests/support/catch.h"

using namespace hostav;

TEST_CASE("the text of an element", "[aws][xml]") {
    CHECK(xml_text("<A><TopicArn>arn:x</TopicArn></A>", "TopicArn") == "arn:x");
    CHECK(xml_text("<A>x", "A").empty());
    CHECK(xml_text("<A>x</B>", "A").empty());
    CHECK(xml_text("</A><A", "A").empty());
    CHECK(xml_text("", "A").empty());
    CHECK(xml_text("<AB>x</AB>", "A").empty());
    CHECK(xml_text("<A><A>x</A></A>", "A") == "<A>x");
}

TEST_CASE("entities", "[aws][xml]") {
    CHECK(xml_text("<A>a&amp;lt;&quot;&apos;&gt;&unknown;</A>", "A") == "a&lt;\"'>&unknown;");
    CHECK(xml_text("<A>&#43;&#x2B;&#xE9;&#8364;&#x1F600;</A>", "A") == "++é€😀");
    for (const auto *none : {"&#0;", "&#xD800;", "&#x110000;", "&#99999999;", "&#;", "&#x;",
                             "&#-1;", "&#1a;", "&", "&amp", "&;"})
        CHECK(xml_text(std::string("<A>") + none + "</A>", "A") == none);
    // A megabyte of them is read in no time.
    std::string many = "<A>";
    for (int i = 0; i < 250'000; ++i)
        many += "&lt;";
    CHECK(xml_text(many + "</A>", "A") == std::string(250'000, '<'));
}

TEST_CASE("elements one after another", "[aws][xml]") {
    const std::string list =
        "<L><member><A>1</A></member><member/><member><A>2</A></member><member>";
    const auto members = xml_elements(list, "member");
    REQUIRE(members.size() == 2);
    CHECK(xml_text(members[0], "A") == "1");
    CHECK(xml_text(members[1], "A") == "2");
    CHECK(xml_elements("", "member").empty());
}
