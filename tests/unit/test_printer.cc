// SPDX-License-Identifier: GPL-2.0-only
//
// What stands here as expected is what the installed clamscan 1.4.6 printed and logged, our own
// lines and escapes apart.
#include "base/text.h"
#include "scan/printer.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace hostav;

namespace {

/// A printer whose streams and log are kept.
struct Printed {
    explicit Printed(PrintOptions options) {
        std::string name = (std::filesystem::temp_directory_path() / "printer-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        directory = name;
        auto log = LogFile::open(log_path());
        REQUIRE(log);
        printer.emplace(
            options, std::move(*log), [this](std::string_view b) { return keep(out, b); },
            [this](std::string_view b) { return keep(err, b); });
    }
    ~Printed() { std::filesystem::remove_all(directory); }
    Printed(const Printed &) = delete;
    Printed &operator=(const Printed &) = delete;

    Printer *operator->() { return &*printer; }
    [[nodiscard]] std::string log_path() const { return directory + "/log"; }
    [[nodiscard]] std::string log() const {
        std::ifstream file(log_path(), std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    std::string take_out() {
        CHECK(printer->flush());
        return std::exchange(out, {});
    }
    std::string take_err() {
        CHECK(printer->flush());
        return std::exchange(err, {});
    }

    std::string directory;
    std::string out, err, both; ///< both: the streams in the order of the calls
    std::optional<Printer> printer;

  private:
    bool keep(std::string &stream, std::string_view bytes) {
        stream += bytes;
        both += bytes;
        return true;
    }
};

Report clean() {
    return {};
}

Report infected(std::vector<Detection> detections = {{"Eicar", ""}}) {
    Report report;
    report.verdict = Verdict::infected;
    report.detections = std::move(detections);
    return report;
}

Report failed(const std::string &why) {
    Report report;
    report.verdict = Verdict::error;
    report.error = why;
    return report;
}

Report partial(Report report) {
    report.limits.add(Limit::max_file_size);
    report.limits.add(Limit::max_scan_time);
    return report;
}

Entry entry(EntryKind kind, const std::string &path, int error = 0) {
    Entry result;
    result.kind = kind;
    result.path = path;
    result.error = error;
    result.detail = "proc";
    return result;
}

void all_results(Printer &printer) {
    printer.result({"t/ok", 1}, clean());
    printer.result({"t/bad", 1}, infected());
    printer.result({"t/fail", 1}, failed("Can't read file"));
    printer.result({"t/crash", 1}, failed("Scanner crashed"));
    printer.result({"t/slow", 1}, failed("Timed out"));
    printer.result({"t/part", 1}, partial(clean()));
    printer.result({"t/both", 1}, partial(infected()));
    printer.result({"stdin", 1, true}, clean());
}

void all_entries(Printer &printer) {
    printer.entry(entry(EntryKind::file, "t/file"));
    printer.entry(entry(EntryKind::directory, "t"));
    printer.entry(entry(EntryKind::empty, "t/empty"));
    printer.entry(entry(EntryKind::excluded, "t/x"));
    printer.entry(entry(EntryKind::pseudo_filesystem, "/proc"));
    printer.entry(entry(EntryKind::symlink, "t/link"));
    printer.entry(entry(EntryKind::access_denied, "t/noread", EACCES));
    printer.entry(entry(EntryKind::cannot_open_directory, "t/nodir", EACCES));
    printer.entry(entry(EntryKind::cannot_open, "t/eio", EIO));
    printer.entry(entry(EntryKind::cannot_access, "nosuch", ENOENT));
    printer.entry(entry(EntryKind::unsupported, "t/fifo"));
}

const std::string lost_lines = "t/crash: Scanner crashed ERROR\n"
                               "t/slow: Timed out ERROR\n"
                               "t/part: Not fully scanned (MaxFileSize, MaxScanTime)\n"
                               "t/both: Eicar FOUND\n"
                               "t/both: Not fully scanned (MaxFileSize, MaxScanTime)\n";
const std::string result_log = "t/bad: Eicar FOUND\n"
                               "t/fail: Can't read file ERROR\n" +
                               lost_lines;
const std::string entry_lines = "t/empty: Empty file\n"
                                "t/x: Excluded\n"
                                "/proc: Excluded (proc)\n"
                                "t/link: Symbolic link\n"
                                "t/noread: Access denied\n"
                                "t/nodir: Can't open directory.\n";
const std::string open_warning = "WARNING: Can't open file t/eio: Input/output error\n";
const std::string perror_line = "nosuch: No such file or directory\n";
const std::string access_warnings = "WARNING: nosuch: Can't access file\n"
                                    "WARNING: t/fifo: Not supported file type\n";

} // namespace

TEST_CASE("printer: results, and OK never in the log", "[printer]") {
    Printed p({});
    all_results(*p.printer);
    CHECK(p->pending());
    CHECK(p.take_out() == "t/ok: OK\n" + result_log + "stdin: OK\n");
    CHECK_FALSE(p->pending());
    CHECK(p.take_err().empty());
    CHECK(p.log() == result_log);
}

TEST_CASE("printer: -i hides all but matches, lost files and partial ones", "[printer]") {
    Printed p({.infected_only = true});
    all_results(*p.printer);
    all_entries(*p.printer);
    CHECK(p.take_out() == "t/bad: Eicar FOUND\n" + lost_lines);
    CHECK(p.err == open_warning + perror_line + access_warnings);
    CHECK(p.log() == "t/bad: Eicar FOUND\n" + lost_lines + open_warning + access_warnings);
}

TEST_CASE("printer: -o hides OK, that of stdin apart", "[printer]") {
    Printed p({.suppress_ok = true});
    all_results(*p.printer);
    all_entries(*p.printer);
    CHECK(p.take_out() == result_log + "stdin: OK\n" + entry_lines);
    Printed both({.infected_only = true, .suppress_ok = true});
    both->result({"stdin", 1, true}, clean());
    CHECK(both.take_out().empty());
}

TEST_CASE("printer: --quiet leaves ERROR lines, and the log has all", "[printer]") {
    Printed p({.quiet = true, .verbose = true});
    all_results(*p.printer);
    all_entries(*p.printer);
    p->scanning("t/a");
    p->action({true, "t/bad: moved to 'D/bad'"});
    p->action({false, "Can't remove file 't/bad'"});
    p->summary("\nline\n");
    CHECK(p.take_out().empty());
    CHECK(p.err == perror_line + "ERROR: Can't remove file 't/bad'\n");
    CHECK(p.log() == result_log + entry_lines + open_warning + access_warnings +
                         "Scanning t/a\nt/bad: moved to 'D/bad'\n"
                         "ERROR: Can't remove file 't/bad'\n\nline\n");
}

TEST_CASE("printer: entries, and which stream they go to", "[printer]") {
    Printed p({});
    all_entries(*p.printer);
    CHECK(p.take_out() == entry_lines);
    CHECK(p.err == open_warning + perror_line + access_warnings);
    CHECK(p.log() == entry_lines + open_warning + access_warnings);

    Printed to_stdout({.to_stdout = true});
    all_entries(*to_stdout.printer);
    to_stdout->error("x: y");
    CHECK(to_stdout.take_out() == entry_lines + open_warning + access_warnings + "ERROR: x: y\n");
    CHECK(to_stdout.err == perror_line);
}

TEST_CASE("printer: the head of a log and the summary", "[printer]") {
    Printed p({});
    p->log_header();
    p->warning("something");
    p->summary("\n--- S ---\nA: 1\n");
    CHECK(p.take_out() == "\n--- S ---\nA: 1\n");
    CHECK(p.err == "WARNING: something\n");
    CHECK(p.log() == "\n" + std::string(79, '-') + "\n\nWARNING: something\n\n--- S ---\nA: 1\n");
}

TEST_CASE("printer: a name cannot forge a line", "[printer]") {
    Printed p({.verbose = true});
    const std::string evil = "a\nb: X FOUND\x1b[2J\\\xff";
    const std::string shown = R"(a\nb: X FOUND\033[2J\\\377)";
    p->scanning(evil);
    p->result({evil, 1}, infected({{"Sig\nforged: Y FOUND", ""}}));
    p->result({evil, 1}, failed("Scanner crashed\n"));
    p->entry(entry(EntryKind::empty, evil));
    p->entry(entry(EntryKind::cannot_open, evil, EIO));
    p->entry(entry(EntryKind::cannot_access, evil, ENOENT));
    const std::string out = "Scanning " + shown + "\n" + shown + ": Sig\\nforged: Y FOUND FOUND\n" +
                            shown + ": Scanner crashed\\n ERROR\n" + shown + ": Empty file\n";
    const std::string opened = "WARNING: Can't open file " + shown + ": Input/output error\n";
    const std::string access = "WARNING: " + shown + ": Can't access file\n";
    CHECK(p.take_out() == out);
    CHECK(p.err == opened + shown + ": No such file or directory\n" + access);
    CHECK(p.log() == out + opened + access);
}

TEST_CASE("printer: -z prints one line a match, --bell rings once a file", "[printer]") {
    Printed p({.bell = true});
    p->result({"a", 1}, infected({{"One", ""}, {"Two", "m"}, {"One", "n"}}));
    p->result({"b", 1}, clean());
    CHECK(p.take_out() == "a: One FOUND\na: Two FOUND\na: One FOUND\nb: OK\n");
    CHECK(p.err == "\a");
}

TEST_CASE("printer: -a tells the members after the match, -v before it", "[printer]") {
    Report report = infected();
    report.members = {"Scanning !ZIP:in.zip", "Scanning !ZIP:in.zip!ZIP:e\n",
                      "!ZIP:in.zip!(2)ZIP:e\n: Eicar FOUND"};
    const std::string progress = "Scanning out.zip!ZIP:in.zip\n"
                                 "Scanning out.zip!ZIP:in.zip!ZIP:e\\n\n";
    const std::string found = "out.zip: Eicar FOUND\n";
    const std::string member = "out.zip!ZIP:in.zip!(2)ZIP:e\\n: Eicar FOUND\n";
    const auto printed = [&](PrintOptions options) {
        Printed p(options);
        p->result({"out.zip", 1}, report);
        const std::string out = p.take_out();
        CHECK(p.log() == out);
        return out;
    };
    CHECK(printed({}) == found);
    CHECK(printed({.verbose = true}) == found);
    CHECK(printed({.archive_verbose = true}) == found + member);
    CHECK(printed({.infected_only = true, .verbose = true, .archive_verbose = true}) ==
          progress + found + member);
}

TEST_CASE("printer: a report that makes no sense is never OK", "[printer]") {
    Printed p({});
    p->result({"a", 1}, infected({}));
    p->result({"b", 1}, infected({{"", ""}}));
    p->result({"c", 1}, failed(""));
    Report matched_then_failed = failed("Can't read file");
    matched_then_failed.detections = {{"Sig", ""}};
    p->result({"d", 1}, matched_then_failed);
    Report matched = clean();
    matched.detections = {{"Sig", ""}};
    p->result({"e", 1}, matched);
    CHECK(p.take_out() == "a: Unnamed FOUND\nb: Unnamed FOUND\nc: Unspecified error ERROR\n"
                          "d: Sig FOUND\nd: Can't read file ERROR\ne: Sig FOUND\n");
}

TEST_CASE("printer: -0 gives names raw and records on stdout only", "[printer]") {
    Printed p({.to_stdout = true, .nul = true});
    const std::string path = "a\nb\\";
    p->result({path, 1}, clean());
    p->result({path, 1}, infected({{std::string("S\0forged", 8), ""}}));
    p->warning("w");
    p->summary("\nS\n");
    using namespace std::string_literals;
    CHECK(p.take_out() == "a\nb\\: OK\0a\nb\\: S\\000forged FOUND\0WARNING: w\0"s);
    CHECK(p.err == "\nS\n");
    CHECK(p.log() == "a\\nb\\\\: S\\000forged FOUND\nWARNING: w\n\nS\n");
}

TEST_CASE("printer: one JSON object a file", "[printer]") {
    Printed p({.to_stdout = true, .json = true});
    Report report = partial(infected({{"One", "in.zip/e"}, {"Two", ""}}));
    report.type = "CL_TYPE_ZIP";
    report.sha256 = std::string(64, '0');
    report.seconds = 0.0301234567;
    p->result({"a\n\xff", 68}, report);
    p->result({"b", 5}, clean());
    p->result({"c", 6}, failed("Scanner crashed"));
    p->summary("\nS\n");
    p->warning("w");
    const std::string first =
        R"({"path":"a\n)"
        "\uFFFD"
        R"(","path_base64":"YQr/","verdict":"infected","signatures":["One","Two"],)"
        R"("matches":[{"signature":"One","member":"in.zip/e"},{"signature":"Two"}],)"
        R"("member":"in.zip/e","partial":true,"limits":["MaxFileSize","MaxScanTime"],)"
        R"("size":68,"type":"CL_TYPE_ZIP","sha256":")" +
        report.sha256 + R"(","seconds":0.030123})";
    const std::string second = R"({"path":"b","verdict":"clean","size":5,"seconds":0.0})";
    const std::string third =
        R"({"path":"c","verdict":"error","error":"Scanner crashed","size":6,"seconds":0.0})";
    CHECK(p.take_out() == first + "\n" + second + "\n" + third + "\n");
    CHECK(p.err == "\nS\nWARNING: w\n");
    CHECK(p.log() == "a\\n\\377: One FOUND\na\\n\\377: Two FOUND\n"
                     "a\\n\\377: Not fully scanned (MaxFileSize, MaxScanTime)\n"
                     "c: Scanner crashed ERROR\n\nS\nWARNING: w\n");
}

