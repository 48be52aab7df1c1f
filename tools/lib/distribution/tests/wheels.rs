//! What stands in a wheel agrees with its name, its metadata and its RECORD, or is named.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use distribution::FileName;
use distribution::wheel::Wheel;
use support::{METADATA, RECORD, WHEEL_FILE, WheelPlan, assert_among, assert_only, problems, swap, write};

const METADATA_NAME: &str = "da_vinci-0.5.0.dist-info/METADATA";
const WHEEL_NAME: &str = "da_vinci-0.5.0.dist-info/WHEEL";

fn with_record(change: fn(String) -> String) -> Vec<String> {
    WheelPlan::sound().record(change).problems()
}

#[test]
fn a_sound_wheel_has_no_problem() {
    let plan = WheelPlan::sound()
        .set("da_vinci/data/", "")
        .set("da_vinci/a, \"b\".txt", "x")
        .record(|text| text.replace("da_vinci/a, \"b\".txt", "\"da_vinci/a, \"\"b\"\".txt\""));
    assert_eq!(plan.problems(), [""; 0]);
    assert_eq!(problems(&plan.write().path), [""; 0]);
}

#[test]
fn an_open_wheel_shows_its_members_and_metadata() {
    let file = WheelPlan::sound().write();
    let mut wheel = Wheel::open(&file.path).unwrap();
    assert_eq!(wheel.entries().len(), 5);
    assert_eq!((wheel.entries()[1].name.as_str(), wheel.entries()[1].size), ("da_vinci/core.py", 15));
    assert!(wheel.contains(RECORD) && !wheel.contains("da_vinci/Dockerfile"));
    assert_eq!(wheel.metadata_bytes().unwrap(), METADATA.as_bytes());
    assert_eq!(wheel.metadata().unwrap().requires_python.as_deref(), Some(">=3.9"));
    let file = wheel.wheel_file().unwrap();
    assert!(file.root_is_purelib && file.build.is_none());
    assert_eq!((file.wheel_version.as_str(), file.tags[0].to_string().as_str()), ("1.0", "py3-none-any"));
}

#[test]
fn a_wheel_opens_under_another_name() {
    let file = write("upload.tmp", &WheelPlan::sound().bytes());
    let name = FileName::parse(support::WHEEL).unwrap();
    assert!(Wheel::open_as(&file.path, name).unwrap().metadata().is_ok());
    assert!(Wheel::open(&file.path).is_err());
}

#[test]
fn members_are_unpacked_to_where_they_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let plan = WheelPlan::sound().set("da_vinci/data.bin", "x");
    let mut wheel = Wheel::open(&plan.write().path).unwrap();
    let wanted = |name: &str| name.ends_with(".py").then(|| format!("inner/{name}"));
    wheel.unpack(folder.path(), wanted).unwrap();
    let read = |path: &str| std::fs::read_to_string(folder.path().join(path));
    assert_eq!(read("inner/da_vinci/core.py").unwrap(), "print('paint')\n");
    assert!(read("inner/da_vinci/data.bin").is_err(), "nobody wants it");
    assert_eq!(wheel.dist_info_member("WHEEL").unwrap().unwrap(), WHEEL_FILE.as_bytes());
    assert_eq!(wheel.dist_info_member("entry_points.txt").unwrap(), None);
    let error = wheel.unpack(folder.path(), |name| Some(format!("../{name}"))).unwrap_err().to_string();
    assert!(error.contains(": `da_vinci/__init__.py` has `..` in its path"), "{error}");
}

#[test]
fn unsafe_names_are_refused() {
    for (name, words) in [
        ("/etc/passwd", "W013: `/etc/passwd` has an absolute path"),
        ("da_vinci/../../x", "`..` in its path"),
        ("da_vinci\\x.py", "backslash"),
        ("C:/x.py", "drive letter"),
        ("da_vinci/\u{202e}yp.x", "W013: `da_vinci/\\u{202e}yp.x` has a sign in its name that nobody sees"),
        ("da_vinci/a\u{7}b", "W009: `da_vinci/a\\u{7}b` has a control character"),
    ] {
        // The ZIP writer mends such names, so the test puts them in afterwards.
        let stand_in = "x".repeat(name.len());
        let mut bytes = WheelPlan::sound().set(&stand_in, "x").bytes();
        assert!(swap(&mut bytes, stand_in.as_bytes(), name.as_bytes()) >= 2);
        assert_among(&problems(&write(support::WHEEL, &bytes).path), words);
    }
}

#[test]
fn names_that_differ_by_case_alone_are_refused() {
    let found = WheelPlan::sound().set("da_vinci/Core.py", "x").problems();
    assert_only(&found, "W013: `da_vinci/core.py` and `da_vinci/Core.py` differ by case alone");
}

#[test]
fn the_file_name_is_normalised() {
    let found = WheelPlan::sound().named("Da_Vinci-0.5.0-py3-none-any.whl").problems();
    assert_among(
        &found,
        "W015: the file's name starts with `Da_Vinci-0.5.0`, and the normalised form is `da_vinci-0.5.0`",
    );
}

