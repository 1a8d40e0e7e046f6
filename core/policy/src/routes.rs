//! The routes in their order: the first that fits decides.
//!
//! Knows: hosts, paths and methods of routes. Does not know: what a route demands, accepts or leads to; whoever holds
//! that keeps it under the same index.

use std::collections::HashMap;

use http::Method;

use crate::host::Host;
use crate::pattern::{HostPattern, Methods, PathPattern, segments};
use crate::target::Target;

/// Which requests a route is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The name in the configuration.
    pub name: Box<str>,
    /// Any one of these hosts; empty: every host.
    pub hosts: Vec<HostPattern>,
    /// Any one of these paths; empty: none.
    pub paths: Vec<PathPattern>,
    /// These methods.
    pub methods: Methods,
}

impl Route {
    /// Whether every request that the other route is for is one of this route's.
    ///
    /// `false` is said too where only several patterns together would cover one of the other's.
    #[must_use]
    pub fn covers(&self, other: &Route) -> bool {
        let hosts = self.hosts.is_empty()
            || (!other.hosts.is_empty()
                && other
                    .hosts
                    .iter()
                    .all(|host| self.hosts.iter().any(|own| own.covers(host))));
        let paths = other
            .paths
            .iter()
            .all(|path| self.paths.iter().any(|own| own.covers(path)));
        hosts && paths && self.methods.cover(&other.methods)
    }

    /// Whether the route is for this host, whatever the path and the method.
    #[must_use]
    pub fn is_at(&self, host: &Host<'_>) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|pattern| pattern.matches(host))
    }

    fn fit(&self, host: &Host<'_>, target: &Target<'_>, method: &Method) -> Fit {
        Fit {
            host: self.is_at(host),
            path: self.paths.iter().any(|pattern| pattern.matches(target)),
            method: self.methods.contain(method),
        }
    }

    fn is_for(&self, host: &Host<'_>, target: &Target<'_>, method: &Method) -> bool {
        self.methods.contain(method)
            && self.paths.iter().any(|pattern| pattern.matches(target))
            && self.is_at(host)
    }
}

/// The routes, ready to be searched.
#[derive(Debug)]
pub struct Routes {
    routes: Vec<Route>,
    index: Option<Index>,
}

impl Routes {
    /// From how many routes on an index by first path segment is kept; fewer are looked through one by one.
    pub const INDEXED_FROM: usize = 16;

    /// Keeps the routes in their order.
    #[must_use]
    pub fn new(routes: Vec<Route>) -> Routes {
        let index = (routes.len() >= Self::INDEXED_FROM).then(|| Index::new(&routes));
        Routes { routes, index }
    }

    /// All routes, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Route] {
        &self.routes
    }

    /// The route that decides about a request, by index: the first that is for it. `None`: no rule names it.
    ///
    /// Nothing is allocated and nothing is kept from one call to the next.
    #[must_use]
    pub fn find(&self, host: &Host<'_>, target: &Target<'_>, method: &Method) -> Option<usize> {
        let is_for = |route: &Route| route.is_for(host, target, method);
        match self
            .index
            .as_ref()
            .and_then(|index| index.candidates(target))
        {
            None => self.routes.iter().position(is_for),
            Some(mut candidates) => candidates.find(|at| self.routes.get(*at).is_some_and(is_for)),
        }
    }

    /// Why each route is or is not for a request, in order, up to and including the one that decides.
    #[must_use]
    pub fn trace(
        &self,
        host: &Host<'_>,
        target: &Target<'_>,
        method: &Method,
    ) -> Vec<Considered<'_>> {
        let mut considered = Vec::new();
        for (index, route) in self.routes.iter().enumerate() {
            let fit = route.fit(host, target, method);
            considered.push(Considered { index, route, fit });
            if fit.is_whole() {
                break;
            }
        }
        considered
    }
}

/// A route that was held against a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Considered<'r> {
    /// Its place in the order.
    pub index: usize,
    /// The route.
    pub route: &'r Route,
    /// What fits.
    pub fit: Fit,
}

/// Which parts of a route fit a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fit {
    /// One of its hosts is the request's.
    pub host: bool,
    /// One of its paths is the request's.
    pub path: bool,
    /// The method is one of its.
    pub method: bool,
}

impl Fit {
    /// Whether the route is for the request.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.host && self.path && self.method
    }

    /// What does not fit, in words; what does, where everything fits.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match (self.host, self.path, self.method) {
            (true, true, true) => "host, path and method fit",
            (false, true, true) => "another host",
            (true, false, true) => "another path",
            (true, true, false) => "another method",
            (false, false, true) => "another host and path",
            (false, true, false) => "another host and method",
            (true, false, false) => "another path and method",
            (false, false, false) => "another host, path and method",
        }
    }
}

/// The routes by the first segment of their paths, so that hundreds of them need not be looked through.
#[derive(Debug)]
struct Index {
    /// Places of the routes that have a path beginning with this segment, ascending.
    by_segment: HashMap<Box<[u8]>, Box<[usize]>>,
    /// Places of the routes that have a path beginning with a wildcard, or `/`, ascending.
    open: Box<[usize]>,
}

impl Index {
    fn new(routes: &[Route]) -> Index {
        let mut by_segment: HashMap<Box<[u8]>, Vec<usize>> = HashMap::new();
        let mut open = Vec::new();
        for (at, route) in routes.iter().enumerate() {
            for path in &route.paths {
                let places = match path.first_literal() {
                    Some(literal) => by_segment.entry(literal.into()).or_default(),
                    None => &mut open,
                };
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
        let by_segment = by_segment
            .into_iter()
            .map(|(segment, places)| (segment, places.into()));
        Index {
            by_segment: by_segment.collect(),
            open: open.into(),
        }
    }

    /// The places worth looking at, ascending. `None` where the first segment is written in a way that the index does
    /// not know, so that all have to be looked at.
    fn candidates(&self, target: &Target<'_>) -> Option<impl Iterator<Item = usize>> {
        let first = segments(target).next().unwrap_or_default();
        if first.contains(&b'%') {
            return None;
        }
        let named = self
            .by_segment
            .get(first)
            .map(|places| &**places)
            .unwrap_or_default();
        Some(merge(named, &self.open))
    }
}

/// Two ascending lists as one.
fn merge<'a>(mut left: &'a [usize], mut right: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
    std::iter::from_fn(move || {
        let from_left = match (left.first(), right.first()) {
            (Some(l), Some(r)) => l <= r,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let list = if from_left { &mut left } else { &mut right };
        let (first, rest) = list.split_first()?;
        *list = rest;
        Some(*first)
    })
}

#[cfg(test)]
mod tests;
