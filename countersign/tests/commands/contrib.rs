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
    let Ok(verified) = analyze(&["verify", "--man=no", "./countersign.service"]) else {
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
