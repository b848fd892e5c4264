// The list of documents.

let listings = 0; // requests for the list of documents
let made = 0; // when the list on the page was made: a number that rises
const ticked = new Map(); // a document's name → whether it was ticked, until a list says the same

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
  // Gradio makes one document's element another's, and leaves a box as it was clicked. A list that
  // was asked for before the click knows nothing of it, and takes nothing back.
  for (const tick of all('.qa-choose', listed)) {
    if (ticked.get(tick.value) === tick.defaultChecked) ticked.delete(tick.value);
    tick.checked = ticked.get(tick.value) ?? tick.defaultChecked;
  }
  if (isOvertaken) choose();
}

document.addEventListener('change', (event) => {
  if (event.target.matches('.qa-choose')) {
    ticked.set(event.target.value, event.target.checked);
    choose({ names: [event.target.value], wanted: event.target.checked });
  }
  if (event.target.matches('#qa-order')) choose();
});

let seeking = 0;
document.addEventListener('input', (event) => {
  if (!event.target.matches('#qa-seek')) return;
  clearTimeout(seeking);
  seeking = setTimeout(choose, 150);
});

Object.assign(clicked, {
  '.qa-open-documents, .qa-scope': (target) => {
    const opened = page.dataset.side === 'documents';
    cameFrom = target;
    if (isLink()) history.pushState(null, '', location.pathname);
    show(opened ? '' : 'documents');
    if (!opened) choose(); // files may have changed since it was made
    markCurrent();
  },
  '.qa-choose-all': (target) => {
    ticked.clear();
    choose({ all: true, wanted: target.value === 'on' });
  },
});
