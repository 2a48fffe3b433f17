"""Measures tokenizers and flash-tokenizer on the lines that tokenizer_speed.cpp is timed on; prints the same entries.

RAYON_NUM_THREADS says on how many threads tokenizers works.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "true"  # on RAYON_NUM_THREADS threads

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def lines_of(path):
    """Returns the lines of a file: the first tenth for warming up, and the others for measuring."""
    lines = Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return lines[:len(lines) // 10], lines[len(lines) // 10:]


def timed(f, *arguments):
    start = time.perf_counter()
    result = f(*arguments)
    return time.perf_counter() - start, result


def encode(arguments):
    warm_up, lines = lines_of(arguments.text)
    if arguments.library == "tokenizers":
        tokenizer = Tokenizer.from_file(f"{arguments.folder}/tokenizer.json")
        tokenizer.no_truncation()
        encode_all = tokenizer.encode_batch_fast
    else:
        from flash_tokenizer import BertTokenizerFlash
        config = json.loads(Path(arguments.folder, "tokenizer_config.json").read_text(encoding="utf-8"))
        tokenizer = BertTokenizerFlash(f"{arguments.folder}/vocab.txt", do_lower_case=config["do_lower_case"]).tokenizer

        def encode_all(texts):
            return [tokenizer.encode(text, "longest", 1 << 20) for text in texts]

    encode_all(warm_up)
    seconds, rows = timed(encode_all, lines)
    return {"seconds": seconds, "MB": sum(len(line.encode()) + 1 for line in lines) / 1e6,
            "ids": sum(len(row.ids if arguments.library == "tokenizers" else row) for row in rows)}


def train(arguments):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=arguments.lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=arguments.vocab_size, special_tokens=SPECIAL, show_progress=False)
    seconds, _ = timed(tokenizer.train, [arguments.text], trainer)
    return {"seconds": seconds, "MB": os.path.getsize(arguments.text) / 1e6, "entries": tokenizer.get_vocab_size()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    encoding = commands.add_parser("encode")
    encoding.add_argument("library", choices=["tokenizers", "flash_tokenizer"])
    encoding.add_argument("folder")
    encoding.add_argument("text")
    encoding.set_defaults(run=encode)
    training = commands.add_parser("train")
    training.add_argument("text")
    training.add_argument("vocab_size", type=int)
    training.add_argument("--lowercase", action="store_true")
    training.set_defaults(run=train)
    arguments = parser.parse_args()
    print(json.dumps(arguments.run(arguments)))


if __name__ == "__main__":
    main()
