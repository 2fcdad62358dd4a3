// Sets the theme before the first paint, so that a dark console does not flash white. Kept out of the bundle because
// it must run before it; the key is the one in src/data/prefs.ts.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem('vigil.theme');
  } catch {
    // Storage may be blocked; the system's preference is used then.
  }
  const light =
    choice === 'light' || (choice !== 'dark' && matchMedia('(prefers-color-scheme: light)').matches);
  document.documentElement.dataset.theme = light ? 'light' : 'dark';
})();
