import json

import openai
import pytest
from conftest import HAIKU, INVOICE, LINES, PNG_BASE64, ROUTED, SCHEMA, URL


def client(key="sk-test", **more):
    return openai.OpenAI(base_url=URL + "/openai/v1", api_key=key, max_retries=0, **more)


def azure(key="azure-test"):
    return openai.AzureOpenAI(azure_endpoint=URL + "/azure", api_key=key, api_version="2024-10-21", max_retries=0)


def test_plain():
    answer = client().responses.create(model="instant", instructions="Route it.", input=INVOICE, temperature=0, store=False)
    assert json.loads(answer.output_text) == ROUTED
    assert answer.status == "completed" and answer.model == "instant" and answer.id.startswith("resp_")
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0


def test_streamed():
    text, kinds, last = "", [], None
    for event in client().responses.create(model="instant", input=HAIKU, stream=True):
        kinds.append(event.type)
        text += event.delta if event.type == "response.output_text.delta" else ""
        last = event
    assert text == LINES and kinds[0] == "response.created" and kinds[-1] == "response.completed"
    assert last.response.output_text == LINES and last.response.usage.output_tokens > 10


def test_stream_helper_puts_it_together():
    with client().responses.stream(model="deep", input=INVOICE) as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    assert final.output[0].type == "reasoning" and final.output[1].type == "message"
    assert final.usage.output_tokens_details.reasoning_tokens > 0


def test_image_schema_and_ceiling():
    parts = [{"type": "input_text", "text": INVOICE}, {"type": "input_image", "image_url": f"data:image/png;base64,{PNG_BASE64}"}]
    answer = client().responses.create(model="instant", input=[{"role": "user", "content": parts}], text={
        "format": {"type": "json_schema", "name": "route", "strict": True, "schema": SCHEMA}})
    assert json.loads(answer.output_text) == ROUTED and answer.usage.input_tokens > 85
    cut = client().responses.create(model="instant", input=HAIKU, max_output_tokens=3)
    assert cut.status == "incomplete" and cut.incomplete_details.reason == "max_output_tokens" and cut.usage.output_tokens == 3


@pytest.mark.parametrize("model,error,status", [
    ("instant!429=1", openai.RateLimitError, 429), ("instant!quota", openai.RateLimitError, 429), ("instant!401", openai.AuthenticationError, 401),
    ("instant!400", openai.BadRequestError, 400), ("instant!500", openai.InternalServerError, 500), ("no-such-model", openai.NotFoundError, 404),
])
def test_errors(model, error, status):
    for call in (lambda: client().responses.create(model=model, input=INVOICE),
                 lambda: azure().chat.completions.create(model=model, messages=[{"role": "user", "content": INVOICE}])):
        with pytest.raises(error) as caught:
            call()
        assert caught.value.status_code == status and caught.value.body["message"]


def test_error_inside_a_stream():
    events = list(client().responses.create(model="instant!error_in_200", input=HAIKU, stream=True))
    assert events[-1].type == "error" and events[-1].message and events[-1].code == "server_error"


def test_azure_plain_and_streamed():
    answer = azure().chat.completions.create(model="instant", messages=[{"role": "user", "content": INVOICE}])
    assert json.loads(answer.choices[0].message.content) == ROUTED and answer.model == "instant"
    text = ""
    for chunk in azure().chat.completions.create(model="instant", messages=[{"role": "user", "content": HAIKU}], stream=True):
        text += chunk.choices[0].delta.content or ""
    assert text == LINES


def test_azure_wrong_key():
    with pytest.raises(openai.AuthenticationError):
        azure("wrong").chat.completions.create(model="instant", messages=[{"role": "user", "content": "x"}])
