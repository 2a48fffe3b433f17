// Reads command lines as Python's argparse does. CLI11 knows the options, their conflicts and the help, but reads some
// values as syntax of its own: "[a,b]" is a list, "%%" a separator, "--x=" has no value. So CLI11 gets every value in
// the form --name=<mark>value, and the mark is removed from the values that CLI11 returns.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <minibert/core/config.hpp>
#include <minibert/core/error.hpp>

#include "program.hpp"

namespace command_line {

template <class T>
struct ValueOf {
  using type = T;
};
template <class T>
struct ValueOf<std::optional<T>> {
  using type = T;
};

/// Returns true or false for the words that Hugging Face's HfArgumentParser accepts, in upper or lower case; otherwise
/// nothing.
inline std::optional<bool> truth(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? c + 32 : c; });
  for (const char* yes : {"true", "yes", "t", "y", "1"})
    if (word == yes) return true;
  for (const char* no : {"false", "no", "f", "n", "0"})
    if (word == no) return false;
  return std::nullopt;
}

/// The smallest and the largest value of an option.
template <class T>
struct Range {
  T least = std::numeric_limits<T>::lowest(), most = std::numeric_limits<T>::max();
};

/// The range of --threads. OpenMP ends the program if it asks for more threads than the system can create.
inline constexpr Range<int> kThreads{0, 1024};

/// Reads a whole number of type T. @throws UsageError if the text is not a whole number or the number is out of range
template <std::integral T>
T whole_number(const std::string& name, const std::string& text, Range<T> range) {
  const bool is_signed = text.starts_with('-') || text.starts_with('+');
  const std::string_view digits = std::string_view(text).substr(is_signed ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
    throw UsageError(name + " is '" + text + "', expected a whole number");
  T value = 0;
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= range.least && value <= range.most)
    return value;
  throw UsageError(name + " is " + text + ", expected a whole number from " + std::to_string(range.least) + " to " +
                   std::to_string(range.most));
}

/// Reads a finite number. @throws UsageError if the text is not a finite number
inline double real_number(const std::string& name, const std::string& text) {
  double value = 0;
  const bool has_plus = text.starts_with('+') && !text.starts_with("+-");
  const auto [end, error] = std::from_chars(text.data() + (has_plus ? 1 : 0), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value)) return value;
  throw UsageError(name + " is '" + text + "', expected a number such as 0.5 or 1e-4");
}

/// Reads a value of type T. @throws UsageError that names the option if the text cannot be read as a T
template <class T>
T read(const std::string& name, const std::string& text, Range<T> range = {}) {
  if constexpr (std::same_as<T, bool>) {
    if (const auto value = truth(text)) return *value;
    throw UsageError(name + " is '" + text + "', expected true or false");
  } else if constexpr (std::integral<T>) {
    return whole_number<T>(name, text, range);
  } else if constexpr (std::floating_point<T>) {
    return static_cast<T>(real_number(name, text));
  } else {
    if constexpr (std::same_as<T, std::filesystem::path>)
      if (text.empty()) throw UsageError(name + " is empty, expected a path");
    return T(text);
  }
}

template <class T>
std::string default_text(const T& value) {
  if constexpr (std::same_as<T, std::filesystem::path>)
    return value.string();
  else
    return CLI::detail::checked_to_string<T, T>(value);
}

}  // namespace command_line

/// The options of a program. Each function adds an option and returns it, for CLI11's settings such as group(). Every
/// value is taken byte for byte. If an option is given twice, the last value counts.
class CommandLine {
 public:
  CommandLine(const std::string& program, const std::string& description) : app_(description, program) {
    app_.set_version_flag("--version", program + " of minibert " MINIBERT_VERSION);
  }

  CLI::App& app() { return app_; }

