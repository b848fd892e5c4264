// How the window is shared out: the divider between the panes, which is remembered.

const WIDE = 1400; // pixels from which on the source opens with the first answer

function share(percent) {
  const within = Math.min(70, Math.max(30, percent));
  page.style.setProperty('--qa-split', `${within}%`);
  one('#qa-divider')?.setAttribute('aria-valuenow', String(Math.round(within)));
  return within;
}

function makeDivider() {
  const divider = element_('div');
  divider.id = 'qa-divider';
  divider.tabIndex = 0;
  for (const [name, value] of Object.entries({
    role: 'separator', 'aria-orientation': 'vertical', 'aria-label': 'Width of the conversation',
    'aria-valuemin': '30', 'aria-valuemax': '70',
  })) divider.setAttribute(name, value);
  side.prepend(divider);
  let at = share(Number(setting('split')) || 46);
  const keep = (percent) => { at = share(percent); setting('split', String(at)); };
  divider.onpointerdown = (event) => {
    divider.setPointerCapture(event.pointerId);
    divider.onpointermove = (moved) => keep(100 * moved.clientX / innerWidth);
  };
  divider.onpointerup = () => { divider.onpointermove = null; };
  divider.onkeydown = (event) => {
    const by = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (by) { event.preventDefault(); keep(at + by); }
  };
}

// The first answer of a conversation shows its source, where there is room beside it.
function openFirst(turn) {
  const isFirst = all('.qa-turn').length === 1 && !page.dataset.side;
  const link = one('.qa-quote:not(.qa-hit) .qa-citation', turn);
  if (!isFirst || !link || innerWidth < WIDE || setting('beside') === 'never') return;
  history.replaceState(null, '', link.search);
  follow();
}