#[test]
fn the_dist_info_folder_is_the_one_of_the_name() {
    let found = WheelPlan::sound().named("da_vinci-0.6.0-py3-none-any.whl").problems();
    assert_among(
        &found,
        "W016: the folder `da_vinci-0.6.0.dist-info` that the file's name asks for is missing",
    );
    assert_among(&found, "`da_vinci-0.5.0.dist-info` is a second `.dist-info` folder");
    assert_among(
        &WheelPlan::sound().set("other-1.dist-info/METADATA", "").problems(),
        "`other-1.dist-info` is a second",
    );
}

#[test]
fn each_file_of_the_dist_info_folder_is_needed() {
    for name in [METADATA_NAME, WHEEL_NAME] {
        assert_only(&WheelPlan::sound().without(name).problems(), &format!("W016: `{name}` is missing"));
    }
    let mut plan = WheelPlan::sound();
    plan.record = None;
    assert_only(&plan.problems(), &format!("W016: `{RECORD}` is missing"));
}

#[test]
fn what_an_installer_writes_is_refused() {
    for name in ["INSTALLER", "REQUESTED", "RECORD.jws", "RECORD.p7s"] {
        let member = format!("da_vinci-0.5.0.dist-info/{name}");
        let found = WheelPlan::sound().set(&member, "x").problems();
        assert_among(&found, &format!("W019: `{member}` "));
    }
}

#[test]
fn metadata_agree_with_the_file_name() {
    let with = |text: String| WheelPlan::sound().set(METADATA_NAME, text).problems();
    assert_only(
        &with(METADATA.replace("Da-Vinci", "leonardo")),
        "W015: `da_vinci-0.5.0.dist-info/METADATA` names the package `leonardo`, and the file's name `da-vinci`",
    );
    assert_only(
        &with(METADATA.replace("0.5.0", "0.5.1")),
        "has the version 0.5.1, and the file's name 0.5.0",
    );
    assert_only(
        &with(METADATA.replace("2.4", "3.0")),
        "M035: `da_vinci-0.5.0.dist-info/METADATA` has `Metadata-Version` 3.0",
    );
    assert_only(&with("nonsense\n".to_owned()), "line 1, `nonsense`, is not of the form");
}

#[test]
fn the_wheel_file_agrees_with_the_file_name() {
    let with = |text: String| WheelPlan::sound().set(WHEEL_NAME, text).problems();
    assert_only(
        &with(WHEEL_FILE.replace("py3", "py2")),
        "W020: `da_vinci-0.5.0.dist-info/WHEEL` has the tags `py2-none-any`, and the file's name `py3-none-any`",
    );
    assert_only(&with(WHEEL_FILE.replace("1.0", "2.0")), "has `Wheel-Version` 2.0, and installers know 1.x");
    assert_only(&with(format!("{WHEEL_FILE}Build: 3\n")), "has `3`, and the file's name no build number");
    assert_only(&with(WHEEL_FILE.replace("Tag: py3-none-any\n", "")), "it has no `Tag`");
    assert_only(
        &with(WHEEL_FILE.replace("true", "maybe")),
        "`Root-Is-Purelib` is `maybe`, neither true nor false",
    );
}

#[test]
fn a_pure_wheel_holds_no_machine_code() {
    let found = WheelPlan::sound().set("da_vinci/fast.so", "x").problems();
    assert_only(&found, "W021: `da_vinci/fast.so` is machine code, and `WHEEL` says `Root-Is-Purelib: true`");
    let tag = "cp312-cp312-win_amd64";
    let plan = WheelPlan::sound().set(WHEEL_NAME, WHEEL_FILE.replace("py3-none-any", tag));
    assert_only(
        &plan.named(&format!("da_vinci-0.5.0-{tag}.whl")).problems(),
        "and the file's name has the tags",
    );
}

#[test]
fn record_lists_every_file_exactly_once() {
    assert_only(
        &with_record(|text| text.lines().skip(1).map(|line| format!("{line}\n")).collect()),
        "W017: `da_vinci/__init__.py` is in the wheel, and not listed in RECORD",
    );
    assert_only(
        &with_record(|text| text + "ghost.py,sha256=x,1\n"),
        "W017: `ghost.py` is listed in RECORD, and not in the wheel",
    );
    assert_only(
        &with_record(|text| format!("{}\n{text}", text.lines().next().unwrap())),
        "`da_vinci/__init__.py` is listed in RECORD twice",
    );
    assert_only(
        &with_record(|text| text.replace(&format!("{RECORD},,\n"), "")),
        "RECORD` is in the wheel, and not listed",
    );
}

