//! Platform tags (PEP 425): which of them PyPI takes.

/// Those that are taken as they stand.
const FIXED: [&str; 18] = [
    "any",
    "win32",
    "win_amd64",
    "win_arm64",
    "win_ia64",
    "manylinux1_x86_64",
    "manylinux1_i686",
    "manylinux2010_x86_64",
    "manylinux2010_i686",
    "manylinux2014_x86_64",
    "manylinux2014_i686",
    "manylinux2014_aarch64",
    "manylinux2014_armv7l",
    "manylinux2014_ppc64",
    "manylinux2014_ppc64le",
    "manylinux2014_s390x",
    "linux_armv6l",
    "linux_armv7l",
];
const LINUX: [&str; 7] = ["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"];
const MACOS: [&str; 11] =
    ["ppc", "ppc64", "i386", "x86_64", "arm64", "intel", "fat", "fat3", "fat64", "universal", "universal2"];
/// The versions of macOS since it counts the first number; the second is 0 in a tag.
const MACOS_MAJORS: [u32; 6] = [11, 12, 13, 14, 15, 26];
const ANDROID: [&str; 4] = ["armeabi_v7a", "arm64_v8a", "x86", "x86_64"];

/// Says whether PyPI takes a wheel for that platform: manylinux (PEP 600), musllinux (PEP 656), Windows, macOS,
/// iOS (PEP 730), Android (PEP 738) and Emscripten (PEP 783), each for the machines that it knows.
pub(crate) fn is_on_pypi(platform: &str) -> bool {
    if FIXED.contains(&platform) {
        return true;
    }
    let Some((family, rest)) = platform.split_once('_') else { return false };
    let numbers = |rest: &'_ str| -> Option<(u32, u32, String)> {
        let mut parts = rest.splitn(3, '_');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.to_owned()))
    };
    let machine =
        |known: &[&str]| numbers(rest).is_some_and(|(_, _, machine)| known.contains(&machine.as_str()));
    match family {
        "manylinux" => machine(&LINUX) || machine(&["ppc64"]),
        "musllinux" => machine(&LINUX),
        "macosx" => numbers(rest).is_some_and(|(major, minor, machine)| {
            (major == 10 || (MACOS_MAJORS.contains(&major) && minor == 0))
                && MACOS.contains(&machine.as_str())
        }),
        "ios" => ["arm64", "x86_64"].iter().any(|machine| {
            let kinds = ["iphoneos", "iphonesimulator"].map(|kind| format!("{machine}_{kind}"));
            numbers(rest).is_some_and(|(_, _, rest)| kinds.contains(&rest))
        }),
        "android" => {
            let parts = rest.split_once('_');
            parts.is_some_and(|(level, machine)| level.parse::<u32>().is_ok() && ANDROID.contains(&machine))
        }
        "pyemscripten" => machine(&["wasm32"]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_which_platforms_pypi_takes() {
        for good in [
            "any",
            "win_arm64",
            "manylinux2014_x86_64",
            "manylinux_2_28_aarch64",
            "manylinux_2_17_ppc64",
            "musllinux_1_2_riscv64",
            "macosx_10_15_universal2",
            "macosx_26_0_arm64",
            "ios_13_0_arm64_iphonesimulator",
            "android_21_arm64_v8a",
            "pyemscripten_2026_0_wasm32",
            "linux_armv7l",
        ] {
            assert!(is_on_pypi(good), "{good}");
        }
        for bad in [
            "linux_x86_64",
            "manylinux_2_28_sparc",
            "manylinux_2_x86_64",
            "manylinux_x86_64",
            "musllinux_1_2_ppc64",
            "macosx_11_1_arm64",
            "macosx_27_0_arm64",
            "ios_13_0_arm64",
            "android_arm64_v8a",
            "win_x86",
            "freebsd_14_0_amd64",
        ] {
            assert!(!is_on_pypi(bad), "{bad}");
        }
    }
}
