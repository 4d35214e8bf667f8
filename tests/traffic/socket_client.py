"""A WebSocket client: python socket_client.py URL ADDRESS < messages.json > echoes.json

The server speaks first. Each message is sent only after the echo of the one before it, then all of
them at once, once as text and once as bytes. Refused, it prints {"refused": status, "headers"}.
"""

import json
import sys

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

url, address = sys.argv[1:]
messages = json.load(sys.stdin)
heard = []
try:
    connection = connect(url, additional_headers={"X-Forwarded-For": address}, max_size=None, proxy=None)
except InvalidStatus as refused:
    answer = refused.response
    headers = {name.lower(): value for name, value in answer.headers.raw_items()}
    json.dump({"refused": answer.status_code, "headers": headers}, sys.stdout)
    sys.exit()
with connection:
    heard.append(connection.recv(timeout=10))
    for message in messages:
        connection.send(message)
        heard.append(connection.recv(timeout=10))
    for message in messages:
        connection.send(message.encode())
    heard.extend(connection.recv(timeout=10).decode() for _ in messages)
json.dump(heard, sys.stdout)
