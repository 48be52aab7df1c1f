//! Indexes in Google Cloud Storage and in Azure: published once whoever publishes, installed from, and taken back.

use std::fs;

use anyhow::{Context, Result};
use document::Release;
use tests::bucket::Stage;
use tests::clouds::{ACCOUNT, ACCOUNT_KEY, Azurite, Google};
use tests::text;

/// Publishes, installs, publishes again, yanks, gives free and deletes; `names` lists what is in the store.
fn lives(stage: &Stage, names: impl Fn() -> Result<String>) -> Result<()> {
    stage.distribute(&["--dry-run"])?;
    assert_eq!(names()?, "");
    let (document, said) = stage.distribute(&["--paranoid"])?;
    assert!(said.contains("wagon_core-0.2.0-py3-none-any.whl with its signature"), "{said}");
    assert_eq!(stage.installed("wagon-cdk")?, "0.2.0");
    let before = names()?;
    assert!(before.contains("py/simple/wagon-core/wagon_core-0.2.0-py3-none-any.whl.metadata"), "{before}");
    let (again, said) = stage.distribute(&[])?;
    assert_eq!((&again, names()?), (&document, before.clone()));
    assert!(said.contains("skip: write the pages of team"), "{said}");

    let yanked = stage.sandbox.must("rollback", &["--yes", "--reason", "wrong colours"], &document)?;
    assert!(names()?.contains("wagon_core-0.2.0-py3-none-any.whl.yanked"));
    assert_eq!(stage.installed("wagon-cdk==0.2.0 wagon-core==0.2.0")?, "0.2.0");
    stage.sandbox.must("rollback", &["--yes", "--unyank"], &yanked)?;
    assert_eq!(names()?, before);
    let said = stage.sandbox.run("distribute", &["--rebuild-index"], "")?;
    assert!(text(&said.stderr).contains("0 of its pages"), "{}", text(&said.stderr));
    stage.sandbox.must("rollback", &["--yes", "--delete"], &document)?;
    assert!(!names()?.contains("-0.2.0"), "{}", names()?);
    Ok(())
}

