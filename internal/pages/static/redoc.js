// ReDoc over this service's own OpenAPI document.

Redoc.init(
  '/openapi.json',
  {
    // What the menu and its targets keep clear of.
    scrollYOffset: '.bar',
    sortRequiredPropsFirst: true,
    theme: {
      // The default names fonts that the page would have to fetch.
      typography: {
        fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
        headings: { fontFamily: 'inherit' },
        code: { fontFamily: 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace' },
      },
    },
  },
  document.getElementById('redoc'),
);
