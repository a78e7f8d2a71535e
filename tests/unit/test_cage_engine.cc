// SPDX-License-Identifier: GPL-2.0-only
//
// Libclamav gives the same verdicts inside the cage as outside: every one of Debian's ClamAV test
// files, documents in code pages that are converted by modules loaded lazily outside, and those
// modules and the time zone themselves.
#include "base/fd.h"
#include "engine/cage.h"
#include "engine/cage_parts.h"
#include "tests/support/caged.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <array>
#include <clamav.h>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <iconv.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace hostav;
using namespace hostav::caged;

namespace {

constexpr const char *samples = "/usr/share/clamav-testfiles";
constexpr const char *marker = "hostav-cage-test-marker";
// The harmless ClamAV test file, and the marker as it stands in any file and in normalised HTML.
constexpr const char *hash_signature = "aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File\n";
constexpr const char *text_signatures =
    "Marker-Any:0:*:686f737461762d636167652d746573742d6d61726b6572\n"
    "Marker-Html:3:*:686f737461762d636167652d746573742d6d61726b6572\n";
constexpr const char *marker_base64 = "aG9zdGF2LWNhZ2UtdGVzdC1tYXJrZXIK";

using Engine = std::unique_ptr<cl_engine, decltype(&cl_engine_free)>;

/// An engine with the test signatures, compiled before anything is forked.
Engine load_engine(const Scratch &database) {
    write_file(database.path() + "/test.hdb", hash_signature, geteuid());
    write_file(database.path() + "/test.ndb", text_signatures, geteuid());
    Engine engine(cl_init(CL_INIT_DEFAULT) == CL_SUCCESS ? cl_engine_new() : nullptr,
                  cl_engine_free);
    REQUIRE(engine);
    unsigned count = 0;
    REQUIRE(cl_load(database.path().c_str(), engine.get(), &count, CL_DB_STDOPT) == CL_SUCCESS);
    REQUIRE(cl_engine_compile(engine.get()) == CL_SUCCESS);
    return engine;
}

struct Sample {
    std::string name;
    Fd fd;
};

Sample open_sample(const std::string &path) {
    Sample sample{path, Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC))};
    REQUIRE(sample.fd);
    return sample;
}

/// One line a sample: name, result, signature.
std::string verdicts(cl_engine &engine, const std::vector<Sample> &files, const std::string &temp) {
    std::string lines;
    if (cl_engine_set_str(&engine, CL_ENGINE_TMPDIR, temp.c_str()) != CL_SUCCESS)
        return "no temporary directory";
    for (const auto &file : files) {
        cl_scan_options options{};
        options.parse = ~0U;
        options.general = CL_SCAN_GENERAL_HEURISTICS | CL_SCAN_GENERAL_UNPRIVILEGED;
        const char *name = nullptr;
        unsigned long scanned = 0;
        const auto result = cl_scandesc_callback(file.fd.get(), file.name.c_str(), &name, &scanned,
                                                 &engine, &options, nullptr);
        lines +=
            file.name + " " + cl_strerror(result) + " " + (name != nullptr ? name : "-") + "\n";
    }
    return lines;
}

/// Verdicts outside the cage and inside, the latter after having left no temporary file behind.
struct Both {
    std::string outside;
    std::string inside;
    bool clean = false;
};

Both scan_twice(CageKind kind, cl_engine &engine, const std::vector<Sample> &files) {
    const Scratch plain(geteuid());
    const Scratch temp(owner_of(kind));
    Both both;
    both.outside = in_child([&] { return verdicts(engine, files, plain.path()); }).said;
    CageOptions options;
    options.extra_memory = 1ULL << 30;
    options.file_size = 1ULL << 30;
    const Ended child = in_cage(kind, temp, options, [&](const CageState &state) {
        return verdicts(engine, files, state.temp_path);
    });
    both.inside = child.said + (child.exited() ? "" : "died");
    both.clean = std::filesystem::is_empty(temp.path());
    return both;
}

std::string mail(const std::string &charset) {
    return "From: a@example.org\nTo: b@example.org\nSubject: =?" + charset +
           "?B?4OHi?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"cut\"\n\n"
           "--cut\nContent-Type: text/plain; charset=" +
           charset +
           "\nContent-Transfer-Encoding: 8bit\n\n\xE0\xE1\xE2\n--cut\n"
           "Content-Type: text/html; charset=" +
           charset + "; name=\"=?" + charset +
           "?B?4OHi?=\"\nContent-Transfer-Encoding: base64\n\n" + marker_base64 + "\n--cut--\n";
}

