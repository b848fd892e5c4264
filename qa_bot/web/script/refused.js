// What the server refuses for now is asked again after a while, and the page says so: too many
// requests, a server that is busy, or none. What was typed or asked outlives a new page.

const MOST_TRIES = 10;
const OWN = /\/(gradio_api\/run\/|upload|owner)/; // requests of this page
const reach = window.fetch.bind(window);
let waitsSince = null; // the words that the notice had before

function refused(said) {
  const notice = one('.qa-notice');
  if (!notice) return;
  waitsSince ??= notice.textContent;
  notice.textContent = said;
  notice.classList.add('qa-asks');
}

function admitted() {
  const notice = one('.qa-notice');
  if (waitsSince !== null && notice) {
    notice.textContent = waitsSince;
    notice.classList.remove('qa-asks');
  }
  waitsSince = null;
}

function loggedOut() {
  refused('You are no longer logged in. What you asked is kept. ');
  const again = element_('button', 'Log in', 'qa-quiet');
  again.onclick = () => location.reload();
  one('.qa-notice')?.append(again);
}

async function attempt(request) {
  try {
    return await reach(...request);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    return error;
  }
}

window.fetch = async (...request) => {
  if (!OWN.test(request[0]?.url ?? String(request[0]))) return reach(...request);
  for (let tries = 1; ; tries += 1) {
    const reply = await attempt(request);
    if (reply.status === 401) loggedOut();
    const isAgain = [429, 503, undefined].includes(reply.status) && tries < MOST_TRIES;
    if (!isAgain) {
      if (reply instanceof Error) throw reply;
      if (reply.status !== 401) admitted();
      return reply;
    }
    const seconds = Math.min(60, Number(reply.headers?.get('Retry-After')) || 2);
    const why = { 429: 'Too many requests in a minute', 503: 'The server is busy' }[reply.status];
    refused(`${why ?? 'The chat can’t be reached'}: trying again in ${seconds} s.`);
    await new Promise((done) => { setTimeout(done, 1000 * seconds); });
  }
};

window.addEventListener('pagehide', () => {
  const waiting = one('.qa-turn:has(.qa-pending) .qa-question')?.textContent;
  try { sessionStorage.setItem('qa-draft', box()?.value || waiting || ''); } catch { /* it is lost */ }
});

function bringDraftBack() {
  try {
    const draft = sessionStorage.getItem('qa-draft');
    if (draft && !box().value) fill(draft);
    sessionStorage.removeItem('qa-draft');
  } catch { /* nothing was kept */ }
}
