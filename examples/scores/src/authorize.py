"""The authorizer: a token is `player.signature`, signed with the secret of the stage."""

import functools
import hashlib
import hmac
import os

import boto3


@functools.cache
def secret():
    return boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET_ARN"])["SecretString"].encode()


def handler(event, _context):
    player, _, signature = event["authorizationToken"].removeprefix("Bearer ").rpartition(".")
    wanted = hmac.new(secret(), player.encode(), hashlib.sha256).hexdigest()
    if not player or not hmac.compare_digest(wanted, signature):
        # API Gateway makes a 401 of these very words.
        raise Exception("Unauthorized")
    # The answer is kept for all paths of the stage.
    api = "/".join(event["methodArn"].split("/")[:2])
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api}/*"}
    return {"principalId": player, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
