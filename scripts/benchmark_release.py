#!/usr/bin/env python3
"""benchmark_release.py WHEELS PROJECT BUMP_VERSION TARGET: a project that has built those wheels, for `distribute`.

Prints the release document, which starts as that of `bump-version current`. The project is a git repository with one
package for each wheel, the wheels in `dist/`, a commit, and TARGET as its [[target]] in release.toml.
"""
import hashlib, json, os, subprocess, sys

wheels, project, bump_version, target = sys.argv[1:5]


def put(path, text):
    path = os.path.join(project, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def git(*arguments):
    return subprocess.run(["git", "-C", project, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


artifacts, expected = [], []
settings = '[project]\nname = "bench"\n'
os.makedirs(os.path.join(project, "dist"), exist_ok=True)
for file in sorted(os.listdir(wheels)):
    stem, version = file.split("-")[:2]
    name = stem.replace("_", "-")
    folder = f"packages/{name}"
    put(f"{folder}/pyproject.toml", f'[project]\nname = "{name}"\nversion = "{version}"\n')
    settings += f'\n[[package]]\nname = "{name}"\npath = "{folder}"\n'
    link = os.path.join(project, "dist", file)
    os.path.exists(link) or os.link(os.path.join(wheels, file), link)
    with open(link, "rb") as wheel:
        data = wheel.read()
    digest = hashlib.sha256(data).hexdigest()
    artifacts.append(dict(path=f"dist/{file}", package=name, kind="wheel", size=len(data), sha256=digest))
    expected.append(dict(id=f"{name}-wheel", package=name, kind="wheel", python=None, platform=None))
put("release.toml", f"{settings}\n[[target]]\n{target}\n")
put(".gitignore", "dist/\n")
if not os.path.isdir(os.path.join(project, ".git")):
    git("init", "-q")
git("add", "-A")
author = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid"]
git(*author, "commit", "-q", "--allow-empty", "-m", "chore: packages")
head = git("rev-parse", "HEAD")
printed = subprocess.run([bump_version, "current", "--project", project], check=True, stdout=subprocess.PIPE)
release = json.loads(printed.stdout)
tag = dict(name=release["version"]["tag"], object=head, commit=head, remote="origin", branch=None)
release.update(expected=expected, artifacts=artifacts, checks=[], signatures=[], tag=tag)
release.update(checksums=dict(sha512={}, files=[]))
print(json.dumps(release))
