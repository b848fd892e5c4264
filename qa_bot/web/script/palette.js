// Dialogs: what can be done, by typing some of its name (Ctrl-K), and the keys (?).

function dialogOf(id, title) {
  one(`#${id}`)?.remove();
  const dialog = element_('dialog', '', 'qa-dialog');
  dialog.id = id;
  dialog.setAttribute('aria-label', title);
  const close = element_('button', '×', 'qa-close');
  close.setAttribute('aria-label', 'Close');
  close.onclick = () => dialog.close();
  const head = element_('header');
  head.append(element_('h2', title), close);
  dialog.append(head);
  dialog.onclose = () => dialog.remove();
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  (one('.gradio-container') ?? document.body).append(dialog);
  return dialog;
}

const KEYS = [
  ['/', 'Ask a question'],
  ['Ctrl K', 'Find what to do'],
  ['j, k', 'Next and previous quote'],
  ['Enter', 'Open the quote’s source'],
  ['↑, ↓', 'Questions asked before, in the question box'],
  ['Esc', 'Close what is open'],
  ['?', 'These keys'],
];

function openKeys() {
  const dialog = dialogOf('qa-keys', 'Keys');
  const list = element_('dl');
  for (const [key, does] of KEYS) list.append(element_('dt', key), element_('dd', does));
  dialog.append(list);
  dialog.showModal();
}

function acts() {
  const opens = setting('beside') !== 'never';
  return [
    ['Ask a question', () => box().focus()],
    ['Check a quote', () => check('')],
    ['Documents', () => one('.qa-open-documents').click()],
    ['Conversations', openEarlier],
    ['New conversation', startAnew],
    ...all('.qa-save').map((item) => [`Save quotes as ${item.textContent}`, () => item.click()]),
    [`Open the source with the first answer: ${opens ? 'on' : 'off'}`, () => setting('beside', opens ? 'never' : 'first')],
    ['Print', () => print()],
    ['Keys', openKeys],
  ];
}

function openPalette() {
  const dialog = dialogOf('qa-palette', 'What to do');
  const sought = element_('input');
  Object.assign(sought, { type: 'search', placeholder: 'Type to find', autocomplete: 'off' });
  sought.setAttribute('aria-label', 'Find what to do');
  const list = element_('ul');
  const fill = () => {
    const words = sought.value.toLowerCase().split(/\s+/);
    const found = acts().filter(([name]) => words.every((word) => name.toLowerCase().includes(word)));
    list.replaceChildren(...found.map(([name, does]) => {
      const item = element_('li');
      const button = element_('button', name);
      button.onclick = () => { dialog.close(); does(); };
      item.append(button);
      return item;
    }));
  };
  sought.oninput = fill;
  dialog.onkeydown = (event) => {
    const buttons = all('li button', list);
    const at = buttons.indexOf(document.activeElement);
    if (event.key === 'Enter' && at < 0) { event.preventDefault(); buttons[0]?.click(); }
    if (event.key === 'ArrowDown') { event.preventDefault(); buttons[Math.min(at + 1, buttons.length - 1)]?.focus(); }
    if (event.key === 'ArrowUp') { event.preventDefault(); (buttons[at - 1] ?? sought).focus(); }
  };
  dialog.append(sought, list);
  fill();
  dialog.showModal();
  sought.focus();
}

// From one quote to the next, in the order of the page.
function stepQuote(by) {
  const quotes = all('.qa-citation').filter((link) => link.closest('#qa-log') && link.offsetParent);
  const at = quotes.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : quotes.length - 1) : at + by;
  quotes[next]?.focus();
  quotes[next]?.closest('figure')?.scrollIntoView({ block: 'nearest' });
}

document.addEventListener('keydown', (event) => {
  if (event.isComposing || event.altKey) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    return openPalette();
  }
  const isTyping = event.target.matches('input:not([type="checkbox"]), textarea, select');
  if (isTyping || event.ctrlKey || event.metaKey || one('dialog[open]')) return;
  const does = { '/': () => box().focus(), '?': openKeys, j: () => stepQuote(1), k: () => stepQuote(-1) }[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});

Object.assign(clicked, { '.qa-open-palette': openPalette });
