"""Google's language for object stores over a server that speaks Amazon's: the same verbs and the same XML, with
generations in place of tags, and with tokens in place of signatures. The conditions are kept by the server behind it."""

import base64
import json
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from mitmproxy import http

PUBLIC, TOKENS = "@PUBLIC@", {"marker-secret-of-the-publisher": "publisher", "marker-secret-of-the-reader": "reader"}


def plain(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def who(token):
    """Who shows a token: one of a list, or one that was signed with the key of the service account and is of now."""
    if token in TOKENS or token.count(".") != 2:
        return TOKENS.get(token)
    signed, signature = token.rsplit(".", 1)
    key = serialization.load_pem_public_key(open(PUBLIC, "rb").read())
    try:
        key.verify(plain(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return None
    claims = json.loads(plain(signed.split(".")[1]))
    is_of_now = claims["iat"] - 300 < time.time() < claims["exp"]
    return "publisher" if is_of_now and claims["iss"].startswith("publisher@") else None


def refuse(flow, status, code, details):
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>No.</Message><Details>{details}</Details></Error>"
    flow.response = http.Response.make(status, body, {"Content-Type": "application/xml"})


def request(flow):
    headers, method = flow.request.headers, flow.request.method
    person = who(headers.pop("authorization", "").removeprefix("Bearer "))
    if person is None:
        return refuse(flow, 401, "AuthenticationRequired", "Authentication required.")
    rights = {"PUT": "storage.objects.create", "DELETE": "storage.objects.delete"}
    if person == "reader" and method in rights:
        say = f"reader@acme.iam.example does not have {rights[method]} access to the Google Cloud Storage object."
        return refuse(flow, 403, "AccessDenied", say)
    generation = headers.pop("x-goog-if-generation-match", None)
    if generation == "0":
        headers["if-none-match"] = "*"
    elif generation:
        headers["if-match"] = '"%032x"' % int(generation)
    rename(headers, "x-goog-meta-", "x-amz-meta-")


def response(flow):
    headers = flow.response.headers
    tag = headers.get("etag", "").strip('"')
    if tag and "-" not in tag:
        headers["x-goog-generation"] = str(int(tag, 16))
    rename(headers, "x-amz-meta-", "x-goog-meta-")


def rename(headers, before, after):
    for name in [name for name in headers if name.lower().startswith(before)]:
        headers[after + name[len(before) :]] = headers.pop(name)
