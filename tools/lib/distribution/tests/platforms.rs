//! Machine code asks for no more than the platform tags of its wheel promise.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use std::path::Path;
use std::process::Command;

use support::{WHEEL_FILE, WheelPlan, assert_among, assert_only};

const MACHINE: &str = std::env::consts::ARCH;

/// Compiles a shared library, as the linker does that made this test.
fn compile(code: &str, name: &str, options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    compile_in(folder.path(), code, name, options)
}

fn compile_in(folder: &Path, code: &str, name: &str, options: &[&str]) -> Vec<u8> {
    std::fs::write(folder.join("code.c"), code).unwrap();
    let soname = format!("-Wl,-soname,{name}");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-nostartfiles", &soname, "-o", name, "code.c"]).args(options);
    let output = compiler.current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(folder.join(name)).unwrap()
}

/// What is found in a wheel of that platform with these files.
fn found(platform: &str, files: &[(&str, &[u8])]) -> Vec<String> {
    let tag = format!("cp312-cp312-{platform}");
    let about = WHEEL_FILE.replace("py3-none-any", &tag).replace("true", "false");
    let plan = WheelPlan::sound().set("da_vinci-0.5.0.dist-info/WHEEL", about);
    let mut plan = plan.named(&format!("da_vinci-0.5.0-{tag}.whl"));
    for (name, bytes) in files {
        plan.members.insert(0, ((*name).to_owned(), bytes.to_vec()));
    }
    plan.problems()
}

/// A library that takes random bytes from the C library, which has them since glibc 2.25.
fn random() -> Vec<u8> {
    let code = "long getrandom(void *, unsigned long, unsigned); long draw(void *to) { return getrandom(to, 1, 0); }";
    compile(code, "draw.so", &[])
}

#[test]
fn the_c_library_is_no_newer_than_the_tag() {
    let code = random();
    let files: &[(&str, &[u8])] = &[("da_vinci/draw.so", &code)];
    assert_eq!(found(&format!("manylinux_2_28_{MACHINE}"), files), [""; 0]);
    assert_only(&found(&format!("linux_{MACHINE}"), files), "W022: ");
    for tag in ["manylinux_2_17", "manylinux2014"] {
        let platform = format!("{tag}_{MACHINE}");
        let words = format!(
            "W023: `da_vinci/draw.so` needs GLIBC_2.25 of `libc.so.6`, and `{platform}` does not promise that"
        );
        assert_only(&found(&platform, files), &words);
    }
    assert_among(
        &found(&format!("musllinux_1_2_{MACHINE}"), files),
        "W023: `da_vinci/draw.so` needs glibc, and `musllinux",
    );
}

#[test]
fn the_lowest_of_several_tags_is_kept() {
    let code = random();
    let low = format!("manylinux_2_17_{MACHINE}");
    let found = found(&format!("{low}.manylinux_2_28_{MACHINE}"), &[("da_vinci/draw.so", &code)]);
    assert!(found.iter().any(|problem| problem.contains(&format!("and `{low}` does not"))), "{found:?}");
}

#[test]
fn an_extension_module_is_for_the_machine_of_the_tag() {
    let other = if MACHINE == "aarch64" { "x86_64" } else { "aarch64" };
    let code = random();
    let platform = format!("manylinux_2_28_{other}");
    let name = format!("da_vinci/draw.cpython-312-{MACHINE}-linux-gnu.so");
    let words = format!("W023: `{name}` is code for another machine than `{platform}` promises");
    assert_only(&found(&platform, &[(&name, &code)]), &words);
    // Programs for several machines ship as data, and choose when they run.
    assert_eq!(found(&platform, &[("da_vinci/tools/draw.so", &code)]), [""; 0]);
}

#[test]
fn a_library_is_in_the_wheel_or_on_every_system() {
    let folder = tempfile::tempdir().unwrap();
    let stranger = compile_in(folder.path(), "int brush(void) { return 7; }", "libbrush.so.1", &[]);
    let code = "int brush(void); int paint(void) { return brush(); }";
    let paint = compile_in(folder.path(), code, "paint.so", &["./libbrush.so.1"]);
    let platform = format!("manylinux_2_28_{MACHINE}");
    let words = format!(
        "W056: `libbrush.so.1`, which `da_vinci/paint.so` needs, is neither in the wheel nor part of `{platform}`"
    );
    assert_only(&found(&platform, &[("da_vinci/paint.so", &paint)]), &words);
    let both: &[(&str, &[u8])] = &[("da_vinci/paint.so", &paint), ("da_vinci.libs/libbrush.so.1", &stranger)];
    assert_eq!(found(&platform, both), [""; 0]);
}

#[test]
fn what_stands_behind_megabytes_of_data_is_found_too() {
    let code = "long getrandom(void *, unsigned long, unsigned); char canvas[3 << 20] = {1};
                long draw(void) { return getrandom(canvas, 1, 0); }";
    let code = compile(code, "draw.so", &[]);
    assert!(code.len() > 3 << 20);
    let found = found(&format!("manylinux_2_17_{MACHINE}"), &[("da_vinci/draw.so", &code)]);
    assert_only(&found, "W023: `da_vinci/draw.so` needs GLIBC_2.25");
}
