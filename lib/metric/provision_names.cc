// SPDX-License-Identifier: GPL-2.0-only
#include "metric/provision_names.h"

#include "base/ascii.h"
#include "base/text.h"
#include "net/http.h"
#include "net/http_client.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace hostav {

namespace {

constexpr std::size_t longest_group = 512, longest_filter = 512, longest_topic = 256;
constexpr std::size_t longest_alarm = 255, longest_action = 1024, longest_address = 254;
constexpr std::size_t longest_tag = 128, longest_tag_value = 256, most_tags = 50;

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Letters, digits and those.
bool is_made_of(std::string_view text, std::string_view others) {
    return std::ranges::all_of(
        text, [others](char c) { return is_letter_or_digit(c) || others.contains(c); });
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// UTF-8 of 1 to so many characters, without control characters.
bool is_text(std::string_view text, std::size_t longest) {
    return is_utf8(text) && !text.empty() && characters(text) <= longest &&
           std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; });
}

Result<void> verdict(bool good, const std::string &what, const std::string &text,
                     const std::string &why) {
    return good ? Result<void>{} : fail(what + " " + escape_path(text), why);
}

bool is_domain(std::string_view name) {
    return name.contains('.') && is_made_of(name, "-.") &&
           name.find("..") == std::string_view::npos && is_letter_or_digit(name.front()) &&
           is_letter_or_digit(name.back());
}

bool is_address(std::string_view text) {
    const auto at = text.find('@');
    if (at == std::string_view::npos || at == 0 || text.size() > longest_address)
        return false;
    const auto local = text.substr(0, at);
    return is_made_of(local, "!#$%&'*+-/=?^_`{|}~.") && is_domain(text.substr(at + 1));
}

/// What an endpoint of the protocol has to be; empty: it is.
std::string endpoint_fault(const Subscription &one) {
    const auto &[topic, protocol, endpoint, arn, pending] = one;
    if (protocol == "email" || protocol == "email-json")
        return is_address(endpoint) ? "" : "is no e-mail address";
    if (protocol == "http" || protocol == "https") {
        const bool good = endpoint.starts_with(protocol + "://") && split_url(endpoint).has_value();
        return good ? "" : "is no " + protocol + " URL";
    }
    if (protocol == "sms") {
        const auto digits = std::string_view(endpoint).substr(endpoint.starts_with('+') ? 1 : 0);
        const bool good = digits.size() >= 7 && digits.size() <= 15 &&
                          digits.find_first_not_of("0123456789") == std::string_view::npos;
        return good ? "" : "is no telephone number as +491701234567";
    }
    if (protocol == "sqs" || protocol == "lambda" || protocol == "application")
        return is_arn(endpoint) ? "" : "is no ARN";
    return "the protocol is one of email, email-json, http, https, sms, sqs, lambda, application";
}

Result<void> check_subscription(const Subscription &one, const std::string &option) {
    const auto why = endpoint_fault(one);
    return why.empty() ? Result<void>{} : fail(option, why);
}

} // namespace

Result<void> check_log_group_name(const std::string &name) {
    if (auto good =
            verdict(!name.empty() && name.size() <= longest_group && is_made_of(name, "._-/#"),
                    "log group", name, "1 to 512 letters, digits and . _ - / #");
        !good)
        return good;
    return verdict(!name.starts_with("aws/"), "log group", name, "must not begin with aws/");
}

Result<void> check_filter_name(const std::string &name) {
    return verdict(is_text(name, longest_filter) &&
                       name.find_first_of(":*") == std::string_view::npos,
                   "filter", name, "1 to 512 characters, without : and *");
}

Result<void> check_alarm_name(const std::string &name) {
    return verdict(is_text(name, longest_alarm), "alarm", name,
                   "1 to 255 characters, none of them a control character");
}

