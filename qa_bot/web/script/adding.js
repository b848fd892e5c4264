// Files that are added and deleted, by everybody where the chat was started so; else its owner may
// add some: who opened the page by the address that the terminal shows, which ends with a key.

const mayAdd = () => page?.dataset.adds === 'yes';
const ownersKey = () => ({ 'x-qa-bot-key': setting('key') ?? '' });

async function admitOwner() {
  const given = new URLSearchParams(location.hash.slice(1)).get('key');
  if (given) {
    history.replaceState(null, '', location.pathname + location.search);
    setting('key', given);
  }
  const who = one('#qa-files')?.dataset.who;
  if (who === 'everybody') page.dataset.adds = 'yes';
  if (who !== 'owner' || !setting('key')) return;
  try {
    const reply = await fetch('owner', { method: 'POST', headers: ownersKey() });
    const key = reply.ok ? await reply.text() : '';
    setting('key', key);
    if (key) page.dataset.adds = 'yes';
  } catch { /* the server is gone; the page says so elsewhere */ }
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
  if (page.dataset.side !== 'documents') show('documents'); // where it is told what becomes of them
  const { accept, dataset } = one('#qa-files');
  const tokens = [];
  for (const [place, file] of files.entries()) {
    const name = file.name.replace(/[\p{Cc}\p{Cf}]/gu, '');
    const line = tell(`Sending ${name} (${place + 1} of ${files.length})…`);
    const isRead = accept.split(',').some((suffix) => file.name.toLowerCase().endsWith(suffix));
    const isSent = isRead && file.size <= Number(dataset.limit); // else only to be told why not
    const query = new URLSearchParams({ name: file.name, size: file.size });
    try {
      const reply = await fetch(`upload?${query}`, {
        method: 'POST', body: isSent ? file : null, headers: ownersKey(),
      });
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

const carriesFiles = (event) => event.dataTransfer?.types.includes('Files');
for (const kind of ['dragover', 'drop']) {
  document.addEventListener(kind, (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault(); // else the browser would leave the page for the file
    document.body.classList.toggle('qa-dropping', kind === 'dragover' && mayAdd());
    if (!mayAdd()) event.dataTransfer.dropEffect = 'none';
    else if (kind === 'drop') send([...event.dataTransfer.files]);
  });
}
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) document.body.classList.remove('qa-dropping');
});

document.addEventListener('change', (event) => {
  if (!event.target.matches('#qa-files')) return;
  const chosen = [...event.target.files];
  event.target.value = ''; // so that the same file can be chosen again
  if (chosen.length) send(chosen);
});

Object.assign(clicked, {
  '.qa-add': () => one('#qa-files').click(),
  '.qa-delete': (target) => trigger('erase', { name: target.value }),
  '.qa-erase': (target) => answered(target, 'erase', { name: target.value, sure: target.dataset.state }),
  '.qa-keep': (target) => answered(target),
  '.qa-decide': (target) => answered(target, 'decide', { token: target.dataset.token, choice: target.value }),
});
