"""Asks AWS again and again who it is: `as ARN KEY`, or `failed:` and why. After a failure it tries the keys that it has
kept from before: `kept:` and what came of that."""
import time

import boto3

session, sts, kept = boto3.Session(), None, None
while True:
    try:
        # A client asks for credentials when it is made.
        sts = sts or session.client("sts")
        arn = sts.get_caller_identity()["Arn"]
        kept = session.get_credentials().get_frozen_credentials()
        print("as", arn, kept.access_key, flush=True)
    except Exception as error:
        print("failed:", str(error).replace("\n", " "), flush=True)
        try:
            boto3.client("s3", aws_access_key_id=kept[0], aws_secret_access_key=kept[1], aws_session_token=kept[2]).list_buckets()
            print("kept: they work", flush=True)
        except Exception as error:
            print("kept:", str(error).replace("\n", " "), flush=True)
    time.sleep(0.3)
