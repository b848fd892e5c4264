// The source beside the conversation: opened by a link, moved through, shown as text or page.

let view = 'text'; // or 'page': how PDFs are shown
let zoom = 1;
let finding = false; // words in the document
let placed = 0; // how far the source was scrolled to show its passage
let asked = 0; // requests for a source; the last one's answer is what is to be shown
let latest = {}; // and what that one asked for, more than the link

function openSource(more = {}) {
  side.classList.add('qa-waits');
  latest = more;
  asked += 1;
  trigger('open', { query: location.search, view, asked, ...more });
}

function markCurrent() {
  for (const link of all('.qa-citation')) {
    if (isLink() && sameLink(link.search, location.search)) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
}

function show(what) { // 'source', 'documents', 'checking' or ''
  page.dataset.side = what;
  one('.qa-open-checking')?.setAttribute('aria-expanded', String(what === 'checking'));
  one('.qa-open-documents')?.setAttribute('aria-expanded', String(what === 'documents'));
}

function follow() {
  show(isLink() ? 'source' : '');
  markCurrent();
  if (isLink()) openSource();
}

function goTo(link) {
  cameFrom = link;
  const stays = sameLink(link.search, location.search) && page.dataset.side === 'source';
  if (!stays) history.pushState(null, '', link.search);
  follow();
}

function closeSide() {
  if (isLink()) history.pushState(null, '', location.pathname);
  show('');
  markCurrent();
  if (cameFrom?.isConnected) cameFrom.focus();
  else box()?.focus();
}

// The quotes of the answer that the open one belongs to.
function steps() {
  const current = one('.qa-turn .qa-citation[aria-current]');
  const links = current ? all('.qa-citation', current.closest('.qa-turn')) : [];
  return [links, links.indexOf(current)];
}

function step(by) {
  const [links, place] = steps();
  const next = links[place + by];
  if (!next) return;
  const fold = next.closest('details');
  if (fold) fold.open = true;
  next.scrollIntoView({ block: 'nearest' });
  goTo(next);
}

function applyZoom() {
  const figure = one('.qa-page', panel);
  if (figure) figure.style.setProperty('--zoom', zoom);
  const image = figure && one('img', figure);
  const width = zoom > 1.5 ? 2400 : 1200;
  const smaller = one('.qa-zoom[value="-1"]', panel);
  if (smaller) smaller.disabled = zoom <= 1;
  if (image && !image.src.endsWith(`width=${width}`)) image.src = image.src.replace(/\d+$/, width);
}

function zoomBy(more) { // what is in the middle stays there
  const text = one('.qa-source-text', panel);
  const { scrollLeft, scrollTop, clientWidth, clientHeight } = text;
  const before = zoom;
  const isPlaced = scrollTop === placed; // nobody has scrolled away from the quote
  zoom = Math.min(3, Math.max(1, zoom + more));
  applyZoom();
  if (isPlaced) return scrollToPassage();
  const keep = (scroll, size) => (scroll + size / 2) * zoom / before - size / 2;
  text.scrollLeft = keep(scrollLeft, clientWidth);
  text.scrollTop = keep(scrollTop, clientHeight);
}

function scrollToPassage() {
  const text = one('.qa-source-text', panel);
  if (!text) return;
  const target = ['.qa-here', 'mark', '.qa-box-mark', '.qa-box', '.qa-passage']
    .map((selector) => one(selector, text)).find((found) => found);
  text.scrollTop = 0;
  if (target) {
    const gap = (text.clientHeight - target.getBoundingClientRect().height) / 3;
    text.scrollTop += target.getBoundingClientRect().top - text.getBoundingClientRect().top
      - Math.max(16, gap);
  }
  placed = text.scrollTop;
}

// The last heading above a line that goes down with the reader: from the top of what is shown,
// at its beginning, to the bottom, at its end, so that every section has its turn.
function lightSection() {
  const text = one('.qa-source-text', panel);
  const outline = one('.qa-outline', panel);
  if (!text || !outline || text.scrollTop === placed) return; // nobody has scrolled yet
  if (!one('.qa-heading', text)) return; // a page, or a text without headings
  placed = -1;
  const { top, height } = text.getBoundingClientRect();
  const line = top + 40 + (height - 40) * text.scrollTop / (text.scrollHeight - text.clientHeight);
  const entry = (heading) => one(`.qa-section[value="${heading.dataset.at}"]`, outline);
  const above = all('.qa-heading', text).filter((one) => one.getBoundingClientRect().top < line);
  const heading = above.reverse().find(entry); // a title is not in the outline
  const item = heading && entry(heading);
  if (item?.hasAttribute('aria-current')) return;
  one('[aria-current]', outline)?.removeAttribute('aria-current');
  item?.setAttribute('aria-current', 'true');
  revealEntry(outline, item);
}

function revealEntry(outline, item) {
  if (!item) return;
  const [entry, shown] = [item, outline].map((one) => one.getBoundingClientRect());
  if (entry.top < shown.top || entry.bottom > shown.bottom) outline.scrollTop += entry.top - shown.top - 80;
}

// Boxes are shown with the picture that they belong to: where they stand hangs on its height.
function pictureArrived() {
  const image = one('.qa-page img', panel);
  if (!image) return;
  const drawn = () => {
    if (image.parentElement.classList.contains('qa-drawn')) return; // only drawn larger
    image.parentElement.classList.add('qa-drawn');
    scrollToPassage();
  };
  image.onload = drawn;
  if (image.complete && image.naturalWidth) drawn();
}

// Words in the whole document: the field stays as it is while what was found arrives.
function seek(match) {
  const sought = one('.qa-find-field', panel)?.value ?? '';
  finding = true;
  openSource(sought.trim() ? { sought, match } : {});
}

let typing = 0;
document.addEventListener('input', (event) => {
  if (!event.target.matches('.qa-find-field')) return;
  clearTimeout(typing);
  typing = setTimeout(() => seek(0), 250);
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !event.target.matches('.qa-find-field')) return;
  event.preventDefault();
  const steps = all('.qa-find-step', panel);
  const step = steps[event.shiftKey ? 0 : 1];
  if (step) seek(Number(step.value));
});

