// SPDX-License-Identifier: GPL-2.0-only
#include "ship/config.h"

#include "aws/placeholders.h"
#include "base/text.h"
#include "conf/ini.h"
#include "ship/config_keys.h"
#include "ship/destination.h"
#include "ship/event_format.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace hostav {

namespace {

constexpr const char *general_section = "general";

/// What is printed again by --check-config must be harmless on a terminal.
bool is_printable(std::string value) {
    std::string expected;
    for (char &c : value) {
        c = c == '\t' || c == '\n' ? ' ' : c;
        expected += c == '\\' ? std::string(2, c) : std::string(1, c);
    }
    return escape_path(value) == expected;
}

bool is_list(std::string_view key) {
    return key == "tags" || key == "journal_unit" || key == "journal_identifier";
}

Result<void> check_value(const IniValue &value, const std::string &where) {
    if (!is_printable(value.value))
        return fail(where, value.key + " holds a control character or is no UTF-8");
    if (value.value.find('\n') != std::string::npos && !is_list(value.key))
        return fail(where, value.key + " goes on over several lines");
    return {};
}

template <typename Keys>
auto find_key(Keys keys, const std::string &name) {
    const auto found =
        std::ranges::find_if(keys, [&name](const auto &key) { return name == key.name; });
    return found == keys.end() ? nullptr : &*found;
}

/// Reads one file's sections into the configuration.
class Reading {
  public:
    Reading(ShipConfig &to, const IniFile &from, std::vector<std::string> &warnings)
        : to_(to), from_(from), warnings_(warnings) {}

    Result<void> general(const IniSection &section);
    Result<void> stream(const IniSection &section);

  private:
    ShipConfig &to_;
    const IniFile &from_;
    std::vector<std::string> &warnings_;

