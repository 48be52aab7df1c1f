"""Compares the public names of Python packages, two folders for each; nothing of them is imported."""

import ast
import collections
import contextlib
import json
import pathlib
import re
import sys

import griffe

Kind = griffe.BreakageKind
PARAMETERS = {
    Kind.PARAMETER_REMOVED: "the parameter `{old.name}` is gone",
    Kind.PARAMETER_CHANGED_KIND: "the parameter `{old.name}` is {new.kind.value}, and was {old.kind.value}",
    Kind.PARAMETER_CHANGED_REQUIRED: "the parameter `{old.name}` has lost its default",
    Kind.PARAMETER_ADDED_REQUIRED: "the new parameter `{new.name}` has no default",
}
# They say something to a type checker, or nothing, and whoever uses the class does not notice when they go.
EMPTY_BASES = {"object", "Generic", "Protocol", "ABC"}
TESTS = {"test", "tests", "conftest"}
# The special methods that are called with arguments of the caller's choice.
CALLED = {"__init__", "__new__", "__call__", "__init_subclass__"}
# Of the special names of a module its users read one; the others are Python's own.
SPECIAL = re.compile(r"__(?!version__$)\w+__")


def unparsed(folder, other):
    """The modules that are no UTF-8 or no source for this Python: griffe leaves them out, and their names would seem to be gone."""
    for path in sorted(pathlib.Path(folder).rglob("*.py")):
        source, twin = path.read_bytes(), pathlib.Path(other) / path.relative_to(folder)
        # What is the same on both sides is left out on both.
        if twin.is_file() and twin.read_bytes() == source:
            continue
        try:
            source.decode()
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            parts = path.relative_to(folder).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def load(folder, tops):
    loader = griffe.GriffeLoader(search_paths=[folder], allow_inspection=False)
    for top in tops:
        # A folder without a module that can be read has no names.
        with contextlib.suppress(ImportError, griffe.LoadingError):
            loader.load(top, try_relative_path=False)
    loader.resolve_aliases(implicit=True, external=False)
    for module in list(modules(loader.modules_collection, tops)):
        drop_foreign(module)
        if module.exports is None:
            publish(module, tops)
    return loader.modules_collection


def modules(collection, tops):
    pending = [collection[top] for top in tops if top in collection.members]
    while pending:
        module = pending.pop()
        yield module
        pending += [child for child in module.members.values() if not child.is_alias and child.is_module]


def drop_foreign(owner):
    """Drops what a class body imports from elsewhere: griffe stops where a subclass inherits it."""
    for name, member in list(owner.members.items()):
        if member.is_alias and owner.is_class and target_of(member) is None:
            del owner.members[name]
        elif not member.is_alias and member.is_class:
            drop_foreign(member)


def publish(module, tops):
    """Where `__all__` is absent, what a package imports from itself into its `__init__` is meant for its users."""
    for name, member in module.members.items():
        if not member.runtime or SPECIAL.fullmatch(name):
            member.public = False
        elif member.is_alias and module.is_init_module and not name.startswith("_"):
            member.public = member.target_path.partition(".")[0] in tops


def target_of(member):
    """What a name stands for; `None` where that lies outside of the packages."""
    try:
        return member.final_target if member.is_alias else member
    except (griffe.AliasResolutionError, griffe.CyclicAliasError):
        return None


def public(collection, tops):
    """Every public name with what it stands for; the shorter names come first."""
    pending = collections.deque((top, collection[top]) for top in tops if top in collection.members)
    seen = set()
    while pending:
        path, member = pending.popleft()
        target = target_of(member)
        yield path, target
        if target is None or target.path in seen or not (target.is_module or target.is_class):
            continue
        seen.add(target.path)
        for name, child in target.members.items():
            if child.is_public and name not in TESTS:
                pending.append((f"{path}.{name}", child))


class Names:
    """The names under which users know what stands in private modules."""

    def __init__(self, collection, tops):
        self.all = dict(public(collection, tops))
        self.shortest = {}
        for path, target in self.all.items():
            if target is not None:
                self.shortest.setdefault(target.path, path)

    def of(self, path):
        head, tail = path, ""
        while head:
            if head in self.all:
                return head + tail
            if head in self.shortest:
                return self.shortest[head] + tail
            head, dot, last = head.rpartition(".")
            tail = f".{last}{tail}"
        return path


def is_lazy(new, path):
    """Says whether a module gives out the name on demand (PEP 562)."""
    owner, _, name = path.rpartition(".")
    with contextlib.suppress(KeyError, griffe.AliasResolutionError):
        module = new[owner]
        if module.is_module and "__getattr__" in module.members:
            text = module.filepath.read_text(encoding="utf-8", errors="replace")
            return f'"{name}"' in text or f"'{name}'" in text
    return False