/// Eight publish at once, half of them files that are read as they go out, and the page that others read lists all that
/// they have published.
fn crowd(stage: &Stage) -> Result<()> {
    let publisher =
        |number: usize| stage.publisher_of(&format!("8.{number}"), number % 2 * 10_000_000, &["--paranoid"]);
    let running = (0..8).map(publisher).collect::<Result<Vec<_>>>()?;
    for child in running {
        let output = child.wait_with_output()?;
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let page = stage.sandbox.shell(&format!("curl -sSf {}wagon-core/index.json", stage.index))?;
    let page: serde_json::Value = serde_json::from_str(&page)?;
    let versions = page["versions"].as_array().context("versions")?;
    assert_eq!(versions.len(), 8, "{versions:?}");
    Ok(())
}

#[test]
fn azure_holds_an_index_from_its_first_file_to_its_last() -> Result<()> {
    let azurite = Azurite::start()?;
    let stage = azurite.stage("wheels")?;
    let names = || {
        azurite.python("for b in service.get_container_client('wheels').list_blobs(): print(b.name, b.size)")
    };
    lives(&stage, names)?;
    let other = azurite.stage("kept")?;
    let (document, _) = other.distribute(&[])?;
    let publications = Release::from_json(document.as_bytes())?.publications.context("publications")?;
    assert!(publications[0].location.starts_with("azure://kept/py?account=acme&endpoint=http://127.0.0.1:"));
    let blobs = azurite.blobs("kept")?;
    let file = "py/simple/wagon-core/wagon_core-0.2.0";
    for line in [
        format!(
            "{file}-py3-none-any.whl | application/octet-stream | public, max-age=31536000, immutable | 64"
        ),
        format!("{file}.tar.gz | application/gzip | public, max-age=31536000, immutable | 64"),
        "py/simple/wagon-core/index.html | text/html; charset=utf-8 | public, max-age=60 | 0".to_owned(),
        "py/simple/index.json | application/vnd.pypi.simple.v1+json | public, max-age=60 | 0".to_owned(),
    ] {
        assert!(blobs.contains(&line), "{line} is not in\n{blobs}");
    }
    azurite.python(&format!(
        "service.get_blob_client('kept', '{file}.tar.gz').upload_blob(b'other', overwrite=True)"
    ))?;
    let error = other.sandbox.refused("distribute", &[], &other.document, 1)?;
    assert!(error.contains("cannot publish `azure://kept/py/simple/wagon-core/wagon_core-0.2.0.tar.gz`: it is there with digest"), "{error}");
    Ok(())
}

#[test]
fn azure_takes_eight_publishers_at_once() -> Result<()> {
    let azurite = Azurite::start()?;
    crowd(&azurite.stage("crowd")?)
}

#[test]
fn the_rights_of_azure_are_found_everywhere_and_named_when_they_are_missing() -> Result<()> {
    let azurite = Azurite::start()?;
    let mut stage = azurite.stage("rights")?;
    let mut with = |variables: &[(&str, &str)]| -> Result<(bool, String)> {
        for name in ["KEY", "ACCOUNT_KEY", "SAS_TOKEN", "CONNECTION_STRING", "TOKEN"] {
            stage.sandbox.set(&format!("AZURE_STORAGE_{name}"), "");
        }
        variables.iter().for_each(|(name, value)| stage.sandbox.set(name, value));
        let output = stage.sandbox.run("distribute", &[], &stage.document)?;
        let said = text(&output.stderr);
        for secret in ["marker-secret", ACCOUNT_KEY, "sig="] {
            assert!(!said.contains(secret), "{said}");
        }
        Ok((output.status.success(), said))
    };
    let (done, said) = with(&[("AZURE_STORAGE_KEY", "bWFya2VyLXNlY3JldC10aGF0LWlzLXdyb25n")])?;
    assert!(!done && said.contains("cannot list `azure://rights/py/simple/`: the credentials from `AZURE_STORAGE_KEY` in the environment are refused"), "{said}");
    let policy = stage_policy(&azurite)?;
    let reading = azurite.signature("rights", "rl")?;
    let (done, said) = with(&[("AZURE_STORAGE_SAS_TOKEN", &reading)])?;
    assert!(!done && said.contains("the credentials from `AZURE_STORAGE_SAS_TOKEN` in the environment have no right to it (Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write)"), "{said}");
    let (done, said) = with(&[("AZURE_STORAGE_TOKEN", "marker-secret")])?;
    assert!(!done && said.contains("AZURE_STORAGE_TOKEN"), "{said}");
    assert_eq!(azurite.blobs("rights")?, "");
    // What the printed policy says is enough, in each of the three forms.
    let publishing = azurite.signature("rights", &policy)?;
    let (done, said) = with(&[("AZURE_STORAGE_SAS_TOKEN", &publishing)])?;
    assert!(done, "{said}");
    let text = format!("DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};");
    for connection in [text, format!("AccountName={ACCOUNT};SharedAccessSignature={publishing}")] {
        let (done, said) = with(&[("AZURE_STORAGE_CONNECTION_STRING", &connection)])?;
        assert!(done && said.contains("skip: write the pages of team"), "{said}");
    }
    Ok(())
}

/// The rights of a shared access signature for publishing, as they are printed.
fn stage_policy(azurite: &Azurite) -> Result<String> {
    let stage = azurite.stage("policy")?;
    let policies: serde_json::Value =
        serde_json::from_str(&stage.sandbox.must("distribute", &["--print-policy"], "")?)?;
    let signature = |job: &str| policies["team"][job]["shared-access-signature"].as_str().map(str::to_owned);
    let rights = signature("rollback").context("rights")?;
    assert!(
        rights.contains('d')
            && policies["team"]["publish"]["scope"]
                .as_str()
                .is_some_and(|scope| scope.ends_with("/acme/blobServices/default/containers/policy"))
    );
    signature("publish").context("rights")
}

#[test]
fn google_holds_an_index_from_its_first_file_to_its_last() -> Result<()> {
    let google = Google::stage()?;
    let mut stage = google.stage;
    lives(&stage, || stage.keys())?;
    crowd(&stage)?;
    let heads = stage.python(
        "for key in ['index.json', 'index.html', 'wagon_core-8.1-py3-none-any.whl']:\n \
         h = s3.head_object(Bucket=b, Key='py/simple/wagon-core/' + key)\n \
         print(h['ContentType'], '|', h['CacheControl'], '|', len(h['Metadata'].get('sha256', '')))",
    )?;
    assert_eq!(
        heads.lines().collect::<Vec<_>>(),
        [
            "application/vnd.pypi.simple.v1+json | public, max-age=60 | 0",
            "text/html; charset=utf-8 | public, max-age=60 | 0",
            "application/octet-stream | public, max-age=31536000, immutable | 64",
        ]
    );
    let mut with = |variables: &[(&str, &str)]| -> Result<String> {
        stage.sandbox.set("GOOGLE_APPLICATION_CREDENTIALS", "");
        variables.iter().for_each(|(name, value)| stage.sandbox.set(name, value));
        let output = stage.sandbox.run("distribute", &["--rebuild-index"], "")?;
        let said = text(&output.stderr);
        assert!(!said.contains("marker-secret") && !said.contains("PRIVATE KEY"), "{said}");
        assert_eq!(output.status.success(), said.contains("of its pages"), "{said}");
        Ok(said)
    };
    let said = with(&[("GOOGLE_BEARER_TOKEN", "marker-secret-of-the-reader")])?;
    assert!(
        said.contains(
            "`GOOGLE_BEARER_TOKEN` in the environment have no right to it (storage.objects.create)"
        ),
        "{said}"
    );
    let said = with(&[("GOOGLE_BEARER_TOKEN", "marker-secret-of-nobody")])?;
    assert!(
        said.contains("`GOOGLE_BEARER_TOKEN` in the environment are refused (AuthenticationRequired)"),
        "{said}"
    );
    let said = with(&[
        ("GOOGLE_BEARER_TOKEN", ""),
        ("CLOUDSDK_AUTH_ACCESS_TOKEN", "marker-secret-of-the-publisher"),
    ])?;
    assert!(said.contains("0 of its pages"), "{said}");
    Ok(())
}

#[test]
fn google_follows_identities_of_other_providers_through_gcloud() -> Result<()> {
    let google = Google::stage()?;
    let mut stage = google.stage;
    // The other test has signed what lies in the folder of both with a key of its own.
    stage.sandbox.shell("sed -i 's/^prefix = .*/prefix = \"identities\"/' release.toml")?;
    let (tool, file) = (stage.sandbox.path("bin/gcloud"), stage.sandbox.path("identity.json"));
    fs::create_dir_all(stage.sandbox.path("bin"))?;
    fs::write(&tool, "#!/bin/sh\necho \"$@\" > \"$0.asked\"; cat \"$0.token\"\n")?;
    stage.sandbox.shell("chmod +x ../bin/gcloud")?;
    fs::write(stage.sandbox.path("bin/gcloud.token"), "marker-secret-of-the-publisher\n")?;
    fs::write(&file, "{\"type\": \"external_account\", \"audience\": \"marker-secret\"}")?;
    stage.sandbox.set("GOOGLE_APPLICATION_CREDENTIALS", &file.to_string_lossy());
    let error = stage.sandbox.refused("distribute", &["--dry-run"], &stage.document, 1)?;
    assert!(error.contains("identity.json` of the type `external_account`: "), "{error}");
    let path = std::env::var("PATH")?;
    stage.sandbox.set("PATH", &format!("{}:{path}", stage.sandbox.path("bin").display()));
    stage.distribute(&["--dry-run"])?;
    let asked = fs::read_to_string(stage.sandbox.path("bin/gcloud.asked"))?;
    assert_eq!(asked.trim_end(), "auth application-default print-access-token");
    fs::write(&file, "not json, marker-secret")?;
    let error = stage.sandbox.refused("distribute", &[], &stage.document, 1)?;
    assert!(error.contains("identity.json`: it is no JSON") && !error.contains("marker-secret"), "{error}");
    assert!(error.contains("hint: see that `GOOGLE_APPLICATION_CREDENTIALS` names"), "{error}");
    stage.sandbox.set("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json");
    let error = stage.sandbox.refused("distribute", &[], &stage.document, 1)?;
    assert!(error.contains("cannot read the credentials in `/nowhere/key.json`: No such file"), "{error}");
    Ok(())
}