  /// Adds an option with one value: text, a path, or a number in a range.
  template <class T, class Value = typename command_line::ValueOf<T>::type>
  CLI::Option* option(const std::string& name, T& value, const std::string& help,
                      command_line::Range<Value> range = {}) {
    const auto set = [&value, name, range](const std::string& text) {
      value = command_line::read<Value>(name, text, range);
    };
    auto* option = add(name, Kind::value, help, CLI::detail::type_name<Value>(), set);
    if constexpr (std::same_as<T, Value>)
      option->default_function([&value] { return command_line::default_text(value); });
    return option;
  }

  /// Adds an option with one value that set() reads. An Error of set() is reported as wrong usage.
  CLI::Option* option_function(const std::string& name, std::function<void(const std::string&)> set,
                               const std::string& help) {
    return add(name, Kind::value, help, "TEXT", std::move(set));
  }

  /// Adds an option whose value may be missing. set("") is called for `--name` alone. The form `--name=` is an error.
  CLI::Option* option_with_optional_path(const std::string& name, std::function<void(const std::string&)> set,
                                         const std::string& help) {
    return add(name, Kind::optional_value, help, "[TEXT]", std::move(set));
  }

  /// Adds a list, `--name a b c`. The option can be repeated; then the lists are joined.
  template <class T>
  CLI::Option* list(const std::string& name, std::vector<T>& values, const std::string& help) {
    return add_list(name, Kind::list, values, help);
  }

  /// Adds an option that can be repeated, each time with one value.
  CLI::Option* repeated(const std::string& name, std::vector<std::string>& values, const std::string& help) {
    return add_list(name, Kind::value, values, help);
  }

  /// Adds a flag of type bool or std::optional<bool>: --name, --name true or --name=false.
  template <class T>
  CLI::Option* flag(const std::string& name, T& value, const std::string& help) {
    return add(name, Kind::flag, help, "",
               [&value, name](const std::string& text) { value = command_line::read<bool>(name, text); });
  }

  /// Adds the arguments that belong to no option.
  void texts(const std::string& name, std::vector<std::string>& values, const std::string& help) {
    texts_ = &values;
    app_.add_option(name, CLI::callback_t(), help)->type_name("...");  // for --help only
  }

  /// Reads the arguments. @throws UsageError if they are wrong; Answered after --help or --version
  void parse(int argc, char** argv) {
    try {
      std::vector<std::string> arguments = marked(argc, argv);
      std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
      app_.parse(std::move(arguments));
    } catch (const CLI::Success& answer) {
      std::ostringstream text;
      app_.exit(answer, text, text);
      std::cout << text.str();
      flush_output();
      throw Answered();
    } catch (const CLI::ParseError& error) {
      throw UsageError(error.what());
    }
  }

 private:
  enum class Kind { value, optional_value, list, flag };
  static constexpr char kMark = '\x01';

  CLI::Option* add(const std::string& name, Kind kind, const std::string& help, const std::string& type,
                   std::function<void(const std::string&)> set) {
    return add_results(name, kind, help, type, [set, name](const std::vector<std::string>& texts) {
      try {
        set(texts.back());
      } catch (const minibert::Error& error) {
        const std::string message = error.what(), bare = name.substr(2);
        throw UsageError(message.starts_with(bare + " ") ? "--" + message : name + ": " + message);
      }
    });
  }

  CLI::Option* add_results(const std::string& name, Kind kind, const std::string& help, const std::string& type,
                           std::function<void(const std::vector<std::string>&)> set) {
    kinds_[name] = kind;
    const auto unmark = [set](const CLI::results_t& results) {
      std::vector<std::string> texts;
      for (const std::string& result : results) texts.push_back(result.substr(1));
      set(texts);
      return true;
    };
    return app_.add_option(name, CLI::callback_t(unmark), help)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->type_name(type);
  }