TEST_CASE("printer: JSON of what was not scanned, under -i and -o as the lines", "[printer]") {
    const std::string unreadable =
        R"({"path":"t/eio","verdict":"error","error":"Can't open file: Input/output error"}
{"path":"nosuch","verdict":"error","error":"Can't access file: No such file or directory"}
{"path":"t/fifo","verdict":"error","error":"Not supported file type"}
)";
    Printed p({.json = true});
    all_entries(*p.printer);
    const std::string skipped = R"json({"path":"t/empty","verdict":"skipped","reason":"Empty file"}
{"path":"t/x","verdict":"skipped","reason":"Excluded"}
{"path":"/proc","verdict":"skipped","reason":"Excluded (proc)"}
{"path":"t/link","verdict":"skipped","reason":"Symbolic link"}
{"path":"t/noread","verdict":"error","error":"Access denied"}
{"path":"t/nodir","verdict":"error","error":"Can't open directory."}
)json";
    CHECK(p.take_out() == skipped + unreadable);
    CHECK(p.err == open_warning + perror_line + access_warnings);

    const auto paths = [](PrintOptions options) {
        Printed q(options);
        all_results(*q.printer);
        std::istringstream lines(q.take_out());
        std::string all;
        for (std::string line; std::getline(lines, line);)
            all += line.substr(9, line.find('"', 9) - 9) + " ";
        return all;
    };
    CHECK(paths({.infected_only = true, .json = true}) == "t/bad t/crash t/slow t/part t/both ");
    CHECK(paths({.suppress_ok = true, .json = true}) ==
          "t/bad t/fail t/crash t/slow t/part t/both stdin ");
    CHECK(paths({.quiet = true, .json = true}).empty());

    Printed nul({.infected_only = true, .nul = true, .json = true});
    all_entries(*nul.printer);
    nul->result({"a", 1}, infected());
    const std::string out = nul.take_out();
    CHECK(std::ranges::count(out, '\0') == 4);
    CHECK(out.find('\n') == std::string::npos);
}

