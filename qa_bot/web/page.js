// Runs once, as the js_on_load of the source panel: `element` is the panel's content, `trigger`
// sends an event to Python, `watch` calls back when Python has changed the content.
// The URL's fragment says which source is open, so a citation is an ordinary link: it can be
// copied, opened in a new tab, and left with the browser's back button.

const panel = element.closest('#qa-source');
let opener = null;

function scrollToPassage() {
  const target = element.querySelector('mark') || element.querySelector('.qa-passage');
  const box = element.querySelector('.qa-source-text');
  if (!box) return;
  if (target) {
    const gap = (box.clientHeight - target.getBoundingClientRect().height) / 3;
    box.scrollTop += target.getBoundingClientRect().top - box.getBoundingClientRect().top
      - Math.max(16, gap);
  }
  // Who followed a link reads on with the arrow keys; who is typing meanwhile goes on typing.
  if (!document.activeElement?.matches('textarea')) box.focus({ preventScroll: true });
}

function follow() {
  const isSource = location.hash.startsWith('#source=');
  panel.classList.toggle('qa-open', isSource);
  for (const link of document.querySelectorAll('.qa-citation')) {
    if (link.hash === location.hash) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  if (isSource) trigger('open', { fragment: location.hash });
}

function close() {
  history.pushState(null, '', location.pathname + location.search);
  follow();
  if (opener && opener.isConnected) opener.focus();
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('.qa-citation');
  if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
    event.preventDefault();
    opener = link;
    if (location.hash === link.hash) scrollToPassage();
    else location.hash = link.hash;
  }
  if (event.target.closest('.qa-close')) close();
  const start = event.target.closest('.qa-start');
  if (start) trigger('start', { question: start.textContent });
});

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && panel.classList.contains('qa-open')) close();
  const last = [...document.querySelectorAll('.qa-question')].at(-1);
  if (event.key === 'ArrowUp' && last && event.target.matches('#qa-question textarea')
      && !event.target.value) {
    event.preventDefault();
    event.target.value = last.textContent;
    event.target.dispatchEvent(new Event('input', { bubbles: true }));
  }
});

window.addEventListener('hashchange', follow);
watch('value', scrollToPassage);

// A new turn is shown from its question on. (Gradio may not have made the conversation yet:
// what holds both panes is there.)
new MutationObserver((changes) => {
  if (!changes.some((change) => change.target.parentElement?.closest('#qa-conversation'))) return;
  [...document.querySelectorAll('.qa-turn')].at(-1)?.scrollIntoView({ block: 'start' });
}).observe(element.closest('#qa-panes'), { childList: true, subtree: true });

follow();
