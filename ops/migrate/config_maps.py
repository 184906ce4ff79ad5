"""ConfigMaps that hold a config.yml of cloudflared, whose pods give its bare names their meaning."""

from collections.abc import Callable, Iterator, Mapping

from ops.errors import OperatorError
from ops.migrate.config_file import is_config_file
from ops.migrate.input_object import InputObject, Place
from ops.migrate.kubernetes_objects import qualified_title, titled
from settings.yaml_nodes import LocatedMapping, YamlError, located_documents


def config_files(config_map: InputObject) -> dict[str, InputObject]:
    """Each config.yml in a ConfigMap, by its key. Other keys are those of other programs."""
    return dict(_config_files(config_map))


def _config_files(config_map: InputObject) -> Iterator[tuple[str, InputObject]]:
    data = titled(config_map).object("data")
    for key, text in data.values.items():
        if isinstance(text, str) and any(word in text for word in ("ingress", "tunnel", "warp-routing")):
            try:
                documents = located_documents(text.encode("utf-8", "surrogatepass"), _line_of(data, key))
            except YamlError as error:
                if "ingress" in text and key.endswith((".yml", ".yaml")):
                    raise OperatorError(f"{data.at(key)}: {data.title}, {key} is not YAML: {error}") from None
                continue
            if documents and isinstance(documents[0], Mapping):
                place = Place(data.place.source, data.at(key).line)
                found = InputObject(documents[0], place, f"{qualified_title(config_map)}, {key}")
                if is_config_file(found) and _has_rules_or_tunnel(documents[0]):
                    yield key, found


def _has_rules_or_tunnel(document: Mapping[str, object]) -> bool:
    """Whether a file is cloudflared's, and not one of the many others that have a key `ingress`."""
    rules = document.get("ingress")
    if isinstance(rules, list):
        return any(isinstance(rule, Mapping) and "service" in rule for rule in rules)
    return rules is None and "tunnel" in document


def _line_of(data: InputObject, key: str) -> Callable[[int], int]:
    """From a line of the text to that of the input: a block's text begins on the line after `|`, and the lines of
    another string are not known."""
    blocks = data.values.blocks if isinstance(data.values, LocatedMapping) else {}
    line = data.at(key).line
    return (lambda inner: blocks[key] + inner) if key in blocks else (lambda _: line)
