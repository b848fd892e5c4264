// The list of documents.

let listings = 0; // requests for the list of documents
let made = 0; // when the list on the page was made: a number that rises
const ticked = new Map(); // a document's name → whether it was ticked, until a list says the same

// The list of documents: as it is filtered and sorted, with the request's number. Gradio's answers
// can overtake one another: a list made before the one on the page is asked for again.
function choose(more = {}) {
  const [sought, order] = ['#qa-seek', '#qa-order'].map((field) => one(field).value);
  listings += 1;
  trigger('choose', { sought, order, first: firstWanted(), asked: listings, ...more });
}

// Of a long list the page has some rows, and room for the others: the rows around those in sight
// are asked for when it is scrolled to where there are none.
const BEFORE = 20; // rows before those in sight

function inSight() {
  const [box, rows] = [one('#qa-listed'), one('.qa-docs')];
  const height = rows?.firstElementChild?.offsetHeight;
  if (!height) return [0, 0];
  const above = box.getBoundingClientRect().top - rows.getBoundingClientRect().top;
  return [Math.max(0, Math.floor(above / height)), Math.ceil(box.clientHeight / height)];
}

const firstWanted = () => Math.max(0, inSight()[0] - BEFORE);

let scrolling = 0;
function listScrolled() {
  cancelAnimationFrame(scrolling);
  scrolling = requestAnimationFrame(() => {
    const rows = one('.qa-docs');
    if (!rows) return;
    const [from, many] = inSight();
    const [first, shown, all] = ['first', 'shown', 'rows'].map((name) => Number(rows.dataset[name]));
    const isThere = from >= first && Math.min(from + many, all) <= first + shown;
    if (!isThere) choose();
  });
}

function listFromTop(more = {}) {
  one('#qa-listed').scrollTop = 0;
  choose({ first: 0, ...more });
}

function listArrived() {
  const listed = one('#qa-listed [data-made]');
  const number = Number(listed?.dataset.made);
  if (!listed || number === made) return;
  const isOvertaken = number < made;
  made = number;
  // Gradio makes one document's element another's, and leaves a box as it was clicked. A list that
  // was asked for before the click knows nothing of it, and takes nothing back.
  for (const tick of all('.qa-choose', listed)) {
    if (ticked.get(tick.value) === tick.defaultChecked) ticked.delete(tick.value);
    tick.checked = ticked.get(tick.value) ?? tick.defaultChecked;
  }
  for (const tick of all('.qa-choose-folder', listed)) {
    tick.checked = tick.defaultChecked;
    tick.indeterminate = tick.dataset.some === 'yes';
  }
  // Gradio takes the old rows away before the new ones are there: the room to scroll in stays.
  one('#qa-listed').style.setProperty('--room', `${listed.offsetHeight}px`);
  if (isOvertaken) choose(); else listScrolled();
}

document.addEventListener('change', (event) => {
  if (event.target.matches('.qa-choose')) {
    ticked.set(event.target.value, event.target.checked);
    choose({ names: [event.target.value], wanted: event.target.checked });
  }
  if (event.target.matches('.qa-choose-folder')) {
    ticked.clear();
    choose({ folder: event.target.value, wanted: event.target.checked });
  }
  if (event.target.matches('#qa-order')) listFromTop();
});

let seeking = 0;
document.addEventListener('input', (event) => {
  if (!event.target.matches('#qa-seek')) return;
  clearTimeout(seeking);
  seeking = setTimeout(listFromTop, 50);
});

function openList() {
  if (isLink()) history.pushState(null, '', location.pathname);
  show('documents');
  choose(); // files may have changed since it was made
  markCurrent();
}

Object.assign(clicked, {
  '.qa-open-documents, .qa-scope': (target) => {
    cameFrom = target;
    if (page.dataset.side === 'documents') show(''); else openList();
  },
  '.qa-open-look': (target) => {
    cameFrom = target;
    openList();
    const look = one('.qa-look');
    if (!look) return;
    look.open = true;
    one('#qa-listed').scrollTop = 0;
    one('summary', look).focus();
  },
  '.qa-fold': (target) => choose({ fold: target.value }),
  '.qa-choose-all': (target) => {
    ticked.clear();
    choose({ all: true, wanted: target.value === 'on' });
  },
});
