class Kills:
    """Writes down each request, and kills who makes the one that `at` names: `before 3`, `after 3`, `alone 3`.

    Before it, the server never hears of it; after it, the server has done it and the answer is lost. Killed is the
    whole group of processes, but for `alone`, which kills its leader only, after the request. Several programs may
    write to one folder, so the count is that of all.
    """

    folder = "@FOLDER@"

    def text(self, name):
        import os

        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return ""
        with open(path) as file:
            return file.read()

    def note(self, name, line):
        """Appends a line, and returns which one it is."""
        import fcntl
        import os

        with open(os.path.join(self.folder, name), "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            print(line, file=file, flush=True)
            file.seek(0)
            return sum(1 for _ in file)

    def what(self, flow):
        """A request in one line: its method, its path, and the file that it brings."""
        import re

        name = re.search(rb'filename="([^"]+)"', flow.request.content or b"")
        return f"{flow.request.method} {flow.request.path}" + (f" {name[1].decode()}" if name else "")

    def kill(self, flow, when):
        import os
        import signal

        number, group = flow.metadata["request"], self.text("group")
        at = self.text("at")
        if at == f"{when} {number}":
            os.killpg(int(group), signal.SIGKILL)
        elif when == "after" and at == f"alone {number}":
            os.kill(int(group), signal.SIGKILL)
        else:
            return
        if not at.startswith("alone"):
            flow.kill()

    def look(self):
        """Writes down the command line of each process of the group."""
        import os

        group = self.text("group")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    if file.read().rpartition(")")[2].split()[2] != group:
                        continue
                with open(f"/proc/{pid}/cmdline") as file:
                    self.note("commands", file.read().replace("\0", " ").replace("\n", " "))
            except (FileNotFoundError, ProcessLookupError):
                continue

    def request(self, flow):
        self.look()
        flow.metadata["request"] = self.note("requests", self.what(flow))
        self.kill(flow, "before")

    def response(self, flow):
        self.note("answers", f"{flow.response.status_code} {self.what(flow)}")
        self.kill(flow, "after")


addons = [Kills()]
