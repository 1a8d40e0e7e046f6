//! In which language a command was pasted.
//!
//! Knows: the marks by which each is told. Does not read any of them.

use super::scan::Scan;

/// The language of a paste.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A POSIX shell.
    Posix,
    /// `cmd.exe`.
    Cmd,
    /// PowerShell.
    PowerShell,
    /// A call of `fetch` in JavaScript.
    Fetch,
}

/// Tells the language of a text, its prompt already taken away.
pub(super) fn of(text: &str, prompt: Option<Dialect>) -> Dialect {
    if let Some(dialect) = prompt {
        return dialect;
    }
    let start = text.trim_start();
    let lower: String = start
        .chars()
        .take(4096)
        .collect::<String>()
        .to_ascii_lowercase();
    if let (Some(fetch), curl) = (lower.find("fetch("), lower.find("curl "))
        && curl.is_none_or(|curl| fetch < curl)
    {
        return Dialect::Fetch;
    }
    let assigns = start.strip_prefix('$').is_some_and(|rest| {
        let mut scan = Scan::new(rest);
        let named = !scan
            .take_while(|letter| letter.is_alphanumeric() || "_.:".contains(letter))
            .is_empty();
        scan.take_while(|letter| letter == ' ');
        named && scan.peek() == Some('=')
    });
    let commands = ["invoke-webrequest", "invoke-restmethod", "iwr ", "irm "];
    let calls = commands.iter().any(|command| {
        lower.starts_with(command)
            || lower.contains(&format!("= {command}"))
            || lower.contains(&format!("\n{command}"))
    });
    if assigns || calls {
        return Dialect::PowerShell;
    }
    by_joints(start)
}

/// How lines are joined and quotes are escaped, outside quotes of any kind.
fn by_joints(text: &str) -> Dialect {
    let mut scan = Scan::new(text);
    while let Some(letter) = scan.bump() {
        match letter {
            '\\' => {
                scan.bump();
            }
            '\'' => {
                scan.take_until("'");
            }
            '"' => {
                scan.take_until("\"");
            }
            '^' if matches!(scan.peek(), Some('"' | '\r' | '\n')) => return Dialect::Cmd,
            '`' if matches!(scan.peek(), Some('\r' | '\n')) => return Dialect::PowerShell,
            _ => {}
        }
    }
    Dialect::Posix
}

/// The text without the prompt before it, and what the prompt says.
pub(super) fn unprompted(text: &str) -> (String, Option<Dialect>) {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Some((prompt, command)) = split_prompt(first) else {
        return (text.to_owned(), None);
    };
    let dialect = if prompt.starts_with("PS ") {
        Some(Dialect::PowerShell)
    } else if prompt.ends_with('>') && prompt.contains(":\\") {
        Some(Dialect::Cmd)
    } else {
        None
    };
    let mut whole = command.to_owned();
    for line in rest.lines() {
        whole.push('\n');
        // The shell's own mark for a line that goes on.
        whole.push_str(line.strip_prefix("> ").unwrap_or(line));
    }
    (whole, dialect)
}

/// `$ curl`, `user@host:~$ curl`, `PS C:\> curl`, `C:\>curl`.
fn split_prompt(line: &str) -> Option<(&str, &str)> {
    for mark in ["$ ", "# ", "% ", "❯ ", "> "] {
        if let Some(command) = line.strip_prefix(mark) {
            return Some((mark, command));
        }
    }
    let lower = line.to_ascii_lowercase();
    let at = ["curl", "invoke-", "iwr ", "irm "]
        .iter()
        .filter_map(|word| lower.find(word))
        .min()?;
    let (prompt, command) = line.split_at_checked(at)?;
    let ended = prompt.trim_end();
    let is_prompt = ended.ends_with(['$', '#', '%', '>', '❯'])
        && !ended.contains(['\'', '"', '=', '|', ';'])
        && !prompt.is_empty();
    is_prompt.then_some((ended, command))
}
