"""Tools: every vendor's client reads the calls, whole and streamed, gives back what the tools said, and hears the answer."""
import json

import anthropic
import boto3
import botocore.config
import botocore.exceptions
import cohere
import ollama
import openai
import pytest
from conftest import CALLS, HAIKU, INVOICE, LINES, NOTHING, PARAMETERS, ROUTED, URL, WEATHER
from google import genai
from google.genai import types
from mistralai.client import Mistral

FUNCTIONS = [{"type": "function", "function": {"name": "get_weather", "description": "Looks at the sky.", "parameters": PARAMETERS}},
             {"type": "function", "function": {"name": "now", "description": "The time.", "parameters": NOTHING}}]
CHAT = {"openai": "/openai/v1", "compatible": "/v1", "xai": "/xai/v1", "deepseek": "/deepseek", "openrouter": "/openrouter/api/v1",
        "mistral": "/mistral/v1", "groq": "/groq/v1", "together": "/together/v1", "fireworks": "/fireworks/v1"}
DONE = "It rains in Oslo."


def user(text):
    return [{"role": "user", "content": text}]


def chat(path="/openai/v1"):
    return openai.OpenAI(base_url=URL + path, api_key="sk-test", max_retries=0).chat.completions


def named(calls):
    return [(c.function.name, json.loads(c.function.arguments)) for c in calls]


@pytest.mark.parametrize("path", CHAT.values(), ids=CHAT.keys())
def test_chat(path):
    ask = dict(model="instant", messages=user(WEATHER), tools=FUNCTIONS)
    answer = chat(path).create(**ask).choices[0]
    calls = answer.message.tool_calls
    assert answer.finish_reason == "tool_calls" and not answer.message.content and named(calls) == CALLS
    assert len({c.id for c in calls}) == 2 and all(c.type == "function" for c in calls)
    found, finish = {}, None
    for chunk in chat(path).create(**ask, stream=True):
        for choice in chunk.choices:
            finish = choice.finish_reason or finish
            for piece in choice.delta.tool_calls or []:
                name, arguments, id = found.get(piece.index, ("", "", ""))
                found[piece.index] = (name + (piece.function.name or ""), arguments + (piece.function.arguments or ""), id or piece.id)
    assert finish == "tool_calls" and [(n, json.loads(a)) for n, a, _ in found.values()] == CALLS and all(id for *_, id in found.values())
    told = ask["messages"] + [answer.message.model_dump(exclude_none=True)] + [
        {"role": "tool", "tool_call_id": c.id, "content": "7 degrees"} for c in calls]
    final = chat(path).create(model="instant", messages=told, tools=FUNCTIONS).choices[0]
    assert final.finish_reason == "stop" and final.message.content == DONE and not final.message.tool_calls


def test_chat_choices():
    ask = dict(model="instant", tools=FUNCTIONS)
    assert chat().create(**ask, messages=user(HAIKU)).choices[0].message.content == LINES
    assert not chat().create(**ask, messages=user(WEATHER), tool_choice="none").choices[0].message.tool_calls
    assert named(chat().create(**ask, messages=user(WEATHER), parallel_tool_calls=False).choices[0].message.tool_calls) == CALLS[:1]
    one = {"type": "function", "function": {"name": "now"}}
    assert named(chat().create(**ask, messages=user(HAIKU), tool_choice=one).choices[0].message.tool_calls) == [("now", {})]
    forced = chat().create(**ask, messages=user(HAIKU), tool_choice="required").choices[0].message.tool_calls
    assert [c.function.name for c in forced] == ["get_weather"] and set(json.loads(forced[0].function.arguments)) == set(PARAMETERS["properties"])
    route = [{"type": "function", "function": {"name": "route", "parameters": {"type": "object", "properties": {
        "queue": {"type": "string"}, "urgency": {"type": "string"}}}}}]
    taken = chat().create(model="instant", messages=user(INVOICE), tools=FUNCTIONS + route, tool_choice="required").choices[0].message
    assert named(taken.tool_calls) == [("route", ROUTED)]
    for bad in (dict(tool_choice={"type": "function", "function": {"name": "nowhere"}}), dict(tool_choice="perhaps"),
                dict(tools=FUNCTIONS + FUNCTIONS), dict(tools=[{"type": "function", "function": {"name": "a b"}}])):
        with pytest.raises(openai.BadRequestError):
            chat().create(**{**ask, "messages": user(WEATHER), **bad})
    with pytest.raises(openai.BadRequestError, match="preceding message"):
        chat().create(**ask, messages=user(WEATHER) + [{"role": "tool", "tool_call_id": "c", "content": "x"}])


def test_chat_stream_helper():
    with chat().stream(model="instant", messages=user(WEATHER), tools=FUNCTIONS) as stream:
        kinds = {event.type for event in stream}
        message = stream.get_final_completion().choices[0].message
    assert "tool_calls.function.arguments.delta" in kinds and "tool_calls.function.arguments.done" in kinds
    assert named(message.tool_calls) == CALLS


