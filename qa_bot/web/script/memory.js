// Conversations are kept in this browser alone, and come back when the page is opened again:
// the questions, and where their quotes stand. The words are read from the index anew.

const MOST_KEPT = 500; // conversations
const MOST_IMPORTED = 200_000; // characters of a file
let current = null; // the one on the page

const setting = (name, value) => {
  try {
    if (value === undefined) return localStorage.getItem(`qa-${name}`);
    localStorage.setItem(`qa-${name}`, value);
  } catch { /* a browser that keeps nothing */ }
  return value;
};

let opened; // the database, once it was asked for
function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('qa-bot', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('conversations', { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

// null where this browser keeps nothing (a private window, say).
async function stored(mode, act) {
  try {
    const store = (await database()).transaction('conversations', mode).objectStore('conversations');
    const request = act(store);
    return await new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result ?? null);
      request.onerror = () => reject(request.error);
    });
  } catch {
    return null;
  }
}

const isText = (value, most) => typeof value === 'string' && value.length <= most;
const isTexts = (value, most) => Array.isArray(value) && value.length <= most && value.every((one) => isText(one, 15_000));

// What a conversation has to look like: a file from somebody else may hold anything.
function wellFormed(kept) {
  const turns = kept?.turns;
  if (!Array.isArray(turns) || !turns.length || turns.length > 1000) return null;
  const good = turns.every((turn) => isText(turn?.question, 2000) && isTexts(turn.quotes, 10) && isTexts(turn.hits, 10));
  if (!good) return null;
  const name = isText(kept.name, 300) ? kept.name : turns[0].question;
  const chosen = isTexts(kept.chosen, 500) ? kept.chosen : [];
  return { name, chosen, turns: turns.map(({ question, found, confidence, quotes, hits, compared }) => ({
    question, found: found === true, confidence: Number(confidence) || 0, quotes, hits,
    ...(isCompared(compared) && { compared }) })) };
}

const isCompared = (columns) => Array.isArray(columns) && columns.length > 0 && columns.length <= 6
  && columns.every((each) => isText(each?.name, 2000) && isTexts(each.quotes, 1));

const links = (selector, turn) => all(selector, turn).map((link) => link.getAttribute('href'));

function turnKept(turn) {
  if (turn.dataset.kept) return JSON.parse(turn.dataset.kept);
  const compared = all('.qa-column', turn).map((column) => ({
    name: column.dataset.name, found: column.dataset.found === 'true', quotes: links('.qa-citation', column),
  }));
  return {
    question: one('.qa-question', turn).textContent,
    ...(compared.length && { compared }),
    found: turn.dataset.found === 'true',
    confidence: Number(turn.dataset.confidence) || 0,
    quotes: links('.qa-quote:not(.qa-hit) .qa-citation', turn),
    hits: links('.qa-hit .qa-citation', turn),
  };
}

