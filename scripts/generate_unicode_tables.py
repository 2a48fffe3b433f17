#!/usr/bin/env python3
"""Writes include/minibert/tokenizers/unicode_tables.hpp: the character properties that BERT's tokenizer depends on.

Hugging Face's tokenizer mixes several versions of Unicode: categories of about version 8, canonical decomposition of 9,
word characters of 16 and lower case of 17. It also has mistakes of its own. This script starts from utf8proc 2.8
(Unicode 15; Debian: libutf8proc2), loaded at run time. The sets below list the code points where Hugging Face differs
from utf8proc. The sizes of the resulting sets are checked, so that another version of utf8proc cannot change the tables
unnoticed.

usage: scripts/generate_unicode_tables.py [--output FILE] [--check]
"""

import argparse
import ctypes
import pathlib
import sys

UTF8PROC_UNICODE_VERSION = "15.0.0"
MAX_CODE_POINT = 0x10FFFF
BLOCK = 128  # code points in a block of the two-stage table
HANGUL = range(0xAC00, 0xD7A4)  # syllables, decomposed by arithmetic

# ---- where Hugging Face differs from utf8proc 2.8; hexadecimal ranges, both ends included ----

FORMAT_CHARACTERS_KEPT = "0890-0891 08E2 110CD 13430-1343F"  # Cf, but newer than Hugging Face's table

# The gap 2B820-2B91F is a mistake in Hugging Face's code (2B920 for 2B820), but ids depend on it.
CJK = "3400-4DBF 4E00-9FFF F900-FAFF 20000-2A6DF 2A700-2B81F 2B920-2CEAF 2F800-2FA1F"

WHITESPACE = "0009-000D 0020 0085 00A0 1680 2000-200A 2028 2029 202F 205F 3000"

PUNCTUATION_ASCII = "21-2F 3A-40 5B-60 7B-7E"
PUNCTUATION_ADDED = "166D 111C9"
PUNCTUATION_TOO_NEW = """
061D 09FD 0A76 0C77 0C84 1B7D-1B7E 2E43-2E4F 2E52-2E5D 10EAD 10F55-10F59 10F86-10F89 1144B-1144F 1145A-1145B 1145D
11660-1166C 116B9 1183B 11944-11946 119E2 11A3F-11A46 11A9A-11A9C 11A9E-11AA2 11B00-11B09 11C41-11C45 11C70-11C71
11EF7-11EF8 11F43-11F4F 11FFF 12FF1-12FF2 16E97-16E9A 16FE2 1E95E-1E95F"""

MARKS_ADDED = "1734"
MARKS_TOO_NEW = """
07FD 0898-089F 08CA-08E1 09FE 0AFA-0AFF 0B55 0C04 0C3C 0D00 0D3B-0D3C 0D81 0EBA 0ECE 180F 1885-1886 1ABF-1ACE
1DF6-1DFB A82C A8C5 A8FF A9BD 10D24-10D27 10EAB-10EAC 10EFD-10EFF 10F46-10F50 10F82-10F85 11070 11073-11074 110C2
111C9 111CF 1123E 11241 1133B 11438-1143F 11442-11444 11446 1145E 1182F-11837 11839-1183A 1193B-1193C 1193E 11943
119D4-119D7 119DA-119DB 119E0 11A01-11A0A 11A33-11A38 11A3B-11A3E 11A47 11A51-11A56 11A59-11A5B 11A8A-11A96
11A98-11A99 11C30-11C36 11C38-11C3D 11C3F 11C92-11CA7 11CAA-11CB0 11CB2-11CB3 11CB5-11CB6 11D31-11D36 11D3A
11D3C-11D3D 11D3F-11D45 11D47 11D90-11D91 11D95 11D97 11EF3-11EF4 11F00-11F01 11F36-11F3A 11F40 11F42 13440
13447-13455 16F4F 16FE4 1CF00-1CF2D 1CF30-1CF46 1E000-1E006 1E008-1E018 1E01B-1E021 1E023-1E024 1E026-1E02A 1E08F
1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E944-1E94A"""

