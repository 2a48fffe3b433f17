// Tokenises the lines of standard input, and writes the ids or tokens of each line to standard output.
#include <filesystem>
#include <iostream>
#include <string>

#include <minibert/minibert.hpp>

#include "check_files.hpp"
#include "command_line.hpp"
#include "program.hpp"

namespace {

int run(int argc, char** argv) {
  std::filesystem::path folder;
  bool no_special_tokens = false, print_tokens = false;
  CommandLine command("tokenize", "Tokenises the lines of standard input and prints their ids.");
  command.option("--tokenizer", folder, "Folder with tokenizer.json or vocab.txt")->required();
  command.flag("--no_special_tokens", no_special_tokens, "Leave out [CLS] and [SEP]");
  command.flag("--tokens", print_tokens, "Print tokens instead of ids");
  command.parse(argc, argv);

  check_folder("--tokenizer", folder, "tokenizer.json or vocab.txt");
  const auto tokenizer = minibert::BertTokenizer::from_pretrained(folder);
  std::ios::sync_with_stdio(false);
  InputLines lines;
  std::string line, out;
  while (lines.next(line)) {
    out.clear();
    for (const auto id : tokenizer.encode(line, {.add_special_tokens = !no_special_tokens})) {
      if (!out.empty()) out += ' ';
      out += print_tokens ? tokenizer.convert_ids_to_tokens(id) : std::to_string(id);
    }
    // Flushes when no more input waits, so that a program at the other end of a pipe gets each line at once.
    if (!(std::cout << out << '\n') || std::cin.rdbuf()->in_avail() <= 0) flush_output();
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("tokenize", [&] { return run(argc, argv); });
}
