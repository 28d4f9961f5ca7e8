"""Examples of what an endpoint answers, made of those that its fields tell of themselves."""

from typing import TypeVar

import msgspec

Struct = TypeVar("Struct", bound=msgspec.Struct)


def example_of(kind: type[Struct]) -> Struct:
    """One whose fields have the first example of their `Meta`; a field without an example has its default."""
    schema = msgspec.json.schema_components([kind])[1][kind.__name__]
    examples = {name: field["examples"][0] for name, field in schema["properties"].items() if "examples" in field}
    return msgspec.convert(examples, kind)
