// The keys of rooms that were given to this tab, by the names that peers have for them. The tab keeps them over reloads
// until it is closed, and no server gets them. In the page's address they would be shared, bookmarked and remembered.

const PREFIX = 'peergate room key ';

// null where none was given.
export function keyOf(name) {
  return sessionStorage.getItem(PREFIX + name);
}

export function useKey(name, key) {
  sessionStorage.setItem(PREFIX + name, key);
}

export function forgetKey(name) {
  sessionStorage.removeItem(PREFIX + name);
}