def test_responses():
    tools = [{"type": "function", **f["function"]} for f in FUNCTIONS]
    client = openai.OpenAI(base_url=URL + "/openai/v1", api_key="sk-test", max_retries=0).responses
    answer = client.create(model="instant", input=WEATHER, tools=tools)
    calls = [item for item in answer.output if item.type == "function_call"]
    assert answer.status == "completed" and [(c.name, json.loads(c.arguments)) for c in calls] == CALLS and answer.output_text == ""
    with client.stream(model="deep", input=WEATHER, tools=tools) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_response()
    assert "response.function_call_arguments.delta" in kinds and "response.function_call_arguments.done" in kinds
    assert [item.type for item in final.output][0] == "reasoning" and final.output[-1].type == "function_call"
    told = user(WEATHER) + [c.model_dump(exclude_none=True) for c in calls] + [
        {"type": "function_call_output", "call_id": c.call_id, "output": "7 degrees"} for c in calls]
    assert client.create(model="instant", input=told, tools=tools).output_text == DONE
    one = client.create(model="instant", input=HAIKU, tools=tools, tool_choice={"type": "function", "name": "now"})
    assert [(c.name, c.arguments) for c in one.output] == [("now", "{}")]


def test_anthropic():
    messages = anthropic.Anthropic(base_url=URL + "/anthropic", api_key="sk-ant", max_retries=0).messages
    tools = [{"name": f["function"]["name"], "description": f["function"]["description"], "input_schema": f["function"]["parameters"]}
             for f in FUNCTIONS]
    ask = dict(model="instant", max_tokens=500, tools=tools)
    answer = messages.create(**ask, messages=user(WEATHER))
    assert answer.stop_reason == "tool_use" and [(b.name, b.input) for b in answer.content] == CALLS
    with messages.stream(**ask, messages=user(WEATHER)) as stream:
        final = stream.get_final_message()
    assert final.stop_reason == "tool_use" and [(b.name, b.input) for b in final.content] == CALLS
    told = user(WEATHER) + [{"role": "assistant", "content": answer.content}, {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": b.id, "content": "7 degrees"} for b in answer.content]}]
    end = messages.create(**ask, messages=told)
    assert end.stop_reason == "end_turn" and end.content[0].text == DONE
    thinking = dict(model="deep", max_tokens=4000, thinking={"type": "enabled", "budget_tokens": 1024}, tools=tools, messages=user(WEATHER))
    with messages.stream(**thinking) as stream:
        blocks = stream.get_final_message().content
    assert blocks[0].type == "thinking" and blocks[0].thinking and blocks[-1].type == "tool_use"
    assert [b.type for b in messages.create(**thinking).content] == [b.type for b in blocks]
    with pytest.raises(anthropic.BadRequestError, match="tool_choice"):
        messages.create(**thinking, tool_choice={"type": "any"})
    one = messages.create(**ask, messages=user(WEATHER), tool_choice={"type": "auto", "disable_parallel_tool_use": True})
    assert [(b.name, b.input) for b in one.content] == CALLS[:1]


def test_google():
    client = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=URL + "/google"))
    tools = [types.Tool(function_declarations=[
        types.FunctionDeclaration(name=f["function"]["name"], description=f["function"]["description"],
                                  parameters_json_schema=f["function"]["parameters"]) for f in FUNCTIONS])]

    def config(**calling):
        held = types.ToolConfig(function_calling_config=types.FunctionCallingConfig(**calling)) if calling else None
        return types.GenerateContentConfig(tools=tools, tool_config=held,
                                           automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))

    answer = client.models.generate_content(model="instant", contents=WEATHER, config=config())
    assert [(c.name, c.args) for c in answer.function_calls] == CALLS
    streamed = [c for chunk in client.models.generate_content_stream(model="deep", contents=WEATHER, config=config())
                for c in chunk.function_calls or []]
    assert [c.name for c in streamed] == [name for name, _ in CALLS]
    told = [types.Content(role="user", parts=[types.Part(text=WEATHER)]), answer.candidates[0].content, types.Content(role="user", parts=[
        types.Part.from_function_response(name=c.name, response={"said": "7 degrees"}) for c in answer.function_calls])]
    assert client.models.generate_content(model="instant", contents=told, config=config()).text == DONE
    one = client.models.generate_content(model="instant", contents=HAIKU, config=config(mode="ANY", allowed_function_names=["now"]))
    assert [(c.name, c.args) for c in one.function_calls] == [("now", {})]
    assert client.models.generate_content(model="instant", contents=HAIKU, config=config(mode="NONE")).text == LINES


def test_mistral():
    client = Mistral(api_key="k", server_url=URL + "/mistral").chat
    answer = client.complete(model="instant", messages=user(WEATHER), tools=FUNCTIONS).choices[0]
    assert answer.finish_reason == "tool_calls" and named(answer.message.tool_calls) == CALLS
    assert all(len(c.id) == 9 and c.id.isalnum() for c in answer.message.tool_calls)
    calls = [c for event in client.stream(model="instant", messages=user(WEATHER), tools=FUNCTIONS)
             for c in event.data.choices[0].delta.tool_calls or []]
    assert named(calls) == CALLS and [c.index for c in calls] == [0, 1]
    told = user(WEATHER) + [answer.message] + [
        {"role": "tool", "tool_call_id": c.id, "name": c.function.name, "content": "7 degrees"} for c in answer.message.tool_calls]
    assert client.complete(model="instant", messages=told, tools=FUNCTIONS).choices[0].message.content == DONE
    assert client.complete(model="instant", messages=user(HAIKU), tools=FUNCTIONS, tool_choice="any").choices[0].message.tool_calls


