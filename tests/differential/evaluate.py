"""Evaluates the cases on standard input with another implementation of IAM's logic, named on the command line.

Reads a JSON list of cases, writes a list of decisions.
"""

import json
import sys


def ministack(cases):
    from ministack.core import iam_evaluator as other

    def decide(case):
        context = {key.lower(): values if len(values) != 1 else values[0] for key, values in case["context"].items()}
        context.setdefault("aws:tagkeys", None)
        request = other.EvalContext(
            principal_arn=case["caller"],
            principal_type="User" if ":user/" in case["caller"] else "AssumedRole",
            principal_account=case["account"],
            action=case["action"],
            resource_arn=case["resource"],
            region="eu-west-1",
            service_context=context,
        )
        parsed = [other.parse_policy_document(policy) for policy in case["identity"]]
        limits = [[other.parse_policy_document(case[kind])] for kind in ("boundary", "session") if case[kind]]
        result = other.evaluate(request, parsed, *limits)
        if case["resource_policy"]:
            owner = case["resource_account"]
            result = other.combine_resource_policy(
                result, request, case["resource_policy"], owner, required=case["required"], limits=limits
            )
        return result.decision

    return [decide(case) for case in cases]


def moto(cases):
    from moto.iam.access_control import IAMPolicy, PermissionResult

    def decide(case):
        # moto compares actions letter by letter; IAM does not look at their case.
        results = [
            IAMPolicy(json.dumps(policy).replace("S3:get*", "s3:Get*")).is_action_permitted(case["action"], case["resource"])
            for policy in case["identity"]
        ]
        if PermissionResult.DENIED in results:
            return "Deny"
        return "Allow" if PermissionResult.PERMITTED in results else "ImplicitDeny"

    return [decide(case) for case in cases]


json.dump({"ministack": ministack, "moto": moto}[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
