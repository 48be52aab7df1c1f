//! An index in a bucket: published once whoever publishes, installed from by pip and uv, and taken back.

use std::fs;

use anyhow::{Context, Result};
use document::Release;
use tests::bucket::Stage;
use tests::servers::{Faults, KEYS, Moto, READER};
use tests::{Sandbox, text};

#[test]
fn pip_and_uv_install_what_was_published_and_a_second_run_does_nothing() -> Result<()> {
    let stage = Stage::new("installed")?;
    let (_, dry) = stage.distribute(&["--dry-run"])?;
    assert!(dry.contains("publish wagon_core-0.2.0-*.whl to team"), "{dry}");
    assert_eq!(stage.keys()?, "");
    let (document, said) = stage.distribute(&["--paranoid"])?;
    let publications = Release::from_json(document.as_bytes())?.publications.context("publications")?;
    assert_eq!((publications[0].kind.as_str(), publications[0].files.len()), ("s3", 4));
    assert!(publications[0].location.starts_with("s3://installed/py?endpoint=http://127.0.0.1:"));
    assert!(
        said.contains(&format!("pip install --index-url {} wagon-cdk wagon-core", stage.index)),
        "{said}"
    );
    assert!(said.contains("`--extra-index-url` is not offered"), "{said}");
    let checked = stage.sandbox.run("validate", &["--published"], &document)?;
    let checked = text(&checked.stderr);
    for line in [
        "ok: release document at team: releases/v0.2.0.json",
        "ok: published files of wagon-core at team: 2 wheels and sdists with their hashes",
        "ok: served files of wagon-cdk at team: 2 wheels and sdists with their hashes",
        "ok: published wagon-cdk at team: wagon_cdk in a fresh environment",
    ] {
        assert!(checked.contains(line), "{line}\n{checked}");
    }
    assert_eq!(stage.installed("wagon-cdk")?, "0.2.0");

    let keys = stage.keys()?;
    let (again, said) = stage.distribute(&[])?;
    assert_eq!((again, stage.keys()?), (document, keys));
    assert!(
        said.lines().all(|line| !line.starts_with("distribute: ")
            || line.contains(": skip: ")
            || line.contains(": note: ")),
        "{said}"
    );

    let page = stage.page("wagon-core")?;
    let file = &page["files"][0];
    assert_eq!((&page["versions"][0], &file["yanked"]), (&"0.2.0".into(), &false.into()));
    assert!(
        file["size"].as_u64() > Some(500)
            && file["upload-time"].as_str().is_some_and(|time| time.ends_with('Z')),
        "{file}"
    );
    let heads = stage.python(
        "for key in ['index.json', 'index.html', 'wagon_core-0.2.0-py3-none-any.whl', 'wagon_core-0.2.0.tar.gz']:\n \
         h = s3.head_object(Bucket=b, Key='py/simple/wagon-core/' + key, ChecksumMode='ENABLED')\n \
         print(h['ContentType'], '|', h['CacheControl'], '|', 'sha256' in h['Metadata'], 'ChecksumSHA256' in h)",
    )?;
    assert_eq!(
        heads.lines().collect::<Vec<_>>(),
        [
            "application/vnd.pypi.simple.v1+json | public, max-age=60 | False True",
            "text/html; charset=utf-8 | public, max-age=60 | False True",
            "application/octet-stream | public, max-age=31536000, immutable | True True",
            "application/gzip | public, max-age=31536000, immutable | True True",
        ]
    );
    Ok(())
}

