// SPDX-License-Identifier: GPL-2.0-only
//
// Terms and regular expressions. Examples are those of the user guide's page, and what the service
// answered for others.
#include "tests/unit/filter_cases.h"

using namespace hostav;
using namespace hostav::filter_cases;

TEST_CASE("every term must be in the line", "[filter]") {
    check({
        {"ERROR", "[ERROR 400] BAD REQUEST", true},
        {"ERROR", "[ERROR 401] UNAUTHORIZED REQUEST", true},
        {"ERROR", "[ERROR 419] MISSING ARGUMENTS", true},
        {"ERROR", "[ERROR 420] INVALID ARGUMENTS", true},
        {"ERROR", "[INFO] REQUEST", false},
        {"ERROR", "error arguments", false},
        {"error", "ERROR ARGUMENTS", false},
        {"ERROR", "TERROR REQUEST", true},
        {"ERROR", "ERRORCODE", true},
        {"ERROR", "", false},
        {"ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true},
        {"ERROR ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS", true},
        {"ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", false},
        {"ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", false},
        {"ERROR ARGUMENTS", "ARGUMENTS ERROR", true},
        {"ERROR ARGUMENTS", "ERROR_ARGUMENTS", true},
        {"  ERROR\tARGUMENTS  ", "ERROR ARGUMENTS", true},
        {"a_1", "xa_1x", true},
        {"FOUND", "/srv/FOUND/x: OK", true},
    });
}

TEST_CASE("optional terms count only among themselves", "[filter]") {
    check({
        {"?ERROR ?ARGUMENTS", "[ERROR 400] BAD REQUEST", true},
        {"?ERROR ?ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", true},
        {"?ERROR ?ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true},
        {"?ERROR ?ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS", true},
        {"?ERROR ?ARGUMENTS", "INFO ARGUMENTS", true},
        {"?ERROR ?ARGUMENTS", "INFO REQUEST", false},
        {"?ERROR", "[ERROR 400]", true},
        {"?ERROR", "[INFO]", false},
        {"?ERROR ?ARGUMENTS REQUEST", "[INFO] REQUEST FAILED", true},
        {"?ERROR ?ARGUMENTS REQUEST", "[WARN] UNAUTHORIZED REQUEST", true},
        {"?ERROR ?ARGUMENTS REQUEST", "[ERROR] 400 BAD REQUEST", true},
        {"?ERROR ?ARGUMENTS REQUEST", "[ERROR 419] MISSING ARGUMENTS", false},
        {"?ERROR ?ARGUMENTS -REQUEST", "plain", true},
        {"?ERROR ?ARGUMENTS -REQUEST", "ERROR REQUEST", false},
        {"?\"a b\" ?c", "xa bx", true},
        {"?\"a b\" ?c", "a-b", false},
    });
}

TEST_CASE("excluded terms must not be in the line", "[filter]") {
    check({
        {"ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", true},
        {"ERROR -ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", true},
        {"ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", false},
        {"ERROR -ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS", false},
        {"-ERROR", "INFO", true},
        {"-ERROR", "", true},
        {"-ERROR", "xERRORx", false},
        {"ERROR -\"BAD REQUEST\"", "ERROR BAD REQUEST", false},
        {"ERROR -\"BAD REQUEST\"", "ERROR BAD  REQUEST", true},
    });
}

TEST_CASE("a phrase is one term", "[filter]") {
    check({
        {R"("INTERNAL SERVER ERROR")", "[ERROR 500] INTERNAL SERVER ERROR", true},
        {R"("INTERNAL SERVER ERROR")", "ERROR INTERNAL  SERVER ERROR", false},
        {R"("INTERNAL SERVER ERROR")", "INTERNAL SERVER error", false},
        {R"("hello-world")", "hello-world", true},
        {R"("hello-world")", "hello world", false},
        {R"("say \"x\"")", R"(they say "x" now)", true},
        {R"("C:\\dir")", R"(in C:\dir\a)", true},
        {R"("C:\dir")", R"(in C:\dir\a)", true},
        {R"("a*b")", "a*b", true},
        {R"("a*b")", "axb", false},
        {R"("%d")", "with %d", true},
        {"\"caf\u00e9\"", "caf\u00e9s", true},
        {"\"a\tb\"", "a\tb", true},
    });
}

TEST_CASE("patterns that match every line", "[filter]") {
    check({
        {"", "anything", true},
        {"", "", true},
        {"   ", "anything", true},
        {R"(" ")", "a line", true},
        {R"(" ")", "line", true},
        {R"("")", "line", true},
        {R"("" x)", "line", false},
    });
}

TEST_CASE("a regular expression is searched for", "[filter]") {
    check({
        {"%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", true},
        {"%AUTHORIZED%", "[SUCCESS 200] AUTHORIZED REQUEST", true},
        {"%AUTHORIZED%", "[SUCCESS 200] OK", false},
        {"%^[hc]at%", "hat", true},
        {"%^[hc]at%", "a hat", false},
        {"%[hc]at$%", "a cat", true},
        {"%[hc]at$%", "cats", false},
        {"%colou?r%", "color", true},
        {"%colou?r%", "colour", true},
        {"%colou?r%", "colouur", false},
        {"%[abc]%", "xbx", true},
        {"%[abc]%", "xyz", false},
        {"%[a-z]%", "ABCd", true},
        {"%[abcx-z]%", "y", true},
        {"%[abcx-z]%", "d", false},
        {"%^a{3,5}$%", "aa", false},
        {"%^a{3,5}$%", "aaa", true},
        {"%^a{3,5}$%", "aaaaa", true},
        {"%^a{3,5}$%", "aaaaaa", false},
        {"%^a{,2}$%", "aa", true},
        {"%^a{,2}$%", "aaa", false},
        {"%^a{2,}$%", "aaaa", true},
        {"%^a{2}$%", "aaa", false},
        {"%gra|ey%", "gray", true},
        {"%gra|ey%", "grey", true},
        {"%^starting|^initializing|^shutting down%", "starting ...", true},
        {"%^starting|^initializing|^shutting down%", "shutting down", true},
        {"%^starting|^initializing|^shutting down%", "skipping initializing ...", false},
        {"%abcc|ab[^c]$%", "abcc ...", true},
        {"%abcc|ab[^c]$%", "aba", true},
        {"%abcc|ab[^c]$%", "aac ...", false},
        {R"(%\[.\]%)", "[a]", true},
        {R"(%\[.\]%)", "[]]", true},
        {R"(%\[.\]%)", "[ ]", true},
        {R"(%\[.\]%)", "[]", false},
        {R"(%10\.10\.0\.1%)", "from 10.10.0.1", true},
        {R"(%10\.10\.0\.1%)", "10010,051", false},
        {"%10.10.0.1%", "10010,051", true},
        {"%ab*c%", "ac", true},
        {"%ab*c%", "abbbc", true},
        {"%ab[0-9]*%", "ab129", true},
        {"%ab+c%", "abbbc", true},
        {"%ab+c%", "ac", false},
        {"%.at%", "4at", true},
        {"%.at%", " at", true},
        {"%.at%", "at", false},
        {R"(%\d%)", "port 80", true},
        {R"(%^\D+$%)", "port 80", false},
        {R"(%a\sb%)", "a\tb", true},
        {R"(%a\Sb%)", "a b", false},
        {R"(%^\w+$%)", "aZ_9", true},
        {R"(%^\w+$%)", "a-b", false},
        {R"(%^\W$%)", "-", true},
        {R"(%\x3A%)", "key:value", true},
        {R"(%\x28%)", "(", true},
        {R"(%\x28%)", ")", false},
        {R"(%\x21%)", "hello!", true},
        {R"(%^ERROR\s[0-9]{3}$%)", "ERROR 500", true},
        {R"(%^ERROR\s[0-9]{3}$%)", "ERROR 5000", false},
        {R"(%^ERROR\s[0-9]{3}$%)", "xERROR 500", false},
        {"%ERROR|WARN%", "WARN 404", true},
        {"%^[^a-z]+$%", "10010,051", true},
        {"%^[^a-z]+$%", "hello!", false},
        {"%^a*b$%", "aaab", true},
        {"%^a*b$%", "abab", false},
    });
}

TEST_CASE("what a regular expression's characters are", "[filter]") {
    check({
        {"%^.$%", "\u00e4", true}, // one character, though two bytes
        {"%^.$%", "\xff", true},   // the service would hold U+FFFD
        {"%^.+FOUND$%", "/tmp/\xff\xfe: Eicar FOUND", true},
        {"%[[:alpha:]]%", "x", false}, // no classes in classes: one of [:alph and a ]
        {"%[[:alpha:]]%", "[]", true},
        {"%[]a]%", "]", true},
        {"%x{0}y%", "y", true},
        {"%a#=@/;,-_ b%", "a#=@/;,-_ b", true},
        {R"(%\/\-\.%)", "/-.", true},
        {"%a.*?b%", "a--b", true},
        {"%a]%", "a]", true},
    });
}

TEST_CASE("the default pattern counts lines that end in FOUND", "[filter]") {
    check({
        {default_pattern, "/tmp/x: Eicar-Test-Signature FOUND", true},
        {default_pattern, "Tue Jan  6 03:04:05 2026 -> /tmp/x: Eicar-Test-Signature FOUND", true},
        {default_pattern, "/srv/FOUND/x: OK", false},
        {default_pattern, "/srv/a FOUND: OK", false},
        {default_pattern, "/srv/xFOUND", false},
        {default_pattern, "FOUND", false},
        {default_pattern, "/tmp/x: Eicar FOUND ", false},
    });
}
