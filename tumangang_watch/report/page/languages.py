"""The page's fixed words in English, Korean and Russian; what is measured is told in English."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tumangang_watch.report.assets import asset

LANGUAGES = ("en", "ko", "ru")


@dataclass(frozen=True)
class FixedWords:
    """The fixed words of a language, by their English ones."""

    language: str
    words: dict[str, str]

    def __call__(self, text: str) -> str:
        """Return fixed words in the language; English where it has none."""
        return self.words.get(text, text)


def fixed_words(language: str) -> FixedWords:
    """Return the fixed words of one of `LANGUAGES`."""
    if language == "en":
        return FixedWords(language, {})
    return FixedWords(language, json.loads(asset(f"words.{language}.json", "tumangang_watch.report.page")))
