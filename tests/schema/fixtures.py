"""Pairs of schemas and values for the differential test: written by hand, and made at random from a seed."""
import random

S = "https://json-schema.org/draft/2020-12/schema"
WORDS = ["a", "b", "ab", "queue", "x y", "\u00e9", "\U0001f600", ""]

HAND = [
    (True, [None, 1, {}]), (False, [None, 1, {}]), ({}, [None, "x", [1]]),
    ({"type": "integer"}, [1, 1.0, 1.5, "1", True, None, 10**15, -3.0]),
    ({"type": "number"}, [1, 1.5, True, "1", None]), ({"type": "boolean"}, [True, False, 0, 1, "true"]),
    ({"type": ["string", "null"]}, ["", None, 0, []]), ({"type": "array"}, [[], {}, "[]"]), ({"type": "object"}, [{}, [], None]),
    ({"enum": [1, "a", None, [1], {"k": 1.0}]}, [1, 1.0, True, "a", "A", None, [1.0], [True], {"k": 1}, {"k": 2}]),
    ({"const": {"a": [1, {"b": False}]}}, [{"a": [1, {"b": False}]}, {"a": [1.0, {"b": False}]}, {"a": [1, {"b": 0}]}]),
    ({"const": 0}, [0, 0.0, False, None]), ({"const": False}, [0, False]), ({"enum": [[False]]}, [[0], [False]]),
    ({"multipleOf": 3}, [9, 10, 9.0, 9.5, -6, 0]), ({"multipleOf": 0.01}, [0.07, 4.02, 1.001, 0, 75]), ({"multipleOf": 2.5}, [5, 7.5, 4]),
    ({"minimum": 3, "maximum": 5}, [2, 3, 4.5, 5, 5.0001, "9"]), ({"exclusiveMinimum": 3, "exclusiveMaximum": 5}, [3, 3.1, 4, 5]),
    ({"minLength": 2, "maxLength": 3}, ["a", "ab", "abc", "abcd", "\u00e9\u00e9", "\U0001f600\U0001f600\U0001f600", 12345]),
    ({"pattern": "^[A-Z]{2}-[0-9]+$"}, ["AB-1", "ab-1", "AB-", "xAB-1", 7]), ({"pattern": "b+"}, ["abbc", "ac", ""]),
    ({"pattern": "^\\S(|(.|\\n)*\\S)$"}, ["a", " a", "a b", "a "]), ({"pattern": "^caf\u00e9$"}, ["caf\u00e9", "cafe"]),
    ({"items": {"type": "integer"}}, [[], [1, 2], [1, "2"], "x", {"0": "a"}]),
    ({"prefixItems": [{"type": "integer"}, {"type": "string"}]}, [[], [1], [1, "a"], [1, 2], ["a"], [1, "a", None]]),
    ({"prefixItems": [{"type": "integer"}], "items": False}, [[], [1], [1, 2], ["x"]]),
    ({"prefixItems": [True, False]}, [[1], [1, 2]]), ({"minItems": 1, "maxItems": 2}, [[], [1], [1, 2], [1, 2, 3], {}]),
    ({"uniqueItems": True}, [[1, 2], [1, 1.0], [1, True], [0, False], [[1], [1]], [{"a": 1, "b": 2}, {"b": 2, "a": 1}], ["a", "A"], [None, None], []]),
    ({"uniqueItems": False}, [[1, 1]]), ({"contains": {"minimum": 5}}, [[1, 6], [1, 2], [], "x"]),
    ({"contains": {"type": "string"}, "minContains": 2, "maxContains": 3}, [["a"], ["a", "b"], ["a", "b", "c", "d"], [1, "a", 2, "b"]]),
    ({"contains": {"type": "string"}, "minContains": 0}, [[], [1]]), ({"minContains": 2}, [[1]]), ({"contains": False}, [[], [1]]),
    ({"properties": {"a": {"type": "integer"}, "b": {}}}, [{}, {"a": 1}, {"a": "1"}, {"b": None, "c": 1}, []]),
    ({"required": ["a", "b"]}, [{"a": 1, "b": None}, {"a": 1}, {}, [], "a"]),
    ({"properties": {"a": {}}, "additionalProperties": False}, [{"a": 1}, {"a": 1, "b": 2}, {}]),
    ({"properties": {"a": {}}, "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": {"type": "integer"}},
     [{"a": None, "x-1": "s", "n": 4}, {"x-1": 4}, {"n": "s"}, {"x-y": "", "a": []}]),
    ({"patternProperties": {"a": {"minimum": 3}, "b$": {"maximum": 5}}}, [{"ab": 4}, {"ab": 2}, {"ab": 6}, {"c": 0}]),
    ({"propertyNames": {"maxLength": 3}}, [{"abc": 1}, {"abcd": 1}, {}, "abcd"]), ({"propertyNames": {"enum": ["a"]}}, [{"a": 1}, {"b": 1}]),
    ({"minProperties": 1, "maxProperties": 2}, [{}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}]),
    ({"dependentRequired": {"card": ["address", "name"]}}, [{}, {"card": 1}, {"card": 1, "address": 2}, {"card": 1, "address": 2, "name": 3}]),
    ({"dependentSchemas": {"a": {"required": ["b"], "properties": {"b": {"type": "string"}}}}}, [{"a": 1}, {"a": 1, "b": "x"}, {"a": 1, "b": 2}, {"b": 2}]),
    ({"allOf": [{"type": "integer"}, {"minimum": 3}]}, [3, 2, 3.5, "x"]), ({"anyOf": [{"type": "integer"}, {"minimum": 3}]}, [1, 3.5, 2.5, "x"]),
    ({"oneOf": [{"type": "integer"}, {"minimum": 3}]}, [1, 3.5, 3, 2.5, "x"]), ({"not": {"type": ["integer", "null"]}}, [1, None, "x"]),
    ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, [{"a": 1}, {"b": 1}, {"a": 1, "b": 1}, {}]), ({"not": {"not": {"type": "string"}}}, ["x", 1]),
    ({"if": {"properties": {"k": {"const": "n"}}, "required": ["k"]}, "then": {"required": ["v"]}, "else": {"required": ["w"]}},
     [{"k": "n", "v": 1}, {"k": "n"}, {"k": "m", "w": 1}, {"k": "m"}, {"w": 2}]),
    ({"if": {"minimum": 5}, "then": {"multipleOf": 2}}, [6, 7, 3]), ({"then": False}, [1]), ({"if": False, "else": {"type": "null"}}, [None, 1]),
    ({"$defs": {"word": {"type": "string", "minLength": 1}}, "properties": {"a": {"$ref": "#/$defs/word"}}}, [{"a": "x"}, {"a": ""}, {"a": 1}]),
    ({"$ref": "#/$defs/n", "maximum": 9, "$defs": {"n": {"type": "integer"}}}, [3, 10, "x"]),
    ({"$defs": {"a/b": {"const": 1}, "c~d": {"const": 2}, "e%f": {"const": 3}, "g\"h": {"const": 4}},
      "prefixItems": [{"$ref": "#/$defs/a~1b"}, {"$ref": "#/$defs/c~0d"}, {"$ref": "#/$defs/e%25f"}, {"$ref": "#/$defs/g%22h"}]},
     [[1, 2, 3, 4], [2], [1, 1], [1, 2, 4], [1, 2, 3, 3]]),
    ({"properties": {"next": {"$ref": "#"}, "v": {"type": "integer"}}, "required": ["v"]}, [{"v": 1, "next": {"v": 2}}, {"v": 1, "next": {}}, {"v": 1}]),
    ({"$defs": {"t": {"$anchor": "tree", "properties": {"kids": {"items": {"$ref": "#tree"}}}, "required": ["n"]}}, "$ref": "#tree"},
     [{"n": 1, "kids": [{"n": 2}]}, {"n": 1, "kids": [{}]}, {}]),
    ({"$id": "http://example.com/root.json", "$defs": {"A": {"$id": "inner.json", "$defs": {"b": {"type": "string"}}, "$ref": "#/$defs/b"}},
      "$ref": "inner.json"}, ["x", 1]),
    ({"$id": "http://example.com/a/root.json", "$defs": {"A": {"$id": "../b/x.json", "$anchor": "here", "type": "integer"}},
      "properties": {"p": {"$ref": "../b/x.json"}, "q": {"$ref": "/b/x.json#here"}, "r": {"$ref": "http://example.com/b/x.json"}}},
     [{"p": 1, "q": 2, "r": 3}, {"p": "x"}, {"q": "x"}, {"r": "x"}]),
    ({"$id": "urn:example:root", "$defs": {"n": {"type": "null"}}, "items": {"$ref": "#/$defs/n"}}, [[None], [1]]),
    ({"$id": "https://example.com/list", "$ref": "base", "$defs": {
        "items": {"$dynamicAnchor": "T", "type": "integer"},
        "base": {"$id": "base", "type": "array", "items": {"$dynamicRef": "#T"}, "$defs": {"any": {"$dynamicAnchor": "T"}}}}},
     [[1, 2], [1, "x"], "x"]),
    ({"$dynamicAnchor": "node", "type": "object", "properties": {"kids": {"items": {"$dynamicRef": "#node"}}, "v": {"type": "integer"}},
      "unevaluatedProperties": False}, [{"v": 1, "kids": [{"v": 2, "kids": []}]}, {"v": 1, "kids": [{"w": 2}]}, {"w": 1}]),
    ({"unevaluatedProperties": False, "properties": {"a": {}}, "allOf": [{"properties": {"b": {}}}]}, [{"a": 1, "b": 2}, {"c": 1}, {}]),
    ({"unevaluatedProperties": False, "anyOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {}}, "required": ["b"]}]},
     [{"a": 1}, {"a": "x"}, {"b": 1}, {"a": 1, "b": 2}, {"a": "x", "b": 2}, {"c": 1}]),
    ({"unevaluatedProperties": {"type": "string"}, "if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"properties": {"t": {}}},
      "else": {"properties": {"e": {}}}}, [{"k": 1, "t": 5}, {"k": 1, "e": 5}, {"k": 2, "e": 5}, {"e": 5}, {"z": "s"}]),
    ({"allOf": [{"unevaluatedProperties": False, "properties": {"a": {}}}], "properties": {"b": {}}}, [{"a": 1}, {"a": 1, "b": 2}]),
    ({"$ref": "#/$defs/x", "unevaluatedProperties": False, "$defs": {"x": {"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}}},
     [{"a": 1, "b": 2}, {"b": "x"}]),
    ({"not": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "unevaluatedProperties": False}, [{}, {"a": 2}, {"a": 1}]),
    ({"dependentSchemas": {"a": {"properties": {"b": {}}}}, "properties": {"a": {}}, "unevaluatedProperties": False}, [{"a": 1, "b": 1}, {"b": 1}]),
    ({"unevaluatedItems": False, "prefixItems": [{}], "allOf": [{"prefixItems": [{}, {"type": "integer"}]}]}, [[1], [1, 2], [1, 2, 3], [1, "x"]]),
    ({"unevaluatedItems": {"type": "integer"}, "prefixItems": [{}]}, [["x", 1], ["x", "y"]]),
    ({"unevaluatedItems": False, "contains": {"type": "string"}}, [["a"], ["a", "b"], ["a", 1]]),
    ({"unevaluatedItems": False, "anyOf": [{"prefixItems": [{"const": 1}]}, {"prefixItems": [True, {"const": 2}]}]}, [[1], [1, 2], [3, 2], [1, 3]]),
    ({"unevaluatedItems": False, "items": {"type": "integer"}}, [[1, 2], ["x"]]), ({"unevaluatedItems": False}, [[], [1]]),
    ({"$schema": S, "$comment": "c", "title": "t", "description": "d", "default": 1, "examples": [1], "deprecated": True, "readOnly": True,
      "format": "date", "x-own": {"type": 3}, "contentEncoding": "base64"}, ["no date", 1]),
    ({"properties": {"__proto__": {"type": "integer"}, "toString": {"type": "string"}}}, [{"__proto__": 1}, {"toString": 1}, {}]),
    ({"definitions": {"old": {"type": "string"}}, "items": {"$ref": "#/definitions/old"}}, [["a"], [1]]),
    ({"type": "object", "properties": {"queue": {"enum": ["billing", "technical", "sales"]}, "urgency": {"type": "string"},
      "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"}, "uniqueItems": True, "maxItems": 3}},
      "required": ["queue", "urgency"], "additionalProperties": False},
     [{"queue": "billing", "urgency": "low"}, {"queue": "spares", "urgency": "low"}, {"queue": "sales"}, {"queue": "sales", "urgency": 3},
      {"queue": "sales", "urgency": "x", "tags": ["a", "a"]}, {"queue": "sales", "urgency": "x", "tags": ["a", "B"]}, {"quue": "sales", "urgency": "x"}]),
]


def value(rng, depth=0):
    kind = rng.randrange(9 if depth < 3 else 7)
    if kind < 2:
        return rng.choice([0, 1, 2, 3, 5, 7, -1, 10, 1.0, 2.5, 0.5, 3.0])
    if kind < 4:
        return rng.choice(WORDS)
    if kind < 7:
        return rng.choice([None, True, False])
    if kind == 7:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {k: value(rng, depth + 1) for k in rng.sample(WORDS, rng.randrange(4))}


def schema(rng, depth=0):
    if depth > 3 or rng.random() < 0.08:
        return rng.choice([True, True, False, {}, {"type": "string"}, {"type": "integer"}])
    out = {}

    def sub():
        return {"$ref": rng.choice(["#/$defs/d0", "#/$defs/d1"])} if depth and rng.random() < 0.07 else schema(rng, depth + 1)
    makers = {
        "type": lambda: rng.choice(["null", "boolean", "object", "array", "number", "string", "integer", ["object", "array"], ["integer", "string"]]),
        "enum": lambda: [value(rng, 2) for _ in range(3)], "const": lambda: value(rng, 2), "multipleOf": lambda: rng.choice([1, 2, 0.5]),
        "maximum": lambda: rng.choice([1, 3, 2.5]), "exclusiveMaximum": lambda: 3, "minimum": lambda: rng.choice([0, 1, 2.5]),
        "exclusiveMinimum": lambda: 1, "maxLength": lambda: 1, "minLength": lambda: 1, "pattern": lambda: rng.choice(["a", "^b", "e$", "[^a]"]),
        "prefixItems": lambda: [sub() for _ in range(rng.randrange(1, 3))], "items": sub, "contains": sub, "minContains": lambda: rng.randrange(3),
        "maxContains": lambda: rng.randrange(1, 3), "maxItems": lambda: 2, "minItems": lambda: 1, "uniqueItems": lambda: rng.random() < 0.8,
        "properties": lambda: {k: sub() for k in rng.sample(WORDS, 2)}, "patternProperties": lambda: {rng.choice(["a", "^x", "e$"]): sub()},
        "additionalProperties": sub, "propertyNames": lambda: rng.choice([{"maxLength": 2}, {"pattern": "a|b"}, True]),
        "required": lambda: rng.sample(WORDS, rng.randrange(3)), "maxProperties": lambda: 2, "minProperties": lambda: 1,
        "dependentRequired": lambda: {rng.choice(WORDS): [rng.choice(WORDS)]}, "dependentSchemas": lambda: {rng.choice(WORDS): sub()},
        "allOf": lambda: [sub() for _ in range(2)], "anyOf": lambda: [sub() for _ in range(2)], "oneOf": lambda: [sub() for _ in range(2)], "not": sub,
        "if": sub, "then": sub, "else": sub, "unevaluatedProperties": sub, "unevaluatedItems": sub,
    }
    for key in rng.sample(sorted(makers), rng.randrange(1, 5)):
        out[key] = makers[key]()
    if depth == 0:
        out["$defs"] = {"d0": schema(rng, 3), "d1": schema(rng, 3)}
    return out


def pairs(seed, count):
    """[(schema, [value...])]: the hand-written ones, then `count` random schemas with eight values each."""
    rng = random.Random(seed)
    return HAND + [(schema(rng), [value(rng) for _ in range(8)]) for _ in range(count)]
