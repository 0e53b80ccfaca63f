//! What several machines share, as `--remote` names it.

use std::path::Path;

use anyhow::Result;
use train::Remote;

/// How addresses of object storage begin.
const S3: &str = "s3://";

/// What lies at an address.
pub(crate) fn open(address: &str) -> Result<Remote> {
    if address.starts_with(S3) {
        return s3::open(address);
    }
    if address.contains("://") {
        return Err(crate::exit::CommandError::usage(format!(
            "--remote: {address}: expected s3://<bucket>/<prefix> or a folder"
        ))
        .into());
    }
    Ok(Remote::folder(Path::new(address))?)
}

#[cfg(feature = "s3")]
mod s3 {
    use std::time::SystemTime;

    use super::{Remote, Result};
    use crate::exit::CommandError;

    pub(super) fn open(address: &str) -> Result<Remote> {
        let settings = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let settings: Vec<_> = settings.filter(|(name, _)| name.starts_with("AWS_")).collect();
        #[expect(clippy::disallowed_methods, reason = "this is the rim")]
        let opened = remote::open(address, &settings, SystemTime::now);
        opened.map_err(|error| CommandError::usage(format!("--remote: {error}")).into())
    }
}

#[cfg(not(feature = "s3"))]
mod s3 {
    use super::{Remote, Result};
    use crate::exit::CommandError;

    pub(super) fn open(_: &str) -> Result<Remote> {
        let why = "--remote: this program was built without object storage: build it with \
                   `cargo build --release --features jely/s3`";
        Err(CommandError::usage(why).into())
    }
}
