// SPDX-License-Identifier: GPL-2.0-only
#include "aws/log_group_settings.h"

#include "aws/answer_fields.h"
#include "base/json.h"

namespace hostav {

namespace {

AwsResult<> unless(AwsErrorKind harmless, const AwsResult<std::string> &answer) {
    if (!answer && answer.error().kind != harmless)
        return std::unexpected(answer.error());
    return {};
}

} // namespace

AwsResult<std::optional<LogGroup>> find_log_group(AwsServices &services, const std::string &name) {
    constexpr const char *operation = "DescribeLogGroups";
    std::optional<LogGroup> found;
    const auto page = [&](const std::string &token) -> AwsResult<std::string> {
        JsonObject body;
        body.add("logGroupNamePrefix", name);
        if (!token.empty())
            body.add("nextToken", token);
        const auto answer = services.logs(operation, body.text());
        if (!answer)
            return std::unexpected(answer.error());
        const auto fields = parse_json_fields(*answer, "");
        if (!fields)
            return unexpected_answer(operation);
        for (const auto &group : object_list(*fields, "logGroups"))
            if (text_field(group, "logGroupName") == name)
                found = LogGroup{name, whole_field(group, "retentionInDays"),
                                 text_field(group, "logGroupClass")};
        return found ? std::string() : text_field(*fields, "nextToken");
    };
    if (const auto read = read_pages(operation, page); !read)
        return std::unexpected(read.error());
    return found;
}

AwsResult<> create_log_group(AwsServices &services, const std::string &name, const AwsTags &tags) {
    JsonObject body;
    body.add("logGroupName", name);
    if (!tags.empty()) {
        JsonObject object;
        for (const auto &[tag, value] : tags)
            object.add(tag, value);
        body.add("tags", object);
    }
    return unless(AwsErrorKind::already_exists, services.logs("CreateLogGroup", body.text()));
}

AwsResult<> set_retention(AwsServices &services, const std::string &name, std::uint64_t days) {
    JsonObject body;
    body.add("logGroupName", name);
    if (days > 0)
        body.add("retentionInDays", days);
    return unless(
        AwsErrorKind::none,
        services.logs(days > 0 ? "PutRetentionPolicy" : "DeleteRetentionPolicy", body.text()));
}

AwsResult<> delete_log_group(AwsServices &services, const std::string &name) {
    return unless(AwsErrorKind::not_found,
                  services.logs("DeleteLogGroup", JsonObject().add("logGroupName", name).text()));
}

} // namespace hostav
