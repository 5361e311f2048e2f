"""GET /greet/{who}"""

import json
import os


def handler(event, _context):
    who = event["pathParameters"]["who"]
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"message": f"{os.environ['GREETING']}, {who}!"}),
    }
