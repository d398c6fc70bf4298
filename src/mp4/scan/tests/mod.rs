//! Files that were written here, cut, broken, and made up.

mod broken;
mod cut;
mod film;
mod foreign;
mod whole;
