"""A rate limit service and an authorization service on free ports, until standard input ends.

Prints {"limits": PORT, "authorization": PORT}, then one JSON line for each thing it is asked:
{"limits": [[[key, value], ...], ...]} or {"authorization": {header: value}}.

gRPC needs no generated code: the few fields of envoy.service.ratelimit.v3 are read by hand.
"""

import json
import sys
import threading
from collections import Counter
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc

MOST = 3  # requests of one campaign
OK, OVER_LIMIT = b"\x08\x01", b"\x08\x02"  # RateLimitResponse.overall_code
printing = threading.Lock()
counts = Counter()


def say(line):
    with printing:
        print(json.dumps(line), flush=True)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data, number):
    """The values of a field that is a message or a string, wherever it stands."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            _, at = varint(data, at)
            continue
        length, at = varint(data, at)
        if tag >> 3 == number:
            yield data[at : at + length]
        at += length


def should_rate_limit(request, _):
    text = lambda entry, number: next(fields(entry, number), b"").decode()
    descriptors = [
        [[text(entry, 1), text(entry, 2)] for entry in fields(descriptor, 1)]
        for descriptor in fields(request, 2)
    ]
    say({"limits": descriptors})
    for descriptor in descriptors:
        counts[json.dumps(descriptor)] += 1
    over = any(d[0][0] == "campaign" and counts[json.dumps(d)] > MOST for d in descriptors)
    return OVER_LIMIT if over else OK


class Limits(grpc.GenericRpcHandler):
    def service(self, call):
        known = call.method == "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit"
        return grpc.unary_unary_rpc_method_handler(should_rate_limit) if known else None


class Authorization(BaseHTTPRequestHandler):
    """Asks for a second factor from a score of 4 on, unless it was given."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        told = {n.lower(): v for n, v in self.headers.items() if n.lower().startswith("x-palisade-")}
        say({"authorization": told})
        passes = float(told["x-palisade-score"]) < 4 or "factor=given" in self.headers.get("cookie", "")
        body = b"" if passes else b'{"needs":"a second factor"}'
        self.send_response(200 if passes else 401)
        self.send_header("content-length", str(len(body)))
        if not passes:
            self.send_header("www-authenticate", "SecondFactor")
            self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


limits = grpc.server(futures.ThreadPoolExecutor(4), handlers=[Limits()])
limits_port = limits.add_insecure_port("127.0.0.1:0")
limits.start()
authorization = ThreadingHTTPServer(("127.0.0.1", 0), Authorization)
threading.Thread(target=authorization.serve_forever, daemon=True).start()
say({"limits": limits_port, "authorization": authorization.server_port})
sys.stdin.read()
limits.stop(None)
