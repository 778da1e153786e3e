#!/usr/bin/env python3
"""A stand-in for the container-credentials endpoint of AWS CloudShell, for trying credrun without an AWS account.

    python3 examples/cloudshell_endpoint.py --sts http://127.0.0.1:4566 --role-arn arn:aws:iam::123456789012:role/operator

It prints the variables that CloudShell sets, as `export` lines, and serves until it is ended. The credentials are real
ones of the STS that it is given (an emulator's): services check them. As in CloudShell they live for 5 to 15 minutes
and all their values change when `Expiration` does. The token goes raw into `Authorization`, whether the client has
it from AWS_CONTAINER_AUTHORIZATION_TOKEN or from the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (--token-file).
Python's standard library is all it needs.
"""

import argparse
import calendar
import hashlib
import hmac
import json
import os
import secrets
import signal
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CLOUDSHELL_PATH = "/latest/meta-data/container/security-credentials"
SHORTEST_LIFE = 300  # CloudShell's credentials have never less than five minutes left
LONGEST_LIFE = 900  # and never more than fifteen, the least that STS gives out


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def authorization(host, body, stamp, access_key, secret_key, region):
    """AWS signature version 4 of a form that is posted to STS."""
    scope = f"{stamp[:8]}/{region}/sts/aws4_request"
    headers = f"content-type:application/x-www-form-urlencoded\nhost:{host}\nx-amz-date:{stamp}\n"
    names = "content-type;host;x-amz-date"
    request = f"POST\n/\n\n{headers}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = ("AWS4" + secret_key).encode()
    for word in (stamp[:8], region, "sts", "aws4_request"):
        key = sign(key, word)
    signature = sign(key, text).hex()
    return f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"


def ask_sts(options):
    """Temporary credentials: of the role when there is one, else of the keys themselves."""
    form = {"Version": "2011-06-15", "DurationSeconds": LONGEST_LIFE, "Action": "GetSessionToken"}
    if options.role_arn:
        form.update(Action="AssumeRole", RoleArn=options.role_arn, RoleSessionName=options.session_name)
    body = urllib.parse.urlencode(form).encode()
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    host = urllib.parse.urlsplit(options.sts).netloc
    keys = (options.access_key, options.secret_key, options.region)
    request = urllib.request.Request(options.sts.rstrip("/") + "/", data=body, headers={
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Amz-Date": stamp,
        "Authorization": authorization(host, body, stamp, *keys),
    })
    # No proxy: the emulator is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=5) as answer:
        return read_credentials(answer.read())


def read_credentials(xml):
    """The <Credentials> of an answer of STS, with the field names of the endpoint."""
    found = next(e for e in ElementTree.fromstring(xml).iter() if e.tag.endswith("}Credentials") or e.tag == "Credentials")
    fields = {child.tag.rpartition("}")[2]: child.text for child in found}
    expiration = fields["Expiration"].split(".")[0].rstrip("Z") + "Z"  # whole seconds, as CloudShell writes them
    return {
        "Type": "",
        "AccessKeyId": fields["AccessKeyId"],
        "SecretAccessKey": fields["SecretAccessKey"],
        "Token": fields["SessionToken"],
        "Expiration": expiration,
        "Code": "Success",
    }


def seconds_left(credentials):
    return calendar.timegm(time.strptime(credentials["Expiration"], "%Y-%m-%dT%H:%M:%SZ")) - time.time()


class Store:
    """The credentials of the moment: the same ones until they have less than five minutes left."""

    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.current = None

    def get(self):
        with self.lock:
            # One second more: the answer must not arrive with less than it promises.
            if self.current is None or seconds_left(self.current) < SHORTEST_LIFE + 1:
                self.current = ask_sts(self.options)
            return self.current


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == self.server.relative_path:
            # As on ECS: the path that nobody can guess is the secret, there is no token.
            self.credentials()
        elif self.path != CLOUDSHELL_PATH:
            self.failure(404, "NotFound", "no such path")
        elif not self.token_is_right():
            self.failure(403, "AccessDenied", "the authorization token is missing or wrong")
        else:
            self.credentials()

    def token_is_right(self):
        given = self.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), self.server.token.encode())

    def credentials(self):
        try:
            credentials = self.server.store.get()
        except (OSError, StopIteration, KeyError, ElementTree.ParseError) as error:
            # The class alone: an answer of STS could hold a secret.
            self.failure(503, "ServiceUnavailable", f"no credentials from STS ({type(error).__name__})")
        else:
            # Tab-indented, as CloudShell's is.
            self.answer(200, json.dumps(credentials, indent="\t"))

    def failure(self, status, code, message):
        self.answer(status, json.dumps({"code": code, "message": message}))

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        # The relative path is a secret too: of a request only the status is told.
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options):
        # All at once, before anybody can ask.
        self.token = secrets.token_urlsafe(48)
        self.relative_path = "/v2/credentials/" + secrets.token_hex(16)
        self.store = Store(options)
        super().__init__(("127.0.0.1", options.port), Handler)


def write_private(path, text):
    """A file that only its owner reads, from its first byte on; no reader sees half of it."""
    handle = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(path + ".new", path)


def exports(server, options):
    """The lines that put a shell where CloudShell's is."""
    lines = [f"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://localhost:{server.server_port}{CLOUDSHELL_PATH}"]
    if options.token_file:
        lines.append(f"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='{os.path.abspath(options.token_file)}'")
    else:
        lines.append(f"AWS_CONTAINER_AUTHORIZATION_TOKEN={server.token}")
    lines.append(f"AWS_DEFAULT_REGION={options.region}")
    relative = f"# as on ECS, for a client that looks for it here: {server.relative_path}\n"
    return "".join(f"export {line}\n" for line in lines) + relative


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sts", required=True, metavar="URL", help="the STS that gives out the credentials")
    parser.add_argument("--role-arn", help="the role to assume; without it the keys' own user (GetSessionToken)")
    parser.add_argument("--session-name", default="cloudshell", help="the session's name (default: cloudshell)")
    parser.add_argument("--access-key", default="test", help="the emulator's key id (default: test)")
    parser.add_argument("--secret-key", default="test", help="the emulator's secret key (default: test)")
    parser.add_argument("--region", default="us-east-1", help="the region (default: us-east-1)")
    parser.add_argument("--port", type=int, default=1338, help="the port, 0 for any free one (default: 1338)")
    parser.add_argument("--token-file", metavar="PATH", help="write the token there and export its path")
    parser.add_argument("--exports", metavar="PATH", help="write the export lines there instead of to stdout")
    return parser.parse_args()


def main():
    options = parse_arguments()
    # Asked to end, it ends without a trace of Python.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server = Server(options)
    except OSError as error:
        sys.exit(f"error: cannot listen on 127.0.0.1:{options.port}: {error.strerror}")
    try:
        server.store.get()
    except (OSError, StopIteration, KeyError, ElementTree.ParseError) as error:
        sys.exit(f"error: no credentials from `{options.sts}`: {error}")
    if options.token_file:
        write_private(options.token_file, server.token)
    text = exports(server, options)
    if options.exports:
        write_private(options.exports, text)
    else:
        print(text, end="", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
