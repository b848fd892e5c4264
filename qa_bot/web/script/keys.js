// The keyboard: Esc closes what is open, arrows recall what was asked.

let recalled = 0; // how many questions back the arrow keys have gone

function fill(text) {
  const field = box();
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

document.addEventListener('keydown', (event) => {
  const asking = event.target.matches('#qa-question textarea');
  if (event.isComposing) return;
  if (event.key === 'Escape') {
    const menu = one('details.qa-menu[open]');
    if (menu) { menu.removeAttribute('open'); one('summary', menu).focus(); }
    else if (asking && editing) { editing = false; trigger('revise', { what: 'leave' }); }
    else if (page.dataset.side) closeSide();
  }
  if (asking && event.key === 'Enter') { recalled = 0; editing = false; }
  if (!asking || !['ArrowUp', 'ArrowDown'].includes(event.key)) return;
  const asked = all('.qa-question').map((heading) => heading.textContent);
  const shown = recalled ? asked.at(-recalled) : '';
  if (event.target.value !== shown) recalled = 0;
  if (event.target.value && !recalled) return; // what is being typed stays
  const back = recalled + (event.key === 'ArrowUp' ? 1 : -1);
  if (back < 0 || back > asked.length) return;
  event.preventDefault();
  recalled = back;
  fill(back ? asked.at(-back) : '');
});
