//! The least rights for an index in S3: of those who install, of those who publish, and of those who take back.

use anyhow::Result;
use document::Failure;
use index::Location;
use project::{TargetKind, TargetSettings};
use serde_json::{Value, json};

/// Returns one JSON object with the policies of each target in S3, by the target's name.
pub fn text(targets: &[TargetSettings]) -> Result<String> {
    let mut policies = serde_json::Map::new();
    for target in targets.iter().filter(|target| target.kind == TargetKind::S3) {
        policies.insert(target.name.clone(), of(&Location::parse(&target.location()?)?));
    }
    if policies.is_empty() {
        let hint = "write a [[target]] with `kind = \"s3\"` in release.toml, or name it with `--to`";
        return Err(Failure::usage("cannot print a policy: none of the targets is in S3").hint(hint).into());
    }
    Ok(serde_json::to_string_pretty(&Value::Object(policies))? + "\n")
}

fn of(location: &Location) -> Value {
    let bucket = format!("arn:aws:s3:::{}", location.bucket);
    let below = |folder: &str| match location.prefix.as_str() {
        "" => format!("{bucket}/{folder}/*"),
        prefix => format!("{bucket}/{prefix}/{folder}/*"),
    };
    let files = below("simple");
    // The documents of the releases are nobody's business who installs.
    let all = [files.clone(), below("releases")];
    // Without the right to list all of it, S3 says of what is absent that it is forbidden.
    let list = json!({ "Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket });
    let allow = |name: &str, actions: &[&str]| {
        let files = json!({ "Sid": name, "Effect": "Allow", "Action": actions, "Resource": all });
        json!({ "Version": "2012-10-17", "Statement": [list, files] })
    };
    json!({
        "bucket-policy": {
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Install",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": files,
            }],
        },
        "publish": allow("Publish", &["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]),
        "rollback": allow(
            "TakeBack",
            &["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        ),
    })
}
