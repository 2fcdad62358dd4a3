// Sets the theme before the first paint, so that a dark console does not flash white. Dark unless a person chose light: it
// hangs on walls and is read at night. Kept out of the bundle because
// it must run before it; the key is the one in src/data/prefs.ts.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem('vigil.theme');
  } catch {
    // Storage may be blocked; it stays dark then.
  }
  document.documentElement.dataset.theme = choice === 'light' ? 'light' : 'dark';
})();
