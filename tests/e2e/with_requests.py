"""Asks the gateway through requests: a plan in JSON on stdin, what was seen in JSON on stdout."""

import json
import sys

import requests


def ask(url, case):
    arguments = {"timeout": 30, "headers": {}}
    if case["scheme"] == "basic":
        arguments["auth"] = (case["username"], case["password"])
    elif case["scheme"] == "bearer":
        arguments["headers"]["Authorization"] = "Bearer " + case["token"]
    elif case["scheme"] == "api-key":
        arguments["headers"]["X-API-Key"] = case["key"]
    response = requests.get(url, **arguments)
    return {
        "status": response.status_code,
        "cause": response.headers.get("Countersign-Cause"),
        "content_type": response.headers.get("Content-Type"),
        # `response.headers` joins lines; those of urllib3 below do not.
        "challenges": response.raw.headers.getlist("WWW-Authenticate"),
        "body": response.text,
    }


plan = json.load(sys.stdin)
json.dump([ask(plan["url"], case) for case in plan["cases"]], sys.stdout)
