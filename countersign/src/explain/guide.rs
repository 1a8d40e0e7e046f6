//! For whoever begins: which things can be given, how to come by them, and a few questions at a terminal.
//!
//! Knows: what to ask. Does not know how an answer is read.

use std::io::{BufRead, Write};
use std::path::PathBuf;

use countersign_secret::Secret;

use super::source::{Given, Source};
use crate::failure::{Failure, because};

/// Said where nobody can be asked.
const GUIDANCE: &str = "\
What you have                       What to run

a curl command                      countersign explain -- curl -H 'Authorization: ...' https://api.example.com/orders
a request of the browser            countersign explain - < copied.txt
                                    (its tools, F12: Network, right click on the request, Copy as cURL, into a file)
an address that refuses you         countersign explain https://api.example.com/orders -u alice
a recording of the browser          countersign explain --har recording.har
                                    (its tools, F12: Network, reload the page, Save all as HAR)
a raw request                       countersign explain --request request.txt --base-url https://api.example.com
a collection of Postman             countersign explain --postman collection.json --item 'List orders'
a token                             countersign explain --token - < token.txt
an answer that you saved            countersign explain --response refusal.txt
                                    (curl -i https://api.example.com/orders > refusal.txt)
a request id of your own gateway    countersign explain --id 5k2m9x0c7q1v8z3b4n6d

`countersign explain --help` has every option.
";

const QUESTION: &str = "\
What do you have?

  1  a curl command, or a request that you can copy from the browser
  2  the address that refuses you
  3  a recording of the browser (a HAR file)
  4  a token
  5  an answer that you saved
  6  the request id of a refusal by your own Countersign

";

/// Asks at a terminal; elsewhere says what can be given.
pub(super) fn ask() -> Result<Source, Failure> {
    if !super::has_terminal() {
        eprint!("{GUIDANCE}");
        return Err(Failure::usage("nothing was given to explain"));
    }
    let mut secret = |prompt: &str| rpassword::prompt_password(prompt).map(Secret::new);
    let mut talk = Talk {
        input: &mut std::io::stdin().lock(),
        output: &mut std::io::stderr(),
        secret: &mut secret,
    };
    talk.source()
}

/// Whom the questions are asked.
struct Talk<'t> {
    input: &'t mut dyn BufRead,
    output: &'t mut dyn Write,
    /// Asks for something that is not shown while it is typed.
    secret: &'t mut dyn FnMut(&str) -> std::io::Result<Secret<String>>,
}

impl Talk<'_> {
    fn source(&mut self) -> Result<Source, Failure> {
        self.say(QUESTION)?;
        loop {
            let number = self.line("Number: ")?;
            return Ok(Source::Given(match number.as_str() {
                "1" => self.command()?,
                "2" => self.address()?,
                "3" => self.recording()?,
                "4" => Given::Token(self.token("The token, which is not shown: ")?),
                "5" => self.answer()?,
                "6" => return self.line("Request id: ").map(Source::Id),
                _ => {
                    self.say("One of the numbers 1 to 6, please.\n")?;
                    continue;
                }
            }));
        }
    }

    fn command(&mut self) -> Result<Given, Failure> {
        self.say(
            "\nIn the browser: open its tools (F12), the tab Network, do again what is refused, right click on the \
             request, and choose Copy as cURL.\nPaste it here, and end with an empty line. A line of more than 4000 characters \
             does not fit into a terminal: save it in a file then, and run `countersign explain - < FILE`.\n\n",
        )?;
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let length = self
                .input
                .read_line(&mut line)
                .map_err(|error| because("cannot read the command")(&error))?;
            let is_empty = line.trim().is_empty();
            if length == 0 || is_empty && !text.is_empty() {
                break;
            }
            if !is_empty {
                text.push_str(&line);
            }
        }
        if text.is_empty() {
            return Err(Failure::usage("nothing was pasted"));
        }
        Ok(Given::Paste(Secret::new(text.into_bytes())))
    }

    fn address(&mut self) -> Result<Given, Failure> {
        let url = self.line("Address: ")?;
        self.say("\nHow do you sign in there?\n\n  1  not at all\n  2  with a user name and a password\n  3  with a token\n\n")?;
        let mut words = vec![url];
        loop {
            match self.line("Number: ")?.as_str() {
                "1" => {}
                "2" => {
                    let user = self.line("User name: ")?;
                    let password = self.token("Password, which is not shown: ")?;
                    let password = String::from_utf8_lossy(password.expose()).into_owned();
                    words.extend(["-u".to_owned(), format!("{user}:{password}")]);
                }
                "3" => {
                    let token = self.token("The token, which is not shown: ")?;
                    let token = String::from_utf8_lossy(token.expose()).into_owned();
                    words.extend(["-H".to_owned(), format!("Authorization: Bearer {token}")]);
                }
                _ => {
                    self.say("One of the numbers 1 to 3, please.\n")?;
                    continue;
                }
            }
            return Ok(Given::Words(words));
        }
    }

    fn recording(&mut self) -> Result<Given, Failure> {
        self.say(
            "\nIn the browser: open its tools (F12), the tab Network, reload the page and do again what is refused, then \
             Save all as HAR.\n\n",
        )?;
        Ok(Given::Har(PathBuf::from(self.line("File: ")?), None))
    }

    fn answer(&mut self) -> Result<Given, Failure> {
        self.say("\nAs `curl -i` prints it: the status line, the header fields, an empty line, the body.\n\n")?;
        Ok(Given::Answer(PathBuf::from(self.line("File: ")?)))
    }

    fn token(&mut self, prompt: &str) -> Result<Secret<Vec<u8>>, Failure> {
        let typed =
            (self.secret)(prompt).map_err(|error| because("cannot ask for a secret")(&error))?;
        Ok(Secret::new(typed.expose().clone().into_bytes()))
    }

    /// A line that is not empty, without the blanks around it.
    fn line(&mut self, prompt: &str) -> Result<String, Failure> {
        loop {
            self.say(prompt)?;
            let mut line = String::new();
            let length = self
                .input
                .read_line(&mut line)
                .map_err(|error| because("cannot read an answer")(&error))?;
            if length == 0 {
                return Err(Failure::usage("nothing was given to explain"));
            }
            let line = line.trim();
            if !line.is_empty() {
                return Ok(line.to_owned());
            }
        }
    }

    fn say(&mut self, words: &str) -> Result<(), Failure> {
        write!(self.output, "{words}")
            .and_then(|()| self.output.flush())
            .map_err(|error| because("cannot ask")(&error))
    }
}

#[cfg(test)]
mod tests;
