"""Runs train_mlm: kills and resumes it, stops it by a signal, passes wrong flags, opens its model in transformers."""

import gzip
import json
import logging
import random
import shutil
import signal
import subprocess
import time

import pytest

# A model and a recipe small enough that a run takes a second.
SMALL = dict(vocab_size=150, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
             max_position_embeddings=64, hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1,
             per_device_train_batch_size=4, gradient_accumulation_steps=2, max_steps=120, logging_steps=10,
             eval_steps=25, save_steps=7, learning_rate=1e-3)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Returns a file of 400 made-up sentences."""
    draw = random.Random(1)
    who = "the old king|a young queen|my brother|the river|every stone|no one".split("|")
    does = "sees|loves|finds|carries|forgets|remembers".split("|")
    where = "in the morning|under the hill|beyond the sea|at night|for ever".split("|")
    lines = [f"{draw.choice(who)} {draw.choice(does)} {draw.choice(who)} {draw.choice(where)} ." for _ in range(400)]
    path = tmp_path_factory.mktemp("text") / "train.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def command(examples, text):
    """Returns a function that makes the command line of train_mlm with the small recipe."""

    def make(output_dir, *flags, **values):
        settings = [part for name, value in {**SMALL, **values}.items() for part in (f"--{name}", str(value))]
        return [examples / "train_mlm", "--train_file", text, "--output_dir", output_dir, *settings, *flags]

    return make


@pytest.fixture(scope="module")
def finished(command, tmp_path_factory):
    """Returns the output folder of an uninterrupted run."""
    output_dir = tmp_path_factory.mktemp("finished") / "model"
    subprocess.run(command(output_dir), check=True, capture_output=True)
    return output_dir


def test_a_run_killed_at_any_moment_ends_with_the_same_bytes(command, finished, tmp_path):
    start = time.monotonic()
    subprocess.run(command(tmp_path / "undisturbed"), check=True, capture_output=True)
    duration = time.monotonic() - start
    output_dir = tmp_path / "model"
    draw = random.Random(2)
    kills = 0
    while True:
        process = subprocess.Popen(command(output_dir, "--resume_from_checkpoint"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(duration * draw.uniform(0.1, 0.6) * (1 + kills / 10))  # later kills wait longer, so the loop ends
        if process.poll() is None:
            process.kill()
            process.communicate()
            kills += 1
            continue
        assert process.returncode == 0, process.stderr.read()
        if kills > 0:
            break
        shutil.rmtree(output_dir)  # the machine is less busy than it was
        duration /= 2
    assert (output_dir / "model.safetensors").read_bytes() == (finished / "model.safetensors").read_bytes()


def interrupt(arguments, number=signal.SIGINT):
    """Sends a run a signal at its first evaluation. Returns what the run prints from then on."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("step 25:"):
            process.send_signal(number)
            break
    messages = process.stderr.read()
    assert process.wait() == 130, messages
    return messages


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_go_on(command, finished, tmp_path, number):
    output_dir = tmp_path / "model"
    assert "--resume_from_checkpoint" in interrupt(command(output_dir), number)
    subprocess.run(command(output_dir, "--resume_from_checkpoint"), check=True, capture_output=True)
    assert (output_dir / "model.safetensors").read_bytes() == (finished / "model.safetensors").read_bytes()


def test_another_run_is_not_resumed_and_a_used_folder_not_overwritten(command, finished):
    def refusal(*flags, **values):
        result = subprocess.run(command(finished, *flags, **values), capture_output=True, text=True)
        assert result.returncode == 1
        return result.stderr

    assert "is not empty" in refusal()
    assert "mlm_probability is 1.5, expected a probability" in refusal(mlm_probability=1.5)  # before any work
    assert "cannot resume with a different mlm_probability: found 0.2, expected 0.5" in refusal(
        "--resume_from_checkpoint", mlm_probability=0.2)
    assert "cannot resume with a different max_seq_length" in refusal("--resume_from_checkpoint", max_seq_length=63)
    assert "cannot resume with a different tokenizer" in refusal("--resume_from_checkpoint", "--lowercase")


def test_a_resumed_run_takes_its_tokens_from_the_cache_and_notices_another_text(command, text, tmp_path):
    """A run on grouped, compressed text resumes after a stop, but not after one letter of the text has changed."""
    corpus, cache = tmp_path / "corpus", tmp_path / "cache"
    corpus.write_bytes(gzip.compress(text.read_bytes()))

    def arguments(name, *flags):
        return command(tmp_path / name, "--train_file", corpus, "--group_texts", "--whole_word_mask", "--cache_dir",
                       cache, *flags)

    subprocess.run(arguments("whole"), check=True, capture_output=True)
    (made,) = cache.iterdir()
    written = made.stat().st_mtime_ns
    interrupt(arguments("parts"))
    subprocess.run(arguments("parts", "--resume_from_checkpoint"), check=True, capture_output=True)
    models = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "parts")]
    assert models[0] == models[1]
    assert list(cache.iterdir()) == [made] and made.stat().st_mtime_ns == written

    corpus.write_bytes(gzip.compress(text.read_bytes().replace(b"king", b"ring", 1)))
    refused = subprocess.run(arguments("parts", "--resume_from_checkpoint"), capture_output=True, text=True)
    assert refused.returncode == 1 and "cannot resume with a different" in refused.stderr
    assert len(list(cache.iterdir())) == 2


