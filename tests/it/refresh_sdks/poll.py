"""Asks the endpoint until it has nothing more to give: how often it gave credentials, none of which had expired when they
were asked for, and then its answer."""
import json
import os
import time
import urllib.error
import urllib.request
from datetime import datetime

token = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
request = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers={"Authorization": token})
given = 0
while True:
    now = time.time()
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            expiration = json.load(answer)["Expiration"]
    except urllib.error.HTTPError as error:
        print("given:", given)
        print(error.code, error.read().decode())
        break
    if datetime.fromisoformat(expiration.replace("Z", "+00:00")).timestamp() < now:
        print("expired:", expiration)
    given += 1
    time.sleep(0.02)
