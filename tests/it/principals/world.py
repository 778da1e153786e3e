"""The surroundings of the cases: principals in the emulator, and stand-ins for what hands out their keys.

Started by principals.rs with the emulator's address. Prints one line of JSON, {"world": URL, "values": {placeholder:
value}}, and serves until its stdin ends. Needs botocore, which the AWS CLI brings.
"""

import base64
import datetime
import itertools
import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import botocore.session

EMULATOR, ACCOUNT = sys.argv[1], "123456789012"
RUN = f"{time.time_ns():x}"
ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
ISSUER = "token.example.com"
TOKENS, HALTED = itertools.count(), set()


def client(service, **keys):
    keys = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    session = botocore.session.Session()
    return session.create_client(service, region_name="us-east-1", endpoint_url=EMULATOR, **keys)


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def role(name, trust):
    """A role that may assume others."""
    full = f"{name}-{RUN}"
    arn = iam.create_role(RoleName=full, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    may = policy({"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    iam.put_role_policy(RoleName=full, PolicyName="it", PolicyDocument=may)
    return arn


def keys_of(session_name):
    """Keys of a session of the role `shell`."""
    got = client("sts").assume_role(RoleArn=roles["shell"], RoleSessionName=session_name)["Credentials"]
    return {"id": got["AccessKeyId"], "secret": got["SecretAccessKey"], "token": got["SessionToken"]}


def user(name):
    """An IAM user who may assume roles; the user's long-term keys."""
    full = f"{name}-{RUN}"
    iam.create_user(UserName=full)
    may = policy({"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    iam.put_user_policy(UserName=full, PolicyName="it", PolicyDocument=may)
    got = iam.create_access_key(UserName=full)["AccessKey"]
    return {"id": got["AccessKeyId"], "secret": got["SecretAccessKey"]}


def unsigned_jwt():
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    claims = {"iss": f"https://{ISSUER}", "aud": "sts.amazonaws.com", "sub": "it", "exp": int(time.time()) + 3600}
    return f"{part({'alg': 'none'})}.{part(claims)}.none"


iam = client("iam")
federated = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"}
roles = {name: role(name, ANYBODY) for name in ("shell", "reader", "second", "third")}
roles["locked"] = role("locked", ANYBODY | {"Condition": {"StringEquals": {"sts:ExternalId": "sesame:1"}}})
roles["web"] = role(
    "web", {"Effect": "Allow", "Principal": federated, "Action": "sts:AssumeRoleWithWebIdentity"}
)
principals = {"one": keys_of("one"), "two": keys_of("two"), "alice": user("alice")}
LATER = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def container_body(name):
    keys = principals[name]
    return {"AccessKeyId": keys["id"], "SecretAccessKey": keys["secret"], "Token": keys["token"], "Expiration": LATER}


class World(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, **headers):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self):
        # IMDSv2 gives a token to whoever asks with PUT.
        match self.path.removesuffix("/latest/api/token").strip("/"):
            case "" | "nonsense" | "halting":
                self.token()
            case "late":
                # Longer than the second that clients wait unless they are told otherwise.
                time.sleep(1.5)
                self.token()
            case "silent":
                self.rfile.read(1)
            case "refusing":
                self.answer(400, "")
            case _:
                self.answer(404, "")

    def token(self):
        self.answer(200, f"imds-token-{next(TOKENS)}", X_aws_ec2_metadata_token_ttl_seconds="21600")

    def metadata(self, manner, rest):
        token = self.headers.get("X-aws-ec2-metadata-token", "")
        if manner == "silent":
            self.rfile.read(1)
        elif manner != "v1" and not token.startswith("imds-token-"):
            self.answer(401, "")
        elif manner == "halting" and token not in HALTED:
            # Each token's first question fails.
            HALTED.add(token)
            self.answer(500, "")
        elif not any(rest):
            self.answer(200, "instance-role")
        elif manner == "nonsense":
            self.answer(200, "MARK")
        else:
            self.answer(200, container_body("one") | {"Code": "Success", "Type": "AWS-HMAC"})

    def do_GET(self):
        place = urlsplit(self.path)
        match place.path.strip("/").split("/"):
            case ["endpoint", name]:
                self.answer(200, container_body(name))
            case ["locked", name]:
                known = self.headers.get("Authorization") == f"key-of-{name}"
                self.answer(200, container_body(name)) if known else self.answer(403, "who are you?")
            case ["latest", "meta-data", "iam", "security-credentials", *rest]:
                self.metadata("", rest)
            case [manner, "latest", "meta-data", "iam", "security-credentials", *rest]:
                self.metadata(manner, rest)
            case ["federation", "credentials"]:
                self.single_sign_on(parse_qs(place.query))
            case _:
                self.answer(404, "")

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        # Sign-ins that end soon, so that whoever comes next has to renew them, too.
        renewed = {"refreshToken": "refresh", "expiresIn": 60}
        match self.path:
            case "/token" if asked.get("refreshToken") == "refresh":
                self.answer(200, renewed | {"accessToken": "token-of-sso", "tokenType": "Bearer"})
            case "/v1/token" if asked.get("refreshToken") == "refresh" and self.headers.get("DPoP"):
                keys = principals["one"]
                access = {"accessKeyId": keys["id"], "secretAccessKey": keys["secret"], "sessionToken": keys["token"]}
                self.answer(200, renewed | {"accessToken": access, "tokenType": "aws_sigv4"})
            case _:
                self.answer(400, {"error": "invalid_grant"})

    def single_sign_on(self, query):
        if self.headers.get("x-amz-sso_bearer_token") != "token-of-sso":
            return self.answer(401, {"message": "Session token not found or invalid"})
        keys = principals[query["role_name"][0]]
        until = int((time.time() + 3600) * 1000)
        self.answer(200, {"roleCredentials": {
            "accessKeyId": keys["id"], "secretAccessKey": keys["secret"], "sessionToken": keys["token"],
            "expiration": until,
        }})

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), World)
threading.Thread(target=server.serve_forever, daemon=True).start()
world = f"http://127.0.0.1:{server.server_port}"
pem = subprocess.run(
    ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], check=True, capture_output=True, text=True
).stdout
values = {"world": world, "emulator": EMULATOR, "later": LATER, "jwt": unsigned_jwt(), "python": sys.executable, "role": roles["reader"]}
values |= {f"{part}:{name}": text for name, keys in principals.items() for part, text in keys.items()}
values |= {f"role:{name}": arn for name, arn in roles.items()}
values["dpop-key"] = pem.replace("\n", "\\n")
print(json.dumps({"run": RUN, "values": values}), flush=True)
sys.stdin.read()
