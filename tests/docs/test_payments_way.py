"""The docstring of server/webhook.py tells a payment's way with the names that the code has."""

from __future__ import annotations

import ast
import re

from cascade_cli.server import webhook
from tests.docs.documents import ROOT

PACKAGE = ROOT / "cascade_cli"
# A name, and the file that has it if that is another one: `EventWorker` (server/worker.py).
NAMED = re.compile(r"`([A-Za-z_][\w.]*)`(?:\s+\(([\w/]+\.py)\))?")


def _defined(file: str) -> set[str]:
    """The classes and functions of the file, and the methods as `Class.method`."""
    found = set[str]()
    for node in ast.walk(ast.parse((PACKAGE / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if hasattr(one, "name")}
    return found


def test_each_name_on_the_payment_s_way_stands_in_the_file_that_is_told() -> None:
    told = NAMED.findall(webhook.__doc__ or "")
    files = {file for _, file in told if file}
    assert {"server/worker.py", "services/delivery/deliver.py"} <= files
    # A name without a file stands in this module, or was told with its file before.
    known = set[str]().union(*map(_defined, {*files, "server/webhook.py"}))
    wrong = [name for name, file in told if name not in (_defined(file) if file else known)]
    assert wrong == []
