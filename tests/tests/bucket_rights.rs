//! Rights to a bucket as they are really enforced, credentials from where machines have them, and clocks.

use std::fs;

use anyhow::{Context, Result};
use document::Release;
use tests::bucket::Stage;
use tests::servers::{Faults, MOTO, Moto};
use tests::{oracle, text};

/// moto with a bucket and four users, of which each has one policy.
struct Guarded {
    stage: Stage,
    users: serde_json::Value,
    _moto: Moto,
    _folder: tempfile::TempDir,
}

impl Guarded {
    fn start(bucket: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let moto = Moto::start(&folder.path().join("log"))?;
        let stage = Stage::on(&moto.endpoint, bucket, "")?;
        let printed = stage.sandbox.must("distribute", &["--print-policy"], "")?;
        fs::write(stage.sandbox.path("policies.json"), &printed)?;
        let users = stage.python(&format!(
            "import json, copy\niam = boto3.client('iam', endpoint_url='{}', aws_access_key_id='a', aws_secret_access_key='b', region_name='us-east-1')\n\
             printed = json.load(open('{}'))['team']\nblind, reading = copy.deepcopy(printed['publish']), copy.deepcopy(printed['publish'])\n\
             blind['Statement'].pop(0)\nreading['Statement'][1]['Action'] = ['s3:GetObject']\n\
             users = {{}}\n\
             for name, policy in dict(publish=printed['publish'], rollback=printed['rollback'], blind=blind, reading=reading).items():\n \
             iam.create_user(UserName=name)\n \
             iam.put_user_policy(UserName=name, PolicyName='one', PolicyDocument=json.dumps(policy))\n \
             key = iam.create_access_key(UserName=name)['AccessKey']\n \
             users[name] = [key['AccessKeyId'], key['SecretAccessKey']]\n\
             trust = {{'Version': '2012-10-17', 'Statement': [{{'Effect': 'Allow', 'Principal': '*', 'Action': 'sts:AssumeRoleWithWebIdentity'}}]}}\n\
             iam.create_role(RoleName='publisher', AssumeRolePolicyDocument=json.dumps(trust))\n\
             iam.put_role_policy(RoleName='publisher', PolicyName='one', PolicyDocument=json.dumps(printed['publish']))\n\
             print(json.dumps(users))",
            moto.endpoint,
            stage.sandbox.path("policies.json").display(),
        ))?;
        let guarded = Self { stage, users: serde_json::from_str(&users)?, _moto: moto, _folder: folder };
        guarded.enforce(true)?;
        Ok(guarded)
    }

    /// Has every request checked: its signature, and what the policy of its user says.
    fn enforce(&self, is_strict: bool) -> Result<()> {
        let free = if is_strict { "0" } else { "1000000" };
        self.stage.sandbox.shell(&format!(
            "curl -sSf -H 'content-type: text/plain' -d {free} {}/moto-api/reset-auth",
            self.stage.endpoint
        ))?;
        Ok(())
    }

    fn keys(&self) -> Result<String> {
        self.enforce(false)?;
        let keys = self.stage.keys()?;
        self.enforce(true)?;
        Ok(keys)
    }

    fn become_user(&mut self, name: &str) -> Result<()> {
        let keys = &self.users[name];
        for (variable, at) in [("AWS_ACCESS_KEY_ID", 0), ("AWS_SECRET_ACCESS_KEY", 1)] {
            self.stage.sandbox.set(variable, keys[at].as_str().context("key")?);
        }
        Ok(())
    }
}

