"""Calls the hooks of a build backend in the working folder, as PEP 517 has it; the one argument is a JSON object."""

import importlib
import json
import os
import sys

call = json.loads(sys.argv.pop())
kind, settings = call["kind"], call["settings"]

# The tree that is built is importable only where `backend-path` says so.
if sys.path[0] == "":
    del sys.path[0]
sys.path[:0] = [os.path.abspath(folder) for folder in call["path"]]
name, _, attributes = call["backend"].partition(":")
backend = importlib.import_module(name)
for attribute in filter(None, attributes.split(".")):
    backend = getattr(backend, attribute)


def missing():
    """What the build needs beyond the requirements that are installed."""
    hook = getattr(backend, "get_requires_for_build_" + kind, None)
    return [needed for needed in (hook(settings) if hook else []) if needed not in call["installed"]]


def missing_apart():
    """The same, asked in a process of its own: a setup.py runs for each hook, and may leave anything behind."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        answer = json.dumps(missing())
        with open(writer, "w") as file:
            file.write(answer)
        sys.exit(0)
    os.close(writer)
    with open(reader) as file:
        answer = file.read()
    if os.waitpid(child, 0)[1] != 0 or not answer:
        sys.exit(1)
    return json.loads(answer)


needed = []
if not call["is_complete"]:
    needed = missing() if call["is_plain"] else missing_apart()
if needed:
    with open(call["answer"], "w", encoding="utf-8") as file:
        json.dump(needed, file)
else:
    made = getattr(backend, "build_" + kind)(call["dist"], settings)
    print("Successfully built", made)
