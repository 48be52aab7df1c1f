//! Core metadata against `packaging`, which PyPI judges uploads by: what it refuses, `--for pypi` refuses too.
//!
//! One process of `packaging` judges all of them, each by itself.

use std::collections::BTreeMap;
use std::process::Command;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use distribution::requirement::Requirement;
use tests::{oracle, text};

const PACKAGING: &str = "packaging==26.3";

const ASK: &str = r#"
import json, sys
from packaging.metadata import Metadata
from packaging.requirements import Requirement
def reads(make):
    try:
        make()
        return True
    except Exception:
        return False
asked = json.load(sys.stdin)
json.dump({
    "fields": [reads(lambda: Metadata.from_email(text.encode())) for text in asked["fields"]],
    "requirements": [reads(lambda: Requirement(text)) for text in asked["requirements"]],
}, sys.stdout)
"#;

/// Metadata that one field follows.
const START: &str = "Metadata-Version: 2.5\nName: a\nVersion: 1\n";

const FIELDS: &[&str] = &[
    "Summary: short",
    "Summary: one\n two",
    "Summary: a\nSummary: b",
    "Author: a\nAuthor: b",
    "Keywords: a, b\nKeywords: c",
    "Platform: a\nPlatform: b",
    "Dynamic: Version",
    "Dynamic: name",
    "Dynamic: requires-dist",
    "Dynamic: Home-Page",
    "Dynamic: Nothing",
    "Description-Content-Type: text/markdown",
    "Description-Content-Type: TEXT/Markdown",
    "Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM",
    "Description-Content-Type: text/markdown; charset=\"utf-8\"",
    "Description-Content-Type: text/markdown; charset=latin1",
    "Description-Content-Type: text/markdown; variant=gfm",
    "Description-Content-Type: text/x-rst; variant=gfm",
    "Description-Content-Type: text/html",
    "Description-Content-Type: markdown",
    "Description-Content-Type: text/markdown;",
    "Description-Content-Type: text/markdown; GFM",
    "Requires-Python: >=3.9",
    "Requires-Python: >=3.9,<4",
    "Requires-Python: >=3.9,",
    "Requires-Python: >=3.9.*",
    "Requires-Python: !=3.9.*, >=3",
    "Requires-Python: 3.9",
    "Requires-Python: ^3.9",
    "Requires-Python: ~=3",
    "Requires-Python: >= 3.9 <4",
    "Requires-Python: ===weird",
    "Provides-Extra: a",
    "Provides-Extra: a_b.c-d",
    "Provides-Extra: -a",
    "Provides-Extra: a b",
    "Provides-Extra: ü",
    "License-Expression: MIT",
    "License-Expression: mit AND Apache-2.0",
    "License-Expression: MIT and (BSD-3-Clause or Apache-2.0)",
    "License-Expression: GPL-2.0+",
    "License-Expression: GPL-3.0",
    "License-Expression: GPL-3.0-or-later WITH GCC-exception-3.1",
    "License-Expression: GPL-3.0-or-later WITH MIT",
    "License-Expression: MIT WITH",
    "License-Expression: Apache 2.0",
    "License-Expression: Apache2",
    "License-Expression: MIT/Apache-2.0",
    "License-Expression: (MIT",
    "License-Expression: MIT)",
    "License-Expression: ()",
    "License-Expression: MIT OR",
    "License-Expression: LicenseRef-Own.1",
    "License-Expression: LicenseRef-Own_1",
    "License-Expression: LicenseRef-Own+",
    "License-Expression: Zlib+",
    "License-File: a/LICENSE",
    "License-File: ../LICENSE",
    "License-File: /LICENSE",
    "License-File: C:\\LICENSE",
    "License-File: a\\LICENSE",
    "License-File: LICEN*",
];

const REQUIREMENTS: &[&str] = &[
    "a",
    "a-b_c.d",
    "-a",
    "a-",
    "ü",
    "a b",
    "a 1",
    "a>=1",
    "a >= 1",
    "a>=1,<2",
    "a>=1,<2,",
    "a>=1,,<2",
    "a,>=1",
    "a(,)",
    "a>=1;;",
    "a ,",
    "a>=1 <2",
    "a(>=1)",
    "a (>=1,<2)",
    "a ( )",
    "a()",
    "a (>=1",
    "a >=1)",
    "a>=1.*",
    "a==1.*",
    "a==1.*.2",
    "a!=1.*",
    "a~=1",
    "a~=1.2",
    "a~=1.*",
    "a<1.0+x",
    "a==1.0+x",
    "a=1",
    "a=>1",
    "a^1",
    "a===anything",
    "a=== 1.0",
    "a== v1.0",
    "a==1.0-post1",
    "a==1.0rc1",
    "a==one",
    "a==",
    "a[b]",
    "a[b,c]",
    "a [ b , c ] >=1",
    "a[]",
    "a[b",
    "a[b,]",
    "a[b c]",
    "a[-]",
    "a @ https://b/c",
    "a@https://b/c",
    "a @ https://b/c ; os_name == 'nt'",
    "a @ https://b/c; os_name == 'nt'",
    "a @ https://b/c os_name",
    "a @",
    "a[b] @ file:///c",
    "a; python_version < '3'",
    "a;python_version<'3'",
    "a ; python_version < \"3\"",
    "a; python_version < 3",
    "a; python < '3'",
    "a; '3' > python_version",
    "a; extra == 'x' and os_name == 'nt' or sys.platform == 'linux'",
    "a; (extra == 'x' and (os_name == 'nt'))",
    "a; (extra == 'x'",
    "a; extra == 'x')",
    "a; extra",
    "a; extra not in 'x'",
    "a; extra not 'x'",
    "a; extra == 'x' and",
    "a; extra == 'x",
    "a;",
];

struct Answers {
    fields: Vec<bool>,
    requirements: Vec<bool>,
}

fn ask(fields: &[String]) -> Result<Answers> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("asked.json");
    std::fs::write(&path, serde_json::json!({ "fields": fields, "requirements": REQUIREMENTS }).to_string())?;
    let mut python = Command::new("python3");
    python.args(["-c", ASK]).env("PYTHONPATH", oracle::python(PACKAGING)?);
    let output = python.stdin(std::fs::File::open(&path)?).output().context("cannot run python3")?;
    if !output.status.success() {
        bail!("python3 ended with {}:\n{}", output.status, text(&output.stderr));
    }
    let mut said: BTreeMap<String, Vec<bool>> = serde_json::from_slice(&output.stdout)?;
    let mut take = |name: &str| said.remove(name).context("an answer is missing");
    Ok(Answers { fields: take("fields")?, requirements: take("requirements")? })
}

#[test]
fn fields_are_judged_as_packaging_judges_them() -> Result<()> {
    let fields: Vec<String> = FIELDS.iter().map(|field| format!("{START}{field}\n\n")).collect();
    let answers = ask(&fields)?;
    let mut wrong = Vec::new();
    for (field, (metadata, theirs)) in FIELDS.iter().zip(fields.iter().zip(&answers.fields)) {
        let ours = distribution::Metadata::parse(metadata.as_bytes());
        let ours = ours.is_ok_and(|metadata| metadata.faults("METADATA").is_empty());
        if ours != *theirs {
            wrong.push(format!("{field:?}: packaging says {theirs}, we {ours}"));
        }
    }
    for (requirement, theirs) in REQUIREMENTS.iter().zip(&answers.requirements) {
        let ours = Requirement::from_str(requirement).is_ok();
        if ours != *theirs {
            wrong.push(format!("{requirement:?}: packaging says {theirs}, we {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}
