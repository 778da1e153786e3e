//! Builds the agent's program for every Linux architecture that the toolchain can build for, and packs each one as the
//! single layer of its image. The compiler is called directly: a second cargo would wait for this one's lock.

use std::env;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// What engines call an architecture, and what the compiler calls it.
const ARCHITECTURES: [(&str, &str); 2] = [("amd64", "x86_64"), ("arm64", "aarch64")];

/// The program's name in its image; the first 15 letters are the process's name.
const NAME: &str = "credrun-agent";

fn main() {
    for source in ["program", "frame.rs", "wiped.rs"] {
        println!("cargo::rerun-if-changed=src/agent/{source}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let (mut built, mut missing) = (String::new(), String::new());
    for (architecture, cpu) in ARCHITECTURES {
        match build(cpu, &out) {
            Ok(program) => {
                let layer = layer(&program);
                let path = out.join(format!("{NAME}-{architecture}.tar.gz"));
                std::fs::write(&path, packed(&layer)).expect("OUT_DIR can be written to");
                let digest: String =
                    Sha256::digest(&layer).iter().map(|byte| format!("{byte:02x}")).collect();
                let path = path.display().to_string();
                writeln!(
                    built,
                    "AgentProgram {{ architecture: {architecture:?}, layer: include_bytes!({path:?}), \
                     diff_id: \"sha256:{digest}\" }},"
                )
                .expect("a string takes all");
            }
            Err(why) => writeln!(missing, "({architecture:?}, {why:?}),").expect("a string takes all"),
        }
    }
    if built.is_empty() {
        println!("cargo::warning=no agent could be built: this credrun will have no `--refresh`");
    }
    let source = format!(
        "#[allow(clippy::unreadable_literal, reason = \"generated\")]\n\
         pub(super) const PROGRAMS: &[AgentProgram] = &[{built}];\n\
         pub(super) const MISSING: &[(&str, &str)] = &[{missing}];\n"
    );
    std::fs::write(out.join("agent_programs.rs"), source).expect("OUT_DIR can be written to");
}

/// The ways to link a static program for a processor: a target, and a linker where it is not the compiler's own choice.
fn ways(cpu: &str) -> [(String, Option<String>); 5] {
    let (musl, gnu) = (format!("{cpu}-unknown-linux-musl"), format!("{cpu}-unknown-linux-gnu"));
    [
        (musl.clone(), None),
        // The linker that comes with the compiler links for any processor, and musl's parts come with its target.
        (musl.clone(), Some("rust-lld".to_owned())),
        (musl, Some(format!("{cpu}-linux-gnu-gcc"))),
        (gnu.clone(), None),
        (gnu, Some(format!("{cpu}-linux-gnu-gcc"))),
    ]
}

/// The program for this processor, or why there is none.
fn build(cpu: &str, out: &Path) -> Result<Vec<u8>, String> {
    let mut why = String::new();
    for (target, linker) in ways(cpu) {
        let path = out.join(format!("{NAME}-{cpu}"));
        if !has_library(&target) {
            why = format!("the Rust toolchain has no target for {cpu} Linux");
            continue;
        }
        match compile(&target, linker.as_deref(), &path) {
            Ok(()) => return std::fs::read(&path).map_err(|error| error.to_string()),
            Err(error) => why = error,
        }
    }
    Err(why)
}

fn rustc() -> Command {
    Command::new(env::var_os("RUSTC").expect("cargo sets RUSTC"))
}

/// Whether the toolchain has the standard library for a target.
fn has_library(target: &str) -> bool {
    let printed = rustc().args(["--print", "target-libdir", "--target", target]).output();
    let Ok(printed) = printed else { return false };
    let folder = String::from_utf8_lossy(&printed.stdout).trim().to_owned();
    let Ok(files) = std::fs::read_dir(folder) else { return false };
    files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

fn compile(target: &str, linker: Option<&str>, path: &Path) -> Result<(), String> {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let mut command = rustc();
    command
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "bin",
            "--crate-name",
            "credrun_agent",
            "--target",
            target,
        ])
        .args(["-F", "unsafe_code", "--cap-lints", "warn"])
        .args(["-C", "opt-level=s", "-C", "lto=fat", "-C", "codegen-units=1", "-C", "panic=abort"])
        .args(["-C", "strip=symbols", "-C", "target-feature=+crt-static"])
        // The same bytes, wherever it is built.
        .arg(format!("--remap-path-prefix={folder}=."))
        .arg("-o")
        .arg(path)
        .arg(Path::new(&folder).join("src/agent/program/main.rs"));
    if let Some(linker) = linker {
        command.args(["-C", &format!("linker={linker}")]);
    }
    let output = command.output().map_err(|error| format!("the compiler cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let error = said.lines().find(|line| line.starts_with("error")).unwrap_or("the compiler failed");
    Err(format!("for {target}: {error}"))
}

/// Engines take a layer as it is or packed (RFC 1952), and know it by the digest of what is in it.
fn packed(layer: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(layer).and_then(|()| encoder.finish()).expect("a vector takes all")
}

/// A tar archive with the program alone, the same for the same program.
///
/// It may be run and not read, also by its own user: Linux then lets no process of that user look into its memory, and
/// makes no dump of it (proc(5), `dumpable`).
fn layer(program: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_size(program.len() as u64);
    header.set_mode(0o111);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, NAME, program).expect("a vector takes all");
    archive.into_inner().expect("a vector takes all")
}
