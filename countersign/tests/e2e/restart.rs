//! A restart under load, with sockets that stay open in between: no connection is refused, and none is left unanswered.
//!
//! The test stands in for the service manager: it holds the listening socket, hands it over, and hears when the gateway is
//! ready.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};

use crate::gateway::Gateway;
use crate::{PATIENCE, exchange, upstream};

const LOADERS: usize = 4;

fn configuration(listen: SocketAddr) -> String {
    let application = upstream::start();
    format!(
        r#"realm = "test"
[server]
listen = ["{listen}"]
workers = 3
[store]
path = "store.db"
[upstream.app]
url = "http://{application}"
[[route]]
name = "public"
path = "/public/**"
upstream = "app"
allow = "anyone"
"#
    )
}

/// What `sd_listen_fds(3)` and `sd_notify(3)` want: the socket as the first descriptor behind the three usual ones, the
/// number of the process, and where to say that it is ready.
fn hand_over(folder: &Path, socket: &TcpListener) -> Command {
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve --config countersign.toml";
    let mut command = Command::new("sh");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_countersign")])
        .current_dir(folder)
        .env("NOTIFY_SOCKET", folder.join("notify"))
        .stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())));
    command
}

fn told(manager: &UnixDatagram) -> String {
    let mut line = [0; 64];
    let size = manager.recv(&mut line).unwrap();
    String::from_utf8_lossy(&line[..size]).into_owned()
}

/// New connections all the time; each answer is told, `None` for one that never came.
fn load(address: SocketAddr, over: &Arc<AtomicBool>) -> Receiver<Option<u16>> {
    let (answered, answers) = channel();
    for _ in 0..LOADERS {
        let (answered, over) = (answered.clone(), Arc::clone(over));
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let answer = exchange::try_get(address, "/public/x", &[]);
                if answered.send(answer.map(|answer| answer.status)).is_err() {
                    return;
                }
            }
        });
    }
    answers
}

#[test]
fn a_restart_refuses_no_connection_where_the_sockets_are_handed_over() {
    let folder = tempfile::tempdir().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let manager = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let file = folder.path().join("countersign.toml");
    std::fs::write(file, configuration(address)).unwrap();
    let mut gateway = Gateway::run(&mut hand_over(folder.path(), &socket));
    assert_eq!(gateway.address(), address);
    assert_eq!(told(&manager), "READY=1\n");

    let over = Arc::new(AtomicBool::new(false));
    let answers = load(address, &over);
    let good = AtomicUsize::new(0);
    let hear = |count: usize| {
        for _ in 0..count {
            assert_eq!(answers.recv_timeout(PATIENCE), Ok(Some(200)));
            good.fetch_add(1, Ordering::Relaxed);
        }
    };
    hear(200);
    for _ in 0..3 {
        gateway.stop();
        assert_eq!(told(&manager), "STOPPING=1\n");
        // Nobody serves now. These connections wait for the next one.
        gateway = Gateway::run(&mut hand_over(folder.path(), &socket));
        assert_eq!(told(&manager), "READY=1\n");
        hear(200);
    }
    // One that is there before the other has gone leaves no gap at all.
    let next = Gateway::run(&mut hand_over(folder.path(), &socket));
    gateway.stop();
    hear(200);
    over.store(true, Ordering::Relaxed);
    for answer in answers.iter() {
        assert_eq!(answer, Some(200));
    }
    next.stop();
    assert!(good.into_inner() >= 1_000);
}

#[test]
fn a_socket_that_the_configuration_does_not_know_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let handed = socket.local_addr().unwrap();
    let file = folder.path().join("countersign.toml");
    std::fs::write(file, configuration("127.0.0.2:0".parse().unwrap())).unwrap();
    let refused = hand_over(folder.path(), &socket).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    let expected = format!(
        "error: the socket of `{handed}` was handed over, and is for no address of the configuration\n"
    );
    assert!(said.contains(&expected), "{said}");
    // What is no listening socket of TCP.
    let other = File::open(folder.path().join("countersign.toml")).unwrap();
    let mut command = hand_over(folder.path(), &socket);
    let refused = command.stdin(other).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("is not one of TCP"), "{said}");
}
