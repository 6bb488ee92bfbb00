//! Every command's `--help`, as people read it, with examples.

use std::process::Command;

/// Prints a command's help at a width of its own, whatever the terminal.
fn help(command: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_mrprism"))
        .args(command)
        .arg("--help")
        .env("COLUMNS", "100")
        .output()
        .expect("the command starts");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("UTF-8")
}

const COMMANDS: &[&[&str]] = &[
    &[],
    &["up"],
    &["down"],
    &["status"],
    &["plan"],
    &["submit"],
    &["extend"],
    &["retry"],
    &["diff"],
    &["experiments"],
    &["table"],
    &["figure"],
    &["rescore"],
    &["freeze"],
    &["export"],
    &["import"],
    &["bundle"],
    &["check"],
    &["logs"],
    &["queue"],
    &["queue", "set"],
    &["queue", "move"],
    &["pause"],
    &["drain"],
    &["resume"],
    &["cancel"],
    &["workers"],
    &["workers", "drain"],
    &["workers", "undrain"],
    &["train"],
    &["methods"],
    &["data"],
    &["data", "init"],
    &["data", "register"],
    &["data", "check"],
    &["data", "preview"],
    &["data", "list"],
    &["fuse"],
    &["score"],
    &["weights"],
    &["weights", "import"],
    &["devices"],
    &["bench"],
    &["bench", "step"],
    &["worker"],
    &["config"],
    &["config", "show"],
];

#[test]
fn help_is_what_it_was() {
    for command in COMMANDS {
        let name = format!("help {}", command.join(" "))
            .trim_end()
            .replace(' ', "-");
        insta::assert_snapshot!(name, help(command));
    }
}

#[test]
fn every_command_that_does_something_shows_examples() {
    for command in COMMANDS {
        let help = help(command);
        let does_something =
            !["data", "config", "bench", "weights"].contains(&command.join(" ").as_str());
        assert!(
            !does_something || help.contains("Examples:\n  mrprism"),
            "{command:?}\n{help}"
        );
    }
}

#[test]
fn the_list_above_is_whole() {
    let listed = |help: &str| -> Vec<String> {
        let commands = help.split("Commands:\n").nth(1).expect("commands");
        commands
            .lines()
            .take_while(|line| !line.is_empty())
            // A description that is wrapped begins further to the right.
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .filter(|name| name != "help")
            .collect()
    };
    for group in [&[][..], &["data"], &["config"]] {
        for name in listed(&help(group)) {
            let mut command = group.to_vec();
            command.push(&name);
            assert!(COMMANDS.contains(&command.as_slice()), "{command:?}");
        }
    }
}