DECOMPOSITIONS_TOO_NEW = "11938"
COMBINING_CLASSES_TOO_NEW = """
07FD 0898-089F 08CA-08D3 09FE 0C3C 0D3B-0D3C 0EBA 1715 1ABF-1ACE 1DF6-1DFA A82C 10D24-10D27 10EAB-10EAC 10EFD-10EFF
10F46-10F50 10F82-10F85 11070 1133B 1145E 11839-1183A 1193D-1193E 11943 119E0 11A34 11A47 11A99 11D42 11D44-11D45
11D97 11F41-11F42 16FF0-16FF1 1E08F 1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF"""

# Lower case that is missing in utf8proc's table because it is newer, and U+0130. The lower case of U+0130 has two
# characters, 0069 0307. The table has only the first of them; the normalizer adds the second.
LOWERCASE_ADDED = {0x0130: 0x69, 0x1C89: 0x1C8A, 0xA7CB: 0x264, 0xA7CC: 0xA7CD, 0xA7CE: 0xA7CF, 0xA7D2: 0xA7D3,
                   0xA7D4: 0xA7D5, 0xA7DA: 0xA7DB, 0xA7DC: 0x19B,
                   **{c: c + 0x20 for c in range(0x10D50, 0x10D66)}, **{c: c + 0x1B for c in range(0x16EA0, 0x16EB9)}}

# Characters that match \w, but that utf8proc's categories do not show: enclosed letters, whose category is So (symbol),
# and the zero-width joiners.
WORD_CHARACTERS_ADDED = "24B6-24E9 1F130-1F149 1F150-1F169 1F170-1F189 200C-200D"
# More characters that match \w: characters of Unicode 16, which are newer than utf8proc's table.
WORD_CHARACTERS_NEWER = """
0897 1C89-1C8A A7CB-A7CD A7DA-A7DC 105C0-105F3 10D40-10D65 10D69-10D6D 10D6F-10D85 10EC2-10EC4 10EFC 11380-11389 1138B
1138E 11390-113B5 113B7-113C0 113C2 113C5 113C7-113CA 113CC-113D3 113E1-113E2 116D0-116E3 11BC0-11BE0 11BF0-11BF9 11F5A
13460-143FA 16100-16139 16D40-16D6C 16D70-16D79 18CFF 1CCF0-1CCF9 1E5D0-1E5FA 2EBF0-2EE5D"""

# The bits of a character's property byte, lowest first.
PROPERTIES = ["Removed", "Whitespace", "Punctuation", "Cjk", "Mark", "Decomposes", "NonStarter", "HasLowercase"]


def code_points(ranges):
    """Returns the set of code points in a string of hexadecimal ranges."""
    points = set()
    for item in ranges.split():
        first, _, last = item.partition("-")
        points.update(range(int(first, 16), int(last or first, 16) + 1))
    return points


class Utf8proc:
    """The functions of the C library that this script needs."""

    DECOMPOSE = 1 << 4
    CATEGORIES = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co".split()

    def __init__(self):
        self.library = ctypes.CDLL("libutf8proc.so.2")
        self.library.utf8proc_unicode_version.restype = ctypes.c_char_p
        self.library.utf8proc_get_property.restype = ctypes.POINTER(ctypes.c_int16)
        self.library.utf8proc_decompose_char.restype = ctypes.c_ssize_t
        self.library.utf8proc_version.restype = ctypes.c_char_p
        self.version = self.library.utf8proc_version().decode()
        self.unicode_version = self.library.utf8proc_unicode_version().decode()

    def category(self, c):
        return self.CATEGORIES[self.library.utf8proc_category(c)]

    def combining_class(self, c):
        return self.library.utf8proc_get_property(c)[1]  # the struct begins: category, combining_class

    def lowercase(self, c):
        return self.library.utf8proc_tolower(c)

    def decomposition(self, c):
        buffer, boundary = (ctypes.c_int32 * 32)(), ctypes.c_int(0)
        n = self.library.utf8proc_decompose_char(c, buffer, ctypes.c_ssize_t(32), self.DECOMPOSE,
                                                 ctypes.byref(boundary))
        return list(buffer[:n])


