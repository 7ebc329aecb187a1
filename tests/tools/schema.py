"""Checks JSON against the schemas in docs/schema/.

Knows the part of JSON Schema that they use, and refuses any other word, so that a schema cannot
promise what nobody checks.
"""

import json
import os
import pathlib
import re

FOLDER = pathlib.Path(os.environ.get(
    "VARVE_SOURCE_DIR", pathlib.Path(__file__).resolve().parent.parent.parent)) / "docs" / "schema"

_TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
          "boolean": bool}
_KNOWN = {"$schema", "$defs", "$ref", "title", "description", "type", "properties", "required",
          "additionalProperties", "items", "enum", "const", "pattern", "minimum", "oneOf", "allOf"}


class Mismatch(Exception):
    """What does not fit, and where."""


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def check(name, item):
    """Raise Mismatch if `item` does not fit the schema of that name."""
    _check(load(name), item, name, "")


def check_text(text, item):
    """The same for a schema that is given itself."""
    _check(text, item, "schema", "")


def _fits(schema, item, name):
    try:
        _check(schema, item, name, "")
    except Mismatch:
        return False
    return True


def _resolve(schema, name):
    """Follow references: "#/$defs/x" in this file, "other.json" or "other.json#/$defs/x"."""
    while "$ref" in schema:
        if set(schema) - {"$ref", "description"}:
            raise ValueError(f"{name}.json: schema.py does not look beside a $ref")
        file, _, path = schema["$ref"].partition("#")
        name = file.removesuffix(".json") or name
        schema = load(name)
        for step in filter(None, path.split("/")):
            schema = schema[step]
    return schema, name


def _check_type(schema, item, where):
    wanted = schema.get("type")
    if wanted is None:
        return
    names = wanted if isinstance(wanted, list) else [wanted]
    # For Python a boolean is an integer; for JSON it is not.
    fits = any(isinstance(item, _TYPES[name]) and (name == "boolean") == isinstance(item, bool)
               for name in names)
    if not fits:
        raise Mismatch(f"{where}: {item!r} is no {wanted}")


def _check_object(schema, item, name, where):
    known = schema.get("properties", {})
    for member in schema.get("required", []):
        if member not in item:
            raise Mismatch(f"{where}: has no {member}")
    for member, value in item.items():
        if member in known:
            _check(known[member], value, name, f"{where}/{member}")
        elif schema.get("additionalProperties", True) is False:
            raise Mismatch(f"{where}: may not have {member}")


def _check_plain(schema, item, where):
    if "enum" in schema and item not in schema["enum"]:
        raise Mismatch(f"{where}: {item!r} is none of {schema['enum']}")
    if "const" in schema and item != schema["const"]:
        raise Mismatch(f"{where}: {item!r} is not {schema['const']!r}")
    if "pattern" in schema and isinstance(item, str) and not re.search(schema["pattern"], item):
        raise Mismatch(f"{where}: {item!r} does not match {schema['pattern']}")
    if "minimum" in schema and item < schema["minimum"]:
        raise Mismatch(f"{where}: {item!r} is less than {schema['minimum']}")


def _check(schema, item, name, where):
    schema, name = _resolve(schema, name)
    unknown = set(schema) - _KNOWN
    if unknown:
        raise ValueError(f"{name}.json: schema.py does not know {unknown}")
    _check_type(schema, item, where)
    _check_plain(schema, item, where)
    for part in schema.get("allOf", []):
        _check(part, item, name, where)
    if "oneOf" in schema and sum(_fits(s, item, name) for s in schema["oneOf"]) != 1:
        raise Mismatch(f"{where}: {item!r} does not fit exactly one of the forms")
    if isinstance(item, dict):
        _check_object(schema, item, name, where)
    if isinstance(item, list) and "items" in schema:
        for index, element in enumerate(item):
            _check(schema["items"], element, name, f"{where}/{index}")
