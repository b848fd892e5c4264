// Runs once, as the js_on_load of the hidden component that carries events to Python: `element`
// is its content, `trigger` sends an event, `watch` calls back when Python has changed it.
// The URL's query says which source is open, so a citation is an ordinary link: it can be
// copied, sent on, opened in a new tab, and left with the browser's back button.

let page, side, panel; // the panes, the one beside the conversation, and the source in it
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const box = () => one('#qa-question textarea');
const isLink = () => new URLSearchParams(location.search).has('quote');
const sameLink = (a, b) => ['quote', 'in'].every(
  (name) => new URLSearchParams(a).get(name) === new URLSearchParams(b).get(name));

let opener = null; // what was clicked to open what is beside the chat
let view = 'text'; // or 'page': how PDFs are shown
let zoom = 1;
let placed = 0; // how far the source was scrolled to show its passage
let asked = 0; // requests for a source; the last one's answer is what is to be shown
let latest = {}; // and what that one asked for, more than the link
let listings = 0; // requests for the list of documents
let made = 0; // when the list on the page was made: a number that rises
let editing = false; // a question that was asked before
let recalled = 0; // how many questions back the arrow keys have gone

// --- Conversation: patches from Python --------------------------------------------------------

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
  if (fresh.matches('.qa-turn')) fresh.scrollIntoView({ block: 'start' });
  markCurrent();
}

window.patchFrom = (carrier) => {
  for (const fresh of [...carrier.children]) if (fresh.id) place(fresh);
};

watch('value', () => window.patchFrom(element));

// --- The source -------------------------------------------------------------------------------

function open(more = {}) {
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

function show(what) { // 'source', 'documents' or ''
  page.dataset.side = what;
  one('.qa-open-documents')?.setAttribute('aria-expanded', String(what === 'documents'));
}

function follow() {
  show(isLink() ? 'source' : '');
  markCurrent();
  if (isLink()) open();
}

function goTo(link) {
  opener = link;
  const stays = sameLink(link.search, location.search) && page.dataset.side === 'source';
  if (!stays) history.pushState(null, '', link.search);
  follow();
}

function close() {
  if (isLink()) history.pushState(null, '', location.pathname);
  show('');
  markCurrent();
  if (opener?.isConnected) opener.focus();
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

function sourceArrived() {
  const number = Number(one('.qa-opened', panel)?.dataset.asked);
  if (number !== asked) { // it was overtaken: ask again, unless what is newer is still to come
    if (!side.classList.contains('qa-waits')) open(latest);
    return;
  }
  side.classList.remove('qa-waits');
  if (one('.qa-again', panel)) setTimeout(() => { if (isLink() && number === asked) open(latest); }, 2000);
  const [links, place] = steps();
  for (const button of all('.qa-step', panel)) button.disabled = !links[place + Number(button.value)];
  const count = one('.qa-step-count', panel);
  if (count) count.textContent = place < 0 ? '' : `${place + 1} of ${links.length}`;
  const group = one('.qa-steps', panel);
  if (group) group.hidden = place < 0;
  applyZoom();
  const text = one('.qa-source-text', panel);
  scrollToPassage();
  pictureArrived();
  if (text) text.onscroll = () => requestAnimationFrame(lightSection);
  const outline = one('.qa-outline', panel);
  if (outline) revealEntry(outline, one('[aria-current]', outline));
  // Who followed a link reads on with the arrow keys; who is typing meanwhile goes on typing.
  if (text && !document.activeElement?.matches('textarea, input')) text.focus({ preventScroll: true });
}

// --- Files: sent and deleted, where the chat was started so -----------------------------------

function tell(said) {
  const line = document.createElement('div');
  line.className = 'qa-change';
  line.textContent = said;
  one('#qa-changes').append(line);
  return line;
}

function noticed(change) {
  change.scrollIntoView({ block: 'nearest' });
  if (!document.activeElement?.closest('.qa-change')) one('button:last-of-type', change)?.focus();
}

// One request for each, so that one that is refused is no loss to the others.
async function send(files) {
  for (const done of all('.qa-change:not(:has(button))')) done.remove();
  const { accept, dataset } = one('#qa-files');
  const tokens = [];
  for (const [place, file] of files.entries()) {
    const name = file.name.replace(/[\p{Cc}\p{Cf}]/gu, '');
    const line = tell(`Sending ${name} (${place + 1} of ${files.length})…`);
    const isRead = accept.split(',').some((suffix) => file.name.toLowerCase().endsWith(suffix));
    const isSent = isRead && file.size <= Number(dataset.limit); // else only to be told why not
    const query = new URLSearchParams({ name: file.name, size: file.size });
    try {
      const reply = await fetch(`upload?${query}`, { method: 'POST', body: isSent ? file : null });
      const said = await reply.text();
      if (reply.ok) { tokens.push(said); line.remove(); } else line.textContent = said;
    } catch {
      line.textContent = `${name} could not be sent.`;
    }
  }
  if (tokens.length) trigger('take_in', { tokens });
}

function answered(button, event, data) { // a question about a file
  button.closest('.qa-change').remove();
  if (event) trigger(event, data);
  (one('.qa-change button:last-of-type') ?? one('.qa-add')).focus();
}

for (const kind of ['dragover', 'drop']) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault(); // else the browser would leave the page for the file
    const isHere = one('#qa-files') && event.target.closest('#qa-documents');
    if (!isHere) event.dataTransfer.dropEffect = 'none';
    if (isHere && kind === 'drop') send([...event.dataTransfer.files]);
  });
}

// --- Events -----------------------------------------------------------------------------------

