// The conversation: patches from Python, and what is done with an answer.

let editing = false; // a question that was asked before

// Elements with an id take the place of those with the same id, or are added at the end.
function place(fresh) {
  if (fresh.download) return fresh.click();
  fresh.remove();
  const old = document.getElementById(fresh.id);
  if (fresh.tagName === 'TEMPLATE') return old?.remove();
  const focused = old?.contains(document.activeElement) && document.activeElement;
  if (old) old.replaceWith(fresh);
  else one(fresh.matches('.qa-change') ? '#qa-changes' : '#qa-log')?.append(fresh);
  if (focused) one(`.${focused.classList[0]}[value="${focused.value}"]`, fresh)?.focus();
  if (fresh.matches('.qa-change')) noticed(fresh);
  revealCells(fresh);
  if (fresh.matches('.qa-turn')) fresh.scrollIntoView({ block: 'start' });
  markCurrent();
}

// A wide table is scrolled to the cell that answers, beside the names of the rows.
function revealCells(root) {
  for (const box of all('.qa-table-scroll', root)) {
    const cell = one('mark', box)?.closest('td, th');
    if (!cell) continue;
    const [at, shown] = [cell, box].map((one) => one.getBoundingClientRect());
    const beside = (at.left + at.right - shown.left - shown.right) / 2;
    if (at.left < shown.left || at.right > shown.right) box.scrollLeft += beside;
  }
}

window.patchFrom = (carrier) => {
  for (const fresh of [...carrier.children]) if (fresh.id) place(fresh);
};

watch('value', () => window.patchFrom(element));

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // there is none on a page that came from another machine without encryption
    const field = Object.assign(document.createElement('textarea'), { value: text });
    field.style.position = 'fixed';
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand('copy');
    field.remove();
    return isCopied;
  }
}

async function copy(button, text) {
  const said = button.closest('details')?.querySelector('summary') ?? button;
  const label = said.dataset.label ?? said.textContent;
  said.dataset.label = label;
  const isCopied = await toClipboard(text);
  said.textContent = isCopied ? 'Copied' : 'Not copied: the browser refused';
  button.closest('details')?.removeAttribute('open');
  said.focus();
  setTimeout(() => { said.textContent = label; }, 2000);
}

const turnOf = (target) => Number(target.closest('.qa-turn').dataset.number);

Object.assign(clicked, {
  '.qa-start': (target) => trigger('start', { question: target.textContent }),
  '.qa-alone': (target) => trigger('start', { question: target.value, number: turnOf(target), alone: true }),
  '.qa-option': (target) => trigger('start', {
    question: target.value, number: turnOf(target), alone: true, documents: JSON.parse(target.dataset.documents),
  }),
  '.qa-reword': (target) => {
    editing = true;
    trigger('revise', { what: 'reword', number: turnOf(target) });
    box().focus();
  },
  '.qa-edit': (target) => { editing = true; trigger('revise', { what: 'edit', number: turnOf(target) }); box().focus(); },
  '.qa-undo': () => { trigger('revise', { what: 'undo' }); box().focus(); },
  '.qa-verdict': (target) => trigger('judge', { number: turnOf(target), verdict: target.value }),
  '.qa-golden': (target) => trigger('judge', { number: turnOf(target), verdict: 'golden' }),
  '.qa-all-rows': (target) => {
    const isOpen = target.getAttribute('aria-expanded') === 'true';
    target.setAttribute('aria-expanded', String(!isOpen));
    const other = target.textContent;
    target.textContent = target.dataset.other;
    target.dataset.other = other;
  },
  '.qa-copy-text': (target) => copy(target, target.value),
  '.qa-copy-link': (target) => copy(target, location.origin + location.pathname + target.value),
  '.qa-save': (target) => {
    target.closest('details').removeAttribute('open');
    const shown = all('.qa-turn').map((turn) => Number(turn.dataset.number));
    trigger('save', { format: target.value, origin: location.origin, shown });
  },
});
