// Runs before the first paint, so that the page never changes its colours while it loads.
{
  const { theme, density } = JSON.parse(localStorage.getItem('hub.look') ?? '{}')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
  if (density === 'compact') document.documentElement.dataset.density = density
}