def test_grouped_text_fills_few_positions(command, tmp_path):
    """A decoded piece of grouped text may have more tokens than the model has positions; train_mlm must not fail."""
    corpus = tmp_path / "corpus"
    corpus.write_text(("abracadabra simsalabim " * 40 + "\n") * 40)
    subprocess.run(command(tmp_path / "model", "--train_file", corpus, "--group_texts", max_position_embeddings=12,
                           max_seq_length=12, max_steps=2), check=True, capture_output=True)


def test_a_cache_that_cannot_be_kept_is_named_at_once(command, tmp_path):
    (tmp_path / "file").write_text("")
    result = subprocess.run(command(tmp_path / "model", "--cache_dir", tmp_path / "file" / "cache"),
                            capture_output=True, text=True)
    assert result.returncode == 1 and "with --cache_dir" in result.stderr
    assert "training a vocabulary" not in result.stderr


def test_faulty_texts_are_named(command, text, tmp_path):
    def refusal(*flags):
        result = subprocess.run(command(tmp_path / "model", *flags), capture_output=True, text=True)
        assert result.returncode == 1, result.stderr
        return result.stderr

    blank, cut = tmp_path / "blank.txt", tmp_path / "cut.txt"
    blank.write_text("\n \n")
    cut.write_bytes(gzip.compress(text.read_bytes())[:-9])
    assert f"{tmp_path}: not a regular file" in refusal("--train_file", tmp_path)
    assert "absent: cannot open: No such file" in refusal("--train_file", tmp_path / "absent")
    assert "absent: cannot open: No such file" in refusal("--validation_file", tmp_path / "absent")
    assert f"{cut}: damaged gzip: the file ends before" in refusal("--train_file", cut)
    assert f"{blank}: contains no line with text" in refusal("--validation_file", blank)
    both = subprocess.run(command(tmp_path / "model", "--train_file", blank, max_steps=2),
                          capture_output=True, text=True)
    assert both.returncode == 0 and f"warning: {blank} contains no line with text" in both.stderr


def test_more_steps_may_follow(command, finished, tmp_path):
    result = subprocess.run(
        command(tmp_path / "model", "--resume_from_checkpoint", finished, max_steps=130, logging_steps=5),
        capture_output=True, text=True, check=True)
    assert "120 of 130 steps are done" in result.stderr


def test_transformers_opens_the_folder_without_a_complaint(finished, caplog):
    from transformers import AutoModelForMaskedLM, AutoTokenizer, pipeline

    with caplog.at_level(logging.WARNING):
        model, info = AutoModelForMaskedLM.from_pretrained(finished, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    assert not caplog.records
    tokenizer = AutoTokenizer.from_pretrained(finished)
    guesses = pipeline("fill-mask", model=model, tokenizer=tokenizer)("the old [MASK] sees no one at night .")
    scores = [guess["score"] for guess in guesses]
    assert len(scores) == 5 and scores == sorted(scores, reverse=True) and 0 < scores[-1] and sum(scores) < 1


def test_transformers_reads_state_and_results(finished):
    from transformers import TrainerState

    state = TrainerState.load_from_json(str(finished / "trainer_state.json"))
    assert state.global_step == state.max_steps == 120
    assert state.log_history[0].keys() == {"epoch", "grad_norm", "learning_rate", "loss", "step"}
    assert {"eval_loss", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second", "epoch",
            "step"} <= state.log_history[2].keys()
    assert "train_loss" in json.loads((finished / "train_results.json").read_text())
    assert "eval_loss" in json.loads((finished / "eval_results.json").read_text())


def test_transformers_goes_on_from_a_checkpoint(finished, text, tmp_path):
    from transformers import (AutoModelForMaskedLM, AutoTokenizer, DataCollatorForLanguageModeling, Trainer,
                              TrainingArguments)

    tokenizer = AutoTokenizer.from_pretrained(finished)
    lines = [tokenizer(line) for line in text.read_text().splitlines()[:40]]
    trainer = Trainer(
        model=AutoModelForMaskedLM.from_pretrained(finished),
        args=TrainingArguments(output_dir=str(tmp_path), max_steps=122, per_device_train_batch_size=4, use_cpu=True,
                               report_to="none", save_strategy="no"),
        data_collator=DataCollatorForLanguageModeling(tokenizer), train_dataset=lines)
    assert trainer.train(resume_from_checkpoint=str(finished / "checkpoint-120")).global_step == 122