#[test]
fn missing_rights_are_named_before_anything_is_written() -> Result<()> {
    let mut stage = Stage::new("rights")?;
    let refused = |stage: &mut Stage, variables: &[(&str, &str)], code: i32| -> Result<String> {
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_PROFILE",
            "S3_PYPI_BUCKET",
        ] {
            stage.sandbox.set(name, "");
        }
        variables.iter().for_each(|(name, value)| stage.sandbox.set(name, value));
        let error = stage.sandbox.refused("distribute", &[], &stage.document, code)?;
        assert!(!error.contains("marker-secret") && error.contains("\nhint: "), "{error}");
        Ok(error)
    };
    let keys = |key: &'static str, secret: &'static str| {
        [("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", secret)]
    };
    let error = refused(&mut stage, &keys(READER[0], READER[1]), 1)?;
    assert!(error.contains("have no right to it (s3:PutObject)"), "{error}");
    let error = refused(&mut stage, &keys(KEYS[0], "marker-secret-that-is-wrong"), 1)?;
    assert!(error.contains("cannot list `s3://rights/py/simple/`: the credentials from `AWS_ACCESS_KEY_ID` in the environment are refused (SignatureDoesNotMatch)"), "{error}");
    let error = refused(&mut stage, &keys("nobody", "marker-secret"), 1)?;
    assert!(error.contains("are refused (InvalidAccessKeyId)"), "{error}");
    let error = refused(&mut stage, &[("AWS_ACCESS_KEY_ID", "a")], 1)?;
    assert!(error.contains("`AWS_SECRET_ACCESS_KEY` is not set"), "{error}");
    let error = refused(&mut stage, &[("AWS_EC2_METADATA_DISABLED", "true")], 1)?;
    assert!(
        error.contains("cannot find credentials for S3: looked in the environment (`AWS_ACCESS_KEY_ID`"),
        "{error}"
    );
    assert!(
        error.contains("/.aws/config` and `") && error.contains("for the role of a container"),
        "{error}"
    );
    let error = refused(&mut stage, &[("AWS_PROFILE", "absent")], 1)?;
    assert!(error.contains("cannot find the AWS profile `absent`: it is neither in `"), "{error}");
    let [name, secret] = keys(KEYS[0], KEYS[1]);
    let error = refused(&mut stage, &[name, secret, ("S3_PYPI_BUCKET", "nowhere")], 1)?;
    assert!(error.contains("there is no bucket `nowhere`"), "{error}");
    let error = refused(&mut stage, &[name, secret, ("S3_PYPI_BUCKET", "s3://rights")], 2)?;
    assert!(error.contains("cannot use `s3://rights` as a bucket"), "{error}");
    assert_eq!(stage.keys()?, "");
    Ok(())
}

#[test]
fn credentials_are_found_where_the_aws_command_line_finds_them() -> Result<()> {
    let mut stage = Stage::new("profiles")?;
    let [key, secret] = KEYS;
    let (folder, made) = (stage.sandbox.path("home/.aws"), stage.sandbox.path("made.json"));
    fs::create_dir_all(&folder)?;
    let json = serde_json::json!({ "Version": 1, "AccessKeyId": key, "SecretAccessKey": secret });
    fs::write(&made, json.to_string())?;
    fs::write(
        folder.join("config"),
        format!(
            "[default]\nregion = eu-west-1\n[profile made]\ncredential_process = cat '{}'\n[profile broken]\n\
             credential_process = echo marker-secret; echo marker-secret >&2; exit 3\n\
             [profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = keys\n",
            made.display()
        ),
    )?;
    fs::write(
        folder.join("credentials"),
        format!("\u{feff}[keys]\r\naws_access_key_id = {key}\r\naws_secret_access_key={secret}"),
    )?;
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        stage.sandbox.set(name, "");
    }
    for profile in ["keys", "made"] {
        stage.sandbox.set("AWS_PROFILE", profile);
        stage.distribute(&["--dry-run"])?;
    }
    stage.sandbox.set("AWS_PROFILE", "broken");
    let error = stage.sandbox.refused("distribute", &[], &stage.document, 1)?;
    assert!(
        error.contains(
            "`credential_process` of the AWS profile `broken`: the program ended with exit status: 3"
        ),
        "{error}"
    );
    assert!(!error.contains("marker-secret"), "{error}");
    // The command line gets those of a role; here it is a program that says what it was asked.
    let aws = stage.sandbox.path("bin/aws");
    fs::create_dir_all(stage.sandbox.path("bin"))?;
    fs::write(&aws, format!("#!/bin/sh\necho \"$@\" > '{0}.asked'\ncat '{0}'\n", made.display()))?;
    stage.sandbox.shell("chmod +x ../bin/aws")?;
    let path = std::env::var("PATH")?;
    stage.sandbox.set("PATH", &format!("{}:{path}", stage.sandbox.path("bin").display()));
    stage.sandbox.set("AWS_PROFILE", "role");
    stage.distribute(&["--dry-run"])?;
    let asked = fs::read_to_string(stage.sandbox.path("made.json.asked"))?;
    assert_eq!(asked.trim_end(), "configure export-credentials --format process --profile role");
    Ok(())
}

