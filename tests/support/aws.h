// SPDX-License-Identifier: GPL-2.0-only
//
// What tests of the AWS layer share: an environment out of a table, a directory for its files.
#pragma once

#include "aws/environment.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

namespace aws_test {

/// A directory of its own, gone afterwards.
class Directory {
  public:
    Directory() {
        auto name = (std::filesystem::temp_directory_path() / "aws.XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    Directory(const Directory &) = delete;
    Directory &operator=(const Directory &) = delete;

    [[nodiscard]] std::string path(const std::string &name) const { return path_ + "/" + name; }
    /// Writes a file; where it is.
    std::string write(const std::string &name, const std::string &text) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name)) << text;
        return path(name);
    }

  private:
    std::string path_;
};

/// Variables that a test sets, also later; nothing of the machine's own. HOME is the directory.
using Table = std::map<std::string, std::string>;

inline hostav::Variables variables(const std::shared_ptr<Table> &table) {
    return [table](const char *name) {
        const auto found = table->find(name);
        return found == table->end() ? std::string() : found->second;
    };
}

inline hostav::AwsEnvironment environment(const Directory &home, Table table,
                                          const hostav::AwsOptions &options = {}) {
    table.try_emplace("HOME", home.path("."));
    return hostav::aws_environment(options, variables(std::make_shared<Table>(std::move(table))));
}

} // namespace aws_test
