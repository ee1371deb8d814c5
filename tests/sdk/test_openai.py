import asyncio
import json

import openai
import pytest
from conftest import HAIKU, INVOICE, LINES, PNG_BASE64, ROUTED, SCHEMA, URL, ledger_of
from pydantic import BaseModel

PATHS = {"openai": "/openai/v1", "compatible": "/v1", "xai": "/xai/v1", "deepseek": "/deepseek", "openrouter": "/openrouter/api/v1",
         "mistral": "/mistral/v1", "ollama": "/ollama/v1"}


def client(path="/openai/v1", key="sk-test", retries=0, **more):
    return openai.OpenAI(base_url=URL + path, api_key=key, max_retries=retries, **more)


def user(text):
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_plain(path):
    answer = client(path).chat.completions.create(model="instant", messages=user(INVOICE))
    assert json.loads(answer.choices[0].message.content) == ROUTED
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "instant" and answer.id and answer.created > 1_600_000_000
    assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_streamed(path):
    text, finish, usage = "", None, None
    for chunk in client(path).chat.completions.create(model="instant", messages=user(HAIKU), stream=True,
                                                      stream_options={"include_usage": True}):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
        usage = chunk.usage or usage
    assert text == LINES and finish == "stop" and usage.completion_tokens > 10


def test_streamed_without_usage_has_none():
    chunks = list(client().chat.completions.create(model="instant", messages=user(HAIKU), stream=True))
    assert all(chunk.usage is None for chunk in chunks)
    assert all(len(chunk.choices) == 1 for chunk in chunks)


def test_async_in_parallel():
    async def many():
        async with openai.AsyncOpenAI(base_url=URL + "/openai/v1", api_key="sk-test") as c:
            return await asyncio.gather(*(c.chat.completions.create(model="echo", messages=user(f"n {i}")) for i in range(50)))

    assert [a.choices[0].message.content for a in asyncio.run(many())] == [f"n {i}" for i in range(50)]


def test_image_and_system():
    parts = [{"type": "text", "text": INVOICE}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG_BASE64}"}}]
    plain = client().chat.completions.create(model="instant", messages=user(INVOICE))
    answer = client().chat.completions.create(model="instant", messages=[{"role": "developer", "content": "Be brief."},
                                                                         {"role": "user", "content": parts}])
    assert json.loads(answer.choices[0].message.content) == ROUTED
    assert answer.usage.prompt_tokens > plain.usage.prompt_tokens + 50


def test_json_mode_and_schema():
    c = client()
    answer = c.chat.completions.create(model="chatty", messages=user(HAIKU), response_format={"type": "json_object"})
    json.loads(answer.choices[0].message.content)
    answer = c.chat.completions.create(model="careful", messages=user("not in the book"), response_format={
        "type": "json_schema", "json_schema": {"name": "route", "strict": True, "schema": SCHEMA}})
    assert set(json.loads(answer.choices[0].message.content)) == {"queue", "urgency"}

    class Route(BaseModel):
        queue: str
        urgency: str

    parsed = c.chat.completions.parse(model="instant", messages=user(INVOICE), response_format=Route)
    assert parsed.choices[0].message.parsed == Route(**ROUTED)


def test_max_tokens_and_reasoning():
    answer = client().chat.completions.create(model="instant", messages=user(HAIKU), max_tokens=3)
    assert answer.choices[0].finish_reason == "length" and answer.usage.completion_tokens == 3
    answer = client().chat.completions.create(model="deep", messages=user(INVOICE))
    assert answer.usage.completion_tokens_details.reasoning_tokens > 0
    assert answer.usage.completion_tokens > answer.usage.completion_tokens_details.reasoning_tokens


@pytest.mark.parametrize("model,error,status", [
    ("instant!429=1", openai.RateLimitError, 429), ("instant!quota", openai.RateLimitError, 429),
    ("instant!401", openai.AuthenticationError, 401), ("instant!400", openai.BadRequestError, 400),
    ("instant!500", openai.InternalServerError, 500), ("instant!503", openai.InternalServerError, 503),
    ("no-such-model", openai.NotFoundError, 404), ("instant!billed_but_failed", openai.InternalServerError, 500),
    ("instant!refuse_param=temperature", openai.BadRequestError, 400),
])
def test_errors(model, error, status):
    with pytest.raises(error) as caught:
        client().chat.completions.create(model=model, messages=user(INVOICE), temperature=0)
    assert caught.value.status_code == status and caught.value.body["message"] and caught.value.request_id.startswith("req_")
    if "quota" in model:
        assert caught.value.code == "insufficient_quota"
    if "refuse" in model:
        assert caught.value.param == "temperature" and caught.value.code == "unsupported_parameter"
    if "429" in model:
        assert caught.value.response.headers["retry-after"] == "1"


def test_keys():
    with pytest.raises(openai.AuthenticationError):
        client(key="wrong").chat.completions.create(model="instant", messages=user("x"))
    client("/v1", key="anything").chat.completions.create(model="instant", messages=user("x"))


def test_retries_until_it_works(trial):
    answer = client(retries=2).chat.completions.create(model="instant!429=10ms@2", messages=user(INVOICE), extra_headers={"x-assay-trial": trial})
    assert json.loads(answer.choices[0].message.content) == ROUTED
    assert [row["status"] for row in ledger_of(trial)] == [429, 429, 200]
    assert [row["billed"] for row in ledger_of(trial)] == [False, False, True]


def test_transport_faults():
    with pytest.raises(openai.APIConnectionError):
        client().chat.completions.create(model="instant!reset", messages=user("x"))
    with pytest.raises(openai.APITimeoutError):
        client(timeout=0.5).chat.completions.create(model="instant!no_reply", messages=user("x"))
    with pytest.raises(Exception):
        list(client().chat.completions.create(model="instant!cut_stream", messages=user(HAIKU), stream=True))
    with pytest.raises(openai.APIError):
        list(client().chat.completions.create(model="instant!error_in_200", messages=user(HAIKU), stream=True))


def test_models():
    names = [m.id for m in client().models.list()]
    assert {"careful", "swift", "thrifty", "chatty", "erratic", "deep", "instant", "echo", "unpriced"} <= set(names)
    assert client().models.retrieve("careful").id == "careful"
    with pytest.raises(openai.NotFoundError):
        client().models.retrieve("no-such-model")