#[test]
fn pages_that_were_lost_come_back_from_what_is_in_the_bucket() -> Result<()> {
    let stage = Stage::new("rebuilt")?;
    let (document, _) = stage.distribute(&[])?;
    stage.sandbox.must("rollback", &["--yes", "--reason", "wrong colours"], &document)?;
    let before = stage.page("wagon-core")?;
    assert_eq!(before["files"][0]["yanked"], "wrong colours");
    // A file that another tool has put there, without metadata, and all pages gone.
    let foreign = stage
        .sandbox
        .shell("cp dist/wagon_core-0.2.0-py3-none-any.whl ../foreign.whl; realpath ../foreign.whl")?;
    stage.python(&format!(
        "s3.upload_file('{}', b, 'py/simple/wagon-core/wagon_core-0.2.0-1-py3-none-any.whl')\n\
         for name in ['', 'wagon-core/', 'wagon-cdk/']:\n \
         for page in ['index.json', 'index.html']: s3.delete_object(Bucket=b, Key='py/simple/' + name + page)",
        foreign.trim_end()
    ))?;
    let said = stage.sandbox.must("distribute", &["--rebuild-index"], "")?;
    assert_eq!(said, "");
    let after = stage.page("wagon-core")?;
    let files = after["files"].as_array().context("files")?;
    assert_eq!(files.len(), 3);
    assert_eq!(files[1], before["files"][0]);
    assert_eq!(
        (&files[0]["yanked"], &files[0]["core-metadata"]),
        (&false.into(), &files[1]["core-metadata"])
    );
    assert!(stage.keys()?.contains("wagon_core-0.2.0-1-py3-none-any.whl.metadata"));
    let again = stage.sandbox.run("distribute", &["--rebuild-index"], "")?;
    assert!(text(&again.stderr).contains("0 of its pages"), "{}", text(&again.stderr));
    Ok(())
}

#[test]
fn a_release_in_a_bucket_is_yanked_given_free_and_deleted() -> Result<()> {
    let stage = Stage::new("yanked")?;
    let (first, _) = stage.distribute(&[])?;
    stage.sandbox.must("announce", &[], &first)?;
    let document = stage.sandbox.pipeline("minor", "distribute")?;
    assert_eq!(stage.installed("wagon-cdk")?, "0.3.0");
    let keys = stage.keys()?;

    let output = stage.sandbox.run("rollback", &["--yes", "--reason", "it <breaks> \"all\""], &document)?;
    let said = text(&output.stderr);
    assert!(
        output.status.success()
            && said.contains("yank simple/wagon-cdk/wagon_cdk-0.3.0-py3-none-any.whl on team: it <breaks>"),
        "{said}"
    );
    let withdrawn = Release::from_json(&output.stdout)?;
    let withdrawals = withdrawn.withdrawals.context("withdrawals")?;
    assert!(withdrawals.iter().any(|one| one.detail == "yanked: it <breaks> \"all\""), "{withdrawals:?}");
    assert_eq!(stage.installed("wagon-cdk")?, "0.2.0");
    assert_eq!(stage.installed("wagon-cdk==0.3.0 wagon-core==0.3.0")?, "0.3.0");
    let again = stage.sandbox.run("rollback", &["--yes"], &document)?;
    assert!(text(&again.stderr).contains("it is yanked already"), "{}", text(&again.stderr));

    let free = stage.sandbox.run("rollback", &["--yes", "--unyank"], &text(&output.stdout))?;
    assert!(free.status.success(), "{}", text(&free.stderr));
    assert_eq!((stage.installed("wagon-cdk")?.as_str(), stage.keys()? == keys), ("0.3.0", true));

    stage.sandbox.must("rollback", &["--yes", "--delete"], &document)?;
    assert_eq!(stage.installed("wagon-cdk")?, "0.2.0");
    let keys = stage.keys()?;
    assert!(keys.contains("-0.2.0") && !keys.contains("-0.3.0"), "{keys}");
    assert_eq!(stage.page("wagon-cdk")?["versions"], serde_json::json!(["0.2.0"]));
    Ok(())
}

