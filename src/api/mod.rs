//! What is served over HTTP: the page.

pub mod page;
