// SPDX-License-Identifier: GPL-2.0-only
//
// Data that wait for being pushed, oldest first: in memory, or on disk (metric/data_spool.h).
#pragma once

#include "base/error.h"
#include "metric/datum.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

namespace hostav {

class DataQueue {
  public:
    DataQueue() = default;
    DataQueue(const DataQueue &) = delete;
    DataQueue &operator=(const DataQueue &) = delete;
    DataQueue(DataQueue &&) = delete;
    DataQueue &operator=(DataQueue &&) = delete;
    virtual ~DataQueue() = default;

    [[nodiscard]] virtual std::size_t size() const = 0;
    /// Of the datum at a place; only where there is one.
    [[nodiscard]] virtual std::int64_t time(std::size_t at) const = 0;
    /// At most `most`, from the place `from` on.
    [[nodiscard]] virtual Result<std::vector<Datum>> get(std::size_t from,
                                                         std::size_t most) const = 0;
    virtual void add(std::vector<Datum> data) = 0;
    virtual void drop_first(std::size_t count) = 0;
    /// How many of the first have to go because it is full.
    [[nodiscard]] virtual std::size_t excess() const = 0;
};

class DataInMemory : public DataQueue {
  public:
    [[nodiscard]] std::size_t size() const override { return data_.size(); }
    [[nodiscard]] std::int64_t time(std::size_t at) const override { return data_[at].time; }
    [[nodiscard]] Result<std::vector<Datum>> get(std::size_t from,
                                                 std::size_t most) const override {
        const auto begin = std::min(from, data_.size());
        const auto end = begin + std::min(most, data_.size() - begin);
        return std::vector<Datum>(data_.begin() + static_cast<std::ptrdiff_t>(begin),
                                  data_.begin() + static_cast<std::ptrdiff_t>(end));
    }
    void add(std::vector<Datum> data) override {
        std::ranges::move(data, std::back_inserter(data_));
    }
    void drop_first(std::size_t count) override {
        data_.erase(data_.begin(),
                    data_.begin() + static_cast<std::ptrdiff_t>(std::min(count, data_.size())));
    }
    [[nodiscard]] std::size_t excess() const override {
        return data_.size() > most_waiting ? data_.size() - most_waiting : 0;
    }

  private:
    static constexpr std::size_t most_waiting = 10'000;
    std::vector<Datum> data_;
};

} // namespace hostav
