// SPDX-License-Identifier: BSD-3-Clause
//! Where the libraries are: in the folders of MCRING_LIB_DIR (separated by colons), else where
//! pkg-config says.
use std::path::Path;
use std::process::Command;
use std::{env, fs};

const LIBRARIES: [&str; 2] = ["mcring-client", "mcring-feed"];

/// The folders that pkg-config has for the libraries.
fn pkg_config() -> String {
    let program = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    let output = Command::new(&program)
        .args(["--libs-only-L", "--keep-system-libs"])
        .args(LIBRARIES.map(|library| format!("lib{library}")))
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}. Install it, or set MCRING_LIB_DIR"));
    let (out, err) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success(),
        "{err}\nInstall libmcring-client-dev, or set MCRING_LIB_DIR"
    );
    let words = String::from_utf8_lossy(out);
    let folders: Vec<_> = words
        .split_whitespace()
        .filter_map(|w| w.strip_prefix("-L"))
        .collect();
    folders.join(":")
}

/// The ABI of src/abi.rs, which is the number in the SONAMEs.
fn abi() -> String {
    let text = fs::read_to_string("src/abi.rs").expect("src/abi.rs");
    let from = text
        .split("MCRING_ABI: u32 = ")
        .nth(1)
        .expect("MCRING_ABI in src/abi.rs");
    from.split(';').next().unwrap_or_default().to_owned()
}

fn main() {
    for name in ["MCRING_LIB_DIR", "PKG_CONFIG", "PKG_CONFIG_PATH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    println!("cargo:rerun-if-changed=src/abi.rs");
    println!("cargo:rerun-if-changed=build.rs");
    let folders = env::var("MCRING_LIB_DIR").unwrap_or_else(|_| pkg_config());
    let abi = abi();
    for library in LIBRARIES {
        let name = format!("lib{library}.so.{abi}");
        assert!(
            folders
                .split(':')
                .any(|folder| Path::new(folder).join(&name).exists()),
            "no {name} in {folders}: this crate is for ABI {abi} of mcring"
        );
        println!("cargo:rustc-link-lib={library}");
    }
    for folder in folders.split(':') {
        println!("cargo:rustc-link-search=native={folder}");
    }
    println!("cargo:lib_dir={folders}"); // DEP_MCRING_LIB_DIR of the crates above, for an rpath
}
