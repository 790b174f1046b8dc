// What the GraphQL schema is held to.

import graphqlEslint from '@graphql-eslint/eslint-plugin';

const { configs, parser } = graphqlEslint;

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser, parserOptions: { graphQLConfig: { schema: 'src/generated/schema.graphql' } } },
    plugins: { '@graphql-eslint': graphqlEslint },
    rules: {
      ...configs['flat/schema-recommended'].rules,
      ...configs['flat/schema-relay'].rules,
      '@graphql-eslint/require-description': [
        'error',
        { types: true, DirectiveDefinition: true, EnumValueDefinition: true, FieldDefinition: true, InputValueDefinition: true },
      ],
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      // The change log is read forwards only.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // A change is not a Node, for it cannot be asked for by itself. Connections have nodes beside edges.
      '@graphql-eslint/relay-edge-types': ['error', { shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false }],
      // Only what can be asked for by itself has an id.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        { exceptions: { types: ['Change', 'FieldChange', 'Grant', 'OneTimeToken', 'PageInfo', 'UserError'], suffixes: ['Connection', 'Edge', 'Payload'] } },
      ],
    },
  },
];