const newId = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`;

// Called whenever turns on the page have changed.
async function remember() {
  const turns = all('.qa-turn').filter((turn) => !one('.qa-pending', turn)).map(turnKept);
  if (!turns.length) {
    if (current) await stored('readwrite', (store) => store.delete(current.id));
    return;
  }
  current ??= { id: newId(), name: '' };
  current.name ||= turns[0].question;
  const chosen = JSON.parse(one('.qa-scope')?.dataset.chosen ?? '[]');
  Object.assign(current, { turns, chosen, at: Date.now() });
  try { sessionStorage.setItem('qa-conversation', current.id); } catch { /* kept for this page only */ }
  await stored('readwrite', (store) => store.put(current));
}

async function earlier() {
  const kept = (await stored('readonly', (store) => store.getAll())) ?? [];
  kept.sort((a, b) => b.at - a.at);
  for (const old of kept.splice(MOST_KEPT)) stored('readwrite', (store) => store.delete(old.id));
  return kept;
}

function clearPage() {
  for (const turn of all('.qa-turn')) turn.remove();
  if (page.dataset.side === 'source') closeSide();
}

function bringBack(kept) {
  current = kept;
  try { sessionStorage.setItem('qa-conversation', kept.id); } catch { /* it comes back by hand */ }
  for (const turn of all('.qa-turn')) turn.remove();
  trigger('restore', { turns: kept.turns.slice(-200), chosen: kept.chosen ?? [] });
}

function startAnew() {
  current = null;
  try { sessionStorage.removeItem('qa-conversation'); } catch { /* nothing was kept */ }
  clearPage();
  trigger('restore', { turns: [], anew: true });
  offerEarlier();
  box()?.focus();
}

// After a reload the same conversation; at a later visit the list of those there were.
async function returnToPage() {
  let id = null;
  try { id = sessionStorage.getItem('qa-conversation'); } catch { /* nothing is kept */ }
  const kept = id && wellFormed(await stored('readonly', (store) => store.get(id)));
  if (kept) bringBack({ ...kept, id }); // others are offered where it is left: they would jump
  else offerEarlier();
}

async function offerEarlier() {
  const kept = (await earlier()).slice(0, 5);
  const list = one('#qa-offered') ?? Object.assign(document.createElement('section'), { id: 'qa-offered' });
  list.replaceChildren();
  if (!kept.length) return list.remove();
  list.append(element_('h2', 'Earlier conversations'), ...kept.map((each) => {
    const button = element_('button', each.name, 'qa-start-earlier');
    button.onclick = () => bringBack(each);
    return button;
  }));
  one('#qa-welcome')?.after(list);
}

function element_(tag, text = '', css = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  if (css) made.className = css;
  if (tag === 'button') made.type = 'button';
  return made;
}

function saveFile(name, text) {
  const link = document.createElement('a');
  link.download = name;
  link.href = `data:application/json;charset=utf-8,${encodeURIComponent(text)}`;
  link.click();
}

async function takeFile(file) {
  if (!file || file.size > MOST_IMPORTED) return 'The file is too long to be a conversation.';
  let kept = null;
  try { kept = wellFormed(JSON.parse(await file.text())); } catch { /* told below */ }
  if (!kept) return 'The file holds no conversation.';
  const made = { ...kept, id: newId(), at: Date.now() };
  await stored('readwrite', (store) => store.put(made));
  bringBack(made);
  return '';
}

function row(kept, refresh) {
  const item = element_('li');
  const open = element_('button', kept.name, 'qa-earlier-name');
  open.append(element_('small', new Date(kept.at).toLocaleString()));
  open.onclick = () => { one('#qa-earlier').close(); bringBack(kept); };
  const act = (label, does) => {
    const button = element_('button', label, 'qa-quiet');
    button.setAttribute('aria-label', `${label}: ${kept.name}`);
    button.onclick = does;
    return button;
  };
  item.append(
    open,
    act('Rename', async () => {
      const field = Object.assign(document.createElement('input'), { value: kept.name, maxLength: 300 });
      field.setAttribute('aria-label', 'Name of the conversation');
      open.replaceWith(field);
      field.focus();
      field.onchange = field.onblur = async () => {
        kept.name = field.value.trim() || kept.name;
        if (current?.id === kept.id) current.name = kept.name;
        await stored('readwrite', (store) => store.put(kept));
        refresh();
      };
      field.onkeydown = (event) => { if (event.key === 'Enter') field.blur(); };
    }),
    act('Export', () => saveFile('conversation.json', JSON.stringify({ qa_bot: 1, ...kept }))),
    act('Delete', async () => {
      await stored('readwrite', (store) => store.delete(kept.id));
      if (current?.id === kept.id) startAnew();
      refresh();
    }),
  );
  return item;
}

async function openEarlier() {
  const dialog = dialogOf('qa-earlier', 'Conversations');
  const list = element_('ul');
  const said = element_('p', '', 'qa-hint');
  said.setAttribute('role', 'status');
  const sought = Object.assign(document.createElement('input'), { type: 'search', placeholder: 'Search' });
  sought.setAttribute('aria-label', 'Search the conversations');
  const refresh = async () => {
    const words = sought.value.toLowerCase();
    const kept = (await earlier()).filter((each) => [each.name, ...each.turns.map((turn) => turn.question)]
      .some((text) => text.toLowerCase().includes(words)));
    list.replaceChildren(...kept.map((each) => row(each, refresh)));
    said.textContent = kept.length ? 'They are kept in this browser only.' : 'No conversation is kept in this browser.';
    offerEarlier();
  };
  sought.oninput = refresh;
  const fresh = element_('button', 'New conversation', 'qa-quiet');
  fresh.onclick = () => { dialog.close(); startAnew(); };
  const file = Object.assign(document.createElement('input'), { type: 'file', accept: '.json', hidden: true });
  file.setAttribute('aria-label', 'File of a conversation');
  file.onchange = async () => {
    const refused = await takeFile(file.files[0]);
    if (refused) said.textContent = refused; else dialog.close();
    file.value = '';
  };
  const take = element_('button', 'Import a file', 'qa-quiet');
  take.onclick = () => file.click();
  const forget = element_('button', 'Forget everything', 'qa-quiet');
  forget.onclick = async () => {
    if (forget.dataset.sure !== 'yes') {
      forget.dataset.sure = 'yes';
      forget.textContent = 'Forget all of them? Click again';
      return;
    }
    await stored('readwrite', (store) => store.clear());
    startAnew();
    refresh();
  };
  const tools = element_('div', '', 'qa-dialog-tools');
  tools.append(fresh, take, file, forget);
  dialog.append(sought, list, said, tools);
  await refresh();
  dialog.showModal();
}

// Where the page hears of another index, or of files that have changed. One stream for each page
// that is in sight: a browser holds few connections to a host.
let news = null;
function listen() {
  const isSeen = document.visibilityState === 'visible';
  if (isSeen && !news) {
    news = new EventSource('events');
    news.onmessage = () => trigger('look', {});
  } else if (!isSeen && news) {
    news.close();
    news = null;
  }
}
document.addEventListener('visibilitychange', listen);

Object.assign(clicked, {
  '.qa-open-earlier': openEarlier,
  '.qa-again-ask': (target) => {
    const turn = target.closest('.qa-turn');
    trigger(one('.qa-compare', turn) ? 'compare' : 'start', { question: one('.qa-question', turn).textContent });
  },
});
