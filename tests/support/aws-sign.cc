// SPDX-License-Identifier: GPL-2.0-only
//
// aws-sign: signs the requests that stdin describes, one JSON object a line (method, host, path,
// query, headers divided by line ends, body in base64, region, service, now, key, secret, token),
// and prints for each the Authorization header's value.
#include "aws/signer.h"
#include "base/ascii.h"
#include "base/json.h"
#include "base/text.h"

#include <iostream>
#include <iterator>

using namespace hostav;

namespace {

std::string authorization(const std::map<std::string, std::string> &fields) {
    SigningRequest request;
    request.method = text_field(fields, "method");
    request.host = text_field(fields, "host");
    request.path = text_field(fields, "path");
    request.query = text_field(fields, "query");
    const auto headers = text_field(fields, "headers");
    if (!headers.empty())
        for (const auto line : split(headers, '\n'))
            request.headers.emplace_back(line);
    const auto body = from_base64(text_field(fields, "body")).value_or("");
    request.body = body;
    request.region = text_field(fields, "region");
    request.service = text_field(fields, "service");
    request.now = static_cast<std::time_t>(parse_number(text_field(fields, "now")).value_or(0));
    AwsCredentials credentials;
    credentials.access_key_id = text_field(fields, "key");
    credentials.secret_access_key = text_field(fields, "secret");
    credentials.session_token = text_field(fields, "token");
    const auto header = sign_request(request, credentials).back();
    return header.substr(header.find(' ') + 1);
}

} // namespace

int main() {
    const std::string input(std::istreambuf_iterator<char>(std::cin), {});
    const auto requests = parse_json_lines(input, "stdin");
    if (!requests) {
        std::cerr << "aws-sign: " << requests.error().text() << "\n";
        return 1;
    }
    for (const auto &fields : *requests)
        std::cout << authorization(fields) << "\n";
}
