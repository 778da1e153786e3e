"""Asks the endpoint until it has nothing more to give: a line for the first credentials, a line for any that had expired
when they were asked for, and then its answer."""
import json
import os
import time
import urllib.error
import urllib.request
from datetime import datetime

token = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
request = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers={"Authorization": token})
given, ended = 0, 0
while True:
    now = time.time()
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            expiration = json.load(answer)["Expiration"]
    except urllib.error.HTTPError as error:
        answer = error.read().decode()
        # The agent notices the end by itself, a moment before credrun tells it why there are no others.
        if json.loads(answer)["code"] != "CredentialsExpired":
            print(error.code, answer)
            break
        ended += 1
        time.sleep(0.02)
        continue
    if datetime.fromisoformat(expiration.replace("Z", "+00:00")).timestamp() < now:
        print("expired:", expiration)
    if given == 0:
        print("given", flush=True)
    elif ended > 0:
        print("given again")
    given += 1
    time.sleep(0.02)
