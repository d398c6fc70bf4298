//! Functions with their own names, so that who fails is told by it.

macro_rules! listed {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), $name)),*] };
}
pub(crate) use listed;
