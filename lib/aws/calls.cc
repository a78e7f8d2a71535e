// SPDX-License-Identifier: GPL-2.0-only
#include "aws/calls.h"

#include "aws/form.h"

namespace hostav {

namespace {

AwsCall json_call(const char *target, const std::string &operation, const char *type,
                  std::string body) {
    AwsCall call;
    call.target = target + operation;
    call.content_type = type;
    call.body = std::move(body);
    return call;
}

} // namespace

AwsCall logs_call(const std::string &operation, std::string body) {
    return json_call("Logs_20140328.", operation, "application/x-amz-json-1.1", std::move(body));
}

AwsCall metrics_call(const std::string &operation, std::string body) {
    return json_call("GraniteServiceVersion20100801.", operation, "application/x-amz-json-1.0",
                     std::move(body));
}

AwsCall sns_call(const std::string &operation, const FormParameters &parameters) {
    FormParameters all{{"Action", operation}, {"Version", "2010-03-31"}};
    all.insert(all.end(), parameters.begin(), parameters.end());
    AwsCall call;
    call.content_type = form_content_type;
    call.body = form_body(all);
    return call;
}

} // namespace hostav
