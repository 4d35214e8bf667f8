"""A gRPC client that tries again by itself, once: python grpc_retry.py PORT POLICY ADDRESS

Prints {"status": name of the gRPC status, "seconds": how long it took}.
"""

import json
import sys
import time

import grpc

port, policy, address = sys.argv[1:]
retry = {
    "maxAttempts": 2,
    "initialBackoff": "0.01s",
    "maxBackoff": "0.01s",
    "backoffMultiplier": 1,
    "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
}
service = {"methodConfig": [{"name": [{}], "retryPolicy": retry}]}
options = [("grpc.enable_retries", 1), ("grpc.service_config", json.dumps(service))]
channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=options)
method = channel.unary_unary(f"/p/{policy}/LogIn")
began = time.monotonic()
try:
    method(b"right", timeout=10, metadata=(("x-forwarded-for", address),))
    status = "OK"
except grpc.RpcError as error:
    status = error.code().name
json.dump({"status": status, "seconds": time.monotonic() - began}, sys.stdout)
