// What Release Please's strategy for Python makes of histories, which come in on stdin: for each the changelog that it
// writes, or the version that it gives out where the history names the one that is carried.
const { TagName, Version } = Object.assign(require('release-please'), {
  ...require('release-please/build/src/util/tag-name'),
  ...require('release-please/build/src/version'),
});
const { parseConventionalCommits } = require('release-please/build/src/commit');
const { Python } = require('release-please/build/src/strategies/python');
const { DefaultVersioningStrategy } = require('release-please/build/src/versioning-strategies/default');
const { Changelog } = require('release-please/build/src/updaters/changelog');
const silent = { debug() {}, info() {}, warn() {}, error() {}, trace() {} };
const RealDate = Date;
global.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length ? given : ['2026-03-01T12:00:00Z']));
  }
};

async function changelog({ commits, sections, before }) {
  const github = { repository: { owner: 'acme', repo: 'wagon' } };
  const strategy = new Python({ targetBranch: 'main', github, changelogSections: sections, logger: silent });
  // A squashed commit carries the text of its pull request.
  const merged = commits.map(commit => ({ ...commit, pullRequest: { body: commit.message } }));
  const [previous, next] = ['1.2.3', '1.3.0'].map(text => Version.parse(text));
  const notes = await strategy.buildReleaseNotes(
    parseConventionalCommits(merged, silent), next, new TagName(next), { tag: new TagName(previous) }, merged);
  return new Changelog({ version: next, changelogEntry: notes }).updateContent(before);
}

async function version({ commits, sections, carried, bumpMinorPreMajor, bumpPatchForMinorPreMajor }) {
  const github = { repository: { owner: 'acme', repo: 'wagon' } };
  const versioningStrategy = new DefaultVersioningStrategy({ bumpMinorPreMajor, bumpPatchForMinorPreMajor });
  const strategy = new Python(
    { targetBranch: 'main', github, changelogSections: sections, versioningStrategy, logger: silent });
  const merged = commits.map(commit => ({ ...commit, pullRequest: { body: commit.message } }));
  const changes = parseConventionalCommits(merged, silent);
  const previous = { tag: new TagName(Version.parse(carried)) };
  let next;
  try {
    next = await strategy.buildNewVersion(changes, previous);
  } catch {
    return 'refused';
  }
  const notes = await strategy.buildReleaseNotes(changes, next, new TagName(next), previous, merged);
  return strategy.changelogEmpty(notes) ? 'nothing' : next.toString();
}

let input = '';
process.stdin.on('data', chunk => { input += chunk; });
process.stdin.on('end', async () => {
  const written = [];
  for (const history of JSON.parse(input)) {
    written.push(await (history.carried ? version(history) : changelog(history)));
  }
  process.stdout.write(JSON.stringify(written));
});
