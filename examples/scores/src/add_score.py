"""POST /scores"""

import functools
import json
import os

import boto3

kinesis = boto3.client("kinesis")


@functools.cache
def settings():
    parameter = boto3.client("ssm").get_parameter(Name=os.environ["SETTINGS"])
    return json.loads(parameter["Parameter"]["Value"])


def handler(event, _context):
    player = event["requestContext"]["authorizer"]["principalId"]
    score = json.loads(event["body"])["score"]
    if not 0 <= score <= settings()["highest"]:
        return {"statusCode": 422, "body": json.dumps({"message": "nobody scores that much"})}
    record = {"player": player, "score": score}
    kinesis.put_record(StreamName=os.environ["STREAM"], PartitionKey=player, Data=json.dumps(record).encode())
    return {"statusCode": 202, "body": json.dumps(record)}