    [[nodiscard]] GivenValue given(const IniValue &value) const {
        return {value.key, value.value, from_.where(value.line), warnings_};
    }
    [[nodiscard]] std::unexpected<Error> unknown(const IniSection &section,
                                                 const IniValue &value) const {
        return fail(from_.where(value.line), "unknown key " + escape_path(value.key) + " in [" +
                                                 escape_path(section.name) + "]");
    }
    template <typename Key, typename To>
    Result<void> apply(const Key &key, const IniValue &value, To &to) const;
    [[nodiscard]] Result<void> check(const IniSection &section, const StreamConfig &config) const;
    [[nodiscard]] Result<void> check_names(const IniSection &section,
                                           const StreamConfig &config) const;
};

template <typename Key, typename To>
Result<void> Reading::apply(const Key &key, const IniValue &value, To &to) const {
    if (auto checked = check_value(value, from_.where(value.line)); !checked)
        return checked;
    if (value.value.empty()) // as if it were not there
        return {};
    return key.set(to, given(value));
}

Result<void> Reading::general(const IniSection &section) {
    for (const auto &value : section.values) {
        const auto *key = find_key(general_keys(), value.key);
        const bool elsewhere = value.inherited && find_key(stream_keys(), value.key) != nullptr;
        if (key == nullptr && elsewhere)
            continue;
        if (key == nullptr)
            return unknown(section, value);
        if (auto applied = apply(*key, value, to_); !applied)
            return applied;
    }
    return {};
}

/// Whether a section reads the journal: what it says itself counts before what it inherits.
bool reads_journal(const IniSection &section) {
    const auto has = [&section](std::string_view key, bool inherited) {
        const auto *value = section.find(key);
        return value != nullptr && !value->value.empty() && value->inherited == inherited;
    };
    const auto journal = [&has](bool inherited) {
        return has("journal_unit", inherited) || has("journal_identifier", inherited);
    };
    return journal(false) || (journal(true) && !has("file", false) && !has("file", true));
}

Result<void> Reading::stream(const IniSection &section) {
    if (!is_printable(section.name))
        return fail(from_.where(section.line),
                    "the section's name holds a control character or is no UTF-8");
    StreamConfig config;
    config.name = section.name;
    config.where = from_.where(section.line);
    const bool journal = reads_journal(section);
    for (const auto &value : section.values) {
        const auto *key = find_key(stream_keys(), value.key);
        if (key == nullptr && value.inherited && find_key(general_keys(), value.key) != nullptr)
            continue;
        if (key == nullptr)
            return unknown(section, value);
        const bool journals = value.key.starts_with("journal_");
        const bool fits = journal ? !key->files_only : !journals;
        if (!fits && value.inherited)
            continue;
        if (!fits)
            return fail(from_.where(value.line),
                        value.key + " is for files: [" + section.name + "] reads the journal");
        if (auto applied = apply(*key, value, config); !applied)
            return applied;
    }
    if (auto checked = check(section, config); !checked)
        return checked;
    to_.streams.push_back(std::move(config));
    return {};
}

Result<void> Reading::check(const IniSection &section, const StreamConfig &config) const {
    const auto missing = [&section, &config](const std::string &key) {
        return fail(config.where, "[" + section.name + "] needs " + key);
    };
    if (config.file.empty() && config.journal_units.empty() && config.journal_identifiers.empty())
        return missing("file");
    if (config.log_group_name.empty())
        return missing("log_group_name");
    if (config.log_stream_name.empty())
        return missing("log_stream_name");
    if (auto names = check_names(section, config); !names)
        return names;
    // Its errors are to name the lines of the keys, not that of the section.
    for (const char *key : {"datetime_format", "multi_line_start_pattern"}) {
        StreamConfig one = config;
        if (const auto *value = section.find(key); value != nullptr)
            one.where = from_.where(value->line);
        if (std::string_view(key) == "datetime_format")
            one.multi_line_start_pattern.reset();
        if (const auto format = event_format(one); !format)
            return std::unexpected(format.error());
    }
    return {};
}

/// As far as it can be known before the placeholders are.
Result<void> Reading::check_names(const IniSection &section, const StreamConfig &config) const {
    const Placeholder any = [](const std::string &) -> Result<std::string> { return "x"; };
    const auto where = [this, &section](const char *key) {
        return from_.where(section.find(key)->line) + ": " + key;
    };
    const auto group = expand_placeholders(config.log_group_name, any, where("log_group_name"));
    if (!group)
        return std::unexpected(group.error());
    if (auto checked = check_group_name(*group, where("log_group_name")); !checked)
        return checked;
    const auto stream = expand_placeholders(config.log_stream_name, any, where("log_stream_name"));
    if (!stream)
        return std::unexpected(stream.error());
    return check_stream_name(*stream, where("log_stream_name"));
}

// ---- further files

Result<std::vector<std::string>> files_in(const std::string &directory, bool required) {
    std::error_code error;
    std::vector<std::string> files;
    std::filesystem::directory_iterator at(directory, error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
        std::error_code gone; // a link to nothing is no file
        if (!at->path().filename().native().starts_with('.') && at->is_regular_file(gone))
            files.push_back(at->path().native());
    }
    if (error && (required || error != std::errc::no_such_file_or_directory))
        return fail(escape_path(directory), error.message());
    std::ranges::sort(files);
    return files;
}

Result<void> read_further(const std::string &file, ShipConfig &config,
                          std::vector<std::string> &warnings) {
    const auto ini = read_ini(file);
    if (!ini) {
        warnings.push_back(ini.error().text() + ": the file is left out");
        return {};
    }
    for (const auto &section : ini->sections) {
        const auto ignored = [&](const std::string &why) {
            warnings.push_back("[" + escape_path(section.name) + "] at " +
                               ini->where(section.line) + " is ignored: " + why);
        };
        if (section.name == general_section)
            ignored("it counts in " + escape_path(config.file) + " only");
        else if (std::ranges::find(config.streams, section.name, &StreamConfig::name) !=
                 config.streams.end())
            ignored("there is one of that name already");
        else if (auto read = Reading(config, *ini, warnings).stream(section); !read)
            return read;
    }
    return {};
}

} // namespace

Result<ShipConfig> read_ship_config(const std::string &file,
                                    const std::optional<std::string> &additional,
                                    std::vector<std::string> &warnings) {
    const auto ini = read_ini(file);
    if (!ini)
        return std::unexpected(ini.error());
    ShipConfig config;
    config.file = file;
    for (const auto &section : ini->sections) {
        Reading reading(config, *ini, warnings);
        const bool general = section.name == general_section;
        if (auto read = general ? reading.general(section) : reading.stream(section); !read)
            return std::unexpected(read.error());
    }
    const auto beside = (std::filesystem::path(file).parent_path() / "config").native();
    const auto files = files_in(additional.value_or(beside), additional.has_value());
    if (!files)
        return std::unexpected(files.error());
    for (const auto &further : *files)
        if (auto read = read_further(further, config, warnings); !read)
            return std::unexpected(read.error());
    return config;
}

std::string config_text(const ShipConfig &config) {
    std::string text = "[" + std::string(general_section) + "]\n";
    const auto print = [&text](const auto &key, const std::optional<std::string> &value) {
        if (value)
            text += std::string(key.name) + " = " + *value + "\n";
    };
    for (const auto &key : general_keys())
        print(key, key.get(config));
    for (const auto &stream : config.streams) {
        text += "\n[" + stream.name + "]\n";
        const bool journal = stream.file.empty();
        for (const auto &key : stream_keys())
            if (!journal || !key.files_only)
                print(key, key.get(stream));
    }
    return text;
}

} // namespace hostav
