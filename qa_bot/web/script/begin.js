// Gradio makes its components in no certain order.

function begin() {
  [page, side, panel] = ['qa-panes', 'qa-side', 'qa-panel'].map((id) => document.getElementById(id));
  if (!panel || !box() || !one('#qa-log') || !one('#qa-listed')) return setTimeout(begin, 20);
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
  one('#qa-listed').addEventListener('scroll', listScrolled, { passive: true });
  window.addEventListener('popstate', follow);
  makeDivider();
  follow();
  if (!isLink()) box().focus(); // it could not be focused while nothing was shown
  returnToPage();
  admitOwner();
  listen();
  bringDraftBack();
}

begin();
