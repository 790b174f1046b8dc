import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema.graphqls',
  documents: ['src/*.ts'],
  generates: {
    'src/generated/graphql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: { scalars: { DateTime: 'string', EmailAddress: 'string' }, strictScalars: true, enumsAsTypes: true, useTypeImports: true },
    },
  },
};

export default config;
