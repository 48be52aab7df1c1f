// Says what Release Please's next pull requests would do to a working tree, with its configuration as it stands there:
// a folder, its commits and its tags in on stdin, the titles and the files out on stdout. What is asked of GitHub is read
// from the folder.
const fs = require('fs');
const path = require('path');
const { Manifest, setLogger } = require('release-please');
const { FileNotFoundError } = require('release-please/build/src/errors');
const silent = { debug() {}, info() {}, warn() {}, error() {}, trace() {} };
setLogger(silent);
const RealDate = Date;
global.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length ? given : ['2026-03-01T12:00:00Z']));
  }
};

async function next({ folder, config, manifest, commits, tags }) {
  const read = name => {
    const file = path.join(folder, name);
    if (!fs.existsSync(file)) throw new FileNotFoundError(name);
    return fs.readFileSync(file, 'utf8');
  };
  const all = () => fs.readdirSync(folder, { recursive: true }).map(String).filter(name => !name.startsWith('.git/'));
  const github = {
    repository: { owner: 'acme', repo: 'wagon', defaultBranch: 'main' },
    getFileJson: async name => JSON.parse(read(name)),
    getFileContentsOnBranch: async name => ({ parsedContent: read(name), content: '', sha: '' }),
    findFilesByFilenameAndRef: async (name, ref, prefix) => all()
      .filter(file => path.basename(file) === name && (!prefix || prefix === '.' || file.startsWith(prefix + '/')))
      .map(file => (prefix && prefix !== '.' ? file.slice(prefix.length + 1) : file)),
    findFilesByGlobAndRef: async (glob, ref, prefix) => all().filter(file => path.matchesGlob(file, prefix ? `${prefix}/${glob}` : glob)),
    mergeCommitIterator: async function* () { yield* commits; },
    releaseIterator: async function* () { yield* tags.map(tag => ({ ...tag, tagName: tag.name, notes: '' })); },
    tagIterator: async function* () { yield* tags; },
  };
  const release = await Manifest.fromManifest(github, 'main', config, manifest, { logger: silent });
  const requests = await release.buildPullRequests();
  return requests.map(request => ({ title: request.title.toString(), files: changed(request, folder, read) }));
}

function changed(request, folder, read) {
  const files = {};
  for (const { path: name, updater, createIfMissing } of request.updates) {
    const before = name in files ? files[name] : fs.existsSync(path.join(folder, name)) ? read(name) : undefined;
    if (before === undefined && !createIfMissing) continue;
    files[name] = updater.updateContent(before, silent);
  }
  return files;
}

let input = '';
process.stdin.on('data', chunk => { input += chunk; });
process.stdin.on('end', async () => process.stdout.write(JSON.stringify(await next(JSON.parse(input)))));
