"""What the SDK suites share: where the simulator is, what its book says, and its ledger."""
import base64
import json
import os
import struct
import urllib.request
import uuid
import zlib

import pytest

URL = os.environ.get("ASSAY_SIM_URL", "").rstrip("/")
INVOICE = "Route this ticket: My invoice for October was charged twice and I want a refund."
ROUTED = {"queue": "billing", "urgency": "high"}
HAIKU = "Recite the three lines about the server room."
LINES = "Fans hum in the dark,\nblinking lights count packets home;\none log line wakes me.\nGrüße, 漢字, 🙂."
WEATHER = "Please tell me: What is the weather in Oslo, and what time is it in Lima?"
CALLS = [("get_weather", {"city": "Oslo", "days": 3, "note": "Grüße, \"漢字\" {🙂}"}), ("now", {})]
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "note": {"type": "string"}},
    "required": ["city"],
}
NOTHING = {"type": "object", "properties": {}}
SCHEMA = {
    "type": "object",
    "properties": {"queue": {"type": "string"}, "urgency": {"type": "string"}},
    "required": ["queue", "urgency"],
    "additionalProperties": False,
}


def png() -> bytes:
    """One grey pixel."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\x00\x80")) + chunk(b"IEND", b""))


PNG_BASE64 = base64.b64encode(png()).decode()


def ledger_of(trial: str) -> list[dict]:
    """Every call of that trial, refused ones too."""
    rows, since = [], 0
    while since is not None:
        with urllib.request.urlopen(f"{URL}/ledger?all=1&since={since}&limit=50000") as answer:
            page = json.load(answer)
        rows += [row for row in page["rows"] if row.get("trial") == trial]
        since = page["next"]
    return rows


@pytest.fixture
def trial() -> str:
    return f"sdk/{uuid.uuid4()}"
