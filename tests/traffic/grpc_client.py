"""A gRPC client: python grpc_client.py PORT POLICY ADDRESS < calls.json > results.json

Calls: {"call": "Echo" | "LogIn" | "Told", "message": text} or {"call": "Talk", "messages": [...]}; each may
have a "policy" and an "address" of its own, and more "metadata".
Results: {"status": name of the gRPC status, "message" or "messages", "trailers", "seconds"}.
"""

import json
import queue
import sys
import time

import grpc

port, policy, address = sys.argv[1:]
channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_retries", 0)])


def path(call):
    return f"/p/{call.get('policy', policy)}/{call['call']}"


def metadata(call):
    return (("x-forwarded-for", call.get("address", address)), *call.get("metadata", {}).items())


def unary(call):
    method = channel.unary_unary(path(call))
    message, ended = method.with_call(call["message"].encode(), timeout=10, metadata=metadata(call))
    return {"message": message.decode(), "trailers": dict(ended.trailing_metadata())}


def talk(call):
    """Each message is sent only after the answer to the one before it."""
    outgoing = queue.Queue()
    method = channel.stream_stream(path(call))
    answers = method(iter(outgoing.get, None), timeout=10, metadata=metadata(call))
    heard = []
    for message in call["messages"]:
        outgoing.put(message.encode())
        heard.append(next(answers).decode())
    outgoing.put(None)
    heard.extend(answer.decode() for answer in answers)
    return {"messages": heard, "trailers": dict(answers.trailing_metadata())}


results = []
for call in json.load(sys.stdin):
    began = time.monotonic()
    try:
        result = talk(call) if call["call"] == "Talk" else unary(call)
        result = {"status": "OK", **result}
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata() or ())
        result = {"status": error.code().name, "details": error.details(), "trailers": trailers}
    results.append({**result, "seconds": time.monotonic() - began})
json.dump(results, sys.stdout)
