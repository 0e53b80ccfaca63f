//! Which addresses may be told: none of this machine, none of a private network.
//!
//! A name is judged by what it resolves to when a connection is made, so a name that resolves to
//! something else by then gains nothing.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Longest address.
const URL_BYTES_MAX: usize = 2_000;

/// Resolves names to what may be told.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) allow_private: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| allow_private || is_public(address.ip())).collect();
            if allowed.is_empty() {
                let why = format!("{} is no public address", name.as_str());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Checks what can be checked of an address before a connection is made.
///
/// # Errors
/// A sentence that says what is wrong.
pub(crate) fn check_url(text: &str, allow_private: bool) -> Result<(), String> {
    if text.len() > URL_BYTES_MAX {
        return Err(format!("expected up to {URL_BYTES_MAX} bytes"));
    }
    let url = Url::parse(text).map_err(|error| format!("expected an address: {error}"))?;
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        _ => return Err("expected an address that begins with https://".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("expected an address without a user name".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    // A name goes through the resolver; an address does not.
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match literal {
        Ok(address) if !allow_private && !is_public(address) => {
            Err(format!("{host} is no public address"))
        }
        _ => Ok(()),
    }
}

/// Whether an address is one of the open Internet: none of those that the registries of special
/// addresses (RFC 6890 and its updates) keep for machines, networks and documents.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // What carries an address of version 4 is judged by it.
    let inner = match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = inner {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Of all there are, those from 2000::/3 on are given out; documents and tunnels are cut out.
    segments[0] & 0xe000 == 0x2000
        && !(segments[0] == 0x2001 && (segments[1] == 0xdb8 || segments[1] < 0x200))
        && segments[0] != 0x3fff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_open_internet_are_public() {
        for public in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
            "2001:0:7f00:1::",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn addresses_are_judged_before_they_are_told() {
        assert!(check_url("https://example.com/hook?x=1", false).is_ok());
        for bad in [
            "http://example.com",
            "ftp://example.com",
            "example.com",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://user@example.com",
            "https://0x7f000001/",
            "file:///etc",
            "https://2130706433/",
        ] {
            assert!(check_url(bad, false).is_err(), "{bad}");
        }
        assert!(check_url("http://127.0.0.1:9/", true).is_ok());
    }

    #[tokio::test]
    async fn a_name_of_this_machine_resolves_to_nothing() {
        let name = || "localhost".parse::<Name>().unwrap();
        assert!(Guarded { allow_private: false }.resolve(name()).await.is_err());
        assert!(Guarded { allow_private: true }.resolve(name()).await.is_ok());
    }
}
