// SPDX-License-Identifier: GPL-2.0-only
#include "aws/request.h"

#include <utility>

namespace hostav {

Result<HttpRequest> aws_request(const AwsPlace &place, AwsCall &call,
                                const AwsCredentials *credentials, std::time_t now) {
    auto url = split_url(place.endpoint);
    if (!url)
        return fail("endpoint", url.error().why);
    HttpRequest request;
    if (call.timeout.count() > 0)
        request.timeout = call.timeout;
    request.url = place.endpoint;
    request.headers.push_back("Content-Type: " + call.content_type);
    if (call.gzipped)
        request.headers.emplace_back("Content-Encoding: gzip");
    if (!call.target.empty())
        request.headers.push_back("X-Amz-Target: " + call.target);
    if (credentials != nullptr) {
        SigningRequest to_sign;
        to_sign.host = url->host;
        to_sign.path = url->path;
        to_sign.query = url->query;
        to_sign.headers = request.headers;
        to_sign.body = call.body;
        to_sign.region = place.region;
        to_sign.service = place.service.signing;
        to_sign.now = now;
        for (auto &header : sign_request(to_sign, *credentials))
            request.headers.push_back(std::move(header));
    }
    // What is signed is what is sent, however libcurl would write it.
    request.headers.push_back("Host: " + url->host);
    request.body = std::move(call.body);
    return request;
}

} // namespace hostav
