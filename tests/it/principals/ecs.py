"""What ECS has at 169.254.170.2: credentials at the relative URI, and an STS that tells whose keys sign."""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY = {
    "RoleArn": "arn:aws:iam::123456789012:role/task",
    "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "SecretAccessKey": "secret",
    "Token": "token",
    "Expiration": "2099-12-31T23:59:59Z",
}


class Task(BaseHTTPRequestHandler):
    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):
        known = self.path == "/v2/credentials/it"
        self.answer(200, json.dumps(BODY)) if known else self.answer(404, "")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = re.search(r"Credential=(\w+)/", self.headers.get("Authorization", "")).group(1)
        arn = f"arn:aws:sts::123456789012:assumed-role/task/{key}"
        self.answer(200, f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>u</UserId>"
                    "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>")

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("0.0.0.0", 80), Task).serve_forever()