#[test]
fn record_has_the_right_digests_and_sizes() {
    let empty = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    assert!(WheelPlan::sound().bytes().len() > empty.len());
    assert_only(&with_record(|text| text.replace("sha256=47DE", "sha256=48DE")), "RECORD says sha256=48DE");
    assert_only(
        &with_record(|text| text.replace("Uw,0", "Uw,7").replace("FU,0", "FU,7")),
        "W018: `da_vinci/__init__.py`: RECORD has the size 7, and the file has 0 bytes",
    );
    assert_only(
        &with_record(|text| text.replace("FU,0", "FU,")),
        "has no size in RECORD, and the file has 0 bytes",
    );
    assert_only(&with_record(|text| text.replace("sha256=47DE", "md5=47DE")), "the hash in RECORD is md5");
    assert_only(
        &with_record(|text| text.replacen("sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "", 1)),
        "has no hash in RECORD",
    );
    assert_only(&with_record(|text| text.replace("RECORD,,", "RECORD,sha256=x,")), "and cannot have one");
    assert_only(&with_record(|text| text + "one,two\n"), "line 6 has 2 fields");
}

#[test]
fn record_may_use_a_longer_digest() {
    let found = WheelPlan::sound().record(|text| {
        let empty = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg_SpIdNs6c5H0NE8XYXysP-DGNKHfuwvY7kxvUdBeoGlODJ6-SfaPg";
        text.replace("sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", &format!("sha512={empty}"))
    });
    assert_eq!(found.problems(), [""; 0]);
}

#[test]
fn every_problem_is_listed_at_once() {
    let found = WheelPlan::sound()
        .set(METADATA_NAME, METADATA.replace("0.5.0", "0.5.1"))
        .set(WHEEL_NAME, WHEEL_FILE.replace("py3", "py2"))
        .set("da_vinci/Core.py", "x")
        .record(|text| text + "ghost.py,,\n")
        .problems();
    assert_eq!(found.len(), 4, "{found:#?}");
}

#[test]
fn entry_points_can_be_read() {
    let with =
        |text: &[u8]| WheelPlan::sound().set("da_vinci-0.5.0.dist-info/entry_points.txt", text).problems();
    let sound =
        "# all\n[console_scripts]\r\npaint = da_vinci:paint\nü-1.x=a\n\n[a.b]\nany name = a:b\n  [x]\n";
    assert_eq!(with(sound.as_bytes()), [""; 0]);
    let start = "W024: `da_vinci-0.5.0.dist-info/entry_points.txt`";
    assert_only(&with(b"[a]\n\xff"), &format!("{start} is not UTF-8"));
    assert_only(&with(b"a = b\n"), &format!("{start}: line 1, `a = b`, stands before the first group"));
    assert_only(&with(b"[a]\noops\n"), &format!("{start}: line 2, `oops`, is not of the form"));
    assert_only(&with(b"[a]\nb = c\nb = d\n"), "line 3, `b = d`, is there twice");
    assert_only(&with(b"[a]\n[b]\n[a]\n"), "line 3, `[a]`, is there twice");
    assert_only(&with(b"[gui_scripts]\n../x = a:b\n"), "names a script with other characters");
}

#[test]
fn members_that_a_wheel_seldom_means_to_have_are_named() {
    let with = |name: &str| WheelPlan::sound().set(name, "x").problems();
    assert_only(&with("da_vinci/__pycache__/core.cpython-312.pyc"), "W027: `da_vinci/__pycache__/core");
    assert_only(&with("tests/test_core.py"), "W030: `tests` is installed as a top folder");
    assert_eq!(with("da_vinci/tests/test_core.py"), [""; 0]);
    assert_only(&with("start.pth"), "W033: `start.pth` is read whenever Python starts");
    assert_only(&with("da_vinci-0.5.0.data/purelib/start.pth"), "start.pth` is read whenever Python starts");
    assert_eq!(with("da_vinci/weights.pth"), [""; 0]);
    assert_only(&with("da_vinci/.env"), "W033: `da_vinci/.env` has a name under which secrets are kept");
}

#[test]
fn copies_that_weigh_something_are_named() {
    let with = |one: &str, other: &str, bytes: &[u8]| {
        WheelPlan::sound().set(one, bytes).set(other, bytes).problems()
    };
    assert_only(
        &with("da_vinci/a.bin", "da_vinci/b.bin", &[7; 2000]),
        "W028: 1 file is a copy of others, 2000 bytes in all; the largest are `da_vinci/a.bin` and `da_vinci/b.bin`",
    );
    assert_eq!(with("da_vinci/a.bin", "da_vinci/b.bin", &[7; 1000]), [""; 0]);
    assert_eq!(with("da_vinci/a/__init__.py", "da_vinci/b/__init__.py", &[b'#'; 2000]), [""; 0]);
    assert_eq!(with("da_vinci/LICENSE", "da_vinci-0.5.0.dist-info/licenses/LICENSE", &[b'#'; 2000]), [""; 0]);
}

#[test]
fn the_dist_info_folder_comes_last() {
    let mut plan = WheelPlan::sound();
    let core = plan.members.remove(1);
    plan.members.push(core);
    assert_only(
        &plan.problems(),
        "W014: `da_vinci/core.py` stands behind files of `da_vinci-0.5.0.dist-info`, which should be the last ones",
    );
}
