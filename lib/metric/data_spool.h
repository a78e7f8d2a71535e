// SPDX-License-Identifier: GPL-2.0-only
//
// What metric-push keeps on disk: data that are not pushed yet, and whatever has to change together
// with them (how far files are read, what is counted of periods that are not over). All of it is in
// one DurableMap, so that it changes in one transaction: a line is in a datum exactly when the
// place in its file is behind it. One process a directory.
//
// Bounded: `limit` bytes of data, of which the oldest are given up, an eighth at a time, so that
// this is not said with each new one.
#pragma once

#include "metric/data_queue.h"
#include "store/durable_map.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace hostav {

struct DataSpoolOptions {
    std::string directory; ///< made when missing
    std::string series;    ///< what data must not be mixed with: a sink and a namespace; no '\n'
    std::uint64_t limit = 8ULL << 20; ///< bytes
};

class DataSpool : public DataQueue {
  public:
    static Result<std::unique_ptr<DataSpool>> open(const DataSpoolOptions &options);

    [[nodiscard]] std::size_t size() const override { return index_.size(); }
    [[nodiscard]] std::int64_t time(std::size_t at) const override { return index_[at].time; }
    [[nodiscard]] Result<std::vector<Datum>> get(std::size_t from, std::size_t most) const override;
    void add(std::vector<Datum> data) override;
    void drop_first(std::size_t count) override;
    [[nodiscard]] std::size_t excess() const override;

    /// Every pair of the series beside its data, by the prefix of its key.
    [[nodiscard]] Result<std::map<std::string, std::string>>
    others(const std::string &prefix) const;
    /// Nothing: erases it.
    void put(const std::string &key, std::optional<std::string> value);
    /// Data came or went since the last commit().
    [[nodiscard]] bool changed() const { return changed_; }
    /// All of that, durably, or nothing; then it is tried again with the next one.
    Result<void> commit();

    [[nodiscard]] const std::string &directory() const { return options_.directory; }
    /// Records that were no data when it was opened, and were left out.
    [[nodiscard]] std::uint64_t damaged() const { return damaged_; }
    /// Data of other series that nobody has pushed for two weeks, and were given up when it was
    /// opened.
    [[nodiscard]] std::uint64_t outdated() const { return outdated_; }

  private:
    struct Entry {
        std::uint64_t number;
        std::int64_t time;
        std::size_t bytes;
    };
    DataSpool(DataSpoolOptions options, DurableMap map)
        : options_(std::move(options)), map_(std::move(map)) {}
    DataSpoolOptions options_;
    DurableMap map_;
    std::deque<Entry> index_;
    std::uint64_t bytes_ = 0, next_ = 1, damaged_ = 0, outdated_ = 0;
    std::map<std::string, std::optional<std::string>> changes_;
    bool changed_ = false;

    Result<void> read();
    [[nodiscard]] std::string key_of(const std::string &kind, const std::string &name) const;
    [[nodiscard]] std::string data_key(std::uint64_t number) const;
};

} // namespace hostav
