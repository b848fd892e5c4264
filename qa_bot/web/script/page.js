// The files of this folder are joined in one function (see __init__.py), which runs once, as the
// js_on_load of the hidden component that carries events to Python: `element` is its content,
// `trigger` sends an event, `watch` calls back when Python has changed it.
// The URL's query says which source is open, so a citation is an ordinary link: it can be
// copied, sent on, opened in a new tab, and left with the browser's back button.

let page, side, panel; // the panes, the one beside the conversation, and the source in it
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const box = () => one('#qa-question textarea');
const isLink = () => new URLSearchParams(location.search).has('quote');
const sameLink = (a, b) => ['quote', 'in'].every(
  (name) => new URLSearchParams(a).get(name) === new URLSearchParams(b).get(name));

let cameFrom = null; // what was clicked to open what is beside the chat

const clicked = {}; // selector → what a click on such an element does; each file adds its own

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

// A menu unfolds to where there is room for it.
document.addEventListener('toggle', (event) => {
  if (!event.target.matches('details.qa-copy[open]')) return;
  const list = one('ul', event.target);
  list.classList.remove('qa-up');
  const isBelow = list.getBoundingClientRect().bottom > one('#qa-scroll').getBoundingClientRect().bottom;
  list.classList.toggle('qa-up', isBelow);
}, true);
