"""The command line and the environment of a container that runs cloudflared."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ops.migrate import extra_variables
from ops.migrate.connector_options import BY_NAME, BY_VARIABLE, ConnectorOption, from_text
from ops.migrate.existing_setup import ExistingSetup, SkippedItem
from ops.migrate.input_object import InputObject, Option, Place
from settings import OWN_VARIABLES, is_connector_token

IMAGE = re.compile(r"(?:^|/)[^/]*cloudflared[^/]*$")
_SUBCOMMANDS = ("tunnel", "run")
_SHELL = re.compile(r"(?:^|[\s;&|])(?:[^\s;&|]*/)?cloudflared\s+([^;&|]*)")


@dataclass
class CommandLine:
    """Options by name; those of an argument precede those of a variable. `remote` says that a token names the tunnel,
    whose rules Cloudflare has; account and tunnel are known where the token itself is in the input."""

    options: dict[str, Option] = field(default_factory=dict)
    remote: bool = False
    account_id: str = ""
    tunnel_id: str = ""


def runs_cloudflared(container: InputObject) -> bool:
    """Whether a container runs cloudflared: by its image, or by its command."""
    image, words = container.text("image"), _words(container)
    return bool(IMAGE.search(image.partition("@")[0].rsplit(":", 1)[0])) or any(
        re.search(r"(?:^|/)cloudflared$", word.value) or _SHELL.search(word.value) for word in words
    )


def read(container: InputObject, setup: ExistingSetup) -> CommandLine:
    """The options of a container's arguments and variables."""
    found = CommandLine()
    for option in _variables(container, setup):
        found.options[option.key] = option
    repeated: set[str] = set()
    for option in _arguments(container, setup):
        earlier = found.options.get(option.key)
        if earlier and option.key in repeated and isinstance(option.value, list):
            option = replace(option, value=[*earlier.value, *option.value])
        repeated.add(option.key)
        found.options[option.key] = option
    for name in ("token", "token-file"):
        if option := found.options.get(name):
            found.remote = True
            _read_token(option, found)
    found.remote = found.remote or bool("envFrom" in container and not found.options.keys() & {"url", "config"})
    return found


def _words(container: InputObject) -> list[Option]:
    """The words of `command` and `args`, with the variables that Kubernetes fills in: `$(HOST)`, not `$$(HOST)`."""
    known = {each.text("name"): each.text("value") for each in container.objects("env") if "value" in each}

    def filled(word: str) -> str:
        return re.sub(
            r"\$(\$?)\(([\w.-]+)\)",
            lambda match: f"$({match[2]})" if match[1] else known.get(match[2], match[0]),
            word,
        )

    return [replace(each, value=filled(each.value)) for key in ("command", "args") for each in container.strings(key)]


def _arguments(container: InputObject, setup: ExistingSetup) -> Iterator[Option]:
    words, after_unknown = iter(_without_program(_words(container))), False
    for word in words:
        if not word.value.startswith("-") or word.value == "-":
            # After an unknown flag, a word is more likely its value than the tunnel's name, which messages show.
            if word.value not in _SUBCOMMANDS and (not after_unknown or is_connector_token(word.value)):
                yield _given(BY_NAME["tunnel"], word.value, word.place)
            after_unknown = False
            continue
        name, has_value, text = word.value.lstrip("-").partition("=")
        known = BY_NAME.get(name)
        after_unknown = known is None and not has_value
        if known is None:
            reason, remedy = "cloudflared has no such flag", "leave it out, or correct it if it is misspelled"
            setup.skipped.append(SkippedItem(f"--{name}", reason, remedy, word.place))
        elif has_value:
            yield _given(known, text, word.place)
        elif known.kind == "switch":
            yield Option(known.names[0], True, word.place)
        elif following := next(words, None):
            yield _given(known, following.value, word.place)


def _given(known: ConnectorOption, text: str, place: Place) -> Option:
    """The option with its value as text. A connector token is read as one, whatever it is given as."""
    if is_connector_token(text):
        return Option("token", text.strip(), place)
    return Option(known.names[0], from_text(known, text), place)


def _without_program(words: list[Option]) -> list[Option]:
    """The words after the program's name; of a shell's script, those of the line that starts cloudflared."""
    for index, word in enumerate(words):
        if re.search(r"(?:^|/)cloudflared$", word.value):
            return words[index + 1 :]
        if script := _SHELL.search(word.value):
            return [Option("", each.strip("\"'"), word.place) for each in script[1].split()]
    return words


def _variables(container: InputObject, setup: ExistingSetup) -> Iterator[Option]:
    for variable in container.objects("env"):
        name, place = variable.text("name"), variable.at("name")
        known = BY_VARIABLE.get(name)
        if known is None:
            if name in OWN_VARIABLES:
                remedy = "leave it out: culvert sets it"
                setup.skipped.append(SkippedItem(name, "the stack's connector has its own", remedy, place))
            else:
                extra_variables.add(variable, setup)
        elif "valueFrom" in variable and known.effect != "credential":
            source = "".join(variable.object("valueFrom").values)[:60]
            reason = f"its value is not in the input: it is from a {source}"
            setup.skipped.append(SkippedItem(name, reason, f"set what it has: {known.names[0]}", place))
        else:
            value = "" if "valueFrom" in variable else variable.text("value")
            yield _given(known, value, place)
    for source in container.objects("envFrom"):
        name = source.object("secretRef").text("name") or source.object("configMapRef").text("name")
        reason, remedy = "its variables are not in the input", "set those that are needed under connector.extraEnv"
        setup.skipped.append(SkippedItem(f"envFrom {name}", reason, remedy, source.place))


def _read_token(option: Option, found: CommandLine) -> None:
    """Account and tunnel of a token that is in the input as text; its secret is not kept.

    https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/configure-tunnels/remote-tunnel-permissions/
    """
    try:
        token = json.loads(base64.b64decode(str(option.value), validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return
    if isinstance(token, dict):
        account, tunnel = token.get("a"), token.get("t")
        found.account_id = account if isinstance(account, str) else ""
        found.tunnel_id = tunnel if isinstance(tunnel, str) else ""
