//! What the code under test logs, shown with a test that fails.

/// Shows logs from here on. `RUST_LOG` says which.
pub(crate) fn show() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "peergate=debug".into());
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
}
