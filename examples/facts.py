"""Little facts about people, made up: who lives where and does what. Data for the examples that have none."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

NAMES = (
    "Anna Bob Clara David Emma Felix Greta Henry Ida Jonas Karla Leo Maria Nora Oscar Paula Rosa Simon Tom Vera".split()
)
CITIES = "Paris Berlin London Madrid Rome Vienna Oslo Lisbon Prague Athens Dublin Warsaw Cairo Tokyo Boston".split()
JOBS = "a doctor,a teacher,a baker,a pilot,a painter,a farmer,a lawyer,a singer,a driver,a cook,a nurse,a judge".split(
    ","
)


class Fact(NamedTuple):
    """One person.

    Args:
        name: str.
        city: str. Where they live.
        job: str. With its article.
    """

    name: str
    city: str
    job: str

    @property
    def text(self) -> str:
        """The facts in two sentences."""
        return f"{self.name} lives in {self.city}. {self.name} works as {self.job}."


def facts(seed: int) -> Iterator[Fact]:
    """Return an endless iterator of facts; other seeds give others."""
    chance = random.Random(seed)
    while True:
        yield Fact(chance.choice(NAMES), chance.choice(CITIES), chance.choice(JOBS))