#[test]
fn the_printed_policies_are_enough_and_what_they_leave_out_is_named() -> Result<()> {
    let mut guarded = Guarded::start("guarded")?;
    for (user, right) in [("blind", "s3:ListBucket"), ("reading", "s3:PutObject")] {
        guarded.become_user(user)?;
        let error = guarded.stage.sandbox.refused("distribute", &[], &guarded.stage.document, 1)?;
        let named = format!(
            "the credentials from `AWS_ACCESS_KEY_ID` in the environment have no right to it ({right})"
        );
        assert!(error.contains(&named) && error.contains(&format!("hint: allow `{right}`")), "{error}");
    }
    assert_eq!(guarded.keys()?, "");

    guarded.become_user("publish")?;
    let (document, _) = guarded.stage.distribute(&[])?;
    let published = guarded.keys()?;
    let error = guarded.stage.sandbox.refused("rollback", &["--yes", "--delete"], &document, 1)?;
    assert!(error.contains("have no right to it (s3:DeleteObject)"), "{error}");
    assert_eq!(guarded.keys()?, published);
    // To yank takes no more than to publish: nothing is removed.
    let yanked = guarded.stage.sandbox.must("rollback", &["--yes", "--reason", "dull"], &document)?;
    let error = guarded.stage.sandbox.refused("rollback", &["--yes", "--unyank"], &yanked, 1)?;
    assert!(error.contains("have no right to it (s3:DeleteObject)"), "{error}");

    guarded.become_user("rollback")?;
    guarded.stage.sandbox.must("rollback", &["--yes", "--delete"], &yanked)?;
    assert!(!guarded.keys()?.contains("-0.2.0"), "{}", guarded.keys()?);
    Ok(())
}

/// moto wants these requests signed and in the body, where Amazon wants neither.
const IDENTITY: &str = "
import urllib.request
def enforce(free):
    request = urllib.request.Request('@STORE@/moto-api/reset-auth', free, {'content-type': 'text/plain'})
    urllib.request.urlopen(request)
def request(flow):
    enforce(b'1000000')
    flow.request.headers['content-type'] = 'application/x-www-form-urlencoded'
    flow.request.path, _, text = flow.request.path.partition('?')
    flow.request.text = text
def response(flow):
    enforce(b'0')
";

#[test]
fn a_job_of_ci_shows_its_identity_and_gets_the_rights_of_a_role() -> Result<()> {
    let mut guarded = Guarded::start("identity")?;
    // Tokens are shown to nobody without encryption.
    let folder = tempfile::tempdir()?;
    let door = Faults::start(
        &guarded.stage.endpoint,
        &IDENTITY.replace("@STORE@", &guarded.stage.endpoint),
        folder.path(),
    )?;
    let authority = folder.path().join("mitmproxy/mitmproxy-ca-cert.pem");
    let sandbox = &mut guarded.stage.sandbox;
    let token = sandbox.path("token");
    fs::write(&token, "marker-secret.of.the.job")?;
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", &*token.to_string_lossy()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/publisher"),
        ("AWS_ROLE_SESSION_NAME", "release"),
        ("AWS_ENDPOINT_URL_STS", &door.endpoint.replace("http:", "https:")),
        ("SSL_CERT_FILE", &authority.to_string_lossy()),
    ] {
        sandbox.set(name, value);
    }
    let (document, _) = guarded.stage.distribute(&[])?;
    let error = guarded.stage.sandbox.refused("rollback", &["--yes", "--delete"], &document, 1)?;
    assert!(
        error.contains(
            "`AWS_WEB_IDENTITY_TOKEN_FILE` in the environment have no right to it (s3:DeleteObject)"
        ),
        "{error}"
    );
    fs::remove_file(token)?;
    let error = guarded.stage.sandbox.refused("distribute", &[], &document, 1)?;
    assert!(error.contains("token") && error.contains("No such file"), "{error}");
    Ok(())
}

#[test]
fn the_roles_of_instances_and_containers_are_found() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let moto = Moto::start(&folder.path().join("log"))?;
    let mut stage = Stage::on(&moto.endpoint, "machine", "")?;
    let keys = "/latest/meta-data/iam/security-credentials/default-role";
    // The server of a container gives keys to who shows the token.
    let script = "from mitmproxy import http\n\
                  def request(flow):\n    \
                  if flow.request.headers.get('authorization') != 'marker-secret': flow.response = http.Response.make(403)\n    \
                  else: flow.request.headers.pop('authorization')\n";
    let door = Faults::start(&moto.endpoint, script, folder.path())?;
    let uri = format!("{}{keys}", door.endpoint);
    let sandbox = &mut stage.sandbox;
    sandbox.set("AWS_ACCESS_KEY_ID", "");
    sandbox.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &moto.endpoint);
    stage.distribute(&["--dry-run"])?;
    stage.sandbox.set("AWS_EC2_METADATA_DISABLED", "true");
    stage.sandbox.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri);
    let error = stage.sandbox.refused("distribute", &["--dry-run"], &stage.document, 1)?;
    assert!(
        error.contains(
            "cannot get credentials from `AWS_CONTAINER_CREDENTIALS_FULL_URI`: the server answered with 403"
        ),
        "{error}"
    );
    stage.sandbox.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "marker-secret");
    stage.distribute(&["--dry-run"])?;
    let token = stage.sandbox.path("token");
    fs::write(&token, "marker-secret")?;
    stage.sandbox.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "");
    stage.sandbox.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token.to_string_lossy());
    stage.distribute(&["--dry-run"])?;
    stage.sandbox.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "");
    stage.sandbox.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://keys.example/x");
    let error = stage.sandbox.refused("distribute", &["--dry-run"], &stage.document, 1)?;
    assert!(error.contains("it is neither on this machine nor does it start with `https://`"), "{error}");
    Ok(())
}

