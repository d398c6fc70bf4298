// What went wrong, in words that stay until they are read. One notice for each subject.

const KEPT = 5; // subjects may be strangers, and who looks away for a night must not find a thousand

const notices = document.getElementById('notices');

export function notice(subject, words) {
  dismiss(subject);
  const item = document.createElement('p');
  item.dataset.subject = subject;
  item.textContent = words;
  const close = document.createElement('button');
  close.type = 'button';
  close.textContent = 'Close';
  close.setAttribute('aria-label', 'Close this notice');
  close.onclick = () => item.remove();
  item.append(close);
  notices.append(item);
  while (notices.childElementCount > KEPT) notices.firstElementChild.remove();
}

export function dismiss(subject) {
  for (const item of [...notices.children]) {
    if (item.dataset.subject === subject) item.remove();
  }
}
