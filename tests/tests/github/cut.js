// Cuts GitHub's description of its interface down to what releases take, for the whole of it takes minutes to load.
const fs = require("fs");
const [from, to] = process.argv.slice(1);
const whole = JSON.parse(fs.readFileSync(from));
const used = ["/repos/{owner}/{repo}/releases", "/repos/{owner}/{repo}/git/ref/{ref}", "/repos/{owner}/{repo}/git/tags/"];
const paths = Object.entries(whole.paths).filter(([path]) => used.some((start) => path.startsWith(start)));
const cut = { openapi: whole.openapi, info: whole.info, servers: [{ url: "/" }], paths: Object.fromEntries(paths) };
for (const path of Object.values(cut.paths))
  for (const operation of Object.values(path)) {
    delete operation.servers;
    // A field that GitHub does not know is one that we have misspelt.
    for (const { schema } of Object.values(operation.requestBody?.content ?? {}))
      if (schema.properties) schema.additionalProperties = false;
    // What comes back is the emulator's; what is sent is ours.
    for (const status of Object.keys(operation.responses ?? {})) operation.responses[status] = { description: status };
  }
cut.components = {};
const queue = [cut.paths];
while (queue.length) {
  const value = queue.pop();
  if (value === null || typeof value !== "object") continue;
  if (typeof value.$ref === "string") {
    const [, , kind, name] = value.$ref.split("/");
    cut.components[kind] ??= {};
    if (!cut.components[kind][name]) queue.push((cut.components[kind][name] = whole.components[kind][name]));
  }
  queue.push(...Object.values(value));
}
fs.writeFileSync(to, JSON.stringify(cut));
