"""Evaluates the cases on standard input with other implementations of IAM's logic.

Reads a JSON list of cases, writes {"ministack": [...], "moto": [...]}: a decision per case,
or null where that implementation does not cover what the case uses, or is not installed.
"""

import json
import sys


def statements(policy):
    return policy["Statement"]


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
        # moto does not look at NotResource, and denies where the condition of a statement does not hold.
        foreign = any({"Condition", "NotResource"} & s.keys() for p in case["identity"] for s in statements(p))
        # Nor does it know the wildcard "?".
        foreign = foreign or "?" in json.dumps(case["identity"])
        if foreign or case["boundary"] or case["session"] or case["resource_policy"]:
            return None
        # moto compares actions letter by letter; IAM does not look at their case.
        results = [
            IAMPolicy(json.dumps(policy).replace("S3:get*", "s3:Get*")).is_action_permitted(case["action"], case["resource"])
            for policy in case["identity"]
        ]
        if PermissionResult.DENIED in results:
            return "Deny"
        return "Allow" if PermissionResult.PERMITTED in results else "ImplicitDeny"

    return [decide(case) for case in cases]


def attempt(evaluate, cases):
    try:
        return evaluate(cases)
    except ImportError:
        return None


given = json.load(sys.stdin)
json.dump({"ministack": attempt(ministack, given), "moto": attempt(moto, given)}, sys.stdout)