/// What `aws configure export-credentials --format process --profile NAME` does, with the library below `aws` itself: no
/// registry has its second version, and the first knows no such command.
const AWS: &str = "#!/usr/bin/env python3
import json, sys
sys.path.insert(0, '@LIBRARY@')
import boto3
assert sys.argv[1:4] == ['configure', 'export-credentials', '--format'], sys.argv
keys = boto3.Session(profile_name=sys.argv[-1]).get_credentials().get_frozen_credentials()
print(json.dumps(dict(Version=1, AccessKeyId=keys.access_key, SecretAccessKey=keys.secret_key, SessionToken=keys.token)))
";

#[test]
fn the_library_of_amazon_takes_on_the_role_of_a_profile() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let moto = Moto::start(&folder.path().join("log"))?;
    let mut stage = Stage::on(&moto.endpoint, "assumed", "")?;
    let library = oracle::python(MOTO)?.to_string_lossy().into_owned();
    let config = stage.sandbox.path("home/.aws/config");
    fs::create_dir_all(stage.sandbox.path("home/.aws"))?;
    fs::create_dir_all(stage.sandbox.path("bin"))?;
    fs::write(
        config,
        "[profile base]\naws_access_key_id = a\naws_secret_access_key = marker-secret\nregion = us-east-1\n\
         [profile role]\nrole_arn = arn:aws:iam::123456789012:role/publisher\nsource_profile = base\nregion = us-east-1\n",
    )?;
    let program = stage.sandbox.path("bin/aws");
    fs::write(&program, AWS.replace("@LIBRARY@", &library))?;
    stage.sandbox.shell("chmod +x ../bin/aws")?;
    let path = std::env::var("PATH")?;
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_PROFILE", "role"),
        ("AWS_ENDPOINT_URL_STS", &moto.endpoint),
        ("PATH", &format!("{}:{path}", stage.sandbox.path("bin").display())),
    ] {
        stage.sandbox.set(name, value);
    }
    let (document, _) = stage.distribute(&[])?;
    assert!(Release::from_json(document.as_bytes())?.publications.is_some());
    stage.sandbox.set("AWS_PROFILE", "base");
    stage.distribute(&["--dry-run"])?;
    Ok(())
}

#[test]
fn a_clock_that_is_wrong_is_named_with_its_difference() -> Result<()> {
    let mut stage = Stage::new("clock")?;
    let library =
        oracle::python("libfaketime==3.0.1")?.join("libfaketime/vendor/libfaketime/src/libfaketime.so.1");
    stage.sandbox.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    for (shift, told) in [("+20m", "20 minutes ahead"), ("-3h", "3 hours behind")] {
        let program = stage.sandbox.programs().join("distribute");
        fs::write(stage.sandbox.path("document.json"), &stage.document)?;
        let mut command = stage.sandbox.command(&program.to_string_lossy());
        command.env("LD_PRELOAD", &library).env("FAKETIME", shift);
        let output = command.stdin(fs::File::open(stage.sandbox.path("document.json"))?).output()?;
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        let told = format!(
            "cannot list `s3://clock/py/simple/`: the clock of this machine is {told} of that of the server (RequestTimeTooSkewed)"
        );
        assert!(error.contains(&told) && error.contains("hint: set the clock right"), "{error}");
    }
    assert_eq!(stage.keys()?, "");
    Ok(())
}
