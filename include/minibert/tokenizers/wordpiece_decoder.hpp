// Word pieces back to text, as Hugging Face's WordPiece decoder (cleanup = true) joins them.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace minibert {

/// Joins tokens: "##" is dropped, other tokens follow a space, and English punctuation and contractions move up to the
/// word before, token by token ("don't" comes back as "don ' t").
class WordPieceDecoder {
 public:
  void add(std::string_view token) {
    if (is_first_) {
      piece_ = token;
    } else if (token.starts_with("##")) {
      piece_ = token.substr(2);
    } else {
      (piece_ = " ") += token;
    }
    is_first_ = false;
    clean_up(piece_);
    text_ += piece_;
  }

  /// The text so far; the decoder is empty afterwards.
  std::string take() {
    is_first_ = true;
    return std::exchange(text_, {});
  }

 private:
  static void clean_up(std::string& piece) {
    constexpr std::pair<std::string_view, std::string_view> kReplacements[] = {
        {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
        {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
    for (const auto& [from, to] : kReplacements)
      for (std::size_t at = piece.find(from); at != piece.npos; at = piece.find(from, at + to.size()))
        piece.replace(at, from.size(), to);
  }

  std::string text_, piece_;
  bool is_first_ = true;
};

}  // namespace minibert
