"""What the emulator of GitHub leaves out, as GitHub's documentation has it, and faults on the way to it.

Kept here are the bytes of assets, which the emulator forgets: with them come digests and downloads. Names of
assets are refused twice, and tokens that nobody has given out. `FAULT` in the environment of a test is Python that
is run before the emulator is asked (`before`) or after (`after`).
"""

import hashlib
import json
import os
import re
import signal
import urllib.parse

from mitmproxy import http

HERE = os.path.dirname(os.path.abspath(__file__))
TOKEN = "Bearer token-of-the-tests"
UPLOAD = re.compile(r"^/repos/[^/]+/[^/]+/releases/(\d+)/assets$")
ASSET = re.compile(r"^/repos/[^/]+/[^/]+/releases/assets/(\d+)$")

stored = {}
names = {}
writes = 0


def text(name):
    try:
        with open(os.path.join(HERE, name)) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def answer(flow, status, body, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    flow.response = http.Response.make(status, content, {"content-type": "application/json", **headers})


def refuse(flow, resource, code, field):
    error = {"resource": resource, "code": code, "field": field}
    answer(flow, 422, {"message": "Validation Failed", "errors": [error]})


def is_question(path):
    return path.endswith(("/generate-notes", "/graphql"))


def kill_at(when, number):
    if text("kill") == f"{when} {number}":
        os.kill(int(text("pid")), signal.SIGKILL)


def request(flow):
    global writes
    path, query = flow.request.path.split("?")[0], flow.request.query
    is_write = flow.request.method != "GET" and not is_question(path)
    flow.metadata["is_write"] = is_write
    with open(os.path.join(HERE, "requests"), "a") as log:
        body = flow.request.text if flow.request.headers.get("content-type") == "application/json" else ""
        print(flow.request.method, urllib.parse.unquote(flow.request.path), body, file=log)
    if text("counted") == "":
        writes = 0
        with open(os.path.join(HERE, "counted"), "w") as file:
            file.write("yes")
    if is_write:
        writes += 1
        kill_at("before", writes)
    flow.metadata["number"] = writes
    flow.metadata["fault"] = text("fault.py")
    if flow.request.headers.get("authorization") != TOKEN:
        return answer(flow, 401, {"message": "Bad credentials"})
    upload, asset = UPLOAD.match(path), ASSET.match(path)
    if upload and flow.request.method == "POST" and (upload[1], query["name"]) in names.values():
        return refuse(flow, "ReleaseAsset", "already_exists", "name")
    if asset and flow.request.method == "GET" and "octet-stream" in flow.request.headers.get("accept", ""):
        # The bytes lie on another server, which gets no token.
        return answer(flow, 200, stored.get(asset[1], b""), content_type="application/octet-stream")
    scope = {"flow": flow, "path": path, "answer": answer, "when": "before", "number": writes, "stored": stored}
    exec(flow.metadata["fault"], scope)


def response(flow):
    path = flow.request.path.split("?")[0]
    upload, asset = UPLOAD.match(path), ASSET.match(path)
    if flow.response.status_code == 201 and upload:
        made = str(flow.response.json()["id"])
        stored[made] = flow.request.content
        names[made] = (upload[1], flow.request.query["name"])
    if flow.request.method == "DELETE" and asset:
        stored.pop(asset[1], None)
        names.pop(asset[1], None)
    port = flow.client_conn.sockname[1]
    number = flow.metadata["number"]
    scope = {"flow": flow, "path": path, "answer": answer, "when": "after", "number": number, "stored": stored}
    if "json" in flow.response.headers.get("content-type", ""):
        told = re.sub(r"http://(?:127\.0\.0\.1|localhost):\d+", f"http://127.0.0.1:{port}", flow.response.text)
        told = json.loads(told)
        complete(told)
        scope["told"] = told
        exec(flow.metadata.get("fault", ""), scope)
        flow.response.text = json.dumps(told)
    else:
        exec(flow.metadata.get("fault", ""), scope)
    if flow.metadata["is_write"]:
        kill_at("after", flow.metadata["number"])
    if "sl-violations" in flow.response.headers:
        with open(os.path.join(HERE, "violations"), "a") as log:
            print(flow.request.method, path, flow.response.headers["sl-violations"], file=log)


def complete(told):
    """Tells the digest of each asset, and whether a release can be changed."""
    if isinstance(told, list):
        for one in told:
            complete(one)
    if not isinstance(told, dict):
        return
    for one in told.values():
        complete(one)
    if "browser_download_url" in told:
        # Servers older than 2025 have no digests.
        digest = hashlib.sha256(stored.get(str(told["id"]), b"")).hexdigest()
        told["digest"] = None if text("old") else "sha256:" + digest
        told["size"] = len(stored.get(str(told["id"]), b""))
    if "upload_url" in told:
        told["immutable"] = bool(text("immutable")) and not told["draft"]