#[test]
fn a_missing_right_to_delete_is_named_before_anything_is_taken_back() -> Result<()> {
    let mut stage = Stage::new("undeleted")?;
    let (document, _) = stage.distribute(&[])?;
    let before = (stage.keys()?, stage.sandbox.shell("git for-each-ref")?);
    stage.sandbox.set("AWS_ACCESS_KEY_ID", READER[0]);
    stage.sandbox.set("AWS_SECRET_ACCESS_KEY", READER[1]);
    let error = stage.sandbox.refused("rollback", &["--yes", "--delete"], &document, 1)?;
    assert!(error.contains("(s3:PutObject)") || error.contains("(s3:DeleteObject)"), "{error}");
    assert_eq!((stage.keys()?, stage.sandbox.shell("git for-each-ref")?), before);
    Ok(())
}

#[test]
fn the_rest_endpoint_of_s3_serves_each_folder_under_its_own_key() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let moto = Moto::start(&folder.path().join("log"))?;
    let stage = Stage::on(&moto.endpoint, "rest", "")?;
    // The world may read by the policy that is printed for it.
    let policies: serde_json::Value =
        serde_json::from_str(&stage.sandbox.must("distribute", &["--print-policy"], "")?)?;
    fs::write(stage.sandbox.path("policy"), policies["team"]["bucket-policy"].to_string())?;
    let policy = stage.sandbox.path("policy");
    stage.python(&format!("s3.put_bucket_policy(Bucket=b, Policy=open('{}').read())", policy.display()))?;
    stage.distribute(&[])?;
    // Nothing stands between pip and the bucket, and nobody turns a folder into its index.html.
    assert_eq!(stage.installed("wagon-cdk")?, "0.2.0");
    let root = stage.python("print(s3.get_object(Bucket=b, Key='py/simple/')['ContentType'])")?;
    assert_eq!(root.trim_end(), "text/html; charset=utf-8");
    let (_, said) = stage.distribute(&[])?;
    assert!(said.contains("skip: write the pages of team"), "{said}");
    Ok(())
}

#[test]
fn the_policies_are_the_least_that_each_job_needs() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    let error = sandbox.refused("distribute", &["--print-policy"], "", 2)?;
    assert!(error.contains("none of the targets is in an object store"), "{error}");
    fs::write(
        sandbox.project().join("release.toml"),
        "[[target]]\nname = \"team\"\nkind = \"s3\"\nprefix = \"a/b\"\n",
    )?;
    let error = sandbox.refused("distribute", &["--print-policy"], "", 2)?;
    assert!(error.contains("no bucket is named"), "{error}");
    let text = sandbox.must("distribute", &["--print-policy", "--bucket", "wheels"], "")?;
    let policy: serde_json::Value = serde_json::from_str(&text)?;
    let team = &policy["team"];
    assert_eq!(team["bucket-policy"]["Statement"][0]["Resource"], "arn:aws:s3:::wheels/a/b/simple/*");
    assert_eq!(team["publish"]["Statement"][0]["Resource"], "arn:aws:s3:::wheels");
    assert_eq!(team["publish"]["Statement"][1]["Resource"][1], "arn:aws:s3:::wheels/a/b/releases/*");
    let actions = |job: &str| team[job]["Statement"][1]["Action"].to_string();
    assert!(
        actions("rollback").contains("s3:DeleteObject") && !actions("publish").contains("s3:DeleteObject")
    );
    fs::write(
        sandbox.project().join("release.toml"),
        "[[target]]\nname = \"near\"\nkind = \"gcs\"\nbucket = \"b\"\n[[target]]\nname = \"far\"\nkind = \"azure\"\n\
         bucket = \"c\"\naccount = \"acme\"\n",
    )?;
    let policy: serde_json::Value =
        serde_json::from_str(&sandbox.must("distribute", &["--print-policy"], "")?)?;
    // A page that is replaced is an object that is deleted, in the eyes of Google.
    let rights = policy["near"]["publish"]["includedPermissions"].to_string();
    assert!(
        rights.contains("storage.objects.create") && rights.contains("storage.objects.delete"),
        "{rights}"
    );
    let roles =
        [&policy["far"]["publish"]["role"]["DataActions"], &policy["far"]["rollback"]["role"]["DataActions"]];
    let deletes = roles.map(|role| role.to_string().contains("/blobs/delete"));
    assert_eq!(deletes, [false, true]);
    Ok(())
}