class Tables:
    """The properties of every code point, as Hugging Face's tokenizer sees them."""

    def __init__(self, unicode):
        points = [c for c in range(MAX_CODE_POINT + 1) if not 0xD800 <= c <= 0xDFFF]
        category = {c: unicode.category(c) for c in points}

        def with_category(*names):
            return {c for c in points if category[c].startswith(names)}

        self.removed = (with_category("Cc", "Cf", "Co") - code_points("0009 000A 000D")
                        - code_points(FORMAT_CHARACTERS_KEPT)) | {0xFFFD}
        self.whitespace = code_points(WHITESPACE)
        self.punctuation = ((with_category("P") | code_points(PUNCTUATION_ADDED) | code_points(PUNCTUATION_ASCII))
                            - code_points(PUNCTUATION_TOO_NEW))
        self.cjk = code_points(CJK)
        self.marks = (with_category("Mn") | code_points(MARKS_ADDED)) - code_points(MARKS_TOO_NEW)
        self.decompositions = {c: unicode.decomposition(c) for c in points if c not in HANGUL}
        self.decompositions = {c: d for c, d in self.decompositions.items()
                               if d != [c] and c not in code_points(DECOMPOSITIONS_TOO_NEW)}
        self.combining_classes = {c: unicode.combining_class(c) for c in points}
        self.combining_classes = {c: k for c, k in self.combining_classes.items()
                                  if k != 0 and c not in code_points(COMBINING_CLASSES_TOO_NEW)}
        self.lowercase = {c: unicode.lowercase(c) for c in points}
        self.lowercase = {c: lower for c, lower in self.lowercase.items() if lower != c} | LOWERCASE_ADDED

        self.word_characters = (with_category("L", "M", "Nd", "Nl", "Pc") | code_points(WORD_CHARACTERS_ADDED)
                                | code_points(WORD_CHARACTERS_NEWER))

        # Characters that decompose (such as 0340) are replaced by their decomposition before these sets are used.
        self.marks -= set(self.decompositions)
        self.combining_classes = {c: k for c, k in self.combining_classes.items() if c not in self.decompositions}

        sizes = {"removed": (len(self.removed), 137681), "punctuation": (len(self.punctuation), 726),
                 "marks": (len(self.marks), 1549), "decompositions": (len(self.decompositions), 2060),
                 "combining classes": (len(self.combining_classes), 810), "lowercase": (len(self.lowercase), 1488),
                 "word characters": (len(self.word_characters), 144667)}
        wrong = [f"{name}: {found}, expected {wanted}" for name, (found, wanted) in sizes.items() if found != wanted]
        if wrong:
            sys.exit("generate_unicode_tables: the sets differ in size from the verified sets: " + "; ".join(wrong))

    def property_bytes(self):
        sets = [self.removed, self.whitespace, self.punctuation, self.cjk, self.marks,
                set(self.decompositions) | set(HANGUL), set(self.combining_classes), set(self.lowercase)]
        table = bytearray(MAX_CODE_POINT + 1)
        for bit, members in enumerate(sets):
            for c in members:
                table[c] |= 1 << bit
        return bytes(table)


def lowercase_ranges(lowercase):
    """Returns runs (first, last, step, delta): the lower case of c = first, first + step, …, last is c + delta."""
    ranges = []
    for c in sorted(lowercase):
        delta = lowercase[c] - c
        if ranges:
            first, last, step, run_delta = ranges[-1]
            gap = c - last
            if run_delta == delta and (gap == step or (first == last and gap in (1, 2))):
                ranges[-1] = (first, c, gap, delta)
                continue
        ranges.append((c, c, 1, delta))
    return ranges


def class_ranges(classes):
    """Returns runs (first, last, class) of consecutive code points with the same combining class."""
    ranges = []
    for c in sorted(classes):
        if ranges and ranges[-1][1] == c - 1 and ranges[-1][2] == classes[c]:
            ranges[-1] = (ranges[-1][0], c, classes[c])
        else:
            ranges.append((c, c, classes[c]))
    return ranges


def plain_ranges(points):
    """Returns runs (first, last) of consecutive code points."""
    ranges = []
    for c in sorted(points):
        if ranges and ranges[-1][1] == c - 1:
            ranges[-1] = (ranges[-1][0], c)
        else:
            ranges.append((c, c))
    return ranges


def array(declaration, values, form=str):
    """Returns the definition of a C++ array, in lines of at most 120 columns."""
    lines, line = [], " "
    for item in (form(value) + "," for value in values):
        if len(line) + 1 + len(item) > 120:
            lines.append(line)
            line = " "
        line += " " + item
    return f"inline constexpr {declaration} = {{\n" + "\n".join(lines + [line.rstrip(",")]) + "};\n"


