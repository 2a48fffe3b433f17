"""Helpers of the tokenizer tests: ids and encodings from our programs and from Hugging Face, and texts for them."""

import itertools
import random
import unicodedata

from support import run

SEED = 20
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
EVERYTHING = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF and c != 0x0A]
ASSIGNED = [c for c in EVERYTHING if unicodedata.category(chr(c)) not in ("Cn", "Co") and not 0x20100 <= c < 0x2F700]
MARKS = [chr(c) for c in range(0x110000) if unicodedata.combining(chr(c))]


def lines_of(path):
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def in_context(code_points, pattern, separator=" "):
    """Returns lines of 16 characters. Each character replaces the {} of the pattern."""
    return [separator.join(pattern.replace("{}", chr(c)) for c in code_points[i:i + 16])
            for i in range(0, len(code_points), 16)]


def random_bytes(count):
    """Returns lines of bytes. Most are not UTF-8: they contain truncated or forbidden sequences."""
    rng = random.Random(SEED)
    pieces = [b"\xe0\xa4", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"abc", b"\xff",
              "\u00e9".encode(), b"[MASK]", b" "]
    lines = [rng.randbytes(rng.randrange(40)) for _ in range(count)]
    lines += [b"".join(rng.choices(pieces, k=6)) for _ in range(count)]
    return [line.translate(None, b"\n\x1f") for line in lines]


def joined(texts):
    """Joins texts to lines for a program. A text is a str, a pair of str, or bytes (which need not be UTF-8)."""
    raw = [b"\x1f".join(t.encode() for t in text) if isinstance(text, tuple) else
           text if isinstance(text, bytes) else text.encode() for text in texts]
    return b"".join(line + b"\n" for line in raw)


def our_ids(examples, folder, lines, *flags):
    """Returns the ids of each line, as the tokenize example prints them."""
    out = run(examples / "tokenize", "--tokenizer", folder, *flags, input=joined(lines), text=False)
    rows = out.decode().split("\n")
    assert rows.pop() == "" and len(rows) == len(lines)
    return [[int(i) for i in row.split()] for row in rows]


def their_ids(tokenizer, lines, **options):
    return [encoding.ids for encoding in tokenizer.backend_tokenizer.encode_batch(lines, **options)]


def assert_same_ids(examples, folder, tokenizer, lines):
    ours, theirs = our_ids(examples, folder, lines), their_ids(tokenizer, lines)
    wrong = [(line, a, b) for line, a, b in zip(lines, ours, theirs) if a != b]
    assert not wrong, f"{len(wrong)} of {len(lines)} lines differ, the first: {wrong[0]!r}"


def train(examples, folder, *flags):
    run(examples / "train_tokenizer", "--output_dir", folder, *flags)
    return folder


def our_encodings(tools, folder, texts, together=False, **options):
    """Returns our encodings of texts or of pairs of texts, as lines in Python's notation."""
    command = "encode_pairs" if isinstance(texts[0], tuple) else "batch_encode" if together else "encode"
    flags = [f"{name}={int(value) if isinstance(value, bool) else value}" for name, value in options.items()]
    out = run(tools / "tokenizer_probe", command, folder, *flags, input=joined(texts), text=False)
    return out.decode().split("\n")[:-1]


def their_encodings(tokenizer, texts, **options):
    """Returns the same from transformers, where padding_side is an argument and truncation_side an attribute."""
    tokenizer.truncation_side = options.pop("truncation_side", "right")
    batch = tokenizer(texts, **options)
    samples = batch.get("overflow_to_sample_mapping", range(len(texts)))
    return [str((sample, e.ids, e.type_ids, e.attention_mask, e.special_tokens_mask, e.offsets, e.word_ids))
            for sample, e in zip(samples, batch.encodings, strict=True)]


def assert_same_encodings(tools, folder, tokenizer, texts, **options):
    ours, theirs = our_encodings(tools, folder, texts, **options), their_encodings(tokenizer, texts, **options)
    wrong = [(a, b) for a, b in itertools.zip_longest(ours, theirs) if a != b]
    assert not wrong, f"{len(wrong)} of {len(theirs)} encodings differ, the first: {wrong[0]!r}, options {options}"


def our_texts(tools, folder, rows, skip_special_tokens, clean_up):
    """Returns the texts that our decoder makes of rows of ids."""
    ids = "".join(" ".join(map(str, row)) + "\n" for row in rows).encode()
    out = run(tools / "tokenizer_probe", "decode", folder, int(skip_special_tokens), int(clean_up), input=ids,
              text=False)
    return out.decode().split("\n")[:-1]
