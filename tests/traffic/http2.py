"""HTTP/2 with full control of headers: python http2.py PORT < requests.json > answers.json

Requests, one after the other: {"conn", "headers": [[name, value], ...], "body", "trailers"?, "cut"?}.
Those of one `conn` share a connection; with `cut` the body never comes to its end. Answers: {"status",
"headers", "body", "trailers"}, in order.
"""

import json
import socket
import sys

import h2.config
import h2.connection
import h2.events


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        # Headers go out exactly as they are given.
        config = h2.config.H2Configuration(
            client_side=True,
            header_encoding="utf-8",
            normalize_outbound_headers=False,
            validate_outbound_headers=False,
        )
        self.http2 = h2.connection.H2Connection(config)
        self.http2.initiate_connection()

    def flush(self):
        self.socket.sendall(self.http2.data_to_send())

    def ask(self, request):
        stream = self.http2.get_next_available_stream_id()
        body, trailers = request["body"].encode(), request.get("trailers")
        goes_on = bool(trailers or request.get("cut"))
        self.http2.send_headers(stream, request["headers"], end_stream=not body and not goes_on)
        if body:
            self.http2.send_data(stream, body, end_stream=not goes_on)
        if trailers:
            self.http2.send_headers(stream, trailers, end_stream=True)
        self.flush()
        return self.answer(stream)

    def answer(self, stream):
        answer = {"status": 0, "headers": [], "body": "", "trailers": []}
        while True:
            data = self.socket.recv(65536)
            if not data:
                raise SystemExit("the connection ended within an answer")
            for event in self.http2.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    answer["headers"] = [list(pair) for pair in event.headers]
                    answer["status"] = int(dict(event.headers)[":status"])
                elif isinstance(event, h2.events.TrailersReceived):
                    answer["trailers"] = [list(pair) for pair in event.headers]
                elif isinstance(event, h2.events.DataReceived):
                    answer["body"] += event.data.decode()
                    self.http2.acknowledge_received_data(event.flow_controlled_length, stream)
                elif isinstance(event, h2.events.StreamReset):
                    # Envoy answers before a body's end, then resets: the answer counts.
                    if not answer["status"]:
                        raise SystemExit(f"the request was reset: {event.error_code}")
                    return answer
                elif isinstance(event, h2.events.StreamEnded):
                    self.flush()
                    return answer
            self.flush()


connections = {}
answers = []
for request in json.load(sys.stdin):
    if request["conn"] not in connections:
        connections[request["conn"]] = Connection(int(sys.argv[1]))
    answers.append(connections[request["conn"]].ask(request))
json.dump(answers, sys.stdout)
