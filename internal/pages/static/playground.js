// GraphiQL against this service.

const endpoint = '/graphql';

const example = `# Ctrl-Enter runs a query. For a token, write
# {"Authorization": "Bearer …"} under Headers.

query FirstUsers {
  users(first: 5) {
    totalCount
    nodes {
      id
      email
      firstName
      lastName
      isActive
      createdAt
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}

# To create a user, take the # off these lines:
#
# mutation CreateUser {
#   createUser(
#     input: {
#       email: "ada@example.com"
#       firstName: "Ada"
#       lastName: "Lovelace"
#       password: "correct horse battery"
#     }
#   ) {
#     user {
#       id
#       email
#     }
#     errors {
#       code
#       field
#       message
#     }
#   }
# }
`;

// GraphiQL's history keeps headers, shouldPersistHeaders or not, and would keep a token readable in localStorage
// for good. Here that part lives in memory, and the rest (queries, layout, theme) as long as the browser's tab:
// queries hold passwords as well.
function createStorage(lasting) {
  const memory = new Map();
  const isPrivate = (key) => /^graphiql:(queries|favorites|headers)$/.test(key);
  return {
    getItem: (key) => (isPrivate(key) ? (memory.get(key) ?? null) : lasting.getItem(key)),
    setItem: (key, value) => (isPrivate(key) ? memory.set(key, value) : lasting.setItem(key, value)),
    removeItem: (key) => (isPrivate(key) ? memory.delete(key) : lasting.removeItem(key)),
    clear() {
      memory.clear();
      lasting.clear();
    },
    get length() {
      return memory.size + lasting.length;
    },
  };
}

const fetcher = GraphiQL.createFetcher({
  url: endpoint,
  subscriptionUrl: new URL(endpoint, location.href).href.replace(/^http/, 'ws'),
  enableIncrementalDelivery: false,
});

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: example,
    defaultEditorToolsVisibility: 'headers',
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
    storage: createStorage(sessionStorage),
  }),
);
