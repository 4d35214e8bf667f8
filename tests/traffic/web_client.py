"""A client library's own traffic: python web_client.py requests|httpx-1|httpx-2 URL < requests.json

Requests: {"method", "path", "headers", "json"?}, sent one after the other in one session. Prints
their answers: {"status", "headers" (names in lower case), "body"}.
"""

import json
import sys

import httpx
import requests

kind, url = sys.argv[1:]
# A proxy that the environment names has no part in this.
if kind == "requests":
    session = requests.Session()
    session.trust_env = False
else:
    http2 = kind == "httpx-2"
    session = httpx.Client(timeout=10, http1=not http2, http2=http2, trust_env=False)
answers = []
with session:
    for request in json.load(sys.stdin):
        answer = session.request(
            request["method"], url + request["path"], headers=request["headers"], json=request.get("json")
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        answers.append({"status": answer.status_code, "headers": headers, "body": answer.text})
json.dump(answers, sys.stdout)
