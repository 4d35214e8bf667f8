"""An HTTP/3 client: python http3.py PORT < requests.json > answers.json

Requests, one after the other on one connection: {"headers": [[name, value], ...], "body", "cut"?}. With
`cut` the body never comes to its end. Answers: {"status", "headers", "body"}.
"""

import asyncio
import json
import ssl
import sys

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = H3Connection(self._quic)
        self.answers = {}
        self.waiting = {}

    async def ask(self, request):
        stream = self._quic.get_next_available_stream_id()
        self.answers[stream] = {"status": 0, "headers": [], "body": ""}
        self.waiting[stream] = asyncio.get_running_loop().create_future()
        headers = [(name.encode(), value.encode()) for name, value in request["headers"]]
        body, cut = request.get("body", "").encode(), request.get("cut", False)
        self.http.send_headers(stream, headers, end_stream=not body and not cut)
        if body:
            self.http.send_data(stream, body, end_stream=not cut)
        self.transmit()
        return await asyncio.wait_for(self.waiting[stream], 10)

    def quic_event_received(self, event):
        for got in self.http.handle_event(event):
            answer = self.answers.get(getattr(got, "stream_id", None))
            if answer is None:
                continue
            if isinstance(got, HeadersReceived) and not answer["status"]:
                answer["headers"] = [[n.decode(), v.decode()] for n, v in got.headers]
                answer["status"] = int(dict(got.headers)[b":status"])
            elif isinstance(got, DataReceived):
                answer["body"] += got.data.decode()
            if got.stream_ended:
                self.waiting[got.stream_id].set_result(answer)


async def main():
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="shop.example")
    configuration.verify_mode = ssl.CERT_NONE
    port = int(sys.argv[1])
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=Client) as client:
        return [await client.ask(request) for request in json.load(sys.stdin)]


json.dump(asyncio.run(main()), sys.stdout)
