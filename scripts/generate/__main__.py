"""Writes every generated file; the tests report which of them are out of date."""

from scripts.generate.files import PROJECT, files

for path, text in files().items():
    (PROJECT / path).write_text(text, encoding="utf-8")
    print(path)
