"""Writes every generated file; the tests say which of them are out of date."""

from scripts.generate.files import PROJECT, files

for place, text in files().items():
    (PROJECT / place).write_text(text, encoding="utf-8")
    print(place)