TEST_CASE("printer: actions, done and not done", "[printer]") {
    Printed p({.infected_only = true});
    p->action({true, "t/bad: moved to 'D/bad.001'"});
    p->action({false, "Can't remove file 't/bad'"});
    p->action({false, ""});
    CHECK(p.take_out() == "t/bad: moved to 'D/bad.001'\n");
    CHECK(p.err == "ERROR: Can't remove file 't/bad'\n");
    CHECK(p.log() == "t/bad: moved to 'D/bad.001'\nERROR: Can't remove file 't/bad'\n");
}

TEST_CASE("printer: both streams keep the order of the lines", "[printer]") {
    Printed p({});
    p->result({"a", 1}, clean());
    p->warning("w");
    p->result({"b", 1}, clean());
    CHECK(p->flush());
    CHECK(p.both == "a: OK\nWARNING: w\nb: OK\n");
}

TEST_CASE("printer: whole lines, several a call, 4096 bytes at most", "[printer]") {
    for (const bool nul : {false, true}) {
        std::vector<std::string> calls;
        Printer printer(
            {.nul = nul}, std::nullopt,
            [&](std::string_view bytes) {
                calls.emplace_back(bytes);
                return true;
            },
            [](std::string_view) { return true; });
        std::string expected;
        const char end = nul ? '\0' : '\n';
        for (int i = 0; i < 1000; ++i) {
            // Now and then a line longer than a call, some of exactly one.
            const std::size_t length = i % 100 == 50   ? 9000
                                       : i % 100 == 51 ? 4096 - 5
                                                       : static_cast<std::size_t>(i % 60) + 1;
            const std::string path(length, 'p');
            printer.result({path, 1}, clean());
            expected += path + ": OK" + end;
        }
        CHECK(printer.flush());
        std::string all;
        for (const auto &call : calls) {
            CHECK(call.back() == end);
            CHECK((call.size() <= 4096 || std::ranges::count(call, end) == 1));
            all += call;
        }
        CHECK(all == expected);
        CHECK(calls.size() < 100);
    }
}

