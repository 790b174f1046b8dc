// Swagger UI over this service's own OpenAPI document.

// Swagger UI has a dark look but leaves the choice to the page.
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

// Swagger UI fills examples into its forms. A list that is filtered by the example of every filter is empty, so only
// what has to be given keeps its example.
function dropExample(key, value) {
  const optional = typeof value?.in === 'string' && typeof value.name === 'string' && !value.required;
  if (optional) {
    delete value.example;
    delete value.examples;
  }
  return value;
}

// Swagger UI 5.35 shows a referenced parameter of a whole path as one without a name. It reads one that is spelled
// out.
function spellOut(spec) {
  const prefix = '#/components/parameters/';
  const target = (parameter) =>
    parameter.$ref?.startsWith(prefix) ? spec.components.parameters[parameter.$ref.slice(prefix.length)] : parameter;
  for (const path of Object.values(spec.paths)) {
    if (path.parameters) path.parameters = path.parameters.map(target);
  }
  return spec;
}

const adjust = (text) => (text ? JSON.stringify(spellOut(JSON.parse(text, dropExample))) : text);

const adjustSpec = () => ({
  statePlugins: { spec: { wrapActions: { updateSpec: (original) => (text) => original(adjust(text)) } } },
});

SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  plugins: [adjustSpec],
  // The default sends the document to a validator on the internet.
  validatorUrl: null,
});
