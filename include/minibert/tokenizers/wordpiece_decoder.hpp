// WordPieceDecoder: joins tokens into text like Hugging Face's WordPiece decoder with cleanup = true.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace minibert {

/// Joins tokens into text. Drops the prefix of tokens that continue a word. Puts a space before each other token,
/// except the first token, English punctuation and contractions. Looks at one token at a time, so the three tokens of
/// "don't" become "don ' t".
class WordPieceDecoder {
 public:
  explicit WordPieceDecoder(std::string continuing_subword_prefix = "##")
      : prefix_(std::move(continuing_subword_prefix)) {}

  /// Appends the next token to the text.
  void add(std::string_view token) {
    if (is_first_) {
      piece_ = token;
    } else if (token.starts_with(prefix_)) {
      piece_ = token.substr(prefix_.size());
    } else {
      (piece_ = " ") += token;
    }
    is_first_ = false;
    for (const auto& [from, to] : kReplacements) replace(piece_, from, to);
    text_ += piece_;
  }

  /// Returns the text of the tokens added so far, and clears the decoder.
  std::string take() {
    is_first_ = true;
    return std::exchange(text_, {});
  }

  /// Applies Hugging Face's clean_up_tokenization_spaces: makes the replacements of kReplacements in a whole text,
  /// except the replacement of " do not".
  static void clean_up_tokenization(std::string& text) {
    for (const auto& [from, to] : kReplacements)
      if (from != kDoNot) replace(text, from, to);
  }

 private:
  static constexpr std::string_view kDoNot = " do not";
  static constexpr std::pair<std::string_view, std::string_view> kReplacements[] = {
      {" .", "."},   {" ?", "?"},        {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {kDoNot, " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};

  static void replace(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  }

  std::string prefix_, text_, piece_;
  bool is_first_ = true;
};

}  // namespace minibert