TEST_CASE("printer: a stream nobody reads is told, the other is still written", "[printer]") {
    int calls = 0;
    std::string err;
    Printer printer(
        {}, std::nullopt,
        [&](std::string_view) {
            ++calls;
            return false;
        },
        [&](std::string_view bytes) {
            err += bytes;
            return true;
        });
    printer.result({"a", 1}, clean());
    printer.error("e");
    printer.result({"b", 1}, clean());
    CHECK_FALSE(printer.flush());
    CHECK(calls == 1);
    CHECK(err == "ERROR: e\n");
    CHECK_FALSE(printer.pending());
    CHECK(printer.flush());
}

TEST_CASE("printer: a log that fails is told once and the scan goes on", "[printer]") {
    Printed p({});
    // The log's directory goes away: the next line cannot be opened anew.
    const std::string directory = p.directory;
    std::filesystem::remove_all(directory);
    p->result({"a", 1}, infected());
    p->result({"b", 1}, infected());
    const auto error = p->take_log_error();
    REQUIRE(error);
    CHECK(error->what == escape_path(p.log_path()));
    CHECK_FALSE(error->why.empty());
    CHECK_FALSE(p->take_log_error());
    CHECK(p.take_out() == "a: Eicar FOUND\nb: Eicar FOUND\n");
    // Where it can be written again, it is.
    std::filesystem::create_directory(directory);
    p->result({"c", 1}, infected());
    CHECK(p.log() == "c: Eicar FOUND\n");
}