def parameters(old, breakages):
    """What happened to the parameters of one function, in few words."""
    new = breakages[0].obj
    before, after = list(old.parameters), list(new.parameters)
    names = {parameter.name for parameter in before}
    renamed = {}
    for at, parameter in enumerate(before[: len(after)]):
        if parameter.name not in {other.name for other in after} and after[at].name not in names:
            if parameter.kind is after[at].kind and (after[at].required <= parameter.required):
                renamed[parameter.name] = after[at].name
    moved, said = [], []
    for breakage in breakages:
        was, now = breakage.old_value, breakage.new_value
        if breakage.kind is Kind.PARAMETER_MOVED:
            moved.append(was.name)
        elif breakage.kind is Kind.PARAMETER_REMOVED and was.name in renamed:
            said.append(f"the parameter `{was.name}` is now `{renamed[was.name]}`")
        elif not (breakage.kind is Kind.PARAMETER_ADDED_REQUIRED and now.name in renamed.values()):
            said.append(PARAMETERS[breakage.kind].format(old=was, new=now))
    if moved:
        listed = ", ".join(f"`{name}`" for name in moved)
        said.append(f"{listed} {'has' if len(moved) == 1 else 'have'} another position")
    return said


def is_of_the_operator(breakage):
    """Says whether a parameter is one that nobody names: `self`, or that of a method which an operator calls."""
    if breakage.kind not in PARAMETERS and breakage.kind not in (Kind.PARAMETER_MOVED, Kind.PARAMETER_CHANGED_DEFAULT):
        return False
    function, parameter = breakage.obj, breakage.old_value or breakage.new_value
    if function.parent is None or not function.parent.is_class:
        return False
    by_operator = function.name.startswith("__") and function.name not in CALLED
    return by_operator or parameter.name in ("self", "cls")


def changes(breakages, old):
    """One entry for each name: whether it is gone, what breaks its callers, what may surprise them."""
    functions = {}
    for breakage in breakages:
        path, kind = breakage.obj.path, breakage.kind
        if is_of_the_operator(breakage):
            continue
        if kind in PARAMETERS or kind is Kind.PARAMETER_MOVED:
            functions.setdefault(path, []).append(breakage)
        elif kind is Kind.OBJECT_REMOVED:
            # What a class inherits is told once, of the class that has lost it.
            if not (breakage.obj.is_alias and breakage.obj.inherited):
                yield path, "removed", "" if breakage.obj.is_alias else breakage.obj.kind.value
        elif kind is Kind.OBJECT_CHANGED_KIND:
            kinds = (breakage.new_value.value, breakage.old_value.value)
            # A name that is assigned may stand for anything.
            yield path, "unclear" if "attribute" in kinds else "changed", "is {}, and was {}".format(*kinds)
        elif kind is Kind.CLASS_REMOVED_BASE:
            names = [{str(base).partition("[")[0].rpartition(".")[2] for base in side}
                     for side in (breakage.old_value, breakage.new_value)]
            for base in sorted(names[0] - names[1] - EMPTY_BASES):
                yield path, "changed", f"is no `{base}` any more"
        elif kind is Kind.PARAMETER_CHANGED_DEFAULT:
            was, now = breakage.old_value, breakage.new_value
            yield path, "default", f"`{was.name}` defaults to `{now.default}`, and to `{was.default}` before"
    for path, those in functions.items():
        before = those[0].obj
        with contextlib.suppress(KeyError, griffe.AliasResolutionError):
            before = target_of(old[path]) or before
        for said in parameters(before, those):
            yield path, "changed", said


def compare(task):
    tops = task["modules"]
    unknown = set(task["opaque"]) | set(unparsed(task["new"], task["old"]))
    lost = sorted(unparsed(task["old"], task["new"]))
    old, new = load(task["old"], tops), load(task["new"], tops)
    tops = [top for top in tops if not top.startswith("_")]
    before, after = Names(old, tops), Names(new, tops)
    found = set()
    for top in tops:
        if top not in old.members or top not in new.members:
            continue
        for path, kind, said in changes(list(griffe.find_breaking_changes(old[top], new[top])), old):
            parts = path.split(".")
            if TESTS.intersection(parts) or unknown.intersection(".".join(parts[:at]) for at in range(1, len(parts) + 1)):
                continue
            if kind == "removed" and is_lazy(new, path):
                continue
            names = after if path not in before.all and kind != "removed" else before
            found.add((names.of(path), kind, said))
    outer = lambda path: path.rpartition(".")[0]
    added = [path for path in after.all if path not in before.all and outer(path) in before.all]
    added = [path for path in added if not TESTS.intersection(path.split("."))] if not lost else []
    found.update((path, "added", "") for path in added)
    return {"changes": sorted(found), "unread": sorted(set(lost) | unknown.difference(task["opaque"]))}


def main():
    results = []
    for task in json.load(sys.stdin):
        try:
            results.append(compare(task))
        except Exception as cause:  # One package that griffe cannot follow says nothing about the others.
            results.append({"failed": f"{type(cause).__name__}: {cause}"})
    json.dump(results, sys.stdout)


main()
