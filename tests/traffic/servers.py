"""A gRPC server and a WebSocket server on free ports, until standard input ends.

Prints {"grpc": PORT, "socket": PORT}. gRPC needs no generated code: messages are bytes.
"""

import functools
import json
import sys
import threading
from concurrent import futures

import grpc
from websockets.sync.server import serve


# Logins so far: method, address and the filter's headers.
asked = []


class Handlers(grpc.GenericRpcHandler):
    def service(self, call):
        kind = call.method.rsplit("/", 1)[1]
        if kind == "Echo":
            return grpc.unary_unary_rpc_method_handler(lambda message, _: message)
        if kind == "LogIn":
            return grpc.unary_unary_rpc_method_handler(functools.partial(log_in, call.method))
        if kind == "Told":
            return grpc.unary_unary_rpc_method_handler(told)
        if kind == "Talk":
            return grpc.stream_stream_rpc_method_handler(talk)
        return None


def log_in(method, password, context):
    metadata = dict(context.invocation_metadata())
    ours = {name: value for name, value in metadata.items() if name.startswith("x-palisade-")}
    asked.append((method, metadata.get("x-forwarded-for", "").split(",")[0], ours))
    if password != b"right":
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "wrong password")
    return b"welcome"


def told(of, _):
    """What logins for this method, from this address, told in headers of the filter."""
    method, address = of.decode().split(" ")
    return json.dumps([ours for own, sender, ours in asked if (own, sender) == (method, address)]).encode()


def talk(messages, context):
    """Answers each message as it comes; the end has a trailer of its own."""
    for message in messages:
        yield b"heard " + message
    context.set_trailing_metadata((("x-end", "1"),))


def hear(connection):
    """Speaks first, then sends back whatever comes."""
    connection.send("welcome")
    for message in connection:
        connection.send(message)


server = grpc.server(futures.ThreadPoolExecutor(8), handlers=[Handlers()])
grpc_port = server.add_insecure_port("127.0.0.1:0")
server.start()
sockets = serve(hear, "127.0.0.1", 0, max_size=None)
threading.Thread(target=sockets.serve_forever, daemon=True).start()
print(json.dumps({"grpc": grpc_port, "socket": sockets.socket.getsockname()[1]}), flush=True)
sys.stdin.read()
server.stop(None)
sockets.shutdown()