function keepField() { // Gradio may have made another one
  const field = one('.qa-find-field', panel);
  if (!finding || !field) return;
  finding = false;
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

function sourceArrived() {
  const number = Number(one('.qa-opened', panel)?.dataset.asked);
  if (number !== asked) { // it was overtaken: ask again, unless what is newer is still to come
    if (!side.classList.contains('qa-waits')) openSource(latest);
    return;
  }
  side.classList.remove('qa-waits');
  if (one('.qa-again', panel)) setTimeout(() => { if (isLink() && number === asked) openSource(latest); }, 2000);
  const [links, place] = steps();
  for (const button of all('.qa-step', panel)) button.disabled = !links[place + Number(button.value)];
  const count = one('.qa-step-count', panel);
  if (count) count.textContent = place < 0 ? '' : `${place + 1} of ${links.length}`;
  const group = one('.qa-steps', panel);
  if (group) group.hidden = place < 0;
  applyZoom();
  const text = one('.qa-source-text', panel);
  revealCells(panel);
  scrollToPassage();
  pictureArrived();
  if (text) text.onscroll = () => requestAnimationFrame(lightSection);
  const outline = one('.qa-outline', panel);
  if (outline) revealEntry(outline, one('[aria-current]', outline));
  keepField();
  // Who followed a link reads on with the arrow keys; who is typing meanwhile goes on typing.
  if (text && !document.activeElement?.matches('textarea, input')) text.focus({ preventScroll: true });
}

Object.assign(clicked, {
  '.qa-close': closeSide,
  '.qa-section': (target) => openSource({ at: target.value }),
  '.qa-view': (target) => { view = target.value; openSource(); },
  '.qa-turn-page': (target) => openSource({ page: target.value }),
  '.qa-zoom': (target) => zoomBy(0.5 * Number(target.value)),
  '.qa-find-step': (target) => seek(Number(target.value)),
  '.qa-ask-this': (target) => { ticked.clear(); choose({ names: [target.value], only: true }); box().focus(); },
  '.qa-highlight': (target) => trigger('highlight', { name: target.value }),
  '.qa-step': (target) => step(Number(target.value)),
});
