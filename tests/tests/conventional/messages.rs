//! Messages of commits that reach the corners of the grammar.

/// Histories that were thought of, the oldest commit first.
pub const WRITTEN: [&[&str]; 10] = [
    &[
        "feat: first",
        "fix(io): second (#12)",
        "docs: third",
        "chore: fourth",
        "perf(io): fifth",
        "deps: sixth",
    ],
    &[
        "feat!: a",
        "fix(api)!: b (#7)",
        "chore!: c",
        "odd!: d",
        "feat(*)!: e",
        "refactor(x)!: f\n\nBREAKING CHANGE: g (#9)",
    ],
    &[
        "feat: a\n\nBREAKING CHANGE: one\n  two\n  three",
        "feat: b\n\nSome words.\n\nBREAKING CHANGE: one\ntwo\n\nthree",
        "feat: c\n\nBREAKING-CHANGE: dash",
        "feat: d\n\nwithin BREAKING-CHANGE: a line",
        "feat: e\n\nBREAKING CHANGE: list\n- one\n- two\n#### more\n* three",
        "docs: f\n\nBREAKING CHANGE: first\n\nBREAKING CHANGE: second",
    ],
    &[
        "chore: release\n\nRelease-As: 2.0.0",
        "fix: x\n\nrelease-as: v3.1.0-rc.1",
        "ci: y\n\nRelease-As: soon",
    ],
    &[
        "feat: squashed (#3)\n\nText.\n\nBEGIN_COMMIT_OVERRIDE\nfix: instead\n\nfeat(z): and this\nEND_COMMIT_OVERRIDE\nrest",
        "fix: nested\n\nBEGIN_NESTED_COMMIT\nfeat(inner): x\n\nwords\nEND_NESTED_COMMIT\nBEGIN_NESTED_COMMIT\nfix!: y",
        "Merge pull request #5 from a/b\n\nfeat: by merge",
        "feat: several\n\nfix(a): one\n\nperf: two\nfix(b)!: three\n\nSigned-off-by: A <a@example.invalid>",
        "chore: several\n\nfix(a): one\nfeat: two\n  continued",
    ],
    &[
        "fix: a\n\nCloses #5",
        "fix: b (#6)\n\nCloses #6\nRefs: #7\nFixes: 8",
        "fix: c #9 and #10\n\nRefs #9, #11",
        "fix: d\n\nbody\n\nRefs #1\nReviewed-by: @someone",
        "revert: feat: x\n\nThis reverts commit 0123456.",
        "Revert \"feat: y\"\n\nThis reverts commit 0123456.",
    ],
    &[
        "feat: Vec<T> and `Vec<T>` and ``a `b` <c>``",
        "feat: by @someone and me@example.invalid and @scope/name (@a-b)",
        "feat: *stars* _lines_ [link](x) \\ $1 {{x}} & \"q\"",
        "feat(<b>): scope",
        "fix:no space",
        "fix :space",
        "feat:",
        "feat!:",
        "feat!: ",
        "Feat: capital",
        "FIX(UP): capitals",
        "feat(a)(b): two",
        "feat(): empty",
        "feat(a: open",
        "plain words",
        ": nothing",
        "feature: other",
        "improve: unknown",
        "fix: call\n\nsee foo(bar",
    ],
    &[
        "feat: zebra",
        "feat: Äpfel",
        "feat: apfel",
        "feat: Apfel",
        "feat: éclair",
        "feat: _under",
        "feat: 10 things",
        "feat: 9 things",
        "feat: -dash",
        "feat: 日本語",
        "feat: emoji 🎉",
        "feat(b): a",
        "feat(a): z",
        "feat: `code`",
        "feat: resume",
        "feat: résumé",
        "feat: Resume",
        "feat: a b",
        "feat: ab",
        "feat: a-b",
    ],
    &[
        "feat: crlf\r\n\r\nBody\r\n\r\nBREAKING CHANGE: a\r\nb\r\n\r\nCloses #5\r\n",
        "fix: two\r\n\r\nfeat: three\r\n",
        "fix: trailing   \n\n\n",
        "\n\nfix: leading",
        "fix:\ttab",
        "fix: \u{a0}nbsp",
        "\u{feff}fix: mark",
    ],
    &[
        "test(io)!: a",
        "build!: b",
        "style: c\n\nBREAKING CHANGE: d",
        "unknown: e\n\nBREAKING CHANGE: f",
        "2!: g",
        "feat: h",
    ],
];

/// Messages made of the pieces that the grammar knows, the same at every run.
pub fn generated(seed: u64, count: usize) -> Vec<String> {
    const SUBJECTS: [&str; 12] = [
        "feat",
        "fix(io)",
        "docs",
        "feat!",
        "perf(a b)!",
        "chore",
        "odd",
        "revert(x)",
        "fix(",
        "refactor()",
        "ci!",
        "deps",
    ];
    const PIECES: [&str; 26] = [
        "\n",
        "\n\n",
        "\n",
        "\n\n",
        " ",
        "BREAKING CHANGE: ",
        "BREAKING-CHANGE: ",
        "BREAKING CHANGE",
        "feat: ",
        "fix(io): ",
        "Closes #5",
        "Refs: #6",
        "Release-As: 1.9.0",
        "words",
        "(#12)",
        "- item",
        "#### head",
        "a(b",
        "x!: ",
        "<b>",
        "`<`",
        "\r\n",
        "  more",
        "@user",
        "Signed-off-by: A",
        "é",
    ];
    let mut state = seed;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    let mut messages = Vec::new();
    for _ in 0..count {
        let mut message = format!("{}: s{}", SUBJECTS[next(SUBJECTS.len())], next(1000));
        for _ in 0..next(9) {
            message.push_str(PIECES[next(PIECES.len())]);
        }
        messages.push(message);
    }
    messages
}
