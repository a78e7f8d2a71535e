// SPDX-License-Identifier: GPL-2.0-only
#include "ship/stdout_sink.h"

#include "base/files.h"
#include "base/json_text.h"

#include <cerrno>

namespace hostav {

void StdoutSink::deliver(const Parcel &parcel, Done done) {
    std::string head = "{\"logGroupName\":";
    append_json_text(head, parcel.destination->group);
    head += ",\"logStreamName\":";
    append_json_text(head, parcel.destination->stream);
    head += ",\"timestamp\":";
    std::string lines;
    for (std::size_t i = 0; i < parcel.count; ++i) {
        const auto &item = parcel.batch->items()[parcel.first + i];
        lines += head + std::to_string(item.time) + ",\"message\":";
        append_json_text(lines, parcel.batch->message(item));
        lines += "}\n";
    }
    if (const auto written = write_all(fd_, lines, "stdout"); !written)
        return done({errno == EPIPE || errno == EBADF ? Outcome::closed : Outcome::again,
                     written.error().text()});
    done({Outcome::accepted, ""});
}

} // namespace hostav
