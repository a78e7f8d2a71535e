// SPDX-License-Identifier: GPL-2.0-only
#include "aws/credential_process.h"

#include "aws/credential_reply.h"
#include "aws/secret.h"
#include "base/child.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"

#include <chrono>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace hostav {

namespace {

constexpr std::chrono::seconds longest{60};
constexpr std::size_t most_output = 64 * 1024;
constexpr int not_started = 127;

int run(const std::vector<std::string> &words) {
    const Fd null(::open("/dev/null", O_RDWR));
    ::dup2(null.get(), STDIN_FILENO);
    ::dup2(null.get(), STDERR_FILENO);
    std::vector<char *> arguments;
    arguments.reserve(words.size() + 1);
    for (const auto &word : words)
        arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    return not_started;
}

} // namespace

Result<std::vector<std::string>> split_words(const std::string &line) {
    constexpr std::string_view blanks = " \t\r\n";
    constexpr std::string_view escapable = "\"\\";
    std::vector<std::string> words;
    char quote = '\0'; // the one that is open
    bool inside = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (quote == '\0' && blanks.contains(c)) {
            inside = false;
            continue;
        }
        if (!inside)
            words.emplace_back();
        inside = true;
        // A backslash takes what follows literally; between double quotes only a quote or another.
        const bool escapes = c == '\\' && at + 1 < line.size() &&
                             (quote == '\0' || (quote == '"' && escapable.contains(line[at + 1])));
        if (escapes)
            words.back() += line[++at];
        else if (c == quote)
            quote = '\0';
        else if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        else
            words.back() += c;
    }
    if (quote != '\0')
        return fail("credential_process", "a quote is not closed");
    if (words.empty())
        return fail("credential_process", "names no program");
    return words;
}

Result<AwsCredentials> credentials_of_process(const std::string &line, const std::string &source) {
    const auto words = split_words(line);
    if (!words)
        return fail(source, words.error().text());
    auto child =
        Child::start({.name = "credential_process", .capture_output = true, .own_group = true},
                     [&words] { return run(*words); });
    if (!child)
        return fail(source, child.error().text());
    std::string output;
    const Overwriter gone(output);
    output.reserve(most_output);
    const auto status = child->wait(longest, nullptr, [&output](std::string_view piece) {
        output.append(piece.substr(0, most_output - output.size()));
    });
    if (!status)
        return fail(source, status.error().text());
    if (*status == not_started)
        return fail(source,
                    "credential_process: " + escape_path(words->front()) + " cannot be run");
    if (*status != 0)
        return fail(source, "credential_process: exit status " + std::to_string(*status));
    const auto fields = parse_json_fields(output, source + ": credential_process");
    if (!fields)
        return std::unexpected(fields.error());
    if (text_field(*fields, "Version") != "1")
        return fail(source, "credential_process: prints no Version 1");
    return credentials_from_json(output, "SessionToken", source);
}

} // namespace hostav
