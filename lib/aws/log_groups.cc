// SPDX-License-Identifier: GPL-2.0-only
#include "aws/log_groups.h"

#include "base/json.h"

#include <algorithm>
#include <array>
#include <memory>

namespace hostav {

namespace {

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
constexpr std::array<std::uint64_t, 22> retentions{1,    3,    5,    7,    14,   30,  60,  90,
                                                   120,  150,  180,  365,  400,  545, 731, 1096,
                                                   1827, 2192, 2557, 2922, 3288, 3653};

/// One chain of calls; kept alive by the call that is on its way.
struct Making : std::enable_shared_from_this<Making> {
    AwsServiceClient &logs;
    std::string group, stream;
    LogGroupOptions options;
    UnfinishedGroups &unfinished;
    AwsServiceClient::Done done;
    bool made_group = false, made_again = false; ///< once each: the chain has an end
    std::string note;

    Making(AwsServiceClient &client, std::string of_group, std::string of_stream,
           LogGroupOptions group_options, UnfinishedGroups &groups, AwsServiceClient::Done then)
        : logs(client), group(std::move(of_group)), stream(std::move(of_stream)),
          options(std::move(group_options)), unfinished(groups), done(std::move(then)) {}

    void call(const std::string &operation, const JsonObject &body,
              void (Making::*next)(const AwsReply &)) {
        logs.call(logs_call(operation, body.text()), [self = shared_from_this(), operation,
                                                      next](AwsReply reply) {
            if (reply.error != AwsErrorKind::none && reply.error != AwsErrorKind::already_exists)
                reply.message = operation + ": " + reply.message;
            (self.get()->*next)(reply);
        });
    }
    [[nodiscard]] static bool failed(const AwsReply &reply) {
        return reply.error != AwsErrorKind::none && reply.error != AwsErrorKind::already_exists;
    }

    void begin() {
        made_group = unfinished.contains(group);
        made_group ? set_retention() : make_stream();
    }
    void make_stream() {
        JsonObject body;
        body.add("logGroupName", group).add("logStreamName", stream);
        call("CreateLogStream", body, &Making::stream_made);
    }
    void stream_made(const AwsReply &reply) {
        if (reply.error == AwsErrorKind::not_found && !made_group)
            return make_group();
        finish(reply);
    }
    void make_group() {
        made_group = true;
        JsonObject body;
        body.add("logGroupName", group);
        if (!options.tags.empty()) {
            JsonObject tags;
            for (const auto &[name, value] : options.tags)
                tags.add(name, value);
            body.add("tags", tags);
        }
        call("CreateLogGroup", body, &Making::group_made);
    }
    void group_made(const AwsReply &reply) {
        if (failed(reply))
            return finish(reply);
        // One that somebody else has made meanwhile is theirs to keep.
        if (reply.error == AwsErrorKind::already_exists || options.retention_days == 0)
            return make_stream();
        unfinished.insert(group);
        set_retention();
    }
    void set_retention() {
        JsonObject body;
        body.add("logGroupName", group).add("retentionInDays", options.retention_days);
        call("PutRetentionPolicy", body, &Making::retention_set);
    }
    void retention_set(const AwsReply &reply) {
        if (reply.error == AwsErrorKind::not_found) { // somebody has deleted it meanwhile
            unfinished.erase(group);
            made_group = std::exchange(made_again, true);
            return make_stream();
        }
        const bool never =
            reply.error == AwsErrorKind::denied || reply.error == AwsErrorKind::invalid;
        if (failed(reply) && !never)
            return finish(reply);
        if (never)
            note = reply.message;
        unfinished.erase(group);
        make_stream();
    }
    void finish(const AwsReply &reply) {
        if (failed(reply))
            return done(reply);
        AwsReply good;
        good.message = note;
        done(std::move(good));
    }
};

} // namespace

bool is_retention(std::uint64_t days) {
    return std::ranges::find(retentions, days) != retentions.end();
}

std::string retention_days_text() {
    std::string text;
    for (const auto days : retentions)
        text += (text.empty() ? "" : " ") + std::to_string(days);
    return text;
}

void ensure_log_stream(AwsServiceClient &logs, const std::string &group, const std::string &stream,
                       const LogGroupOptions &options, UnfinishedGroups &unfinished,
                       AwsServiceClient::Done done) {
    std::make_shared<Making>(logs, group, stream, options, unfinished, std::move(done))->begin();
}

} // namespace hostav
