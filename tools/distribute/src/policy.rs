//! The least rights for an index in a bucket: of those who install, of those who publish, and of those who take back.

use anyhow::Result;
use document::Failure;
use index::{Kind, Location};
use project::TargetSettings;
use serde_json::{Value, json};

/// Returns one JSON object with the policies of each target in an object store, by the target's name.
pub fn text(targets: &[TargetSettings]) -> Result<String> {
    let mut policies = serde_json::Map::new();
    for target in targets.iter().filter(|target| Kind::parse(&target.kind.to_string()).is_some()) {
        let location = Location::parse(&target.location()?)?;
        let policy = match location.kind {
            Kind::S3 => s3(&location),
            Kind::Gcs => gcs(&location),
            Kind::Azure => azure(&location),
        };
        policies.insert(target.name.clone(), policy);
    }
    if policies.is_empty() {
        let hint = "write a [[target]] with `kind = \"s3\"`, \"gcs\" or \"azure\" in release.toml, or name it with `--to`";
        let what = "cannot print a policy: none of the targets is in an object store";
        return Err(Failure::usage(what).hint(hint).into());
    }
    Ok(serde_json::to_string_pretty(&Value::Object(policies))? + "\n")
}

/// A bucket policy, and policies of IAM for users or roles.
fn s3(location: &Location) -> Value {
    let bucket = format!("arn:aws:s3:::{}", location.bucket);
    let below = |folder: &str| match location.prefix.as_str() {
        "" => format!("{bucket}/{folder}/*"),
        prefix => format!("{bucket}/{prefix}/{folder}/*"),
    };
    // Without the right to list all of it, S3 says of what is absent that it is forbidden.
    let list = json!({ "Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket });
    let allow = |name: &str, actions: &[&str]| {
        // The documents of the releases are nobody's business who installs.
        let resources = [below("simple"), below("releases")];
        let files = json!({ "Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources });
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
                "Resource": below("simple"),
            }],
        },
        "publish": allow("Publish", &["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]),
        "rollback": allow(
            "TakeBack",
            &["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        ),
    })
}

/// Custom roles, as `gcloud iam roles create --file` reads them, and the binding for those who install.
fn gcs(location: &Location) -> Value {
    let role = |title: &str, description: &str| {
        json!({
            "title": title,
            "description": description,
            "stage": "GA",
            "includedPermissions": [
                "storage.objects.create",
                "storage.objects.delete",
                "storage.objects.get",
                "storage.objects.list",
            ],
        })
    };
    json!({
        "bucket": format!("gs://{}", location.bucket),
        "install": { "role": "roles/storage.legacyObjectReader", "members": ["allUsers"] },
        "publish": role(
            "Publish packages",
            "Google Cloud Storage has a page replaced only by who may delete it, so this is what taking back needs too",
        ),
        "rollback": role("Take packages back", "The same as for publishing"),
    })
}

/// Custom roles, as `az role definition create --role-definition` reads them, and the rights in a shared access signature.
fn azure(location: &Location) -> Value {
    let account = location.account.as_deref().unwrap_or("ACCOUNT");
    let scope = format!(
        "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Storage/storageAccounts/{account}\
         /blobServices/default/containers/{}",
        location.bucket
    );
    let role = |name: &str, description: &str, actions: &[&str], signature: &str| {
        let blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
        let actions: Vec<String> = actions.iter().map(|action| format!("{blobs}/{action}")).collect();
        json!({
            "role": {
                "Name": name,
                "IsCustom": true,
                "Description": description,
                "Actions": [],
                "DataActions": actions,
                "AssignableScopes": ["/subscriptions/SUBSCRIPTION"],
            },
            "scope": scope,
            "shared-access-signature": signature,
        })
    };
    json!({
        "install": { "public-access": "blob", "container": location.bucket },
        "publish": role(
            "Publish packages",
            "Lists, reads and writes blobs",
            &["read", "write", "add/action"],
            "racwl",
        ),
        "rollback": role(
            "Take packages back",
            "Lists, reads, writes and deletes blobs",
            &["read", "write", "add/action", "delete"],
            "racwdl",
        ),
    })
}
