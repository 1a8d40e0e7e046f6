"""Asks the gateway through httpx: a plan in JSON on stdin, what was seen in JSON on stdout."""

import json
import sys

import httpx


def ask(client, url, case):
    arguments = {"headers": {}}
    if case["scheme"] == "basic":
        arguments["auth"] = (case["username"], case["password"])
    elif case["scheme"] == "bearer":
        arguments["headers"]["Authorization"] = "Bearer " + case["token"]
    elif case["scheme"] == "api-key":
        arguments["headers"]["X-API-Key"] = case["key"]
    response = client.get(url, **arguments)
    return {
        "status": response.status_code,
        "cause": response.headers.get("Countersign-Cause"),
        "content_type": response.headers.get("Content-Type"),
        "challenges": response.headers.get_list("WWW-Authenticate"),
        "body": response.text,
    }


plan = json.load(sys.stdin)
with httpx.Client(timeout=30, trust_env=False) as client:
    json.dump([ask(client, plan["url"], case) for case in plan["cases"]], sys.stdout)
