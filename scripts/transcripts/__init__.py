"""Writes `docs/first-hour.md` and `docs/bad-night.md`: sessions in the sandbox, as a terminal shows them."""
