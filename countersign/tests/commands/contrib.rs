//! What stands in `contrib` against what it is for: the board's figures against those that are shown, the unit against systemd.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::admin::figures;
use crate::room::Room;

fn contrib(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../contrib")
        .join(file)
}

/// The names of figures in an expression.
fn named(expression: &str) -> impl Iterator<Item = &str> {
    expression
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("countersign_"))
}

#[test]
fn every_figure_of_the_board_is_shown() {
    let board = std::fs::read_to_string(contrib("grafana/countersign.json")).unwrap();
    let board: Value = serde_json::from_str(&board).unwrap();
    let page = figures(&Room::new());
    let shown: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let mut count = 0;
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            for name in named(target["expr"].as_str().unwrap()) {
                let family = name.strip_suffix("_bucket").unwrap_or(name);
                assert!(shown.contains(&family), "`{name}` is none of {shown:#?}");
                count += 1;
            }
        }
    }
    assert!(count >= 13, "{count}");
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit_and_takes_it_for_shut_in() {
    let unit = std::fs::read_to_string(contrib("systemd/countersign.service")).unwrap();
    let room = Room::new();
    // The binary under test stands for the one that a package would install.
    let installed = unit.replace("/usr/bin/countersign", env!("CARGO_BIN_EXE_countersign"));
    room.write("countersign.service", installed);
    let analyze = |arguments: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        command.args(arguments).current_dir(room.path(""));
        command.output()
    };
    let socket = std::fs::read_to_string(contrib("systemd/countersign.socket")).unwrap();
    room.write("countersign.socket", socket);
    let units = [
        "verify",
        "--man=no",
        "./countersign.socket",
        "./countersign.service",
    ];
    let Ok(verified) = analyze(&units) else {
        println!("skipped: there is no `systemd-analyze`");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let of_ours: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("countersign"))
        .collect();
    assert!(verified.status.success() && of_ours.is_empty(), "{said}");
    // The exposure is counted in tenths: up to 2.0 is what systemd calls "OK".
    let secure = [
        "security",
        "--offline=true",
        "--threshold=20",
        "./countersign.service",
    ];
    let looked = analyze(&secure).unwrap();
    let table = String::from_utf8_lossy(&looked.stdout).into_owned();
    assert!(
        looked.status.success(),
        "{table}{}",
        String::from_utf8_lossy(&looked.stderr)
    );
}

#[test]
fn an_image_from_nothing_has_all_that_the_binary_needs() {
    let room = Room::new();
    let script = contrib("docker/image-root.sh");
    let made = Command::new("sh")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_countersign"))
        .arg(room.path("image"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(made.status.success(), "{said}");
    let image = room.path("image");
    for file in ["etc/passwd", "etc/ssl/certs/ca-certificates.crt"] {
        assert!(image.join(file).metadata().unwrap().len() > 0, "{file}");
    }
    let mut command = Command::new("chroot");
    command.arg("--userspec=65532:65532").arg(&image).args([
        "/usr/bin/countersign",
        "init",
        "--config",
        "/var/lib/countersign/countersign.toml",
    ]);
    let Ok(ran) = command.output() else {
        println!("skipped: there is no `chroot`");
        return;
    };
    if !rustix::process::getuid().is_root() {
        println!("skipped: only root may change the root folder");
        return;
    }
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{said}");
    // Nothing else is there: neither a shell, nor another program.
    let programs: Vec<_> = std::fs::read_dir(image.join("usr/bin")).unwrap().collect();
    assert_eq!(programs.len(), 1);
    assert!(!image.join("bin").exists());
}

#[test]
fn the_packages_name_files_that_are_there() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(manifest.join("Cargo.toml")).unwrap();
    let mut count = 0;
    for line in text.lines() {
        let Some((_, rest)) = line.split_once("{ source = \"../") else {
            continue;
        };
        let (source, _) = rest.split_once('"').unwrap();
        // What is generated is looked at where it is written.
        if !source.starts_with("target/") {
            assert!(manifest.join("..").join(source).is_file(), "{source}");
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
    let dockerfile = std::fs::read_to_string(contrib("docker/Dockerfile")).unwrap();
    assert!(dockerfile.contains("sh contrib/docker/image-root.sh target/dist/countersign /image"));
    let user = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("USER "));
    assert_eq!(user, Some("65532:65532"));
}