def render(unicode, tables):
    properties = tables.property_bytes()
    blocks, index = {}, []
    for start in range(0, len(properties), BLOCK):
        index.append(blocks.setdefault(properties[start:start + BLOCK], len(blocks)))
    assert len(blocks) <= 256, "block numbers no longer fit a byte"

    decomposed = sorted(tables.decompositions)
    offsets, text = [0], []
    for c in decomposed:
        text += tables.decompositions[c]
        offsets.append(len(text))
    lower, classes = lowercase_ranges(tables.lowercase), class_ranges(tables.combining_classes)
    words = plain_ranges(tables.word_characters)
    source = f"utf8proc {unicode.version} (Unicode {unicode.unicode_version})"
    flags = "".join(f"inline constexpr std::uint8_t k{name} = {1 << bit};\n" for bit, name in enumerate(PROPERTIES))

    def braces(row):
        return "{" + ", ".join(f"0x{x:X}" if i < 2 else str(x) for i, x in enumerate(row)) + "}"

    return f"""\
// Generated by scripts/generate_unicode_tables.py; do not edit. The character properties that Hugging Face's BERT
// tokenizer uses: the data of {source}, changed where Hugging Face has other versions of Unicode
// (categories of about 8, canonical decomposition and combining classes of 9, word characters of 16, lower case of 17).
// clang-format off
#pragma once

#include <cstdint>

namespace minibert::unicode::tables {{

// The bits of a property byte.
{flags}
inline constexpr int kBlockSize = {BLOCK};

// Code points [{BLOCK}·i, {BLOCK}·i + {BLOCK}) have the properties in block kBlockIndex[i] of kProperties.
{array(f"std::uint8_t kBlockIndex[{len(index)}]", index)}
// The property bytes of the distinct blocks. Block k begins at kProperties[k * kBlockSize].
{array(f"std::uint8_t kProperties[{len(blocks)} * kBlockSize]", b"".join(blocks))}
// The code points that decompose canonically, except Hangul syllables, ascending. The full decomposition of
// kDecomposed[i] begins at kDecompositionText[kDecompositionOffset[i]] and ends before
// kDecompositionText[kDecompositionOffset[i + 1]]. Its marks are not yet in canonical order.
{array(f"char32_t kDecomposed[{len(decomposed)}]", decomposed, lambda c: f"0x{c:X}")}
{array(f"std::uint16_t kDecompositionOffset[{len(offsets)}]", offsets)}
{array(f"char32_t kDecompositionText[{len(text)}]", text, lambda c: f"0x{c:X}")}
// Runs of consecutive code points with the same non-zero combining class, ascending.
struct CombiningClassRange {{
  char32_t first, last;
  std::uint8_t combining_class;
}};
{array(f"CombiningClassRange kCombiningClasses[{len(classes)}]", classes, braces)}
// Runs of code points first, first + step, …, last, ascending. The lower case of code point c in a run is c + delta.
// For U+0130, whose lower case has two characters (0069 0307), c + delta is the first of them.
struct LowercaseRange {{
  char32_t first, last;
  std::uint8_t step;
  std::int32_t delta;
}};
{array(f"LowercaseRange kLowercase[{len(lower)}]", lower, braces)}
// Runs of consecutive word characters (\\w of regular expressions, Unicode 16), ascending.
struct WordCharacterRange {{
  char32_t first, last;
}};
{array(f"WordCharacterRange kWordCharacters[{len(words)}]", words, braces)}
}}  // namespace minibert::unicode::tables
"""


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=pathlib.Path, default=root / "include/minibert/tokenizers/unicode_tables.hpp")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is not up to date")
    arguments = parser.parse_args()

    unicode = Utf8proc()
    if unicode.unicode_version != UTF8PROC_UNICODE_VERSION:
        sys.exit(f"generate_unicode_tables: utf8proc has Unicode {unicode.unicode_version}, "
                 f"the sets are for {UTF8PROC_UNICODE_VERSION}")
    text = render(unicode, Tables(unicode))
    if not arguments.check:
        arguments.output.write_text(text, encoding="utf-8")
    elif arguments.output.read_text(encoding="utf-8") != text:
        sys.exit(f"generate_unicode_tables: {arguments.output} differs from the output of this script")


if __name__ == "__main__":
    main()
