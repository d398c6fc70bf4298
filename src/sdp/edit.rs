//! Changes in the text of a description that is our own, or has passed the guard.

/// Applies `change` to the session part and to each section, as lists of lines that begin with `v=` or `m=`.
pub(crate) fn edit(sdp: &str, change: impl FnMut(&mut Vec<String>)) -> String {
    let mut parts: Vec<Vec<String>> = Vec::new();
    for line in sdp.lines().filter(|line| !line.is_empty()) {
        match parts.last_mut() {
            Some(part) if !line.starts_with("m=") => part.push(line.to_owned()),
            _ => parts.push(vec![line.to_owned()]),
        }
    }
    parts.iter_mut().for_each(change);
    parts.iter().flatten().flat_map(|line| [line.as_str(), "\r\n"]).collect()
}