/// Word 2003 XML, which libxml2 reads: the marker is in an embedded object.
std::string word_xml(const std::string &encoding) {
    return "<?xml version=\"1.0\" encoding=\"" + encoding +
           "\"?>\n<?mso-application progid=\"Word.Document\"?>\n<w:wordDocument "
           "xmlns:w=\"http://schemas.microsoft.com/office/word/2003/"
           "wordml\"><w:body><w:p><w:r><w:t>"
           "\x83\x65</w:t></w:r></w:p><w:binData w:name=\"wordml://01\">" +
           marker_base64 + "\n</w:binData></w:body></w:wordDocument>\n";
}

/// HTML in UTF-16 with a byte order mark; the marker is found only once it is converted.
std::string wide_html() {
    const std::string text = std::string("<html><body><p>") + marker + "</p></body></html>";
    std::string wide = "\xFF\xFE";
    for (const char letter : text) {
        wide += letter;
        wide += '\0';
    }
    return wide;
}

} // namespace

TEST_CASE("every ClamAV test file has the same verdict inside the cage") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    if (!std::filesystem::is_directory(samples)) {
        skip("clamav-testfiles is not installed");
        return;
    }
    const Scratch database(geteuid());
    const Engine engine = load_engine(database);
    std::vector<Sample> files;
    for (const auto &entry : std::filesystem::directory_iterator(samples))
        files.push_back(open_sample(entry.path().string()));
    const Both both = scan_twice(kind, *engine, files);
    CHECK(both.inside == both.outside);
    CHECK(both.clean);
    const auto lines = std::count(both.inside.begin(), both.inside.end(), '\n');
    CHECK(static_cast<std::size_t>(lines) == files.size());
    std::size_t found = 0;
    for (std::size_t at = 0; (at = both.inside.find("ClamAV-Test-File", at)) != std::string::npos;
         ++at)
        ++found;
    CHECK(found == files.size());
}

TEST_CASE("documents in foreign code pages have the same verdict inside the cage") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    const Scratch work(geteuid());
    std::vector<Sample> files;
    const auto add = [&](const std::string &name, const std::string &content) {
        write_file(work.path() + "/" + name, content, geteuid());
        files.push_back(open_sample(work.path() + "/" + name));
    };
    for (const char *encoding : {"ISO-8859-2", "windows-1251", "Shift_JIS", "GBK"}) {
        add(std::string(encoding) + ".eml", mail(encoding));
        add(std::string(encoding) + ".xml", word_xml(encoding));
    }
    add("wide.html", wide_html());
    const Scratch database(geteuid());
    const Engine engine = load_engine(database);
    const Both both = scan_twice(kind, *engine, files);
    INFO(both.outside);
    CHECK(both.inside == both.outside);
    CHECK(both.inside.contains("wide.html Virus(es) detected Marker-Html"));
    CHECK(both.inside.contains("windows-1251.eml Virus(es) detected Marker-"));
    CHECK(both.inside.contains("windows-1251.xml Virus(es) detected Marker-"));
    CHECK(both.clean);
}

TEST_CASE("every encoding of the engine converts inside the cage as outside") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    const auto convert_all = [] {
        std::string all;
        for (const char *name : engine_encodings()) {
            const iconv_t converter = iconv_open("UTF-8//TRANSLIT", name);
            std::string in = "VIRUS \xE0\xE1 \x83\x65";
            std::array<char, 128> out{};
            char *from = in.data();
            char *to = out.data();
            std::size_t from_left = in.size();
            std::size_t to_left = out.size();
            all += std::string(name) + "=";
            if (converter == reinterpret_cast<iconv_t>(-1)) {
                all += "unknown;";
                continue;
            }
            iconv(converter, &from, &from_left, &to, &to_left);
            all += std::string(out.data(), out.size() - to_left) + ";";
            iconv_close(converter);
        }
        return all;
    };
    const Ended outside = in_child(convert_all);
    const Scratch temp(owner_of(kind));
    const Ended inside = in_cage(kind, temp, {}, [&](const CageState &) { return convert_all(); });
    CHECK(inside.said == outside.said);
    CHECK(inside.said.contains("WINDOWS-1251=VIRUS \xD0\xB0"));
}

TEST_CASE("the time zone is known inside the cage") {
    if (!can_cage(CageKind::root))
        return;
    const Scratch temp(owner_of(CageKind::root));
    const auto noon = [] {
        const std::time_t when = 1'700'000'000;
        tm parts{};
        localtime_r(&when, &parts);
        std::array<char, 64> text{};
        strftime(text.data(), text.size(), "%F %T %Z", &parts);
        return std::string(text.data());
    };
    setenv("TZ", "America/Sao_Paulo", 1);
    const Ended outside = in_child([&] {
        tzset();
        return noon();
    });
    const Ended inside =
        in_cage(CageKind::root, temp, {}, [&](const CageState &) { return noon(); });
    unsetenv("TZ");
    CHECK(inside.said == outside.said);
}
