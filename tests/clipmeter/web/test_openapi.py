"""The OpenAPI document holds for the running server."""

import subprocess
import sys
from pathlib import Path

from clipmeter.endpoints import ENDPOINTS
from clipmeter.errors import Problem
from clipmeter.web.openapi import document, problems


def test_every_code_is_in_the_document():
    """Each code stands in the enum of its status."""
    responses = document(ENDPOINTS, "/")["components"]["responses"]
    for kind in problems(Problem):
        schema = responses[f"Error{kind.status}"]["content"]["application/json"]["schema"]
        assert kind.code in schema["properties"]["code"]["enum"]


def test_schemathesis_finds_nothing(served, account, tmp_path):
    """Generated requests, right and wrong, never get a 5xx or an answer that the document does not describe.

    One check is left out: that every request which fits the schema is accepted. OpenAPI cannot say "exactly one of
    these two parameters", so requests with both fit it and are refused, as the contract has it.
    """
    schemathesis = Path(sys.executable).with_name("schemathesis")
    command = [str(schemathesis), "run", f"{served.url}/openapi.json", "-H", f"X-API-Key: {account['test_key']}"]
    options = [
        "--max-examples",
        "25",
        "--phases",
        "examples,coverage,fuzzing",
        "--seed",
        "1",
        "--exclude-checks",
        "positive_data_acceptance",
    ]
    done = subprocess.run(
        [*command, *options], cwd=tmp_path, capture_output=True, text=True, encoding="utf8", timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
