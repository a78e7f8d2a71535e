// SPDX-License-Identifier: GPL-2.0-only
//
// Random rotations of every style, random restarts, against a model: whatever was written and still
// is somewhere arrives once and in order. The random one is for the soak: HOSTAV_TORTURE_SECONDS
// makes it longer than 3 s, HOSTAV_TORTURE_SEED repeats a failure. What nobody can tell (chain.h)
// does not happen here: no rotated file has nothing but the heading, none is deleted, nothing is
// written between copying and cutting.
#include "tests/support/catch.h"
#include "tests/support/follow.h"

#include <cstdlib>
#include <filesystem>
#include <random>

using namespace hostav;
using namespace follow;

namespace {

std::uint64_t setting(const char *name, std::uint64_t otherwise) {
    const char *text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Empty when they are the same; else what is missing, too often or out of order.
std::string difference(const Lines &expected, const Lines &got) {
    if (expected == got)
        return {};
    std::map<std::string, int> balance;
    const auto plain = [](const std::string &line) {
        return line.substr(std::min(line.find_first_not_of('x'), line.size()));
    };
    for (const auto &line : expected)
        ++balance[plain(line)];
    for (const auto &line : got)
        --balance[plain(line)];
    std::map<long, int> wrong;
    for (const auto &[line, count] : balance)
        if (count != 0)
            wrong[std::atol(line.c_str())] = count; // the heading is 0
    std::string text;
    for (auto it = wrong.begin(); it != wrong.end();) {
        const auto [first, count] = *it;
        long last = first;
        for (++it; it != wrong.end() && it->first == last + 1 && it->second == count; ++it)
            ++last;
        text += std::to_string(first) + "-" + std::to_string(last) +
                (count > 0 ? " missing; " : " too often; ");
    }
    if (!text.empty())
        return text;
    const auto wrong_at = std::ranges::mismatch(expected, got);
    return "out of order: " + *wrong_at.in2 + " instead of " + *wrong_at.in1;
}

/// One log, its writer and its rotated files, one owner who reads.
class Torture {
  public:
    explicit Torture(std::uint64_t seed) : random_(seed) {
        owner.waits.half_line = 1h; // the writer ends all its lines
        owner.waits.event_end = std::chrono::milliseconds(pick(3));
        owner.waits.rotated = 1h; // late writers lose nothing
        heading_ = pick(2) == 0;
        dated_ = pick(3) == 0;
        open();
        owner.start();
    }

    Lines expected;
    tree::Scratch scratch;
    std::string log = scratch / "app.log";
    Owner owner{log};
    std::string story; ///< what was done

    void step() {
        const int what = static_cast<int>(pick(20));
        if (what < 7)
            write();
        else if (what < 10)
            rename_and_create();
        else if (what < 12)
            copy_and_truncate();
        else if (what < 13)
            compress_one();
        else if (what < 17)
            read();
        else if (running_)
            stop();
        else
            start();
    }

    void finish() {
        end_line();
        if (!running_)
            start();
        owner.most = SIZE_MAX;
        owner.run([&] { return owner.lines.size() >= expected.size(); }, 10s);
        owner.drain();
    }

  private:
    std::mt19937_64 random_;
    Fd writer_;
    bool running_ = true;
    bool heading_ = false;
    bool dated_ = false;
    bool half_ = false;
    bool bare_ = true; ///< no line of its own in the file yet
    int number_ = 0;
    int rotations_ = 0;

    std::uint64_t pick(std::uint64_t below) {
        return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
    }

    void open() {
        writer_ = open_log(log);
        bare_ = true;
        begin_file();
    }
    void begin_file() {
        if (!heading_)
            return;
        append(writer_, "the same heading everywhere\n");
        expected.emplace_back("the same heading everywhere");
    }

    void write() {
        end_line();
        const auto count = 1 + pick(pick(4) == 0 ? 300 : 4);
        std::string text;
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::string line = std::string(pick(30), 'x') + std::to_string(++number_);
            expected.push_back(line);
            text += line + "\n";
        }
        // Sometimes the last line gets its end later.
        half_ = pick(3) == 0;
        if (half_)
            text.pop_back();
        append(writer_, text);
        bare_ = false;
        story += "w" + std::to_string(number_);
    }
    void end_line() {
        if (half_)
            append(writer_, "\n");
        half_ = false;
    }
    /// Files with nothing but the heading cannot be told from copies.
    void fill_bare() {
        if (bare_ && heading_)
            write();
        end_line();
    }

    /// Makes room for the newest rotated file and returns its name.
    std::string rotated_name() {
        ++rotations_;
        if (dated_)
            return log + "-" + std::to_string(20260000 + rotations_);
        for (int i = rotations_; i > 0; --i)
            for (const char *suffix : {"", ".gz"}) {
                const std::string from = log + "." + std::to_string(i) + suffix;
                if (std::filesystem::exists(from))
                    follow::rename(from, log + "." + std::to_string(i + 1) + suffix);
            }
        return log + ".1";
    }

    void rename_and_create() {
        fill_bare();
        follow::rename(log, rotated_name());
        story += " R";
        if (pick(3) == 0) { // the writer learns of it later
            if (pick(2) == 0)
                tree::file(log, "");
            if (pick(2) == 0)
                read();
            write();
            end_line();
        }
        open();
    }
    void copy_and_truncate() {
        fill_bare();
        copy_truncate(log, rotated_name());
        story += " C";
        bare_ = true;
        begin_file();
    }
    void compress_one() {
        Lines plain;
        for (const auto &entry : std::filesystem::directory_iterator(scratch.path())) {
            const std::string path = entry.path();
            if (path != log && !path.ends_with(".gz"))
                plain.push_back(path);
        }
        if (plain.empty())
            return;
        std::ranges::sort(plain);
        follow::compress(plain[pick(plain.size())]);
        story += " Z";
    }

    void read() {
        if (!running_)
            return;
        owner.most = pick(2) == 0 ? SIZE_MAX : 1 + pick(20);
        story += " r";
        if (pick(3) == 0) { // notices what changed, reads little
            ::poll(nullptr, 0, 60);
            owner.work();
            for (Input *input : owner.follower().inputs())
                owner.ship(*input, false);
            return;
        }
        int rounds = static_cast<int>(pick(4));
        owner.run([&] { return --rounds < 0; });
    }
    void stop() {
        owner.stop();
        running_ = false;
        story += " [";
    }
    void start() {
        owner.start();
        running_ = true;
        story += "] ";
    }
};

void survive(std::uint64_t seed) {
    Torture torture(seed);
    for (int i = 0; i < 60; ++i)
        torture.step();
    torture.finish();
    const std::string wrong = difference(torture.expected, torture.owner.lines);
    CAPTURE(seed, wrong, torture.story, torture.owner.complaints);
    REQUIRE(wrong.empty());
}

} // namespace

TEST_CASE("rotations and restarts that once lost or repeated lines", "[follower]") {
    // Renames and copies while it is down; compressed after a rename while it runs; compressed with
    // lines that came late.
    for (const std::uint64_t seed : {958258153, 2101510886, 1098, 1058})
        survive(seed);
}

TEST_CASE("random rotations and restarts: every line once, in order", "[.soak]") {
    const auto seconds = std::chrono::seconds(setting("HOSTAV_TORTURE_SECONDS", 3));
    const auto given = setting("HOSTAV_TORTURE_SEED", 0);
    const auto end = std::chrono::steady_clock::now() + seconds;
    std::uint64_t seed = given == 0 ? std::random_device{}() : given;
    do
        survive(seed++);
    while (given == 0 && std::chrono::steady_clock::now() < end);
}