def test_cohere():
    client = cohere.ClientV2(api_key="k", base_url=URL + "/cohere")
    answer = client.chat(model="instant", messages=user(WEATHER), tools=FUNCTIONS)
    assert answer.finish_reason == "TOOL_CALL" and answer.message.tool_plan and named(answer.message.tool_calls) == CALLS
    plan, calls, end = "", [], None
    for event in client.chat_stream(model="instant", messages=user(WEATHER), tools=FUNCTIONS):
        if event.type == "tool-plan-delta":
            plan += event.delta.message.tool_plan
        elif event.type == "tool-call-start":
            calls.append([event.delta.message.tool_calls.function.name, ""])
        elif event.type == "tool-call-delta":
            calls[-1][1] += event.delta.message.tool_calls.function.arguments
        elif event.type == "message-end":
            end = event.delta.finish_reason
    assert plan == answer.message.tool_plan and [(n, json.loads(a)) for n, a in calls] == CALLS and end == "TOOL_CALL"
    told = user(WEATHER) + [{"role": "assistant", "tool_plan": plan, "tool_calls": answer.message.tool_calls}] + [
        {"role": "tool", "tool_call_id": c.id, "content": [{"type": "document", "document": {"data": "7 degrees"}}]}
        for c in answer.message.tool_calls]
    assert client.chat(model="instant", messages=told, tools=FUNCTIONS).message.content[0].text == DONE
    assert client.chat(model="instant", messages=user(HAIKU), tools=FUNCTIONS, tool_choice="REQUIRED").message.tool_calls


def test_bedrock():
    client = boto3.client("bedrock-runtime", region_name="eu-west-1", endpoint_url=URL + "/bedrock", aws_access_key_id="AKIDEXAMPLE",
                          aws_secret_access_key="not-a-secret", config=botocore.config.Config(retries={"total_max_attempts": 1}, proxies={}))
    tools = [{"toolSpec": {"name": f["function"]["name"], "description": f["function"]["description"],
                           "inputSchema": {"json": f["function"]["parameters"]}}} for f in FUNCTIONS]
    asked = [{"role": "user", "content": [{"text": WEATHER}]}]
    answer = client.converse(modelId="instant", messages=asked, toolConfig={"tools": tools})
    uses = [block["toolUse"] for block in answer["output"]["message"]["content"]]
    assert answer["stopReason"] == "tool_use" and [(u["name"], u["input"]) for u in uses] == CALLS
    found = {}
    for event in client.converse_stream(modelId="instant", messages=asked, toolConfig={"tools": tools})["stream"]:
        if "contentBlockStart" in event:
            found[event["contentBlockStart"]["contentBlockIndex"]] = [event["contentBlockStart"]["start"]["toolUse"]["name"], ""]
        if "contentBlockDelta" in event:
            found[event["contentBlockDelta"]["contentBlockIndex"]][1] += event["contentBlockDelta"]["delta"]["toolUse"]["input"]
    assert [(name, json.loads(text)) for name, text in found.values()] == CALLS
    told = asked + [answer["output"]["message"], {"role": "user", "content": [
        {"toolResult": {"toolUseId": u["toolUseId"], "content": [{"json": {"degrees": 7}}]}} for u in uses]}]
    assert client.converse(modelId="instant", messages=told, toolConfig={"tools": tools})["output"]["message"]["content"][0]["text"] == DONE
    one = client.converse(modelId="instant", messages=asked, toolConfig={"tools": tools, "toolChoice": {"tool": {"name": "now"}}})
    assert [b["toolUse"]["name"] for b in one["output"]["message"]["content"]] == ["now"]
    with pytest.raises(botocore.exceptions.ClientError, match="nowhere"):
        client.converse(modelId="instant", messages=asked, toolConfig={"tools": tools, "toolChoice": {"tool": {"name": "nowhere"}}})


def test_ollama():
    client = ollama.Client(host=URL + "/ollama")
    answer = client.chat(model="instant", messages=user(WEATHER), tools=FUNCTIONS)
    assert [(c.function.name, dict(c.function.arguments)) for c in answer.message.tool_calls] == CALLS
    calls = [c for chunk in client.chat(model="instant", messages=user(WEATHER), tools=FUNCTIONS, stream=True)
             for c in chunk.message.tool_calls or []]
    assert [(c.function.name, dict(c.function.arguments)) for c in calls] == CALLS
    told = user(WEATHER) + [answer.message] + [{"role": "tool", "tool_name": c.function.name, "content": "7 degrees"} for c in calls]
    assert client.chat(model="instant", messages=told, tools=FUNCTIONS).message.content == DONE
    thinks = client.chat(model="deep", messages=user(HAIKU), think=True)
    assert thinks.message.thinking and thinks.message.content
