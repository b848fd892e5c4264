// A quote is checked; text that is selected in a source can be copied, asked about, checked.

function check(text) {
  const field = one('#qa-checked-text');
  field.value = text;
  show('checking');
  if (text.trim()) trigger('check', { text });
  else field.focus();
}

let offered = null; // the little menu beside what is selected

function offer() {
  offered?.remove();
  offered = null;
  const selection = document.getSelection();
  const text = selection.toString().trim();
  const at = selection.rangeCount ? selection.getRangeAt(0) : null;
  const inside = at?.commonAncestorContainer;
  const source = (inside?.nodeType === 1 ? inside : inside?.parentElement)?.closest('.qa-source-text, .qa-quote blockquote');
  if (!text || !source || text.length > 20_000) return;
  offered = element_('div', '', 'qa-offered-acts');
  offered.setAttribute('role', 'toolbar');
  offered.setAttribute('aria-label', 'With the selected text');
  const act = (label, does) => {
    const button = element_('button', label, 'qa-quiet');
    button.onmousedown = (event) => event.preventDefault(); // the selection stays
    button.onclick = () => { does(button); };
    offered.append(button);
  };
  act('Copy with citation', (button) => copy(button, `“${text}”\n— ${citedAt(source)}`));
  act('Ask about this', () => { box().focus(); fill(`What about “${text.replace(/\s+/g, ' ').slice(0, 300)}”?`); offered.remove(); });
  act('Verify', () => { offered.remove(); check(text); });
  document.body.append(offered);
  const { left, top, bottom } = at.getBoundingClientRect();
  const above = top > 60;
  offered.style.left = `${Math.max(8, Math.min(left, innerWidth - offered.offsetWidth - 8))}px`;
  offered.style.top = `${above ? top - offered.offsetHeight - 6 : bottom + 6}px`;
}

function citedAt(source) {
  const quote = source.closest('.qa-quote');
  if (quote) return one('.qa-citation', quote).title;
  const said = ['h2', '.qa-path', '.qa-file'].map((part) => one(`#qa-panel header ${part}`)?.textContent);
  return `${said.filter(Boolean).join(', ')}\n${location.href}`;
}

document.addEventListener('mouseup', (event) => { if (!event.target.closest('.qa-offered-acts')) setTimeout(offer); });
document.addEventListener('keyup', (event) => { if (event.shiftKey && event.key.startsWith('Arrow')) offer(); });

Object.assign(clicked, {
  '.qa-open-checking': (target) => {
    const isOpen = page.dataset.side === 'checking';
    cameFrom = target;
    if (isLink()) history.pushState(null, '', location.pathname);
    show(isOpen ? '' : 'checking');
    if (!isOpen) one('#qa-checked-text').focus();
  },
  '.qa-check': () => check(one('#qa-checked-text').value),
});
