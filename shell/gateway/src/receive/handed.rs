//! Listening sockets that somebody else has opened, and keeps open while gateways come and go.
//!
//! Knows: which address of the configuration each is for. Does not know who handed them over.

use std::io;
use std::net::{SocketAddr, TcpListener};

use crate::StartError;

/// Sockets that were handed over, until each is taken by the address that it is for.
pub(crate) struct Handed(Vec<(SocketAddr, TcpListener)>);

impl Handed {
    pub(crate) fn new(sockets: Vec<TcpListener>) -> Result<Self, StartError> {
        let mut handed = Vec::with_capacity(sockets.len());
        for socket in sockets {
            socket.set_nonblocking(true).map_err(StartError::Handed)?;
            handed.push((socket.local_addr().map_err(StartError::Handed)?, socket));
        }
        Ok(Self(handed))
    }

    /// Takes those of an address. Port 0 stands for the first port that was handed over of its address.
    pub(crate) fn take(&mut self, wanted: SocketAddr) -> Vec<TcpListener> {
        let fits = |address: SocketAddr| {
            address == wanted || (wanted.port() == 0 && address.ip() == wanted.ip())
        };
        let found = self.0.iter().map(|(address, _)| *address);
        let Some(exact) = found.into_iter().find(|address| fits(*address)) else {
            return Vec::new();
        };
        let (taken, left) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|(address, _)| *address == exact);
        self.0 = left;
        let taken: Vec<(SocketAddr, TcpListener)> = taken;
        taken.into_iter().map(|(_, socket)| socket).collect()
    }

    /// A socket that is for no address would take connections that nobody serves.
    pub(crate) fn all_taken(self) -> Result<(), StartError> {
        match self.0.first() {
            Some((address, _)) => Err(StartError::HandedUnused { address: *address }),
            None => Ok(()),
        }
    }
}

/// One handle for each worker, of as many sockets as there are: where they are fewer, several workers accept from one.
pub(crate) fn spread(sockets: &[TcpListener], workers: usize) -> io::Result<Vec<Vec<TcpListener>>> {
    let mut spread: Vec<Vec<TcpListener>> = (0..workers).map(|_| Vec::new()).collect();
    let rounds = sockets.len().max(workers);
    for (number, socket) in sockets.iter().cycle().take(rounds).enumerate() {
        if let Some(worker) = spread.get_mut(number.checked_rem(workers).unwrap_or(0)) {
            worker.push(socket.try_clone()?);
        }
    }
    Ok(spread)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn socket() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").unwrap()
    }

    #[test]
    fn every_worker_has_a_socket_and_every_socket_a_worker() {
        let sockets = [socket(), socket(), socket()];
        let address = |socket: &TcpListener| socket.local_addr().unwrap();
        for workers in [1, 2, 3, 5] {
            let spread = spread(&sockets, workers).unwrap();
            assert_eq!(spread.len(), workers);
            assert!(spread.iter().all(|own| !own.is_empty()));
            for socket in &sockets {
                let mut all = spread.iter().flatten();
                assert!(all.any(|one| address(one) == address(socket)));
            }
        }
    }

    #[test]
    fn a_socket_goes_to_its_address_and_what_is_left_is_an_error() {
        let (one, other) = (socket(), socket());
        let (at, elsewhere) = (one.local_addr().unwrap(), other.local_addr().unwrap());
        let again = one.try_clone().unwrap();
        let mut handed = Handed::new(vec![one, other, again]).unwrap();
        assert!(handed.take("127.0.0.2:0".parse().unwrap()).is_empty());
        assert_eq!(handed.take(at).len(), 2);
        assert!(handed.take(at).is_empty());
        let error = handed.all_taken().err().unwrap();
        assert!(error.to_string().contains(&elsewhere.to_string()));
        let mut handed = Handed::new(vec![socket()]).unwrap();
        assert_eq!(handed.take("127.0.0.1:0".parse().unwrap()).len(), 1);
        handed.all_taken().unwrap();
    }
}
