import json

import pytest
from conftest import HAIKU, INVOICE, LINES, ROUTED, URL, png
from google import genai
from google.genai import errors, types
from pydantic import BaseModel


kept = []       # a client that nobody holds closes its connections, even below a call that is running on it


def client(key="test-key", path="/google", **more):
    kept.append(genai.Client(api_key=key, http_options=types.HttpOptions(base_url=URL + path, **more)))
    return kept[-1]


def test_plain():
    answer = client().models.generate_content(model="instant", contents=INVOICE, config=types.GenerateContentConfig(
        system_instruction="Route it.", temperature=0, max_output_tokens=200))
    assert json.loads(answer.text) == ROUTED
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.model_version == "instant" and answer.response_id
    usage = answer.usage_metadata
    assert usage.prompt_token_count > 0 and usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count


def test_bare_path():
    answer = client(path="").models.generate_content(model="instant", contents=INVOICE)
    assert json.loads(answer.text) == ROUTED


def test_streamed():
    chunks = list(client().models.generate_content_stream(model="instant", contents=HAIKU))
    assert "".join(chunk.text or "" for chunk in chunks) == LINES and len(chunks) > 2
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata.total_token_count > 10


def test_thoughts():
    answer = client().models.generate_content(model="deep", contents=INVOICE, config=types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(include_thoughts=True)))
    parts = answer.candidates[0].content.parts
    assert parts[0].thought and not parts[1].thought and json.loads(parts[1].text)
    assert answer.usage_metadata.thoughts_token_count > 0


def test_image():
    answer = client().models.generate_content(model="instant", contents=[types.Part.from_bytes(data=png(), mime_type="image/png"), INVOICE])
    assert json.loads(answer.text) == ROUTED and answer.usage_metadata.prompt_token_count > 85


def test_json_and_schema():
    class Route(BaseModel):
        queue: str
        urgency: str

    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=Route)
    assert client().models.generate_content(model="instant", contents=INVOICE, config=config).parsed == Route(**ROUTED)
    assert isinstance(client().models.generate_content(model="swift", contents="not in the book", config=config).parsed, Route)


def test_max_tokens():
    answer = client().models.generate_content(model="instant", contents=HAIKU, config=types.GenerateContentConfig(max_output_tokens=3))
    assert answer.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS and answer.usage_metadata.candidates_token_count == 3


@pytest.mark.parametrize("model,error,code,status", [
    ("instant!429=1", errors.ClientError, 429, "RESOURCE_EXHAUSTED"), ("instant!400", errors.ClientError, 400, "INVALID_ARGUMENT"),
    ("instant!500", errors.ServerError, 500, "INTERNAL"), ("instant!503", errors.ServerError, 503, "UNAVAILABLE"),
    ("no-such-model", errors.ClientError, 404, "NOT_FOUND"), ("instant!quota", errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
])
def test_errors(model, error, code, status):
    with pytest.raises(error) as caught:
        client(retry_options=types.HttpRetryOptions(attempts=1)).models.generate_content(model=model, contents=INVOICE)
    assert caught.value.code == code and caught.value.status == status and caught.value.message


def test_wrong_key_and_empty_answer():
    with pytest.raises(errors.ClientError) as caught:
        client(key="wrong").models.generate_content(model="instant", contents="x")
    assert caught.value.code == 400 and "API_KEY_INVALID" in str(caught.value.details)
    assert not client().models.generate_content(model="instant!empty_choices", contents="x").candidates
    filtered = client().models.generate_content(model="instant!content_filter", contents="x")
    assert filtered.candidates[0].finish_reason == types.FinishReason.SAFETY


def test_models_and_counting():
    assert "models/careful" in [m.name for m in client().models.list()]
    assert client().models.get(model="careful").name == "models/careful"
    assert client().models.count_tokens(model="instant", contents=INVOICE).total_tokens > 10
