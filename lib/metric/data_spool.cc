// SPDX-License-Identifier: GPL-2.0-only
#include "metric/data_spool.h"

#include "base/text.h"
#include "metric/datum_record.h"
#include "store/state_directory.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace hostav {

namespace {

constexpr std::uint64_t share_given_up = 8;
constexpr const char *data_kind = "data/";
constexpr const char *other_kind = "other/";
/// After the series in a key: no series has it, so that none is the begin of another.
constexpr char separator = '\n';

} // namespace

std::string DataSpool::key_of(const std::string &kind, const std::string &name) const {
    return kind + options_.series + separator + name;
}

/// As texts they are in the order of their numbers.
std::string DataSpool::data_key(std::uint64_t number) const {
    std::array<char, 24> digits{};
    std::snprintf(digits.data(), digits.size(), "%020llu", static_cast<unsigned long long>(number));
    return key_of(data_kind, digits.data());
}

Result<std::unique_ptr<DataSpool>> DataSpool::open(const DataSpoolOptions &options) {
    if (auto made = make_state_directory(options.directory); !made)
        return std::unexpected(made.error());
    auto map = DurableMap::open(options.directory, DurableMap::Access::write);
    if (!map)
        return fail("state directory " + map.error().what, map.error().why);
    std::unique_ptr<DataSpool> spool(new DataSpool(options, std::move(*map)));
    if (auto read = spool->read(); !read)
        return std::unexpected(read.error());
    return spool;
}

Result<void> DataSpool::read() {
    const auto oldest = std::time(nullptr) - max_datum_age;
    const auto mine = key_of(data_kind, "");
    const auto all = map_.all(data_kind);
    if (!all)
        return std::unexpected(all.error());
    for (const auto &[key, text] : *all) {
        const auto datum = read_datum(text);
        const auto number = parse_number(key.substr(key.find(separator) + 1));
        if (!datum || !number) {
            ++damaged_;
            changes_[key] = std::nullopt;
        } else if (key.starts_with(mine)) {
            index_.push_back({*number, datum->time, text.size()});
            bytes_ += text.size();
            next_ = *number + 1;
        } else if (datum->time < oldest) {
            ++outdated_;
            changes_[key] = std::nullopt;
        }
    }
    return {};
}

Result<std::vector<Datum>> DataSpool::get(std::size_t from, std::size_t most) const {
    std::vector<Datum> data;
    for (auto at = from; at < index_.size() && data.size() < most; ++at) {
        const auto key = data_key(index_[at].number);
        std::optional<std::string> text;
        if (const auto change = changes_.find(key); change != changes_.end()) {
            text = change->second;
        } else {
            auto got = map_.get(key);
            if (!got)
                return std::unexpected(got.error());
            text = std::move(*got);
        }
        auto datum = read_datum(text.value_or(""));
        if (!datum)
            return fail(escape_path(options_.directory), "is damaged: " + datum.error().why);
        data.push_back(std::move(*datum));
    }
    return data;
}

void DataSpool::add(std::vector<Datum> data) {
    for (const auto &datum : data) {
        auto text = datum_text(datum);
        index_.push_back({next_, datum.time, text.size()});
        bytes_ += text.size();
        changes_[data_key(next_++)] = std::move(text);
        changed_ = true;
    }
}

void DataSpool::drop_first(std::size_t count) {
    for (; count > 0 && !index_.empty(); --count) {
        changes_[data_key(index_.front().number)] = std::nullopt;
        bytes_ -= index_.front().bytes;
        index_.pop_front();
        changed_ = true;
    }
}

std::size_t DataSpool::excess() const {
    if (bytes_ <= options_.limit)
        return 0;
    auto left = bytes_;
    std::size_t count = 0;
    const auto wanted = options_.limit - options_.limit / share_given_up;
    for (; count < index_.size() && left > wanted; ++count)
        left -= index_[count].bytes;
    return count;
}

Result<std::map<std::string, std::string>> DataSpool::others(const std::string &prefix) const {
    const auto begin = key_of(other_kind, "");
    const auto known = map_.all(begin + prefix);
    if (!known)
        return std::unexpected(known.error());
    std::map<std::string, std::string> pairs;
    for (const auto &[key, value] : *known)
        pairs[key.substr(begin.size())] = value;
    return pairs;
}

void DataSpool::put(const std::string &key, std::optional<std::string> value) {
    changes_[key_of(other_kind, key)] = std::move(value);
}

Result<void> DataSpool::commit() {
    if (changes_.empty())
        return {};
    if (auto done = map_.commit(changes_); !done)
        return done;
    changes_.clear();
    changed_ = false;
    return {};
}

} // namespace hostav
