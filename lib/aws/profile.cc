// SPDX-License-Identifier: GPL-2.0-only
#include "aws/profile.h"

#include "aws/small_file.h"
#include "base/ascii.h"
#include "base/text.h"

#include <optional>
#include <string_view>

namespace hostav {

namespace {

constexpr std::string_view blanks = " \t\r\f\v";

/// What follows a word and a blank, without quotes around it; nothing where the word is another.
std::optional<std::string> after_word(std::string_view header, std::string_view word) {
    if (!header.starts_with(word) || header.size() == word.size() ||
        !blanks.contains(header[word.size()]))
        return std::nullopt;
    auto name = trimmed(header.substr(word.size()));
    if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'') &&
        name.back() == name.front())
        name = name.substr(1, name.size() - 2);
    return std::string(name);
}

/// Reads one file line by line, as Python's RawConfigParser does for AWS's tools: a line indented
/// more than the key before it belongs to that key.
class Parser {
  public:
    Parser(const std::string &path, bool credentials)
        : what_(escape_path(path)), credentials_(credentials) {}

    Result<AwsProfiles> parse(std::string_view text) {
        if (text.starts_with("\xEF\xBB\xBF"))
            text.remove_prefix(3);
        while (!text.empty()) {
            ++number_;
            const auto end = text.find('\n');
            if (auto taken = take(text.substr(0, end)); !taken)
                return std::unexpected(taken.error());
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
        return std::move(profiles_);
    }

  private:
    std::string what_;
    bool credentials_;
    unsigned number_ = 0;
    AwsProfiles profiles_;
    AwsProfile others_;             ///< of sections that mean nothing here
    AwsProfile *section_ = nullptr; ///< what the current lines go to
    std::string key_;               ///< the last one; empty right after a section's header
    std::size_t indent_ = 0;        ///< of that key

    /// Never the line's text: it may be a secret.
    [[nodiscard]] std::unexpected<Error> wrong(const std::string &why) const {
        return fail(what_ + ":" + std::to_string(number_), why);
    }

    Result<void> take(std::string_view raw) {
        const auto line = trimmed(raw);
        if (line.empty() || line.front() == '#' || line.front() == ';')
            return {};
        const auto indent = raw.find_first_not_of(blanks);
        if (section_ != nullptr && !key_.empty() && indent > indent_)
            return take_continued(line);
        if (line.front() == '[')
            return take_header(line);
        if (section_ == nullptr)
            return wrong("a line before the first [section]");
        const auto at = line.find_first_of("=:");
        if (at == std::string_view::npos || trimmed(line.substr(0, at)).empty())
            return wrong("neither a [section] nor KEY = VALUE");
        indent_ = indent;
        key_ = lower_ascii(trimmed(line.substr(0, at)));
        (*section_)[key_] = trimmed(line.substr(at + 1));
        return {};
    }

    Result<void> take_header(std::string_view line) {
        const auto end = line.rfind(']');
        const auto name =
            end == std::string_view::npos ? std::string_view() : trimmed(line.substr(1, end - 1));
        if (name.empty())
            return wrong("a section's name is not closed, or empty");
        key_.clear();
        section_ = &others_;
        if (credentials_ || name == "default")
            section_ = &profiles_.profiles[std::string(name)];
        else if (const auto profile = after_word(name, "profile"))
            section_ = &profiles_.profiles[*profile];
        else if (const auto services = after_word(name, "services"))
            section_ = &profiles_.services[*services];
        return {};
    }

    /// Under a key without a value: keys of its own. Otherwise the value's next line.
    Result<void> take_continued(std::string_view line) {
        auto &value = (*section_)[key_];
        if (!value.empty()) {
            value += "\n" + std::string(line);
            return {};
        }
        const auto at = line.find('=');
        if (at == std::string_view::npos || trimmed(line.substr(0, at)).empty())
            return wrong("not KEY = VALUE, but indented under a key");
        (*section_)[key_ + "." + lower_ascii(trimmed(line.substr(0, at)))] =
            trimmed(line.substr(at + 1));
        return {};
    }
};

Result<AwsProfiles> read(const std::string &path, bool named, bool credentials) {
    auto text = read_small_file(path, named);
    if (!text)
        return std::unexpected(text.error());
    if (!*text)
        return AwsProfiles{};
    return Parser(path, credentials).parse(**text);
}

/// The credentials file comes first, key by key, but its keys are not mixed with another's token.
void merge(AwsProfiles &all, const AwsProfiles &credentials) {
    for (const auto &[name, from] : credentials.profiles) {
        auto &to = all.profiles[name];
        if (from.contains("aws_access_key_id"))
            for (const auto *key : {"aws_secret_access_key", "aws_session_token"})
                to.erase(key);
        for (const auto &[key, value] : from)
            to[key] = value;
    }
}

} // namespace

std::string AwsProfiles::value(const std::string &profile, const std::string &key) const {
    const auto found = profiles.find(profile);
    if (found == profiles.end())
        return {};
    const auto value = found->second.find(key);
    return value == found->second.end() ? std::string() : value->second;
}

Result<AwsProfiles> read_aws_profiles(const AwsEnvironment &environment) {
    const bool by_option = environment.options.config_file.has_value();
    if (by_option && file_tag(environment.config_file) == file_tag(""))
        return fail_errno(escape_path(environment.config_file), ENOENT);
    const auto named = [&environment](const char *variable) {
        return !environment.variables(variable).empty();
    };
    auto all = read(environment.config_file, by_option || named("AWS_CONFIG_FILE"), false);
    if (!all)
        return all;
    const auto credentials =
        read(environment.credentials_file, named("AWS_SHARED_CREDENTIALS_FILE"), true);
    if (!credentials)
        return credentials;
    merge(*all, *credentials);
    return all;
}

Result<void> check_profile(const AwsEnvironment &environment, const AwsProfiles &profiles,
                           const std::string &name) {
    if (profiles.profiles.contains(name))
        return {};
    return fail("profile " + escape_path(name), "not in " + escape_path(environment.config_file) +
                                                    " and " +
                                                    escape_path(environment.credentials_file));
}

Result<void> check_profile_options(const AwsEnvironment &environment) {
    const auto &options = environment.options;
    if (!options.config_file && !options.profile)
        return {};
    const auto profiles = read_aws_profiles(environment);
    if (!profiles)
        return fail(options.config_file ? "--aws-config" : "--profile", profiles.error().text());
    // As for AWS's tools, `default` need not be anywhere: there may be an instance's role.
    if (!options.profile || *options.profile == "default")
        return {};
    const auto known = check_profile(environment, *profiles, *options.profile);
    return known ? known : fail("--profile=" + escape_path(*options.profile), known.error().why);
}

Result<void> check_variable_profile(const AwsEnvironment &environment,
                                    const AwsProfiles &profiles) {
    const auto &variables = environment.variables;
    if (environment.profile_by_option || environment.profile == "default" ||
        !variables("AWS_ACCESS_KEY_ID").empty() ||
        !variables("AWS_WEB_IDENTITY_TOKEN_FILE").empty())
        return {};
    return check_profile(environment, profiles, environment.profile);
}

} // namespace hostav
