"""A gRPC client: python grpc_client.py PORT POLICY ADDRESS < calls.json > results.json

Calls: {"call": "Echo" | "LogIn", "message": text} or {"call": "Talk", "messages": [...]}.
Results: {"status": name of the gRPC status, "message" or "messages", "trailers"}.
"""

import json
import queue
import sys

import grpc

port, policy, address = sys.argv[1:]
metadata = (("x-forwarded-for", address),)
channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_retries", 0)])


def unary(call):
    method = channel.unary_unary(f"/p/{policy}/{call['call']}")
    message, ended = method.with_call(call["message"].encode(), timeout=10, metadata=metadata)
    return {"message": message.decode(), "trailers": dict(ended.trailing_metadata())}


def talk(call):
    """Each message is sent only after the answer to the one before it."""
    outgoing = queue.Queue()
    method = channel.stream_stream(f"/p/{policy}/Talk")
    answers = method(iter(outgoing.get, None), timeout=10, metadata=metadata)
    heard = []
    for message in call["messages"]:
        outgoing.put(message.encode())
        heard.append(next(answers).decode())
    outgoing.put(None)
    heard.extend(answer.decode() for answer in answers)
    return {"messages": heard, "trailers": dict(answers.trailing_metadata())}


results = []
for call in json.load(sys.stdin):
    try:
        result = talk(call) if call["call"] == "Talk" else unary(call)
        results.append({"status": "OK", **result})
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata() or ())
        results.append({"status": error.code().name, "details": error.details(), "trailers": trailers})
json.dump(results, sys.stdout)
