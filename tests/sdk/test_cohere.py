import json

import cohere
import pytest
from cohere import errors
from conftest import HAIKU, INVOICE, LINES, PNG_BASE64, ROUTED, SCHEMA, URL


def client(key="test-key"):
    return cohere.ClientV2(api_key=key, base_url=URL + "/cohere")


def user(text):
    return [{"role": "user", "content": text}]


ONCE = {"max_retries": 0}


def test_plain():
    answer = client().chat(model="instant", messages=[{"role": "system", "content": "Route it."}, *user(INVOICE)], temperature=0)
    assert json.loads(answer.message.content[0].text) == ROUTED
    assert answer.finish_reason == "COMPLETE" and answer.id
    assert 0 < answer.usage.billed_units.input_tokens < answer.usage.tokens.input_tokens


def test_streamed():
    text, end = "", None
    for event in client().chat_stream(model="instant", messages=user(HAIKU)):
        if event.type == "content-delta":
            text += event.delta.message.content.text
        if event.type == "message-end":
            end = event
    assert text == LINES and end.delta.finish_reason == "COMPLETE" and end.delta.usage.tokens.output_tokens > 10


def test_thinking():
    blocks = client().chat(model="deep", messages=user(INVOICE)).message.content
    assert [b.type for b in blocks] == ["thinking", "text"] and blocks[0].thinking


def test_image_schema_and_ceiling():
    parts = [{"type": "text", "text": INVOICE}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG_BASE64}"}}]
    answer = client().chat(model="instant", messages=user(parts), response_format={"type": "json_object", "json_schema": SCHEMA})
    assert json.loads(answer.message.content[0].text) == ROUTED
    assert client().chat(model="instant", messages=user(HAIKU), max_tokens=3).finish_reason == "MAX_TOKENS"


@pytest.mark.parametrize("model,error", [
    ("instant!429=1", errors.TooManyRequestsError), ("instant!quota", errors.TooManyRequestsError), ("instant!400", errors.BadRequestError),
    ("instant!401", errors.UnauthorizedError), ("instant!500", errors.InternalServerError), ("no-such-model", errors.NotFoundError),
])
def test_errors(model, error):
    with pytest.raises(error) as caught:
        client().chat(model=model, messages=user(INVOICE), request_options=ONCE)
    assert caught.value.body


def test_wrong_key():
    with pytest.raises(errors.UnauthorizedError):
        client("wrong").chat(model="instant", messages=user("x"), request_options=ONCE)