function fill(text) {
  const field = box();
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

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

// The list of documents: as it is filtered and sorted, with the request's number. Gradio's answers
// can overtake one another: a list made before the one on the page is asked for again.
function choose(more = {}) {
  const [sought, order] = ['#qa-seek', '#qa-order'].map((field) => one(field).value);
  listings += 1;
  trigger('choose', { sought, order, asked: listings, ...more });
}

function listArrived() {
  const listed = one('#qa-listed [data-made]');
  const number = Number(listed?.dataset.made);
  if (!listed || number === made) return;
  const isOvertaken = number < made;
  made = number;
  // Gradio makes one document's element another's, and leaves a box as it was clicked.
  for (const tick of all('.qa-choose', listed)) tick.checked = tick.defaultChecked;
  if (isOvertaken) choose();
}

const clicked = {
  '.qa-close': close,
  '.qa-start': (target) => trigger('start', { question: target.textContent }),
  '.qa-edit': (target) => { editing = true; trigger('revise', { what: 'edit', number: turnOf(target) }); box().focus(); },
  '.qa-undo': () => { trigger('revise', { what: 'undo' }); box().focus(); },
  '.qa-verdict': (target) => trigger('judge', { number: turnOf(target), verdict: target.value }),
  '.qa-golden': (target) => trigger('judge', { number: turnOf(target), verdict: 'golden' }),
  '.qa-copy-text': (target) => copy(target, target.value),
  '.qa-copy-link': (target) => copy(target, location.origin + location.pathname + target.value),
  '.qa-save': (target) => {
    target.closest('details').removeAttribute('open');
    const shown = all('.qa-turn').map((turn) => Number(turn.dataset.number));
    trigger('save', { format: target.value, origin: location.origin, shown });
  },
  '.qa-section': (target) => open({ at: target.value }),
  '.qa-view': (target) => { view = target.value; open(); },
  '.qa-turn-page': (target) => open({ page: target.value }),
  '.qa-zoom': (target) => zoomBy(0.5 * Number(target.value)),
  '.qa-step': (target) => step(Number(target.value)),
  '.qa-open-documents, .qa-scope': (target) => {
    const opened = page.dataset.side === 'documents';
    opener = target;
    if (isLink()) history.pushState(null, '', location.pathname);
    show(opened ? '' : 'documents');
    if (!opened) choose(); // files may have changed since it was made
    markCurrent();
  },
  '.qa-add': () => one('#qa-files').click(),
  '.qa-delete': (target) => trigger('erase', { name: target.value }),
  '.qa-erase': (target) => answered(target, 'erase', { name: target.value, sure: target.dataset.state }),
  '.qa-keep': (target) => answered(target),
  '.qa-decide': (target) => answered(target, 'decide', { token: target.dataset.token, choice: target.value }),
  '.qa-choose-all': (target) => choose({ all: true, wanted: target.value === 'on' }),
};

document.addEventListener('click', (event) => {
  for (const menu of all('details.qa-menu[open]')) {
    if (!menu.contains(event.target)) menu.removeAttribute('open');
  }
  const link = event.target.closest('.qa-citation');
  if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
    event.preventDefault();
    return goTo(link);
  }
  for (const [selector, act] of Object.entries(clicked)) {
    const target = event.target.closest(selector);
    if (target) return act(target);
  }
});

document.addEventListener('change', (event) => {
  if (event.target.matches('.qa-choose')) {
    choose({ names: [event.target.value], wanted: event.target.checked });
  }
  if (event.target.matches('#qa-order')) choose();
  if (event.target.matches('#qa-files')) {
    const chosen = [...event.target.files];
    event.target.value = ''; // so that the same file can be chosen again
    if (chosen.length) send(chosen);
  }
});

// A menu unfolds to where there is room for it.
document.addEventListener('toggle', (event) => {
  if (!event.target.matches('details.qa-copy[open]')) return;
  const list = one('ul', event.target);
  list.classList.remove('qa-up');
  const isBelow = list.getBoundingClientRect().bottom > one('#qa-scroll').getBoundingClientRect().bottom;
  list.classList.toggle('qa-up', isBelow);
}, true);

let seeking = 0;
document.addEventListener('input', (event) => {
  if (!event.target.matches('#qa-seek')) return;
  clearTimeout(seeking);
  seeking = setTimeout(choose, 150);
});

document.addEventListener('keydown', (event) => {
  const asking = event.target.matches('#qa-question textarea');
  if (event.isComposing) return;
  if (event.key === 'Escape') {
    const menu = one('details.qa-menu[open]');
    if (menu) { menu.removeAttribute('open'); one('summary', menu).focus(); }
    else if (asking && editing) { editing = false; trigger('revise', { what: 'leave' }); }
    else if (page.dataset.side) close();
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

// --- Gradio makes its components in no certain order ------------------------------------------

function begin() {
  [page, side, panel] = ['qa-panes', 'qa-side', 'qa-panel'].map((id) => document.getElementById(id));
  if (!panel || !one('#qa-log') || !one('#qa-listed')) return setTimeout(begin, 20);
  // Gradio changes what differs in its place, and elements of its own around it when a request
  // begins: a source has arrived when the number in front of it is another.
  let last;
  new MutationObserver(() => {
    const number = one('.html-container > div', panel)?.firstChild?.data;
    if (number === last) return;
    last = number;
    sourceArrived();
  }).observe(panel, { childList: true, subtree: true, characterData: true });
  new MutationObserver(listArrived).observe(
    one('#qa-listed'), { childList: true, subtree: true, attributeFilter: ['data-made'] });
  window.addEventListener('popstate', follow);
  follow();
}

begin();
