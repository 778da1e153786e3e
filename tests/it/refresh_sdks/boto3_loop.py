"""Calls AWS twice a second by one client for the seconds that are named: a line for each call."""
import sys
import time

import boto3

client, end = boto3.client("sts"), time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    try:
        client.get_caller_identity()
        print("ok", flush=True)
    except Exception as error:
        print("failed:", str(error).replace("\n", " "), flush=True)
    time.sleep(0.5)
