"""Hands one event from Lambda's runtime API to a Python handler."""
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
PREFIX = "/2018-06-01/runtime"


def call(method, path, body=None):
    connection = http.client.HTTPConnection(API)
    connection.request(method, PREFIX + path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.headers, answer.read()


class ClientContext:
    def __init__(self, values):
        self.custom = values.get("custom")
        self.env = values.get("env")
        self.client = values.get("client")


class Context:
    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = env["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = env["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = env["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = env["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        given = headers.get("Lambda-Runtime-Client-Context")
        self.client_context = ClientContext(json.loads(given)) if given else None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))


def failure(error, kind=None):
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith("<")]
    if isinstance(error, SyntaxError) and error.filename:
        print(f"{error.filename}:{error.lineno}: {error.msg}", file=sys.stderr)
    sys.stdout.flush()
    return json.dumps({
        "errorMessage": str(error),
        "errorType": kind or type(error).__name__,
        "stackTrace": traceback.format_list(own),
    })


def load():
    module, dot, name = os.environ["_HANDLER"].rpartition(".")
    if not dot:
        raise ValueError(f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    return getattr(importlib.import_module(module.replace("/", ".")), name)


def main():
    sys.argv = [os.environ["_HANDLER"]]
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    logging.basicConfig(format="[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(message)s", datefmt="%Y-%m-%dT%H:%M:%S")
    try:
        handler = load()
    except ImportError as error:
        call("POST", "/init/error", failure(error, "Runtime.ImportModuleError"))
        return
    except AttributeError as error:
        call("POST", "/init/error", failure(error, "Runtime.HandlerNotFound"))
        return
    except BaseException as error:
        call("POST", "/init/error", failure(error))
        return
    headers, event = call("GET", "/invocation/next")
    path = "/invocation/" + headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        answer = json.dumps(handler(json.loads(event), Context(headers)), ensure_ascii=False).encode()
    except BaseException as error:
        call("POST", path + "/error", failure(error))
        return
    sys.stdout.flush()
    call("POST", path + "/response", answer)


main()
