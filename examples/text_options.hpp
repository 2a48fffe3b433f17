// The flags for reading text files, shared by train_tokenizer and train_mlm.
#pragma once

#include <minibert/minibert.hpp>

#include "command_line.hpp"

inline void add_text_file_options(CommandLine& command, minibert::TextOptions& o) {
  command
      .option("--text_column_name", o.text_column_name,
              "Column of .csv files, and key of .json and .jsonl lines, that holds the text")
      ->capture_default_str();
  command.flag("--allow_invalid_utf8", o.allow_invalid_utf8,
               "Read text of which more than 1 % of the lines are not UTF-8, and lose characters there");
}
