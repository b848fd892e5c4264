// The list of documents, and the files that are sent and deleted where the chat was started so.

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

document.addEventListener('change', (event) => {
  if (event.target.matches('.qa-choose')) {
    ticked.set(event.target.value, event.target.checked);
    choose({ names: [event.target.value], wanted: event.target.checked });
  }
  if (event.target.matches('#qa-order')) choose();
  if (event.target.matches('#qa-files')) {
    const chosen = [...event.target.files];
    event.target.value = ''; // so that the same file can be chosen again
    if (chosen.length) send(chosen);
  }
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
  '.qa-add': () => one('#qa-files').click(),
  '.qa-delete': (target) => trigger('erase', { name: target.value }),
  '.qa-erase': (target) => answered(target, 'erase', { name: target.value, sure: target.dataset.state }),
  '.qa-keep': (target) => answered(target),
  '.qa-decide': (target) => answered(target, 'decide', { token: target.dataset.token, choice: target.value }),
  '.qa-choose-all': (target) => {
    ticked.clear();
    choose({ all: true, wanted: target.value === 'on' });
  },
});