bool is_arn(const std::string &text) {
    const auto parts = split(text, ':');
    constexpr std::size_t least_parts = 6; // arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
    return parts.size() >= least_parts && parts[0] == "arn" && parts[1].starts_with("aws") &&
           !parts[2].empty() && !parts[5].empty() && text.size() <= longest_action &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

Result<void> check_topic(const std::string &topic) {
    if (topic.starts_with("arn:"))
        return verdict(is_arn(topic) && split(topic, ':')[2] == "sns" &&
                           std::ranges::count(topic, ':') == 5,
                       "topic", topic, "is no ARN of an SNS topic");
    return verdict(!topic.empty() && topic.size() <= longest_topic && is_made_of(topic, "_-"),
                   "topic", topic, "1 to 256 letters, digits, _ and -");
}

Result<void> check_action(const std::string &option, const std::string &action) {
    const bool good = action.starts_with("arn:") ? is_arn(action) : check_topic(action).has_value();
    return good ? Result<void>{}
                : fail(option + "=" + escape_path(action),
                       "is neither the name of a topic nor an ARN");
}

Result<Subscription> email_subscription(const std::string &address) {
    Subscription one;
    one.protocol = "email";
    one.endpoint = address;
    if (auto good = check_subscription(one, "--email=" + escape_path(address)); !good)
        return std::unexpected(good.error());
    return one;
}

Result<Subscription> parse_subscription(const std::string &text) {
    const auto option = "--subscribe=" + escape_path(text);
    const auto equals = text.find('=');
    if (equals == std::string::npos)
        return fail(option, "is no PROTOCOL=ENDPOINT");
    Subscription one;
    one.protocol = text.substr(0, equals);
    one.endpoint = text.substr(equals + 1);
    if (auto good = check_subscription(one, option); !good)
        return std::unexpected(good.error());
    return one;
}

Result<std::vector<Subscription>> parse_subscriptions(const std::vector<std::string> &emails,
                                                      const std::vector<std::string> &others) {
    std::vector<Subscription> all;
    const auto add = [&all](Result<Subscription> one) -> Result<void> {
        if (!one)
            return std::unexpected(one.error());
        if (std::ranges::none_of(all, [&one](const Subscription &other) {
                return other.protocol == one->protocol && other.endpoint == one->endpoint;
            }))
            all.push_back(std::move(*one));
        return {};
    };
    for (const auto &address : emails)
        if (auto added = add(email_subscription(address)); !added)
            return std::unexpected(added.error());
    for (const auto &text : others)
        if (auto added = add(parse_subscription(text)); !added)
            return std::unexpected(added.error());
    return all;
}

std::string subscription_text(const Subscription &subscription) {
    const bool url = subscription.protocol.starts_with("http");
    return "subscription " + escape_path(subscription.protocol) + " " +
           (url ? printable_url(subscription.endpoint) : escape_path(subscription.endpoint));
}

Result<std::map<std::string, std::string>> parse_pairs(const std::string &option,
                                                       const std::vector<std::string> &texts) {
    std::map<std::string, std::string> pairs;
    for (const auto &text : texts) {
        const auto what = option + "=" + escape_path(text);
        const auto equals = text.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail(what, "is no NAME=VALUE");
        if (!pairs.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
            return fail(what, "has a name that was given before");
    }
    return pairs;
}

Result<AwsTags> parse_tags(const std::vector<std::string> &texts) {
    auto tags = parse_pairs("--tag", texts);
    if (!tags)
        return tags;
    static constexpr std::string_view marks = " _.:/=+-@";
    const auto good = [](const std::string &text) {
        return is_utf8(text) && std::ranges::all_of(text, [](char c) {
                   return is_letter_or_digit(c) || c < 0 || marks.contains(c);
               });
    };
    for (const auto &[name, value] : *tags) {
        const auto what = "--tag=" + escape_path(name + "=" + value);
        if (!good(name) || !good(value) || characters(name) > longest_tag ||
            characters(value) > longest_tag_value)
            return fail(what, "letters, digits, blanks and _ . : / = + - @; 128 of them at most in "
                              "the name, 256 in the value");
        if (lower_ascii(name).starts_with("aws:"))
            return fail(what, "must not begin with aws:");
    }
    if (tags->size() > most_tags)
        return fail("--tag", "50 at most");
    return tags;
}

} // namespace hostav
