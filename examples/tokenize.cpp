// Tokenises the lines of standard input, and writes the ids or tokens of each line to standard output.
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <minibert/minibert.hpp>

int main(int argc, char** argv) {
  std::filesystem::path folder;
  bool no_special_tokens = false, print_tokens = false;
  CLI::App app("Tokenises the lines of standard input and prints their ids.");
  app.add_option("--tokenizer", folder, "Folder with tokenizer.json or vocab.txt")->required();
  app.add_flag("--no_special_tokens", no_special_tokens, "Leave out [CLS] and [SEP]");
  app.add_flag("--tokens", print_tokens, "Print tokens instead of ids");

  try {
    app.parse(argc, argv);
    const auto tokenizer = minibert::BertTokenizer::from_pretrained(folder);
    std::ios::sync_with_stdio(false);
    std::string line, out;
    while (std::getline(std::cin, line)) {
      out.clear();
      for (const auto id : tokenizer.encode(line, {.add_special_tokens = !no_special_tokens})) {
        if (!out.empty()) out += ' ';
        out += print_tokens ? tokenizer.convert_ids_to_tokens(id) : std::to_string(id);
      }
      std::cout << out << '\n';
    }
    if (!std::cout.flush()) throw minibert::IoError("cannot write to standard output");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;  // --help is not an error
  } catch (const std::exception& error) {
    std::cerr << "tokenize: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