  template <class T>
  CLI::Option* add_list(const std::string& name, Kind kind, std::vector<T>& values, const std::string& help) {
    const char* type = kind == Kind::list ? "TEXT ..." : "TEXT";
    return add_results(name, kind, help, type, [&values, name](const std::vector<std::string>& texts) {
      values.clear();
      for (const std::string& text : texts) {
        if (text.empty()) throw UsageError(name + " is empty, expected one character or more");
        values.push_back(T(text));
      }
    });
  }

  /// Returns the name of the option that an argument gives, or nothing. Dashes may replace the underscores of a name.
  std::optional<std::string> option_of(const std::string& argument) const {
    std::string name = argument.substr(0, argument.find('='));
    if (name.size() < 3 || !name.starts_with("--")) return std::nullopt;
    if (kinds_.contains(name)) return name;
    std::replace(name.begin() + 2, name.end(), '-', '_');
    return kinds_.contains(name) ? std::optional(name) : std::nullopt;
  }

  /// Returns true if the argument at `i` exists and is no option, so that it can be a value.
  bool is_value(int i, int argc, char** argv) const {
    return i < argc && std::string_view(argv[i]) != "--" && !option_of(argv[i]);
  }

  /// Returns the options in the form --name=<mark>value, in which CLI11 changes no value. Moves the arguments that
  /// belong to no option to texts_.
  std::vector<std::string> marked(int argc, char** argv) {
    std::vector<std::string> out;
    bool options_ended = false;
    if (texts_ != nullptr) texts_->clear();
    for (int i = 1; i < argc; ++i) {
      const std::string argument = argv[i];
      const auto name = options_ended ? std::nullopt : option_of(argument);
      if (name) {
        add_option(*name, argument, i, argc, argv, out);
      } else if (!options_ended && argument == "--") {
        options_ended = true;
      } else if (!options_ended && (argument == "--help" || argument == "-h" || argument == "--version")) {
        out.push_back(argument);
      } else {
        if (!options_ended && argument.starts_with('-') && argument != "-") throw unknown_option(argument);
        if (texts_ == nullptr) throw UsageError("unexpected argument '" + argument + "', expected an option");
        texts_->push_back(argument);
      }
    }
    return out;
  }

  UsageError unknown_option(const std::string& argument) const {
    std::string hint;
    if (const auto meant = option_of('-' + argument))
      hint = ", expected " + *meant;
    else if (texts_ != nullptr)
      hint = ", expected -- before a text that begins with -";
    return UsageError("unknown option " + argument + hint);
  }

  /// Appends the option that the argument at `i` gives, and moves `i` to the last of its values.
  void add_option(const std::string& name, const std::string& argument, int& i, int argc, char** argv,
                  std::vector<std::string>& out) const {
    const Kind kind = kinds_.at(name);
    const auto append = [&](const std::string& value) { out.push_back(name + '=' + kMark + value); };
    const auto append_given = [&](const std::string& value) {
      if (kind == Kind::optional_value && value.empty()) throw UsageError(name + " is empty, expected a value or none");
      append(value);
    };
    if (const auto equals = argument.find('='); equals != std::string::npos)
      return append_given(argument.substr(equals + 1));
    const bool has_value = is_value(i + 1, argc, argv);
    if (kind == Kind::flag) return append(has_value && command_line::truth(argv[i + 1]) ? argv[++i] : "true");
    if (kind == Kind::optional_value && (!has_value || argv[i + 1][0] == '-')) return append("");
    if (!has_value || std::string_view(argv[i + 1]).starts_with("--"))
      throw UsageError(name + " lacks its value" +
                       (i + 1 < argc ? std::string(" (") + argv[i + 1] + " follows it; if that is meant, write " +
                                           name + "=" + argv[i + 1] + ")"
                                     : ""));
    append_given(argv[++i]);
    while (kind == Kind::list && is_value(i + 1, argc, argv) && argv[i + 1][0] != '-') append(argv[++i]);
  }

  CLI::App app_;
  std::map<std::string, Kind> kinds_;
  std::vector<std::string>* texts_ = nullptr;
};
