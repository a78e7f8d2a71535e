// SPDX-License-Identifier: GPL-2.0-only
#include "aws/topics.h"

#include "aws/xml.h"

#include <iterator>
#include <utility>

namespace hostav {

namespace {

AwsResult<> done(const AwsResult<std::string> &answer) {
    return answer ? AwsResult<>{} : std::unexpected(answer.error());
}

/// Reads a list page by page; `take` gets each answer.
AwsResult<> read_list(AwsServices &services, const char *operation, FormParameters parameters,
                      const std::function<void(const std::string &)> &take) {
    return read_pages(operation, [&](const std::string &token) -> AwsResult<std::string> {
        auto all = parameters;
        if (!token.empty())
            all.emplace_back("NextToken", token);
        const auto answer = services.sns(operation, all);
        if (!answer)
            return std::unexpected(answer.error());
        // An empty list has its element, too: without it this is no answer.
        if (answer->find(std::string("<") + operation + "Result") == std::string::npos)
            return unexpected_answer(operation);
        take(*answer);
        return xml_text(*answer, "NextToken");
    });
}

} // namespace

std::string topic_name(const std::string &arn) {
    const auto colon = arn.rfind(':');
    return colon == std::string::npos ? arn : arn.substr(colon + 1);
}

AwsResult<std::vector<std::string>> list_topics(AwsServices &services) {
    std::vector<std::string> topics;
    const auto read = read_list(services, "ListTopics", {}, [&topics](const std::string &answer) {
        for (const auto member : xml_elements(answer, "member"))
            topics.push_back(xml_text(member, "TopicArn"));
    });
    if (!read)
        return std::unexpected(read.error());
    return topics;
}

AwsResult<std::optional<std::string>> find_topic(AwsServices &services, const std::string &name) {
    const auto topics = list_topics(services);
    if (!topics)
        return std::unexpected(topics.error());
    for (const auto &arn : *topics)
        if (topic_name(arn) == name)
            return arn;
    return std::nullopt;
}

AwsResult<std::string> create_topic(AwsServices &services, const std::string &name,
                                    const TopicAttributes &attributes, const AwsTags &tags) {
    constexpr const char *operation = "CreateTopic";
    FormParameters parameters{{"Name", name}};
    unsigned i = 0;
    for (const auto &[key, value] : attributes) {
        const auto entry = "Attributes.entry." + std::to_string(++i);
        parameters.emplace_back(entry + ".key", key);
        parameters.emplace_back(entry + ".value", value);
    }
    i = 0;
    for (const auto &[key, value] : tags) {
        const auto member = "Tags.member." + std::to_string(++i);
        parameters.emplace_back(member + ".Key", key);
        parameters.emplace_back(member + ".Value", value);
    }
    const auto answer = services.sns(operation, parameters);
    if (!answer)
        return std::unexpected(answer.error());
    auto arn = xml_text(*answer, "TopicArn");
    if (!arn.starts_with("arn:") || topic_name(arn) != name)
        return unexpected_answer(operation);
    return arn;
}

TopicAttributes read_topic_attributes(std::string_view answer) {
    TopicAttributes attributes;
    for (const auto entry : xml_elements(answer, "entry"))
        attributes[xml_text(entry, "key")] = xml_text(entry, "value");
    return attributes;
}

AwsResult<TopicAttributes> topic_attributes(AwsServices &services, const std::string &arn) {
    const auto answer = services.sns("GetTopicAttributes", {{"TopicArn", arn}});
    if (!answer)
        return std::unexpected(answer.error());
    return read_topic_attributes(*answer);
}

AwsResult<> set_topic_attribute(AwsServices &services, const std::string &arn,
                                const std::string &name, const std::string &value) {
    return done(
        services.sns("SetTopicAttributes",
                     {{"TopicArn", arn}, {"AttributeName", name}, {"AttributeValue", value}}));
}

AwsResult<> delete_topic(AwsServices &services, const std::string &arn) {
    return done(services.sns("DeleteTopic", {{"TopicArn", arn}}));
}

std::vector<Subscription> read_subscriptions(std::string_view answer) {
    std::vector<Subscription> subscriptions;
    for (const auto member : xml_elements(answer, "member")) {
        Subscription one;
        one.topic = xml_text(member, "TopicArn");
        one.protocol = xml_text(member, "Protocol");
        one.endpoint = xml_text(member, "Endpoint");
        one.arn = xml_text(member, "SubscriptionArn");
        // `PendingConfirmation`, and `Deleted` for a while after that.
        one.pending = one.arn == "PendingConfirmation";
        if (one.arn.starts_with("arn:") || one.pending)
            subscriptions.push_back(std::move(one));
    }
    for (auto &one : subscriptions)
        if (one.pending)
            one.arn.clear();
    return subscriptions;
}

AwsResult<std::vector<Subscription>> list_subscriptions(AwsServices &services,
                                                        const std::string &topic) {
    std::vector<Subscription> all;
    const auto *const operation = topic.empty() ? "ListSubscriptions" : "ListSubscriptionsByTopic";
    const auto parameters = topic.empty() ? FormParameters{} : FormParameters{{"TopicArn", topic}};
    const auto read = read_list(services, operation, parameters, [&](const std::string &answer) {
        std::ranges::move(read_subscriptions(answer), std::back_inserter(all));
    });
    if (!read)
        return std::unexpected(read.error());
    return all;
}

AwsResult<bool> subscribe(AwsServices &services, const Subscription &subscription) {
    const auto answer = services.sns("Subscribe", {{"TopicArn", subscription.topic},
                                                   {"Protocol", subscription.protocol},
                                                   {"Endpoint", subscription.endpoint}});
    if (!answer)
        return std::unexpected(answer.error());
    return xml_text(*answer, "SubscriptionArn") == "pending confirmation";
}

AwsResult<> unsubscribe(AwsServices &services, const std::string &arn) {
    return done(services.sns("Unsubscribe", {{"SubscriptionArn", arn}}));
}

} // namespace hostav