/// Shows nothing to those without credentials.
const PRIVATE: &str = "
from mitmproxy import http
def request(flow):
    if 'authorization' not in flow.request.headers:
        flow.response = http.Response.make(403, b'<Error><Code>AccessDenied</Code></Error>', {'content-type': 'application/xml'})
";

#[test]
fn a_bucket_that_only_publishers_read_is_checked_and_not_installed_from() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let moto = Moto::start(&folder.path().join("moto.log"))?;
    let private = Faults::start(&moto.endpoint, PRIVATE, folder.path())?;
    let stage = Stage::on(&private.endpoint, "private", "")?;
    let (document, _) = stage.distribute(&[])?;
    let output = stage.sandbox.run("validate", &["--published"], &document)?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    for line in [
        "ok: published files of wagon-core at team: 2 wheels and sdists with their hashes",
        "skip: served files of wagon-core at team: cannot read the page of `wagon-cdk` from `http://127.0.0.1:",
        "skip: published wagon-cdk at team: cannot read the page of ",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(said.contains("it answered 403"), "{said}");
    stage.python("s3.delete_object(Bucket=b, Key='py/simple/wagon-core/wagon_core-0.2.0.tar.gz')")?;
    let error = stage.sandbox.refused("validate", &["--published", "--quick"], &document, 1)?;
    assert!(
        error.contains("cannot trust `wagon-core` at `team`: `wagon_core-0.2.0.tar.gz` is missing there"),
        "{error}"
    );
    Ok(())
}

#[test]
fn what_others_have_left_in_a_bucket_is_neither_lost_nor_in_the_way() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let moto = Moto::start(&folder.path().join("moto.log"))?;
    let stage = Stage::on(&moto.endpoint, "others", "")?;
    let put = |below: &str, text: &str| {
        stage.python(&format!("s3.put_object(Bucket=b, Key='py/{below}', Body={text:?}.encode())"))
    };
    let refused = |said: &str| -> Result<()> {
        let (keys, ran) = (stage.keys()?, stage.sandbox.run("distribute", &["--check"], &stage.document)?);
        assert!(!ran.status.success() && text(&ran.stderr).contains(said), "{}", text(&ran.stderr));
        assert_eq!(stage.keys()?, keys);
        Ok(())
    };
    let old = "wagon_core-0.0.9-py3-none-any.whl";
    put("simple/wagon-core/", &format!("<a href='../../files/{old}'>{old}</a>"))?;
    refused(&format!(
        "s3://others/py/simple/wagon-core/`: another program has made it, and it lists `{old}`"
    ))?;
    put(&format!("simple/wagon-core/{old}"), "half a file")?;
    refused(&format!("s3://others/py/simple/wagon-core/{old}`: the file is no ZIP archive"))?;
    stage.python(&format!("s3.delete_object(Bucket=b, Key='py/simple/wagon-core/{old}')"))?;
    put("simple/wagon-core/", "")?;
    put("simple/", "<a href='wagon-core/'>wagon-core</a> <a href='other/'>other</a>")?;
    refused("s3://others/py/simple/`: another program has made it, and it lists `other`")?;
    put("simple/", "<a href='wagon-core/'>wagon-core</a>")?;

    let mut other = Release::from_json(stage.document.as_bytes())?;
    other.project.name = "mill".to_owned();
    put("releases/v0.2.0.json", &other.to_json()?)?;
    let (document, said) = stage.distribute(&[])?;
    assert!(said.contains("keep releases/wagon/v0.2.0.json at team"), "{said}");
    let checked = stage.sandbox.run("validate", &["--published"], &document)?;
    assert!(text(&checked.stderr).contains("ok: release document at team: releases/wagon/v0.2.0.json"));
    Ok(())
}
