// SPDX-License-Identifier: GPL-2.0-only
//
// Container: finds out what a file is and hands it to the reader of its kind.
#include "engine/container_reader.h"

namespace hostav {

struct Container::Impl {
    std::unique_ptr<ContainerReader> reader;
};

Container::Container(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Container::Container(Container &&) noexcept = default;
Container &Container::operator=(Container &&) noexcept = default;
Container::~Container() = default;

Result<Container> Container::open(int fd, std::function<bool()> go_on) {
    const auto place = locate_container(fd);
    if (!place)
        return std::unexpected(place.error());
    if (place->kind == ContainerKind::warc)
        return Container(std::make_unique<Impl>(Impl{open_warc(fd, *place, std::move(go_on))}));
    auto reader = open_by_libarchive(fd, *place, std::move(go_on));
    if (!reader)
        return std::unexpected(reader.error());
    return Container(std::make_unique<Impl>(Impl{std::move(*reader)}));
}

std::optional<Member> Container::next() {
    return impl_->reader->next();
}

MemberEnd Container::extract(int out, std::uint64_t limit,
                             const std::function<bool(std::uint64_t)> &go_on) {
    return impl_->reader->extract(out, limit, go_on);
}

bool Container::damaged() const {
    return impl_->reader->damaged();
}

bool Container::stopped() const {
    return impl_->reader->stopped();
}

} // namespace hostav
